import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from esapr.protocol import limits
from esapr.server.trust.signing import KEPT_KEYS, Presented, Signing, SigningError
from esapr.server.trust.tokens import Grant

NOW = 1_000
SECRET = "s" * limits.MIN_CLIENT_SECRET
GRANT = Grant(
    id="one",
    session="ann",
    room="ward",
    role="clinician",
    scopes=frozenset({"feed", "mute"}),
    issued=NOW,
    redeem_by=NOW + 600,
    origin="https://clinic.example",
)


@pytest.fixture
def signing(tmp_path: Path) -> Signing:
    return Signing(tmp_path / "keys.json")


def claims_of(token: str) -> dict[str, object]:
    return jwt.decode(token, options={"verify_signature": False})


def test_a_token_says_what_it_grants(signing: Signing) -> None:
    token = signing.sign(GRANT)
    assert signing.read(token, "ward") == Presented(GRANT, "")
    assert signing.read(f"{token}.{SECRET}", "ward") == Presented(GRANT, SECRET)
    claims = claims_of(token)
    named = "iss aud sub jti iat nbf exp role scopes origin"
    assert {*claims} == set(named.split())
    assert (claims["aud"], claims["sub"], claims["exp"]) == ("ward", "ann", NOW + 600)
    assert jwt.get_unverified_header(token)["alg"] == "EdDSA"


def test_a_token_is_for_one_room(signing: Signing) -> None:
    assert signing.read(signing.sign(GRANT), "other") is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_tampered_token_grants_nothing(signing: Signing, data: st.DataObject) -> None:
    token = signing.sign(GRANT)
    place = data.draw(st.integers(0, len(token) - 1))
    character = data.draw(st.sampled_from("AZaz09-_.é"))
    changed = token[:place] + character + token[place + 1 :]
    read = signing.read(changed, "ward")
    # The last character of a part holds bits that mean nothing.
    assert read is None or read.grant == GRANT


@given(st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_junk_grants_nothing(signing: Signing, junk: str) -> None:
    assert signing.read(junk, "ward") is None
    assert (
        signing.read(f"{signing.sign(GRANT)}.{junk}", "ward") is None
        or len(junk) >= limits.MIN_CLIENT_SECRET
    )


@pytest.mark.parametrize("length", [limits.MIN_CLIENT_SECRET - 1, limits.MAX_CLIENT_SECRET + 1])
def test_a_secret_that_is_too_short_or_too_long_is_refused(signing: Signing, length: int) -> None:
    token = signing.sign(GRANT)
    assert signing.read(f"{token}.{'s' * length}", "ward") is None


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "another"},
        {"aud": None},
        {"nbf": None},
        {"jti": None},
        {"exp": None},
        {"role": None},
    ],
)
def test_a_claim_that_is_missing_or_another_is_refused(
    signing: Signing, tmp_path: Path, change: dict[str, object]
) -> None:
    """Signed with the right key: nothing but the claim is wrong."""
    token = signing.sign(GRANT)
    claims = {k: v for k, v in (claims_of(token) | change).items() if v is not None}
    header = jwt.get_unverified_header(token)
    forged = jwt.encode(claims, _private(tmp_path), "EdDSA", headers={"kid": header["kid"]})
    assert signing.read(forged, "ward") is None


def test_neither_another_key_nor_another_algorithm_is_taken(
    signing: Signing, tmp_path: Path
) -> None:
    token = signing.sign(GRANT)
    claims, kid = claims_of(token), jwt.get_unverified_header(token)["kid"]
    stranger = Ed25519PrivateKey.generate()
    public = _jwk(tmp_path)["x"]
    for forged in (
        jwt.encode(claims, stranger, "EdDSA", headers={"kid": kid}),
        jwt.encode(claims, stranger, "EdDSA", headers={"kid": "another"}),
        jwt.encode(claims, stranger, "EdDSA"),
        jwt.encode(claims, "", "none", headers={"kid": kid}),
        # The public key as a shared secret: a well-known confusion.
        jwt.encode(claims, public.ljust(64, "="), "HS256", headers={"kid": kid}),
    ):
        assert signing.read(forged, "ward") is None


def test_after_a_rotation_earlier_tokens_are_taken_until_the_next(
    signing: Signing, tmp_path: Path
) -> None:
    another_gateway = Signing(tmp_path / "keys.json")
    earlier = signing.sign(GRANT)
    kid = another_gateway.rotate()
    assert jwt.get_unverified_header(signing.sign(GRANT))["kid"] == kid
    assert signing.read(earlier, "ward") is not None
    for _ in range(KEPT_KEYS - 1):
        another_gateway.rotate()
    assert signing.read(earlier, "ward") is None


def test_gateways_that_start_together_share_a_private_key(tmp_path: Path) -> None:
    path = tmp_path / "state" / "keys.json"
    with ThreadPoolExecutor(8) as pool:
        gateways = list(pool.map(lambda _: Signing(path), range(16)))
    token = gateways[0].sign(GRANT)
    assert all(gateway.read(token, "ward") for gateway in gateways)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


@pytest.mark.parametrize("content", ["{", '{"keys": []}', '{"keys": [{"kty": "OKP", "kid": "a"}]}'])
def test_damaged_keys_stop_the_start(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content)
    with pytest.raises(SigningError):
        Signing(path)


def _jwk(folder: Path) -> dict[str, str]:
    keys = msgspec.json.decode((folder / "keys.json").read_bytes())["keys"]
    return dict(keys[0])


def _private(folder: Path) -> Ed25519PrivateKey:
    key = jwt.PyJWK(_jwk(folder)).key
    assert isinstance(key, Ed25519PrivateKey)
    return key
