"""WHIP (RFC 9725): what is refused, with which status, and what preflights are told."""

import pytest

from esapr.protocol import limits
from esapr.server.media.fragment import format_fragment
from tests.server.http.whip_client import (
    FRAGMENT,
    SDP,
    STRANGER,
    Client,
    client,
    code_of,
    push,
    without_candidates,
)

pytestmark = pytest.mark.real_time


async def test_a_fragment_needs_the_entity_tag_of_its_ice_session() -> None:
    async with push() as pushed:
        fragment = "a=end-of-candidates\r\n"
        etag = pushed.created.headers["ETag"]
        assert await code_of(await pushed.patch(fragment)) == (428, "etag_required")
        assert await code_of(await pushed.patch(fragment, '"other"')) == (412, "etag_mismatch")
        assert await code_of(await pushed.patch(fragment, f"W/{etag}")) == (412, "etag_mismatch")
        restart = format_fragment(STRANGER, "video", "0", [])
        assert await code_of(await pushed.patch(restart, etag)) == (412, "etag_mismatch")
        assert (await pushed.patch(fragment, etag)).status == 204
        assert (await pushed.patch(fragment, f'"older", {etag}')).status == 204


async def test_bad_fragments_are_refused_and_useless_candidates_are_ignored() -> None:
    async with push(trickle=True) as pushed:
        etag = pushed.created.headers["ETag"]
        for malformed in ("", "nonsense", "a=candidate:1 1 udp\r\n", "a=ice-ufrag:abcd\r\n"):
            assert await code_of(await pushed.patch(malformed, etag)) == (400, "sdp_invalid")
        location = pushed.created.headers["Location"]
        wrong = await pushed.client.call("PATCH", location, "a=x", **SDP, If_Match=etag)
        assert await code_of(wrong) == (415, "media_unsupported")
        big = "a=" + "x" * limits.MAX_SDP_BYTES
        assert await code_of(await pushed.patch(big, etag)) == (413, "message_too_big")
        host = "a=candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype active\r\n"
        name = "a=candidate:1 1 udp 1 0b9ad2c0.local 9 typ host\r\n"
        assert (await pushed.patch(host + name, etag)).status == 204


async def test_more_candidates_than_the_limit_are_refused() -> None:
    candidates = "".join(
        f"a=candidate:1 1 udp 1 192.0.2.1 {port} typ host\r\n"
        for port in range(1, limits.MAX_ICE_CANDIDATES + 2)
    )

    async def flood(one: Client, offer: str) -> None:
        flooded = without_candidates(offer) + candidates
        response = await one.call("POST", one.credentials.whip_url, flooded, **SDP)
        assert await code_of(response) == (422, "too_many_candidates")

    async with push(before=flood) as pushed:
        late = await pushed.patch(candidates, pushed.created.headers["ETag"])
        assert await code_of(late) == (422, "too_many_candidates")


async def test_what_is_not_connected_cannot_be_restarted() -> None:
    async def restart_early(one: Client, offer: str) -> None:
        created = await one.call("POST", one.credentials.whip_url, offer, **SDP)
        restart = format_fragment(STRANGER, "video", "0", [])
        refused = await one.call(
            "PATCH", created.headers["Location"], restart, **FRAGMENT, If_Match="*"
        )
        assert await code_of(refused) == (409, "ice_not_connected")

    async with push(before=restart_early) as pushed:
        assert await pushed.next_face(after=-1) >= 0


async def test_a_whip_session_is_gone_after_delete() -> None:
    async with push() as pushed:
        location = pushed.created.headers["Location"]
        etag = pushed.created.headers["ETag"]
        deleted = await pushed.client.call("DELETE", location, If_Match='"ignored"')
        assert deleted.status == 200
        gone = await pushed.patch("a=end-of-candidates\r\n", etag)
        assert await code_of(gone) == (404, "not_found")
        again = await pushed.client.call("DELETE", location)
        assert await code_of(again) == (404, "not_found")


async def test_methods_that_the_rfc_reserves_are_not_allowed() -> None:
    async with client() as one:
        endpoint = one.credentials.whip_url
        for url, methods in ((endpoint, "GET PUT PATCH DELETE"), (f"{endpoint}/x", "GET PUT POST")):
            for method in methods.split():
                response = await one.call(method, url)
                assert await code_of(response) == (405, "method_not_allowed")
                assert "OPTIONS" in response.headers["Allow"]
            assert (await one.call("HEAD", url)).status == 405


async def test_options_say_what_is_taken_without_a_token() -> None:
    async with client(allowed_origins=("https://clinic.example",)) as one:
        endpoint = one.credentials.whip_url
        preflight = {"Origin": "https://clinic.example", "Access-Control-Request-Method": "POST"}
        offers = await one.http.options(endpoint, headers=preflight)
        assert (offers.status, offers.headers["Accept-Post"]) == (200, "application/sdp")
        assert offers.headers["Access-Control-Allow-Origin"] == "https://clinic.example"
        assert "POST" in offers.headers["Access-Control-Allow-Methods"]
        assert "If-Match" in offers.headers["Access-Control-Allow-Headers"]
        session = await one.http.options(f"{endpoint}/any")
        assert session.headers["Accept-Patch"] == FRAGMENT["Content-Type"]
        assert "Access-Control-Allow-Origin" not in session.headers

        allowed = await one.http.post(endpoint, headers={"Origin": "https://clinic.example"})
        assert {"Location", "ETag", "Link"} <= set(
            allowed.headers["Access-Control-Expose-Headers"].split(", ")
        )
        other = await one.http.options(endpoint, headers={"Origin": "https://else.example"})
        assert "Access-Control-Allow-Origin" not in other.headers
        assert other.headers["Vary"] == "Origin"


async def test_offers_that_cannot_be_taken_whole_are_not_acceptable() -> None:
    async def offer_in_part(one: Client, offer: str) -> None:
        for changed in (
            offer.replace("VP8/90000", "XYZ/90000").replace("rtx/90000", "XYZ/90000"),
            offer.replace("a=group:BUNDLE", "a=group:LS"),
        ):
            response = await one.call("POST", one.credentials.whip_url, changed, **SDP)
            assert await code_of(response) == (406, "sdp_unacceptable")

    async with push(before=offer_in_part):
        pass
