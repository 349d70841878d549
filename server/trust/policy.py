"""Which purposes are served where. No asyncio, no clock, no files.

Rules come from ``policy.toml``, with their sources; those of a deployment may only add to them. All
that apply to a session are taken together, and the strictest one decides. What no rule allows is
refused. A place that no shipped rule names has the rules of every place.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct
from msgspec import field as struct_field

from esapr.protocol.requests import Outcome, SubjectFlag
from esapr.server.trust import TrustError

NEVER = ("workplace", "recruitment", "education")
"""Refused whatever the rules say: no server starts with rules that do not refuse them."""

ANY = "*"
_STRICTNESS: dict[Outcome, int] = {"allow": 0, "text_only": 1, "refuse": 2}

Text = Annotated[str, Meta(min_length=1)]
Names = Annotated[list[Text], Meta(min_length=1)]


class PolicyError(TrustError):
    """The rules are malformed, or looser than they may be; the message says where."""


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """What holds for ``purposes`` in ``jurisdictions`` (``*``: all), for everybody or ``subjects``.

    ``notice`` says that people must be shown what happens. ``source`` names where it comes from,
    ``checked`` the day on which it was last compared with that text: no rule is without one.
    """

    id: Text
    purposes: Names
    jurisdictions: Names
    outcome: Outcome
    reason: Text
    source: Text
    checked: date
    notice: bool = False
    subjects: list[SubjectFlag] = struct_field(default_factory=list)

    @property
    def field(self) -> str:
        """The field of a request because of which the rule applies."""
        if self.subjects:
            return "subject_flags"
        return "purpose" if self.jurisdictions == [ANY] else "jurisdiction"


class Override(Struct, frozen=True, forbid_unknown_fields=True):
    """A shipped rule that does not hold in ``jurisdictions``; ``person`` answers for that."""

    rule: Text
    jurisdictions: Names
    reason: Text
    person: Text


class Shipped(Struct, frozen=True, forbid_unknown_fields=True):
    """The file ``policy.toml``."""

    version: Text
    cohorts: Names
    """Purposes for which a deployment may have sessions compared with those of other people."""
    groups: dict[str, list[str]]
    rules: list[Rule]


class Deployed(Struct, frozen=True, forbid_unknown_fields=True):
    """The file of a deployment."""

    rules: list[Rule] = struct_field(default_factory=list)
    overrides: list[Override] = struct_field(default_factory=list)
    cohorts: list[Text] = struct_field(default_factory=list)
    """Purposes for which sessions are compared with those of a group of other people."""


T = TypeVar("T", Shipped, Deployed)

DEFAULT_DENY = Rule(
    id="default_deny",
    purposes=[ANY],
    jurisdictions=[ANY],
    outcome="refuse",
    reason="no rule allows this purpose",
    source="ESAPR, docs/explanation/law.md",
    checked=date(2026, 11, 23),
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What ``rule`` decides.

    ``reviewed`` is False for a place that has the rules of every place. ``notices`` names the rules
    for which a notice must be shown, ``overridden`` are those that would have applied.
    """

    rule: Rule
    reviewed: bool
    notices: list[str]
    overridden: list[Override]

    @property
    def outcome(self) -> Outcome:
        """What may be analysed."""
        return self.rule.outcome


