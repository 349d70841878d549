"""Whose traits are guessed: theirs who agreed to it, for a purpose that is theirs."""

from collections.abc import Collection

PURPOSES = frozenset({"demonstration", "research", "self_reflection"})
"""Who writes for another purpose is not read for traits, whatever rules and receipts say."""


def allowed(purpose: str, covers: Collection[str]) -> bool:
    """Return whether a receipt that covers this lets traits be guessed for ``purpose``."""
    return "traits" in covers and purpose in PURPOSES
