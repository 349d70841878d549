"""The Python SDK: open a session, send text, pictures and sound into it, read its states.

::

    async with Client("http://127.0.0.1:8000") as client:
        async with client.session(consent=receipt) as session:
            await session.send_text("Thank you, I love it!")
            async for state in session.states():
                print(state.fused)

Feeds come back after a lost connection and resume where they were. Messages are the types of
:mod:`esapr.protocol.messages`; what goes wrong is an :class:`EsaprError`.
"""

from esapr.client.client import Client
from esapr.client.errors import EsaprError, FeedClosedError, RefusedError, UnreachableError
from esapr.client.receipt import consent
from esapr.client.session import Session
from esapr.client.subscription import Subscription

__all__ = [
    "Client",
    "EsaprError",
    "FeedClosedError",
    "RefusedError",
    "Session",
    "Subscription",
    "UnreachableError",
    "consent",
]
