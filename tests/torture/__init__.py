"""Analyses that are killed, stopped and interrupted at random moments: the target must run on as it was.

``make torture`` makes a thousand, ``python -m tests.torture --runs 60`` is the form for CI. All randomness comes from one seed,
which is printed; when what happens falls, the machine decides.
"""
