"""Fuzzing: whatever bytes come, a reader ends, and ends with an error of the project's own at worst.

    python -m tests.fuzz                          every reader, a few seconds each
    python -m tests.fuzz mi trace --runs 1000000  these two, so many inputs each
    python -m tests.fuzz --seconds 10             so long each

A reader that fails leaves its input in the folder it was started in (crash-*, timeout-*); put it into found-inputs/READER/, where
tests/unit/test_fuzz_found.py reads it ever after, without atheris.
"""
