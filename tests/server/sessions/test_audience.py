"""What the audience of a session asks for."""

from esapr.server.sessions.audience import Audience


def test_overlays_are_wanted_while_a_subscriber_who_asked_for_them_is_there() -> None:
    audience = Audience("s")
    plain, drawing = audience.join(), audience.join()
    assert not audience.wants_overlays

    drawing.detail = "overlay"
    assert audience.wants_overlays

    audience.leave(drawing)
    assert not audience.wants_overlays
    assert plain.detail == "state"
