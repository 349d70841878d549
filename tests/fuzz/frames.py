"""Frames that a broken or hostile client might send: golden messages, damaged."""

import json
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, get_args

import msgpack

from esapr.protocol.binary import HEAD
from esapr.protocol.codec import Format
from esapr.protocol.messages import ClientMessage
from tests.server.media.encoded import ogg_opus, picture, portrait, tone

WIRE = Path(__file__).parents[1] / "wire"
# Those that end the session would end the round with it.
ENDING = {"close", "consent.revoke"}
ODD = (None, True, -1, 0, 2**31, 2**63, 1e308, "", "x" * 5_000, "\u0000", "😀", [], {}, [[]], "🏳️‍🌈")


@dataclass(frozen=True, slots=True)
class Frame:
    """What is sent: text or bytes."""

    data: str | bytes


@cache
def messages() -> list[dict[str, Any]]:
    tags = {kind.__struct_config__.tag for kind in get_args(ClientMessage)} - ENDING
    return [json.loads((WIRE / f"{tag}.json").read_bytes()) for tag in sorted(map(str, tags))]


@cache
def payloads() -> list[tuple[int, bytes]]:
    """A payload of each kind and format, small ones."""
    small = portrait()[60:180, 100:220]
    pictures = [picture(small, kind) for kind in ("JPEG", "PNG", "WEBP")]
    sound = tone(0.2, 16_000)
    return [(1, data) for data in pictures] + [(2, sound.tobytes()), (3, ogg_opus(sound, 16_000))]


def frame(rng: Random, form: Format, now_ms: int) -> Frame:
    """Return one frame; ``now_ms`` is about the session clock."""
    make = rng.choice((message, message, media, media, noise))
    return make(rng, form, now_ms)


def message(rng: Random, form: Format, _: int) -> Frame:
    """A message, most often damaged in a field, sometimes in its bytes."""
    document = deepcopy(rng.choice(messages()))
    for _ in range(rng.randrange(3)):
        damage(rng, document)
    if form is Format.JSON:
        return Frame(damaged(rng, json.dumps(document).encode()).decode("utf-8", "replace"))
    return Frame(damaged(rng, msgpack.packb(document, default=str)))


def damage(rng: Random, document: dict[str, Any]) -> None:
    """Change, remove or add a field at any depth."""
    key = rng.choice([*document, "invented", "type"])
    if isinstance(document.get(key), dict) and rng.random() < 0.7:
        damage(rng, document[key])
    elif rng.random() < 0.3:
        document.pop(key, None)
    else:
        value = deepcopy(rng.choice(ODD))
        # MessagePack ends at 64 bits, and so does this library.
        document[key] = value if value != 2**63 else 2**63 - 1


def media(rng: Random, _: Format, now_ms: int) -> Frame:
    """A media message with a damaged head or payload."""
    kind, payload = rng.choice(payloads())
    head = [kind, 1, 2 if kind == 2 else 0, 0, max(0, now_ms - rng.randrange(1_000))]
    if rng.random() < 0.2:
        head[rng.randrange(4)] = rng.randrange(256)
    if rng.random() < 0.1:
        head[4] = rng.choice((0, 2**32, 2**63, 2**64 - 1))
    return Frame(HEAD.pack(*head) + damaged(rng, payload))


def damaged(rng: Random, data: bytes) -> bytes:
    """Return ``data`` whole, cut, or with some bytes changed."""
    changed = bytearray(data)
    match rng.randrange(4):
        case 0:
            del changed[rng.randrange(len(changed) + 1) :]
        case 1:
            for _ in range(rng.randrange(1, 9)):
                changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def noise(rng: Random, _: Format, __: int) -> Frame:
    """Bytes without meaning, as text or binary."""
    data = rng.randbytes(rng.randrange(64))
    return Frame(data if rng.random() < 0.7 else data.decode("latin-1"))
