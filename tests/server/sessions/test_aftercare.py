"""What a session leaves for after it goes along when another gateway takes the session over."""

import msgspec

from esapr.protocol.limits import SUPPORT_PAUSE_SECONDS
from esapr.protocol.messages import Text
from esapr.protocol.requests import SessionRequest
from esapr.server.metrics import Metrics
from esapr.server.pipeline import running_pipeline
from esapr.server.sessions.resume import History
from esapr.server.sessions.session import Session
from esapr.server.sessions.snapshot import Snapshot
from esapr.server.support.aftercare import Shown
from tests.server.records.stored import state
from tests.server.sessions.hosts import host
from tests.serving import CONSENT, models

REQUEST = {
    "consent": {**CONSENT, "covers": ["recommendations"], "language": "de"},
    "jurisdiction": "AT",
    "purpose": "telehealth",
}
WORDS = Text("I want to kill myself")


async def test_sums_and_help_lines_move_with_their_session() -> None:
    metrics, request = Metrics(), msgspec.convert(REQUEST, SessionRequest)
    with running_pipeline(models(), 1, metrics) as pipeline:
        here, there = host(pipeline, metrics), host(pipeline, metrics)
        session = Session("s", request, here, "")
        session.add_text(WORDS)
        here.aftercare["s"].state(state(0))
        sent = msgspec.msgpack.encode(session.snapshot(reserved=True))

        moved = Session("s", request, there, "")
        moved.go_on(msgspec.msgpack.decode(sent, type=Snapshot), History())

    before, after = here.aftercare["s"], there.aftercare["s"]
    assert after.named_help_lines[0].id == "at-telefonseelsorge"
    assert (after.purpose, after.language, after.agreed) == ("telehealth", "de", True)
    assert after.shown == before.shown == Shown(1000, 500.0, 250.0)
    # Within a minute of the first time they are not named again, there either.
    told = before.watch.told_at
    assert told is not None
    assert after.line(WORDS.body, told + SUPPORT_PAUSE_SECONDS - 0.1) is None
    assert after.line(WORDS.body, told + SUPPORT_PAUSE_SECONDS)
