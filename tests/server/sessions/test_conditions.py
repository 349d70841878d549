from esapr.server.sessions.conditions import Conditions


def test_a_condition_warns_once_it_lasts_and_ends_once_it_is_gone() -> None:
    conditions = Conditions(on=2, off=1)
    assert conditions.update({"dark"}, 0) == []
    assert conditions.update({"dark"}, 1.9) == []
    assert conditions.update({"dark"}, 2.0) == [("dark", True)]
    assert conditions.update({"dark"}, 3.0) == []
    assert conditions.update(set(), 3.9) == []
    assert conditions.update(set(), 4.0) == [("dark", False)]
    assert conditions.update(set(), 9.0) == []


def test_a_flicker_does_not_warn() -> None:
    conditions = Conditions(on=2, off=1)
    for now in range(0, 20, 2):
        assert conditions.update({"no_face"}, now) == []
        assert conditions.update(set(), now + 1) == []


def test_a_short_pause_does_not_restart_the_count() -> None:
    conditions = Conditions(on=2, off=1)
    conditions.update({"dark"}, 0)
    conditions.update(set(), 0.5)
    assert conditions.update({"dark"}, 2.0) == [("dark", True)]


def test_conditions_are_independent() -> None:
    conditions = Conditions(on=1, off=1)
    conditions.update({"a", "b"}, 0)
    assert conditions.update({"a", "b"}, 1) == [("a", True), ("b", True)]
    assert conditions.update({"b"}, 2) == [("a", False)]
