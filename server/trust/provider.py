"""The OpenID provider over HTTP: what it says of itself, its keys, and codes that are redeemed."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
import structlog
from authlib.oidc.discovery import get_well_known_url
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from msgspec import Struct

from esapr.server.staff_config import StaffConfig
from esapr.server.trust.openid import Attempt, RelyingParty, SignInError, UnknownKeyError

log = structlog.get_logger()

ANSWER_SECONDS = 10.0
KNOWN_SECONDS = 3_600.0
"""How long is believed what the provider has said of itself; a new key is asked for at once."""


class Metadata(Struct, frozen=True):
    """What is used of a provider's description (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: list[str] = []
    end_session_endpoint: str | None = None


class _Tokens(Struct, frozen=True):
    id_token: str


class Provider:
    """The provider that is configured; each method raises SignInError (``away``, ``refused``)."""

    def __init__(self, config: StaffConfig, http: aiohttp.ClientSession) -> None:
        """Speak to the issuer of ``config`` over ``http``."""
        self._issuer = str(config.oidc_issuer)
        self._http = http
        self.party = RelyingParty(config)
        self._known: tuple[float, Metadata] | None = None
        self._keys: KeySet | None = None

    async def authorization(self, asked: Attempt) -> str:
        """Return where the browser goes to sign in."""
        return self.party.authorization((await self._metadata()).authorization_endpoint, asked)

    async def sign_out(self) -> str:
        """Return where the browser goes to sign out there, too; a page of ours if it cannot."""
        try:
            endpoint = (await self._metadata()).end_session_endpoint
        except SignInError as error:
            log.warning("provider_away", error=str(error))
            endpoint = None
        return self.party.sign_out(endpoint)

    async def redeem(self, code: str, asked: Attempt, now: float) -> Mapping[str, Any]:
        """Return the claims of the ID token that ``code`` is redeemed for."""
        metadata = await self._metadata()
        methods = metadata.token_endpoint_auth_methods_supported
        headers, body = self.party.token_request(metadata.token_endpoint, methods, code, asked)
        answer = await self._ask("POST", metadata.token_endpoint, _Tokens, headers, body)
        try:
            keys = self._keys or await self._fetch_keys(metadata)
            return self.party.claims(answer.id_token, keys, asked.nonce, now)
        except UnknownKeyError:
            pass
        try:
            keys = await self._fetch_keys(metadata)
            return self.party.claims(answer.id_token, keys, asked.nonce, now)
        except UnknownKeyError:
            raise SignInError("refused", "the ID token: its key is not the provider's") from None

    async def _metadata(self) -> Metadata:
        now = asyncio.get_running_loop().time()
        if self._known is None or now - self._known[0] > KNOWN_SECONDS:
            url = get_well_known_url(self._issuer, external=True)
            found = await self._ask("GET", url, Metadata)
            if found.issuer != self._issuer:
                raise SignInError("refused", "the provider says that it is another issuer")
            self._known, self._keys = (now, found), None
        return self._known[1]

    async def _fetch_keys(self, metadata: Metadata) -> KeySet:
        found = await self._ask("GET", metadata.jwks_uri, dict)
        try:
            self._keys = KeySet.import_key_set(found)
        except (JoseError, KeyError, TypeError, ValueError) as error:
            raise SignInError("refused", f"the provider's keys: {type(error).__name__}") from error
        return self._keys

    async def _ask(
        self,
        method: str,
        url: str,
        kind: type[Any],
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
    ) -> Any:
        accepting = {"Accept": "application/json", **(headers or {})}
        try:
            async with self._http.request(
                method, url, headers=accepting, data=body, allow_redirects=False
            ) as answer:
                data = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            silent = f"the provider does not answer: {type(error).__name__}"
            raise SignInError("away", silent) from error
        if answer.status >= 500:
            raise SignInError("away", f"the provider answers with {answer.status}")
        if answer.status != 200:
            raise SignInError("refused", f"the provider answers with {answer.status}")
        try:
            return msgspec.json.decode(data, type=kind)
        except msgspec.DecodeError as error:
            raise SignInError("refused", "the provider's answer is malformed") from error


@asynccontextmanager
async def provider_of(config: StaffConfig) -> AsyncIterator[Provider | None]:
    """Yield the provider at which staff sign in, if there is one."""
    if config.oidc_issuer is None:
        yield None
        return
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    # Cookies of the provider are for its people's browsers, not for us.
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=jar) as http:
        yield Provider(config, http)
