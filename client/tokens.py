"""Tokens as this client presents them."""

from secrets import token_urlsafe

_SECRET_BYTES = 24
_ISSUED_POINTS = 2


def own(token: str) -> str:
    """Return ``token`` with a secret behind it: redeemed so, it is worth nothing without.

    A token that has its secret already stays as it is.
    """
    if token.count(".") > _ISSUED_POINTS:
        return token
    return f"{token}.{token_urlsafe(_SECRET_BYTES)}"
