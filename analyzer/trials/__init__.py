"""Running a command many times: what hangs is analysed before it is ended, everything is counted, and nothing is left running.

plan -> series (the runs, shared out among lanes) -> lane (one process that runs one command at a time) -> numbers, statistics.
``numbers`` and ``statistics`` are pure.
"""
