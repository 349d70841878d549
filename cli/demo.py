"""``esapr demo``: play a clip through a WebRTC peer and print what the server says about it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import click
from yarl import URL

from esapr.cli.failures import told
from esapr.cli.lines import line
from esapr.inference.cards import ModelError
from esapr.load_tests import PORTRAIT
from esapr.load_tests.gateway import Gateway, RefusedError
from esapr.load_tests.media import ClipError, EncodedClip, encode_clip
from esapr.load_tests.participant import play
from esapr.load_tests.peer import PeerError
from esapr.load_tests.tally import MODALITIES, Tally
from esapr.protocol.codec import Format, encode
from esapr.protocol.messages import SessionClosed, State, Warning
from esapr.server import logs
from esapr.server.app import serve
from esapr.server.config import ConfigError, ServerConfig
from esapr.server.trust import TrustError
from esapr.web_client import STATIC

LINE = "This is wonderful, I am so happy to see you all!"
_FAILURES = (
    *(RefusedError, PeerError, ModelError, ConfigError, TrustError),
    *(aiohttp.ClientError, OSError),
)


@click.command()
@click.option(
    "--clip",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=PORTRAIT,
    help="Video or sound file to play (default: the shipped portrait).",
)
@click.option("--text", default=LINE, help="Line of chat to send.")
@click.option("--seconds", type=click.FloatRange(min=2), default=15.0, help="How long to play.")
@click.option("--url", help="Use this running server; the default starts one.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def demo(clip: Path, text: str, seconds: float, url: str | None, as_json: bool) -> None:
    """Play a clip as a browser would and print each state.

    The exit status is 0 if states fused from face, voice and text arrived, 1 if not, and 2 if the
    clip cannot be read.
    """
    logs.configure(json=False)
    show = _print_json if as_json else _print_line
    try:
        encoded = encode_clip(clip, longest=seconds)
    except ClipError as error:
        raise click.BadParameter(str(error), param_hint="--clip") from None
    with told(*_FAILURES):
        tally = asyncio.run(_play(encoded, text, seconds, url, show))
    click.echo(json.dumps(_summary(tally)) if as_json else _sentence(tally))
    if tally.missing:
        raise click.ClickException(f"no fused state rests on: {', '.join(tally.missing)}")


async def _play(
    clip: EncodedClip, text: str, seconds: float, url: str | None, show: Callable[[State], None]
) -> Tally:
    """Play ``clip`` for ``seconds`` and pass each state to ``show``."""
    tally = Tally()
    async with (
        _server(url) as address,
        aiohttp.ClientSession() as http,
        play(Gateway(http, URL(address)), clip, name="demo") as participant,
    ):
        click.echo(f"Playing for {seconds:g} s to {address}", err=True)
        await participant.say(text)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                async for message in participant.feed:
                    match message:
                        case State():
                            tally.add(message)
                            show(message)
                        case Warning():
                            began = "" if message.active else "no longer "
                            click.echo(f"warning: {began}{message.code}", err=True)
                        case SessionClosed():
                            click.echo(f"session closed: {message.reason}", err=True)
    return tally


@asynccontextmanager
async def _server(url: str | None) -> AsyncIterator[str]:
    """Yield the address of the server at ``url``, or of one that is started here."""
    if url is not None:
        yield url
        return
    click.echo("Starting a server; the models warm up.", err=True)
    async with serve(ServerConfig.from_environ(host="127.0.0.1", port=0), STATIC) as server:
        await server.ready.wait()
        yield server.url


def _summary(tally: Tally) -> dict[str, object]:
    """Return the last line of ``--json``."""
    return {
        "type": "summary",
        "states": tally.states,
        "fused": tally.fused,
        "modalities": {name: tally.modalities[name] for name in MODALITIES},
    }


def _sentence(tally: Tally) -> str:
    """Return the last line for people."""
    counts = ", ".join(f"{name} {tally.modalities[name]}" for name in MODALITIES)
    return f"{tally.states} states, {tally.fused} fused; resting on {counts}"


def _print_json(state: State) -> None:
    click.echo(encode(state, Format.JSON))


def _print_line(state: State) -> None:
    delay = f"{state.latency.capture_to_state_ms:.0f} ms"
    click.echo(f"{line(state):<94} {delay:>8}")
