"""SDP fragments: the RFC's own example, what is left out, and anything else that may arrive."""

from contextlib import suppress

import pytest
from aioice import Candidate
from hypothesis import given
from hypothesis import strategies as st

from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.media.fragment import (
    Credentials,
    format_fragment,
    parse_fragment,
    refusal,
    with_usable_candidates,
)
from esapr.server.media.reach import Reach

ANYWHERE = Reach(anywhere=True)
PUBLIC = Reach()

# RFC 9725, section 4.3.2.
TRICKLE = """a=group:BUNDLE 0 1
m=audio 9 UDP/TLS/RTP/SAVPF 111
a=mid:0
a=ice-ufrag:EsAw
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw
a=candidate:3471623853 1 udp 2122194687 198.51.100.2 61765 typ host generation 0 ufrag EsAw
a=candidate:473322822 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active generation 0 ufrag EsAw
a=end-of-candidates
"""


def candidate(sdp: str) -> Candidate:
    return Candidate.from_sdp(sdp)


def test_the_example_of_the_rfc() -> None:
    fragment = parse_fragment(TRICKLE, ANYWHERE)

    assert fragment.credentials == Credentials("EsAw", "P2uYro0UCOQ4zxjKXaWCBui1")
    assert [(c.host, c.port) for c in fragment.candidates] == [
        ("192.0.2.1", 61764),
        ("198.51.100.2", 61765),
    ]
    # One of three is TCP: the client may still be found by its own checks.
    assert not fragment.complete
    assert fragment.left_out == {"kind": 1}


def test_what_is_written_can_be_read() -> None:
    credentials = Credentials("abcd", "0123456789abcdefghijkl")
    host = candidate("1 1 udp 1 192.0.2.1 5000 typ host")

    fragment = parse_fragment(format_fragment(credentials, "audio", "0", [host]), ANYWHERE)

    assert fragment.credentials == credentials
    assert [c.to_sdp() for c in fragment.candidates] == [host.to_sdp()]
    assert fragment.complete


@pytest.mark.parametrize(
    ("sdp", "reason"),
    [
        ("1 1 udp 1 192.0.2.1 5000 typ host", None),
        ("1 1 UDP 1 2001:db8::1 5000 typ srflx raddr :: rport 9", None),
        ("1 1 udp 1 192.0.2.1 5000 typ relay raddr 0.0.0.0 rport 9", None),
        ("1 2 udp 1 192.0.2.1 5000 typ host", "kind"),
        ("1 1 tcp 1 192.0.2.1 9 typ host tcptype active", "kind"),
        ("1 1 udp 1 0b9ad2c0-3ea7.local 5000 typ host", "address"),
        ("1 1 udp 1 internal.example 5000 typ host", "address"),
        ("1 1 udp 1 192.0.2.1 5000 typ magic", "kind"),
    ],
)
def test_candidates_are_udp_addresses_for_rtp(sdp: str, reason: str | None) -> None:
    assert refusal(candidate(sdp), ANYWHERE) == reason


def test_what_the_server_could_be_made_to_probe_is_left_out_and_counted() -> None:
    text = "\n".join(
        f"a=candidate:1 1 udp 1 {host} 53 typ host"
        for host in ("93.184.216.34", "10.0.0.53", "127.0.0.1", "169.254.169.254", "db.internal")
    )
    fragment = parse_fragment(f"{text}\na=end-of-candidates", PUBLIC)

    assert [each.host for each in fragment.candidates] == ["93.184.216.34"]
    assert fragment.left_out == {"address": 4}
    assert not fragment.complete

    offer, left_out = with_usable_candidates(f"v=0\n{text}\na=end-of-candidates", PUBLIC)
    assert offer == "v=0\r\na=candidate:1 1 udp 1 93.184.216.34 53 typ host\r\n"
    assert left_out == {"address": 4}


@pytest.mark.parametrize(
    "lines",
    [
        "a=ice-ufrag:abcd",
        "a=ice-ufrag:abc\na=ice-pwd:0123456789abcdefghijkl",
        "a=ice-ufrag:abcd\na=ice-pwd:short",
        "a=ice-ufrag:abcd\na=ice-ufrag:efgh\na=ice-pwd:0123456789abcdefghijkl",
        "a=candidate:1 1 udp 1 192.0.2.1 65536 typ host",
        "a=candidate:1 one udp 1 192.0.2.1 1 typ host",
        "{}",
    ],
)
def test_malformed_fragments_are_refused(lines: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        parse_fragment(lines, ANYWHERE)
    assert refused.value.code is ErrorCode.SDP_INVALID


def test_an_offer_keeps_everything_but_candidates_of_no_use() -> None:
    offer = "v=0\r\na=candidate:1 1 udp 1 name.local 9 typ host\r\na=mid:0\r\n"

    kept, left_out = with_usable_candidates(offer, ANYWHERE)
    assert kept == "v=0\r\na=mid:0\r\n"
    assert left_out == {"address": 1}


lines = st.lists(
    st.one_of(
        st.text(max_size=30),
        st.builds("a=candidate:{}".format, st.text(max_size=60)),
        st.builds("a=candidate:1 {} udp {} {} {} typ host".format, *[st.text(max_size=8)] * 4),
        st.builds("a=ice-ufrag:{}".format, st.text(max_size=8)),
        st.just("a=ice-pwd:0123456789abcdefghijkl"),
    ),
    max_size=6,
)


@given(lines.map("\n".join))
def test_whatever_arrives_is_read_or_refused(text: str) -> None:
    for read in (parse_fragment, with_usable_candidates):
        with suppress(ProtocolError):
            read(text, PUBLIC)
