"""What people are offered: help lines where they write of self-harm, and what may do good."""


class SupportError(Exception):
    """A file of entries cannot be used; the message names the entry and the field."""
