"""The hello with which a client opens a conversation."""

from esapr.protocol import VERSION
from esapr.protocol.errors import CloseCode, ErrorCode, ProtocolError
from esapr.protocol.messages import Hello
from esapr.server.sessions.subscriber import Subscriber


def check_hello(hello: Hello, subscriber: Subscriber) -> None:
    """Check that ``hello`` opens a conversation, and that it is the first one.

    Raises:
        ProtocolError: ``version_unsupported``, over which the feed closes, or ``bad_message``.
    """
    if hello.version != VERSION:
        problem = f"this server speaks version {VERSION}"
        raise ProtocolError(
            ErrorCode.VERSION_UNSUPPORTED, problem, "version", CloseCode.BAD_MESSAGE
        )
    if subscriber.greeted:
        raise ProtocolError(ErrorCode.BAD_MESSAGE, "hello was already said", "type")


def check_greeted(subscriber: Subscriber) -> None:
    """Check that hello was said.

    Raises:
        ProtocolError: ``bad_message``.
    """
    if not subscriber.greeted:
        raise ProtocolError(ErrorCode.BAD_MESSAGE, "hello comes first", "type")
