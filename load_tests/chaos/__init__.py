"""Faults of the processes under test, and what each of them cost.

A fault is done to processes from outside, by signals, limits and files: nothing of the server
knows of it. What it cost is counted from what the sessions saw.
"""


class FaultError(Exception):
    """A fault is unknown, or the system lacks what it needs; the message names it."""
