import pytest

from esapr.protocol import limits
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.trust.tokens import Grant, Redemption, Tokens, client_of

ISSUED = 0
REDEEM_BY = 600
FIRST_MOMENT = ISSUED - limits.CLOCK_LEEWAY_SECONDS
LAST_MOMENT = REDEEM_BY + limits.CLOCK_LEEWAY_SECONDS


def grant(token_id: str, room: str = "ward", session: str = "ann") -> Grant:
    return Grant(token_id, session, room, "clinician", frozenset({"feed"}), ISSUED, REDEEM_BY)


def use(token_id: str, secret: str = "") -> Redemption:
    return Redemption(token_id, client_of(secret), REDEEM_BY, ISSUED)


def test_a_token_that_is_not_used_in_time_is_worth_nothing() -> None:
    tokens = Tokens()
    tokens.add(grant("one"))
    assert tokens.redeem(use("one"), LAST_MOMENT + 0.1) is False
    assert tokens.redeem(use("one"), LAST_MOMENT) is True


def test_a_token_is_taken_before_its_time_as_far_as_clocks_may_differ() -> None:
    tokens = Tokens()
    tokens.add(grant("one"))
    assert tokens.redeem(use("one"), FIRST_MOMENT - 0.1) is False
    assert tokens.redeem(use("one"), FIRST_MOMENT) is True


def test_a_token_that_was_used_in_time_serves_reconnections_whatever_the_clock_says() -> None:
    tokens = Tokens()
    tokens.add(grant("one"))
    assert tokens.redeem(use("one", "mine"), 0)
    for now in (9_000, FIRST_MOMENT - 3_600):
        assert tokens.redeem(use("one", "mine"), now)


@pytest.mark.parametrize(("first", "second"), [("mine", ""), ("mine", "theirs"), ("", "theirs")])
def test_a_token_is_redeemed_by_one_client(first: str, second: str) -> None:
    tokens = Tokens()
    tokens.add(grant("one"))
    assert tokens.redeem(use("one", first), 0)
    assert tokens.redeem(use("one", second), 1) is False


def test_what_is_kept_of_a_redeemed_token_opens_nothing() -> None:
    tokens = Tokens()
    tokens.add(grant("one"))
    tokens.redeem(use("one", "mine"), 0)
    assert "mine" not in repr(tokens.of("ann"))


def test_a_gateway_that_adopts_a_redeemed_token_knows_its_client() -> None:
    here, there = Tokens(), Tokens()
    here.add(grant("one"))
    here.redeem(use("one", "mine"), 0)
    there.adopt(here.of("ann"))
    assert there.redeem(use("one"), 1) is False
    assert there.redeem(use("one", "mine"), 1) is True


def test_revoked_tokens_are_unknown() -> None:
    tokens = Tokens()
    for token_id, session in (("one", "ann"), ("two", "ann"), ("three", "bob")):
        tokens.add(grant(token_id, session=session))
    assert tokens.revoke("ann", "three") == []
    assert tokens.revoke("ann", "one") == ["one"]
    assert tokens.redeem(use("one"), 0) is None
    assert tokens.revoke("ann") == ["two"]
    assert tokens.redeem(use("three"), 0) is True


def test_a_closed_room_takes_its_tokens_along() -> None:
    tokens = Tokens()
    tokens.add(grant("one", "ward"))
    tokens.add(grant("two", "other"))
    tokens.forget("ward")
    assert tokens.redeem(use("one"), 0) is None
    assert tokens.redeem(use("two"), 0) is True


def test_the_number_of_tokens_of_a_room_is_bounded() -> None:
    tokens = Tokens()
    for number in range(limits.MAX_TOKENS_PER_ROOM):
        tokens.add(grant(str(number)))
    with pytest.raises(ProtocolError) as refused:
        tokens.add(grant("more"))
    assert refused.value.code is ErrorCode.TOO_MANY_TOKENS
    tokens.add(grant("more", "other"))
    tokens.revoke("ann", "0")
    tokens.add(grant("again"))
