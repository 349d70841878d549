"""Clients that others wrote push by WHIP: a page's own code in Chromium, and GStreamer."""

import asyncio
import re
import signal
import subprocess
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import aiohttp
import msgspec
import pytest
from yarl import URL

from esapr.load_tests.gateway import Gateway
from esapr.load_tests.subscriber import Subscriber
from esapr.protocol.codec import Format
from esapr.protocol.messages import State
from esapr.protocol.requests import SessionCredentials, SessionRequest
from esapr.server.app import Server
from tests.addresses import own_address
from tests.e2e.browser import FakeDevices, open_page
from tests.programs import program
from tests.serving import CONSENT, running_server
from tests.turn_server import coturn

FACE = Path(__file__).parents[1] / "data" / "astronaut.jpg"

pytestmark = pytest.mark.real_time


@asynccontextmanager
async def session(
    server: Server,
) -> AsyncIterator[tuple[SessionCredentials, Subscriber]]:
    request = msgspec.convert({"consent": CONSENT}, SessionRequest)
    async with aiohttp.ClientSession() as http:
        gateway = Gateway(http, URL(server.url))
        async with (
            gateway.session(request) as credentials,
            gateway.subscribe(credentials, Format.JSON) as feed,
        ):
            yield credentials, feed


async def next_face(feed: Subscriber, after: int = -1) -> int:
    """Return the number of the first state beyond ``after`` with a face in a new picture."""
    async with asyncio.timeout(20):
        async for message in feed:
            if not isinstance(message, State) or message.seq <= after:
                continue
            if message.modalities.face and message.modalities.face.age_ms < 1000:
                return message.seq
    raise AssertionError("the feed has ended")


# What RFC 9725 says of a client, in as few lines as it takes.
PUSH = """
async ([url, token, relays]) => {
  const bearer = { Authorization: `Bearer ${token}` };
  const connection = new RTCPeerConnection({
    bundlePolicy: "max-bundle",
    iceServers: relays,
    iceTransportPolicy: relays.length > 0 ? "relay" : "all",
  });
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  for (const track of stream.getTracks()) {
    connection.addTransceiver(track, { direction: "sendonly" });
  }
  const gathered = new Promise((done) => {
    connection.addEventListener("icecandidate", ({ candidate }) => candidate === null && done());
  });
  await connection.setLocalDescription();
  await gathered;
  const answer = await fetch(url, {
    method: "POST",
    headers: { ...bearer, "Content-Type": "application/sdp" },
    body: connection.localDescription.sdp,
  });
  const sdp = await answer.text();
  await connection.setRemoteDescription({ type: "answer", sdp });
  window.push = {
    connection, sdp, bearer, resource: answer.headers.get("Location"),
    etag: answer.headers.get("ETag"),
  };
}
"""
RESTART = r"""
async () => {
  const { connection, sdp, bearer, resource, etag } = window.push;
  const lines = (text, pattern) => text.split("\r\n").filter((line) => pattern.test(line));
  const gathered = new Promise((done) => {
    connection.addEventListener("icecandidate", ({ candidate }) => candidate === null && done());
  });
  await connection.setLocalDescription(await connection.createOffer({ iceRestart: true }));
  await gathered;
  const offer = connection.localDescription.sdp;
  const [first] = offer.split("\r\n").filter((line) => line.startsWith("a=mid:"));
  const fragment = [
    ...lines(offer, /^a=ice-(ufrag|pwd):/).slice(0, 2), "m=audio 9 RTP/AVP 0", first,
    ...lines(offer, /^a=candidate:/), "a=end-of-candidates", "",
  ].join("\r\n");
  const response = await fetch(resource, {
    method: "PATCH",
    headers: {
      ...bearer, "If-Match": "*", "Content-Type": "application/trickle-ice-sdpfrag",
    },
    body: fragment,
  });
  const patch = await response.text();
  const ice = lines(patch, /^a=(ice-|candidate:|end-of)/);
  const kept = sdp.split("\r\n").filter((line) => !/^a=(ice-|candidate:|end-of)/.test(line));
  const restarted = kept.flatMap((line) => (line.startsWith("a=mid:") ? [line, ...ice] : [line]));
  await connection.setRemoteDescription({ type: "answer", sdp: restarted.join("\r\n") });
  return [response.status, response.headers.get("ETag") !== etag];
}
"""
# The ufrag of the local candidate that media takes, and that candidate's type.
PATH = """
async () => {
  const stats = [...(await window.push.connection.getStats()).values()];
  const transport = stats.find((entry) => entry.type === "transport");
  const pair = stats.find((entry) => entry.id === transport.selectedCandidatePairId);
  const local = stats.find((entry) => entry.id === pair?.localCandidateId);
  return [local?.usernameFragment, local?.candidateType];
}
"""


