"""SDP fragments of trickle ICE (RFC 8840), and which candidates are taken. No asyncio, no I/O."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from aioice import Candidate

from esapr.protocol import limits
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.media.reach import Reach

MEDIA_TYPE = "application/trickle-ice-sdpfrag"
_CANDIDATE = "a=candidate:"
_COMPLETE = "a=end-of-candidates"
_LINE = re.compile(r"[a-z]=\S.*")
_TYPES = ("host", "srflx", "relay")
# RFC 8839, section 5.4.
_ICE_CHARACTERS = r"[A-Za-z0-9+/]"
_UFRAG = re.compile(rf"a=ice-ufrag:({_ICE_CHARACTERS}{{4,256}})")
_PASSWORD = re.compile(rf"a=ice-pwd:({_ICE_CHARACTERS}{{22,256}})")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the connectivity checks of one ICE session are signed with."""

    ufrag: str
    password: str


@dataclass(frozen=True, slots=True)
class Fragment:
    """What a client says of its side of an ICE session.

    ``credentials`` may be left out where they have not changed; ``complete`` announces that no
    candidate will follow; ``left_out`` counts the candidates that are not taken, by reason.
    """

    credentials: Credentials | None
    candidates: tuple[Candidate, ...]
    complete: bool
    left_out: Counter[str]


def parse_fragment(text: str, reach: Reach) -> Fragment:
    """Read a fragment; candidates that cannot be used are left out (RFC 9725, section 4.3.2).

    A fragment that candidates are missing from is never complete: the client may still be found by
    the checks that it sends itself, and until then ICE has not failed.

    Raises:
        ProtocolError: ``sdp_invalid``.
    """
    lines = [line for line in text.splitlines() if line]
    if not lines or not all(_LINE.fullmatch(line) for line in lines):
        raise ProtocolError(ErrorCode.SDP_INVALID, "the body is not an SDP fragment")
    candidates = [_candidate(line) for line in lines if line.startswith(_CANDIDATE)]
    reasons = [refusal(candidate, reach) for candidate in candidates]
    left_out = Counter(filter(None, reasons))
    return Fragment(
        credentials=_credentials(lines),
        candidates=tuple(
            taken for taken, reason in zip(candidates, reasons, strict=True) if reason is None
        ),
        complete=_COMPLETE in lines and not left_out,
        left_out=left_out,
    )


def format_fragment(
    credentials: Credentials, media: str, mid: str, candidates: Iterable[Candidate]
) -> str:
    """Return a complete fragment: its candidates belong to the section ``mid``, of kind ``media``.

    The ``m=`` line is a pseudo line (RFC 8840, section 4.1): only its kind is read.
    """
    lines = [
        f"a=ice-ufrag:{credentials.ufrag}",
        f"a=ice-pwd:{credentials.password}",
        f"m={media} 9 RTP/AVP 0",
        f"a=mid:{mid}",
        *(_CANDIDATE + candidate.to_sdp() for candidate in candidates),
        _COMPLETE,
    ]
    return "".join(f"{line}\r\n" for line in lines)


def with_usable_candidates(offer: str, reach: Reach) -> tuple[str, Counter[str]]:
    """Return ``offer`` without the candidates that cannot be used, and how many, by reason.

    As in :func:`parse_fragment`, an offer that candidates are missing from is not complete.

    Raises:
        ProtocolError: ``sdp_invalid``, or ``too_many_candidates``.
    """
    lines, count, left_out = [], 0, Counter[str]()
    for line in offer.splitlines():
        if line.startswith(_CANDIDATE):
            reason = refusal(_candidate(line), reach)
            if reason is not None:
                left_out[reason] += 1
                continue
            count += 1
        lines.append(line)
    check_count(count)
    if left_out:
        lines = [line for line in lines if line != _COMPLETE]
    return "".join(f"{line}\r\n" for line in lines), left_out


def check_count(candidates: int) -> None:
    """Check how many candidates one ICE session has.

    Raises:
        ProtocolError: ``too_many_candidates``.
    """
    if candidates > limits.MAX_ICE_CANDIDATES:
        raise ProtocolError(
            ErrorCode.TOO_MANY_CANDIDATES,
            f"at most {limits.MAX_ICE_CANDIDATES} candidates in an ICE session",
        )


def refusal(candidate: Candidate, reach: Reach) -> str | None:
    """Return why no checks are sent to ``candidate``: its ``kind``, or its ``address``; or None.

    Taken are UDP candidates with RTP and RTCP on one port. Names are never resolved, those of mDNS
    included: a browser that hides its address behind one is found by the checks that it sends.
    """
    taken = (
        candidate.transport.lower() == "udp"
        and candidate.component == 1
        and candidate.type in _TYPES
    )
    if not taken:
        return "kind"
    return None if reach.includes(candidate.host) else "address"


def _candidate(line: str) -> Candidate:
    try:
        candidate = Candidate.from_sdp(line.removeprefix(_CANDIDATE))
    except ValueError as error:
        raise ProtocolError(ErrorCode.SDP_INVALID, "a candidate cannot be parsed") from error
    if not 0 <= candidate.port <= 65_535:
        raise ProtocolError(ErrorCode.SDP_INVALID, "a candidate has no valid port")
    return candidate


def _credentials(lines: list[str]) -> Credentials | None:
    ufrags = [line for line in lines if line.startswith("a=ice-ufrag:")]
    passwords = [line for line in lines if line.startswith("a=ice-pwd:")]
    if not ufrags and not passwords:
        return None
    if len(set(ufrags)) != 1 or len(set(passwords)) != 1:
        raise ProtocolError(ErrorCode.SDP_INVALID, "one ice-ufrag and one ice-pwd are needed")
    ufrag, password = _UFRAG.fullmatch(ufrags[0]), _PASSWORD.fullmatch(passwords[0])
    if not ufrag or not password:
        raise ProtocolError(ErrorCode.SDP_INVALID, "the ice-ufrag or ice-pwd is malformed")
    return Credentials(ufrag[1], password[1])
