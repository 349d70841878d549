"""What is refused, as the message that says so."""

from uuid import uuid4

from msgspec import UNSET

from esapr.protocol.errors import ProtocolError
from esapr.protocol.messages import Error


def error_message(error: ProtocolError) -> Error:
    """Return the message that tells a client of ``error``."""
    return Error(
        code=error.code,
        message=error.message,
        retryable=error.code.retryable,
        request_id=uuid4().hex,
        field=error.field or UNSET,
    )
