"""A pile of cores, traces and saved results: how many different hangs are these, which are known, where do they happen?

::

    paths -> sources (walk, look inside, unpack) -> items -> run (batches of measured cost) -> an engine (here, or Dask's workers)
          -> judging: item -> Row and the JSON of it -> store (one SQLite file, one JSON file each) -> overview (clusters)

An *item* is one input: a file, a member of an archive, a line of a file of saved results. Every item ends as a row: analysed,
unclear, or unreadable because. A row is written after its JSON and never without it, so that whatever ends a run, the next one
goes on from the rows that are there. Rows carry the digest of the catalogue they were judged by: when that changes, the saved
snapshots are judged again, and no input is read for it.
"""
