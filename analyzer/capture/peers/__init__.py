"""Who could end a wait: one file a kind of wait, and asker.py, which knows which file to ask. Imports nothing by itself: a scan
of the whole host needs one of the files only."""