class Policy:
    """The rules of a server."""

    def __init__(self, shipped: Shipped, deployed: Deployed) -> None:
        """Take the shipped rules and those of the deployment.

        Raises:
            PolicyError: the deployment loosens what it may not, or what is never done is allowed.
        """
        self.version = shipped.version
        self.overrides = deployed.overrides
        self.cohorts = frozenset(deployed.cohorts)
        self._groups = shipped.groups
        self._named = {
            place for rule in shipped.rules for place in self._places(rule.jurisdictions)
        }
        self._rules = [*shipped.rules, *deployed.rules]
        self.purposes = sorted({each for rule in self._rules for each in rule.purposes} - {ANY})
        _check_never(shipped.rules)
        _check_cohorts(shipped, deployed)
        _check_deployed(shipped.rules, deployed)

    def decide(
        self, purpose: str, jurisdiction: str, flags: Iterable[SubjectFlag] = ()
    ) -> Decision:
        """Return what holds for people with ``flags``; ``jurisdiction`` is empty if unknown."""
        people, places = set(flags), self._places([jurisdiction])
        reviewed = _touch(places, self._named)
        matching = {
            rule.id: rule
            for rule in self._rules
            if not {purpose, ANY}.isdisjoint(rule.purposes)
            and (not rule.subjects or people & set(rule.subjects))
            and (not reviewed or self._holds_in(rule, places))
        }
        overridden = [
            override
            for override in self.overrides
            if override.rule in matching
            and (ANY in override.jurisdictions or jurisdiction in override.jurisdictions)
        ]
        left_out = {override.rule for override in overridden}
        applied = [rule for rule in matching.values() if rule.id not in left_out]
        # A rule for every purpose allows none by itself.
        if not any(r.outcome == "allow" and purpose in {*r.purposes} - {ANY} for r in applied):
            applied.append(DEFAULT_DENY)
        return Decision(
            rule=max(applied, key=lambda rule: _STRICTNESS[rule.outcome]),
            reviewed=reviewed,
            notices=[rule.id for rule in applied if rule.notice],
            overridden=overridden,
        )

    def _holds_in(self, rule: Rule, places: Iterable[str]) -> bool:
        return ANY in rule.jurisdictions or _touch(places, self._places(rule.jurisdictions))

    def _places(self, jurisdictions: Iterable[str]) -> set[str]:
        """Return jurisdictions, and the members of those that are groups."""
        named = set(jurisdictions) - {ANY}
        return named.union(*(self._groups.get(name, ()) for name in named))


def read_policy(shipped: str, deployed: str | None) -> Policy:
    """Return the policy of the shipped file and of a deployment's, both as text.

    Raises:
        PolicyError: one is malformed, or the deployment loosens what it may not.
    """
    return Policy(
        _read(shipped, Shipped), Deployed() if deployed is None else _read(deployed, Deployed)
    )


def _read(text: str, kind: type[T]) -> T:
    try:
        return msgspec.convert(tomllib.loads(text), kind)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise PolicyError(f"rules: {error}") from error


def _touch(asked: Iterable[str], named: Iterable[str]) -> bool:
    """Return whether a place is among ``named``, in one of them, or has one of them in it."""
    named = set(named)
    return any(
        one == other or one.startswith(f"{other}-") or other.startswith(f"{one}-")
        for one in asked
        for other in named
        if one
    )


def _check_never(rules: Sequence[Rule]) -> None:
    for purpose in NEVER:
        naming = [rule for rule in rules if purpose in rule.purposes]
        if not any(
            rule.outcome == "refuse" and rule.jurisdictions == [ANY] and not rule.subjects
            for rule in naming
        ):
            raise PolicyError(f"rules: {purpose} must be refused everywhere")


def _check_cohorts(shipped: Shipped, deployed: Deployed) -> None:
    wrong = [*({*NEVER} & {*shipped.cohorts}), *({*deployed.cohorts} - {*shipped.cohorts})]
    if wrong:
        raise PolicyError(f"cohorts: nobody is compared with others for {', '.join(sorted(wrong))}")


def _check_deployed(rules: Sequence[Rule], deployed: Deployed) -> None:
    shipped: Mapping[str, Rule] = {rule.id: rule for rule in rules}
    for rule in deployed.rules:
        if rule.outcome == "allow":
            raise PolicyError(f"rule {rule.id}: a deployment's rules can only be stricter")
        if rule.id in shipped:
            raise PolicyError(f"rule {rule.id}: there is such a rule already")
    for override in deployed.overrides:
        overridden = shipped.get(override.rule)
        if overridden is None:
            raise PolicyError(f"override of {override.rule}: there is no such rule")
        if not set(NEVER).isdisjoint(overridden.purposes):
            raise PolicyError(f"override of {override.rule}: that can never be allowed")
