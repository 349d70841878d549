"""Signing in at an OpenID provider: what is asked, and what of the answer is believed. No I/O.

The authorization code flow with PKCE (OpenID Connect Core 1.0, section 3.1; RFC 7636; RFC 9207).
Authlib makes the requests and checks the claims, joserfc the signature. ``now`` is in seconds of
Unix time.
"""

from collections.abc import Mapping
from hmac import compare_digest
from secrets import token_urlsafe
from typing import Any
from urllib.parse import quote_plus

from authlib.oauth2 import ClientAuth, OAuth2Client
from authlib.oauth2.rfc6749.parameters import prepare_token_request
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from msgspec import Struct
from yarl import URL

from esapr.protocol.staff import SignInProblem
from esapr.server.staff_config import StaffConfig

ATTEMPT_SECONDS = 600
"""How long a person may take to sign in."""

LEEWAY_SECONDS = 60
"""How far the provider's clock may be from ours."""

CALLBACK = "/staff/callback"
PAGE = "/staff"

# Signatures that a key which anybody may read verifies: never `none`, never a shared secret.
_ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
_RANDOM_BYTES = 32


class SignInError(Exception):
    """Nobody is signed in; ``problem`` says why, the message says it to the operator."""

    def __init__(self, problem: SignInProblem, message: str) -> None:
        """Keep what the page is told."""
        super().__init__(message)
        self.problem = problem


class UnknownKeyError(Exception):
    """An ID token was signed with a key that is not among those that are known."""


class Attempt(Struct, frozen=True):
    """What a browser keeps, signed, while its person is at the provider.

    ``page`` is where they want to go; ``verifier`` is PKCE's, ``ends`` in Unix time.
    """

    state: str
    nonce: str
    verifier: str
    page: str
    ends: int


def attempt(page: str, now: float) -> Attempt:
    """Return a new attempt to sign in and come to ``page``."""
    state, nonce, verifier = (token_urlsafe(_RANDOM_BYTES) for _ in range(3))
    return Attempt(state, nonce, verifier, page, int(now) + ATTEMPT_SECONDS)


class RelyingParty:
    """This server, as the provider knows it."""

    def __init__(self, config: StaffConfig) -> None:
        """Take a configuration that names an issuer."""
        self._config = config
        self._client: Any = OAuth2Client(
            None,
            config.oidc_client_id,
            config.oidc_client_secret,
            scope=" ".join(config.oidc_scopes),
            redirect_uri=self.address(CALLBACK),
            code_challenge_method="S256",
        )

    def address(self, path: str) -> str:
        """Return the address of a path of this server in the browsers of staff."""
        return str(URL(str(self._config.staff_url)).with_path(path))

    def authorization(self, endpoint: str, asked: Attempt) -> str:
        """Return where the browser goes to sign in."""
        url, _ = self._client.create_authorization_url(
            endpoint, asked.state, asked.verifier, nonce=asked.nonce
        )
        return str(url)

    def code(self, answer: Mapping[str, str], asked: Attempt, now: float) -> str:
        """Return the code that the provider's ``answer`` to ``asked`` brings.

        Raises:
            SignInError: ``stale``, ``denied`` or ``refused``.
        """
        if not compare_digest(answer.get("state", "").encode(), asked.state.encode()):
            raise SignInError("stale", "the answer is not to what this browser has asked")
        if now > asked.ends:
            raise SignInError("stale", "it took too long")
        if answer.get("iss", self._config.oidc_issuer) != self._config.oidc_issuer:
            raise SignInError("refused", "another provider has answered")
        if answer.get("error") == "access_denied":
            raise SignInError("denied", "the provider has not let them in")
        if "error" in answer or "code" not in answer:
            raise SignInError("refused", f"the provider says: {answer.get('error', 'no code')}")
        return answer["code"]

    def token_request(
        self, endpoint: str, methods: list[str], code: str, asked: Attempt
    ) -> tuple[dict[str, str], str]:
        """Return headers and form with which ``code`` is redeemed at ``endpoint``.

        ``methods`` are those of the provider to tell clients apart.
        """
        body = prepare_token_request(
            "authorization_code",
            redirect_uri=self.address(CALLBACK),
            code=code,
            code_verifier=asked.verifier,
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        _, headers, body = self._auth(methods).prepare("POST", endpoint, headers, body)
        return headers, body

    def _auth(self, methods: list[str]) -> Any:
        name, secret = str(self._config.oidc_client_id), self._config.oidc_client_secret
        if not secret:
            return ClientAuth(name, None, "none")
        if methods and "client_secret_basic" not in methods:
            return ClientAuth(name, secret, "client_secret_post")
        # Authlib leaves out what RFC 6749 asks for in section 2.3.1.
        return ClientAuth(quote_plus(name), quote_plus(secret), "client_secret_basic")

    def claims(self, id_token: str, keys: KeySet, nonce: str, now: float) -> Mapping[str, Any]:
        """Return the claims of an ID token for this server that was asked for with ``nonce``.

        Raises:
            UnknownKeyError: it was signed with another key than these.
            SignInError: ``refused``: it is not to be believed.
        """
        try:
            token = jwt.decode(id_token, keys, algorithms=_ALGORITHMS)
            claims = CodeIDToken(
                token.claims,
                token.header,
                {
                    "iss": {"essential": True, "value": self._config.oidc_issuer},
                    "aud": {"essential": True, "value": self._config.oidc_client_id},
                    "sub": {"essential": True},
                },
                {"nonce": nonce, "client_id": self._config.oidc_client_id},
            )
            claims.validate(now=int(now), leeway=LEEWAY_SECONDS)
        except InvalidKeyIdError as error:
            raise UnknownKeyError from error
        except (JoseError, ValueError) as error:
            raise SignInError("refused", f"the ID token: {type(error).__name__}") from error
        return token.claims

    def sign_out(self, endpoint: str | None) -> str:
        """Return where the browser goes to sign out at the provider, too, if that is possible."""
        if endpoint is None:
            return PAGE
        back = {
            "client_id": str(self._config.oidc_client_id),
            "post_logout_redirect_uri": self.address(PAGE),
        }
        return str(URL(endpoint).update_query(back))
