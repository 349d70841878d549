"""Who may do what."""


class TrustError(Exception):
    """What decides and notes who may do what cannot be used; the message says why."""