@pytest.mark.browser
async def test_chromium_restarts_ice_and_its_media_goes_on(
    chromium: str, devices: FakeDevices
) -> None:
    async with (
        running_server() as server,
        session(server) as (credentials, feed),
        open_page(chromium, server.url, *devices.flags) as page,
    ):
        await page.evaluate(PUSH, [credentials.whip_url, credentials.client_token, []])
        before = await next_face(feed)
        ufrag, _ = await page.evaluate(PATH)
        assert await page.evaluate(RESTART) == [200, True]
        moved = f"async () => ![undefined, {ufrag!r}].includes((await ({PATH})())[0])"
        await page.wait_for_function(moved)
        assert await next_face(feed, after=before + 4) > before
        assert await page.evaluate("window.push.connection.connectionState") == "connected"


@pytest.mark.browser
async def test_chromium_reaches_the_server_by_a_relay_alone(
    chromium: str, devices: FakeDevices
) -> None:
    async with (
        coturn() as turn,
        running_server(turn_urls=turn.turn_urls, turn_secret=turn.turn_secret) as server,
        session(server) as (credentials, feed),
        open_page(chromium, server.url, *devices.flags) as page,
    ):
        relays = msgspec.to_builtins(credentials.ice_servers)
        await page.evaluate(PUSH, [credentials.whip_url, credentials.client_token, relays])
        await next_face(feed)
        assert (await page.evaluate(PATH))[1] == "relay"


# Debian 12's client ends at its start: libnice brings GUPnP, which maps ports on home routers, and
# with it libsoup 3, beside the client's own libsoup 2. In GUPnP's place nothing is mapped.
NO_GUPNP = """
void *gupnp_simple_igd_get_type(void) { return 0; }
void *gupnp_simple_igd_thread_new(void) { return 0; }
void gupnp_simple_igd_add_port(void) {}
void gupnp_simple_igd_remove_port_local(void) {}
"""


@pytest.fixture
def libraries(tmp_path: Path) -> Path:
    """A folder of libraries with which ``whip-client`` runs."""
    source = tmp_path / "no_gupnp.c"
    source.write_text(NO_GUPNP, encoding="ascii")
    library = tmp_path / "libgupnp-igd-1.0.so.4"
    compiler = program("cc", "gcc")
    subprocess.run([compiler, "-shared", "-fPIC", "-nostdlib", "-o", library, source], check=True)
    return tmp_path


PICTURE = (
    f"filesrc location={FACE} ! jpegdec ! videoconvert ! videoscale ! imagefreeze is-live=true ! "
    "video/x-raw,width=320,height=320,framerate=10/1 ! vp8enc deadline=1 ! rtpvp8pay pt=96 ! "
    "application/x-rtp,media=video,encoding-name=VP8,payload=96"
)
SOUND = (
    "audiotestsrc is-live=true wave=red-noise ! audioconvert ! audioresample ! opusenc ! "
    "rtpopuspay pt=100 ! application/x-rtp,media=audio,encoding-name=OPUS,payload=100"
)


async def test_gstreamer_pushes_trickles_and_says_goodbye(libraries: Path) -> None:
    client = program("whip-client", "simple-whip-client")
    async with (
        # libnice reaches no loopback address.
        coturn(own_address()) as turn,
        running_server(turn_urls=turn.turn_urls, turn_secret=turn.turn_secret) as server,
        session(server) as (credentials, feed),
    ):
        (relay,) = credentials.ice_servers
        user, password = quote(relay.username or "", ""), quote(relay.credential or "", "")
        host = relay.urls[0].removeprefix("turn:")
        process = await asyncio.create_subprocess_exec(
            *(client, "--disable-colors", "--log-level=7"),
            *("-u", server.url + credentials.whip_url, "-t", credentials.client_token),
            *("-T", f"turn://{user}:{password}@{host}?transport=udp", "--force-turn"),
            *("-V", PICTURE, "-A", SOUND),
            stdout=PIPE,
            stderr=STDOUT,
            env={"LD_LIBRARY_PATH": str(libraries), "GST_REGISTRY": str(libraries / "registry")},
        )
        try:
            await next_face(feed)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGINT)
            output = (await process.communicate())[0].decode()
        assert process.returncode == 0
        assert re.search("Sending candidates: candidate:.* typ relay", output)
        assert "Sending candidates: end-of-candidates" in output
        assert "DTLS connected" in output
        # How the client words an answer that is not 2xx.
        assert not re.search(r"\[[45]\d\d\]|\[trickle\]", output)
        assert "esapr_peers 0.0" in server.metrics.text().decode()
