"""The calls of protocol v1 as a browser makes them: session, WHIP push, feed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from ipaddress import ip_address

import aiohttp
import msgspec
from yarl import URL

from esapr.load_tests.subscriber import Subscriber
from esapr.protocol import JSON_SUBPROTOCOL, MSGPACK_SUBPROTOCOL, TOKEN_PREFIX, VERSION
from esapr.protocol.answers import SessionInfo
from esapr.protocol.codec import Format
from esapr.protocol.limits import MAX_MESSAGE_BYTES
from esapr.protocol.messages import Hello
from esapr.protocol.requests import ErrorBody, Notice, SessionCredentials, SessionRequest
from esapr.protocol.rooms import TokenAnswer, TokenRequest

_SUBPROTOCOLS = {Format.JSON: JSON_SUBPROTOCOL, Format.MSGPACK: MSGPACK_SUBPROTOCOL}


class RefusedError(Exception):
    """The server refused a call. ``code`` is the protocol's, or empty if the body had none."""

    def __init__(self, status: int, code: str, message: str) -> None:
        """Keep what the server answered."""
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code


class Gateway:
    """One server, by its address."""

    def __init__(self, http: aiohttp.ClientSession, url: URL) -> None:
        """Call the server at ``url`` (``http://host:port``)."""
        self._http = http
        self._url = url

    @property
    def loopback(self) -> bool:
        """Whether the server is on this machine's loopback interface."""
        host = self._url.host or ""
        if host == "localhost":
            return True
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return False

    async def notice(self) -> Notice:
        """Return what people are to be shown before they consent.

        Raises:
            RefusedError: the server refused it.
            aiohttp.ClientError: the server cannot be reached.
        """
        async with self._http.get(self._url.join(URL("/v1/notice"))) as response:
            await _check(response)
            return msgspec.json.decode(await response.read(), type=Notice)

    @asynccontextmanager
    async def session(self, request: SessionRequest) -> AsyncIterator[SessionCredentials]:
        """Open a demo session that is ended on leaving.

        Raises:
            RefusedError: the server refused it.
            aiohttp.ClientError: the server cannot be reached.
        """
        url = self._url.join(URL("/v1/demo/sessions"))
        headers = {"Content-Type": "application/json"}
        body = msgspec.json.encode(request)
        async with self._http.post(url, data=body, headers=headers) as response:
            await _check(response)
            credentials = msgspec.json.decode(await response.read(), type=SessionCredentials)
        try:
            yield credentials
        finally:
            path = URL(f"/v1/sessions/{credentials.session_id}")
            # The tokens of a session that is long over, or all of whose tokens are revoked, say
            # nothing any more.
            await self._delete(
                self._url.join(path), credentials.client_token, HTTPStatus.UNAUTHORIZED
            )

    @asynccontextmanager
    async def subscribe(
        self, credentials: SessionCredentials, form: Format
    ) -> AsyncIterator[Subscriber]:
        """Open the feed and say hello.

        Raises:
            aiohttp.ClientError: the server cannot be reached or refused the socket.
        """
        url = self._url.join(URL(credentials.feed_url))
        protocols = (_SUBPROTOCOLS[form], TOKEN_PREFIX + credentials.client_token)
        async with self._http.ws_connect(
            url, protocols=protocols, max_msg_size=MAX_MESSAGE_BYTES
        ) as socket:
            subscriber = Subscriber(socket, form)
            await subscriber.send(Hello(version=VERSION))
            yield subscriber

    async def token(self, credentials: SessionCredentials, request: TokenRequest) -> TokenAnswer:
        """Make a further token for a session or its room.

        Raises:
            RefusedError: the server refused it.
            aiohttp.ClientError: the server cannot be reached.
        """
        url = self._url.join(URL(f"/v1/sessions/{credentials.session_id}/tokens"))
        headers = {"Content-Type": "application/json", **_bearer(credentials.client_token)}
        body = msgspec.json.encode(request)
        async with self._http.post(url, data=body, headers=headers) as response:
            await _check(response)
            return msgspec.json.decode(await response.read(), type=TokenAnswer)

    async def info(self, credentials: SessionCredentials) -> SessionInfo:
        """Return what a session is doing.

        Raises:
            RefusedError: the server refused it, or knows no such session.
            aiohttp.ClientError: the server cannot be reached.
        """
        url = self._url.join(URL(f"/v1/sessions/{credentials.session_id}"))
        async with self._http.get(url, headers=_bearer(credentials.client_token)) as response:
            await _check(response)
            return msgspec.json.decode(await response.read(), type=SessionInfo)

    async def until_ready(self) -> None:
        """Wait until the server's models are warm."""
        while True:
            async with self._http.get(self._url.join(URL("/readyz"))) as response:
                if response.status == HTTPStatus.OK:
                    return
            await asyncio.sleep(0.2)

    async def metrics(self) -> str:
        """Return the Prometheus exposition of the server."""
        async with self._http.get(self._url.join(URL("/metrics"))) as response:
            await _check(response)
            return await response.text()

    @asynccontextmanager
    async def push(self, credentials: SessionCredentials) -> AsyncIterator["Push"]:
        """Push media by WHIP (RFC 9725): the value sends the offer; stopped on leaving."""
        url = self._url.join(URL(credentials.whip_url))
        push = Push(self._http, url, credentials.client_token)
        try:
            yield push
        finally:
            for resource in push.resources:
                await self._delete(resource, credentials.client_token)

    async def _delete(self, url: URL, token: str, *gone: HTTPStatus) -> None:
        async with self._http.delete(url, headers=_bearer(token)) as response:
            # What the server has ended itself is as good as deleted.
            if response.status not in (HTTPStatus.NOT_FOUND, *gone):
                await _check(response)


class Push:
    """Media on their way into a session; called with the SDP offer, it returns the answer."""

    def __init__(self, http: aiohttp.ClientSession, url: URL, token: str) -> None:
        """Push to the WHIP endpoint ``url``."""
        self.resources: list[URL] = []
        """The WHIP sessions of the offers that were taken, the newest last."""
        self._http = http
        self._url = url
        self._token = token

    async def __call__(self, offer: str) -> str:
        """Return the answer to ``offer``.

        Raises:
            RefusedError: the server refused the offer.
            aiohttp.ClientError: the server cannot be reached.
        """
        headers = {"Content-Type": "application/sdp", **_bearer(self._token)}
        async with self._http.post(self._url, data=offer.encode(), headers=headers) as response:
            await _check(response)
            self.resources.append(self._url.join(URL(response.headers["Location"])))
            return await response.text()

    async def restart(self, fragment: str) -> str:
        """Return the answer to a fragment that restarts ICE (section 4.3.3).

        Raises:
            RefusedError: the server refused it.
            aiohttp.ClientError: the server cannot be reached.
        """
        headers = {
            "Content-Type": "application/trickle-ice-sdpfrag",
            "If-Match": "*",
            **_bearer(self._token),
        }
        async with self._http.patch(
            self.resources[-1], data=fragment.encode(), headers=headers
        ) as response:
            await _check(response)
            return await response.text()


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def _check(response: aiohttp.ClientResponse) -> None:
    if response.status < HTTPStatus.BAD_REQUEST:
        return
    body = await response.read()
    try:
        error = msgspec.json.decode(body, type=ErrorBody).error
    except msgspec.DecodeError:
        raise RefusedError(response.status, "", response.reason or "") from None
    raise RefusedError(response.status, error.code, error.message)
