"""What is believed of a provider's answer: ID tokens that are right, wrong, old, or another's."""

import hmac
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from yarl import URL

from esapr.server.config import ServerConfig
from esapr.server.trust.openid import (
    ATTEMPT_SECONDS,
    LEEWAY_SECONDS,
    RelyingParty,
    SignInError,
    UnknownKeyError,
    attempt,
)

NOW = 1_795_000_000.0
ISSUER = "https://id.example/realms/clinic"
CONFIG = ServerConfig(
    oidc_issuer=ISSUER,
    oidc_client_id="esapr",
    oidc_client_secret="secret",
    oidc_roles=("therapists=clinician",),
    staff_url="https://esapr.example",
)
PARTY = RelyingParty(CONFIG)
KEY = ECKey.generate_key("P-256", {"kid": "one", "use": "sig"})
KEYS = KeySet.import_key_set({"keys": [KEY.as_dict(private=False)]})
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "aud": "esapr",
    "sub": "ada",
    "nonce": "n",
    "iat": int(NOW),
    "exp": int(NOW) + 300,
}


def signed(key: Any = KEY, alg: str = "ES256", kid: str = "one", **claims: Any) -> str:
    """Return an ID token with some of the claims changed, or left out where they are None."""
    said = {name: value for name, value in (CLAIMS | claims).items() if value is not None}
    return jwt.encode({"alg": alg, "kid": kid}, said, key, algorithms=[alg])


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def read(token: str, now: float = NOW) -> dict[str, Any]:
    return dict(PARTY.claims(token, KEYS, "n", now))


def test_an_id_token_says_who_somebody_is() -> None:
    assert read(signed())["sub"] == "ada"
    assert read(signed(aud=["esapr", "another"], azp="esapr"))["sub"] == "ada"


@pytest.mark.parametrize(
    "claims",
    [
        *({name: None} for name in ("iss", "aud", "sub", "exp", "iat", "nonce")),
        {"iss": "https://elsewhere.example"},
        {"aud": "another"},
        {"aud": ["esapr", "another"]},
        {"azp": "another"},
        {"nonce": "m"},
        {"exp": int(NOW) - LEEWAY_SECONDS - 1},
        {"iat": int(NOW) + LEEWAY_SECONDS + 1},
        {"nbf": int(NOW) + LEEWAY_SECONDS + 1},
        {"exp": "tomorrow"},
    ],
    ids=str,
)
def test_claims_that_are_wrong_or_missing_are_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(SignInError) as refused:
        read(signed(**claims))
    assert refused.value.problem == "refused"


def test_clocks_may_differ_by_a_minute() -> None:
    assert read(signed(exp=int(NOW) - LEEWAY_SECONDS + 1))["sub"] == "ada"
    assert read(signed(iat=int(NOW) + LEEWAY_SECONDS - 1))["sub"] == "ada"


def test_signatures_by_other_keys_and_by_none_are_refused() -> None:
    stranger = ECKey.generate_key("P-256", {"kid": "one"})
    head, body, _ = signed().split(".")
    # Whoever takes a public key for a shared secret believes what anybody has signed.
    header = encoded(b'{"alg":"HS256","kid":"one"}')
    confused = f"{header}.{body}"
    digest = hmac.digest(KEY.as_pem(private=False), confused.encode(), "sha256")
    forged = [
        signed(stranger),
        f"{confused}.{encoded(digest)}",
        signed(RSAKey.generate_key(2048, {"kid": "one"}), "RS256"),
        f"{head}.{body}.",
        f"eyJhbGciOiJub25lIn0.{body}.",
        "no token",
        "",
    ]
    for token in forged:
        with pytest.raises(SignInError):
            read(token)


def test_a_key_that_is_not_known_may_be_a_new_one() -> None:
    other = ECKey.generate_key("P-256", {"kid": "two"})
    with pytest.raises(UnknownKeyError):
        read(signed(other, kid="two"))


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"code": "c"}, "stale"),
        ({"code": "c", "state": "another"}, "stale"),
        ({"error": "access_denied", "state": "s"}, "denied"),
        ({"error": "server_error", "state": "s"}, "refused"),
        ({"state": "s"}, "refused"),
        ({"code": "c", "state": "s", "iss": "https://elsewhere.example"}, "refused"),
    ],
    ids=str,
)
def test_answers_that_bring_no_code(answer: dict[str, str], problem: str) -> None:
    asked = attempt("/staff", NOW)
    said = {name: asked.state if value == "s" else value for name, value in answer.items()}
    with pytest.raises(SignInError) as refused:
        PARTY.code(said, asked, NOW)
    assert refused.value.problem == problem


def test_an_answer_must_come_in_time() -> None:
    asked = attempt("/staff", NOW)
    answer = {"code": "c", "state": asked.state, "iss": ISSUER}
    assert PARTY.code(answer, asked, NOW + ATTEMPT_SECONDS) == "c"
    with pytest.raises(SignInError) as refused:
        PARTY.code(answer, asked, NOW + ATTEMPT_SECONDS + 1)
    assert refused.value.problem == "stale"


def test_each_attempt_has_secrets_of_its_own_and_shows_no_verifier() -> None:
    one, other = attempt("/staff", NOW), attempt("/staff", NOW)
    assert len({one.state, one.nonce, one.verifier, other.state, other.nonce}) == 5
    query = URL(PARTY.authorization("https://id.example/auth?tenant=7", one)).query
    assert (query["tenant"], query["state"], query["nonce"]) == ("7", one.state, one.nonce)
    assert (query["scope"], query["code_challenge_method"]) == ("openid profile", "S256")
    assert query["redirect_uri"] == "https://esapr.example/staff/callback"
    assert one.verifier not in query.values()


@pytest.mark.parametrize(
    ("methods", "sent"), [([], "Basic "), (["client_secret_basic"], "Basic "), (["x"], "")]
)
def test_the_secret_goes_where_the_provider_takes_it(methods: list[str], sent: str) -> None:
    asked = attempt("/staff", NOW)
    headers, body = PARTY.token_request("https://id.example/token", methods, "c", asked)
    assert headers.get("Authorization", "").startswith(sent)
    assert ("client_secret=secret" in body) == (not sent)
    assert f"code_verifier={asked.verifier}" in body


def test_where_one_signs_out() -> None:
    assert PARTY.sign_out(None) == "/staff"
    address = URL(PARTY.sign_out("https://id.example/out?tenant=7"))
    assert address.query == {
        "tenant": "7",
        "client_id": "esapr",
        "post_logout_redirect_uri": "https://esapr.example/staff",
    }
