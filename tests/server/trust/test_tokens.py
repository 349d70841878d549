import pytest

from esapr.protocol import limits
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.trust.tokens import Grant, Tokens, digest_of


def grant(room: str = "ward", redeem_by: float | None = None) -> Grant:
    return Grant("session", room, "clinician", frozenset({"feed"}), redeem_by=redeem_by)


def test_a_token_that_is_not_used_in_time_is_worth_nothing() -> None:
    tokens = Tokens()
    token = tokens.issue(grant(redeem_by=600.0))
    assert tokens.redeem(digest_of(token), 600.1) is None


def test_a_token_that_was_used_in_time_serves_reconnections() -> None:
    tokens = Tokens()
    token = tokens.issue(grant(redeem_by=600.0))
    assert (
        tokens.redeem(digest_of(token), 600.0) == tokens.redeem(digest_of(token), 9000.0) == grant()
    )


def test_a_closed_room_takes_its_tokens_along() -> None:
    tokens = Tokens()
    ward, other = tokens.issue(grant("ward")), tokens.issue(grant("other"))
    tokens.forget("ward")
    assert tokens.redeem(digest_of(ward), 0) is None
    assert tokens.redeem(digest_of(other), 0) == grant("other")


def test_the_number_of_tokens_of_a_room_is_bounded() -> None:
    tokens = Tokens()
    for _ in range(limits.MAX_TOKENS_PER_ROOM):
        tokens.issue(grant())
    with pytest.raises(ProtocolError) as refused:
        tokens.issue(grant())
    assert refused.value.code is ErrorCode.TOO_MANY_TOKENS
    tokens.issue(grant("other"))
