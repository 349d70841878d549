"""A server, by its address, and the sessions and feeds that a program has on it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar, Unpack
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

import msgspec
from msgspec.structs import replace

from esapr.client.analysis import Found, results, sent
from esapr.client.errors import EsaprError
from esapr.client.feed import FAREWELL_SECONDS, Feed
from esapr.client.http import call
from esapr.client.options import AnalysisOptions, OpeningOptions, SessionOptions, requested
from esapr.client.session import Session
from esapr.client.subscription import Subscription
from esapr.client.tokens import own
from esapr.protocol.analyses import AnalysisCredentials, AnalysisRequest
from esapr.protocol.errors import ErrorCode
from esapr.protocol.limits import MAX_REDEEM_SECONDS
from esapr.protocol.messages import Detail
from esapr.protocol.recommendations import Recommendations
from esapr.protocol.requests import Consent, Notice, SessionCredentials, SessionRequest
from esapr.protocol.rooms import Role, Scope, TokenAnswer, TokenRequest

S = TypeVar("S", bound=msgspec.Struct)

DEMO_ANALYSES, ANALYSES = "/v1/demo/analyses", "/v1/analyses"
DEMO, WITH_KEY, NOTICE = "/v1/demo/sessions", "/v1/sessions", "/v1/notice"
_SOCKET_SCHEMES = {"http": "ws", "https": "wss"}


class Client:
    """One server. Use it with ``async with``; leaving it closes every feed that is still open."""

    def __init__(self, url: str, *, key: str | None = None) -> None:
        """Use the server at ``url`` (``http://host:port`` or ``https://…``).

        ``key`` is a server key. Without one sessions are demo sessions, which a server opens for
        its own machine only.

        Raises:
            ValueError: the address is not one of HTTP.
        """
        if urlsplit(url).scheme not in _SOCKET_SCHEMES:
            raise ValueError(f"an address begins with http:// or https://, not {url!r}")
        self._url = url
        self._key = key
        self._group = asyncio.TaskGroup()
        self._feeds: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Start nothing: feeds run as they are opened."""
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every feed; an error of the block comes out as it is, not in a group."""
        for task in self._feeds:
            task.cancel()
        if isinstance(error, asyncio.CancelledError):
            await self._group.__aexit__(kind, error, trace)
        else:
            await self._group.__aexit__(None, None, None)

    async def notice(self, language: str = "en") -> Notice:
        """Return what people are to be shown before they consent.

        Raises:
            RefusedError: ``config_invalid``: there is none in that language.
            UnreachableError: the server does not answer.
        """
        query = urlencode({"language": language})
        return _read(await call("GET", self._at(f"{NOTICE}?{query}")), Notice)

    async def open(
        self,
        *,
        consent: Consent | None,
        **options: Unpack[OpeningOptions],
    ) -> SessionCredentials:
        """Open a session for somebody else, such as a browser, who is given the answer.

        Its token must be used until ``expires_at``.

        Raises:
            RefusedError: the server refused it: ``policy_refused``, ``consent_required`` …
            UnreachableError: the server does not answer.
        """
        request = requested(SessionRequest, consent, options)
        path = DEMO if self._key is None else WITH_KEY
        body = msgspec.json.encode(request)
        answer = await call("POST", self._at(path), token=self._key, body=body)
        return _read(answer, SessionCredentials)

    @asynccontextmanager
    async def session(
        self,
        *,
        consent: Consent | None,
        detail: Detail = "state",
        **options: Unpack[SessionOptions],
    ) -> AsyncIterator[Session]:
        """Open a session and its feed, and end it on leaving, when all text is sent.

        Raises:
            RefusedError, UnreachableError: as :meth:`open`.
        """
        opened = await self.open(consent=consent, **options)
        credentials = replace(opened, client_token=own(opened.client_token))
        session: Session | None = None
        try:
            async with self._open(credentials.feed_url, credentials.client_token, detail) as feed:
                session = Session(feed, credentials)
                yield session
                with suppress(TimeoutError):
                    async with asyncio.timeout(FAREWELL_SECONDS):
                        await session.close()
        finally:
            if session is None or session.closed is None:
                await self._end(credentials)

    async def analyse(
        self,
        file: Path | bytes,
        media_type: str,
        *,
        consent: Consent | None,
        **options: Unpack[AnalysisOptions],
    ) -> AsyncGenerator[Found, None]:
        """Send a file, and yield its states or pages as they are found, each once, and progress.

        The last is ``AnalysisDone`` with the summary. ``media_type`` says what the file is, such
        as ``video/webm``. A connection that is lost is opened
        again. The server forgets the result at the end, and stops if the iterator is closed
        before: use ``contextlib.aclosing`` where the loop may be left.

        Raises:
            OSError: the file cannot be read.
            RefusedError: the server refused it, or it cannot be analysed to its end.
            UnreachableError: the server does not answer, or not any more.
        """
        request = requested(AnalysisRequest, consent, options)
        data = file if isinstance(file, bytes) else await asyncio.to_thread(file.read_bytes)
        url = self._at(DEMO_ANALYSES if self._key is None else ANALYSES)
        taken = _read(await sent(url, self._key, data, media_type, request), AnalysisCredentials)
        async with aclosing(results(self._at(taken.url), taken.token)) as found:
            async for each in found:
                yield each

    @asynccontextmanager
    async def watch(
        self, feed_url: str, token: str, *, detail: Detail = "state"
    ) -> AsyncIterator[Subscription]:
        """Watch a session that others feed, or a room; leaving does not end it.

        ``feed_url`` and ``token`` are those of :meth:`invite` or of a session's credentials: a path
        on this server, or an address.

        Raises:
            RefusedError: ``token_invalid``, ``not_found``, ``too_many_feeds`` …
            UnreachableError: the server does not answer.
        """
        async with self._open(feed_url, own(token), detail) as feed:
            yield Subscription(feed)

    async def invite(
        self,
        credentials: SessionCredentials,
        role: Role,
        *,
        scopes: Iterable[Scope] | None = None,
        redeem_seconds: int = MAX_REDEEM_SECONDS,
        origin: str | None = None,
    ) -> TokenAnswer:
        """Make a further token for a session or its room; the answer goes into :meth:`watch`.

        It must be used within ``redeem_seconds``, and with ``origin`` by pages of that origin.

        Raises:
            RefusedError: ``scope_missing``, ``config_invalid`` …
            UnreachableError: the server does not answer.
        """
        request = TokenRequest(
            role=role,
            scopes=msgspec.UNSET if scopes is None else list(scopes),
            redeem_seconds=redeem_seconds,
            origin=msgspec.UNSET if origin is None else origin,
        )
        url = self._at(f"{WITH_KEY}/{credentials.session_id}/tokens")
        body = msgspec.json.encode(request)
        token = self._key or credentials.client_token
        return _read(await call("POST", url, token=token, body=body), TokenAnswer)

    async def recommendations(self, credentials: SessionCredentials) -> Recommendations:
        """Return what may do good after a session, or why nothing is named.

        ``credentials`` are those of :attr:`Session.credentials`, also for a while after its end.

        Raises:
            RefusedError: ``not_found``: the server has no catalogue, or nothing is left of it …
            UnreachableError: the server does not answer.
        """
        url = self._at(f"{WITH_KEY}/{credentials.session_id}/recommendations")
        answer = await call("GET", url, token=credentials.client_token)
        return _read(answer, Recommendations)

    @asynccontextmanager
    async def _open(self, feed_url: str, token: str, detail: Detail) -> AsyncIterator[Feed]:
        parts = urlsplit(self._at(feed_url))
        scheme = _SOCKET_SCHEMES.get(parts.scheme, parts.scheme)
        feed = Feed(urlunsplit(parts._replace(scheme=scheme)), token, detail)
        task = self._group.create_task(feed.run())
        self._feeds.append(task)
        try:
            await feed.until_live()
            yield feed
        finally:
            task.cancel()
            await asyncio.wait([task])
            self._feeds.remove(task)

    async def _end(self, credentials: SessionCredentials) -> None:
        """End the session without its feed; one that has ended, or is out of reach, is let be."""
        url = self._at(f"{WITH_KEY}/{credentials.session_id}/end")
        with suppress(EsaprError):
            await call("POST", url, token=credentials.client_token)

    def _at(self, path: str) -> str:
        return urljoin(self._url, path)


def _read(answer: bytes, kind: type[S]) -> S:
    try:
        return msgspec.json.decode(answer, type=kind)
    except msgspec.DecodeError as error:
        raise EsaprError(ErrorCode.BAD_MESSAGE, f"no answer of this version: {error}") from error
