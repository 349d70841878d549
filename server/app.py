"""The one place that wires everything: ``serve`` runs a server inside a TaskGroup."""

import asyncio
import socket
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import (
    ExitStack,
    aclosing,
    asynccontextmanager,
)
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from esapr.inference.fusion import FusionConfig
from esapr.server.analyses.jobs import Analyses
from esapr.server.binding import bind, bind_internal
from esapr.server.bus import Bus
from esapr.server.bus.opening import open_bus
from esapr.server.config import ServerConfig
from esapr.server.fusing import open_fusion
from esapr.server.gateway import Gateway, joined
from esapr.server.heaps import keep_trimmed
from esapr.server.http import (
    admin,
    analyses,
    consent,
    feed,
    health,
    invitations,
    notes,
    pages,
    recommendations,
    reference,
    reports,
    rooms,
    sessions,
    staff_door,
    whip,
)
from esapr.server.http.connections import Site
from esapr.server.http.guarded import guarded
from esapr.server.http.keys import (
    ANALYSES,
    AUDIT,
    CONFIG,
    GATE,
    KEYS,
    METRICS,
    PIPELINE,
    PRESS,
    READY,
    ROOMS,
    SESSIONS,
    SIGNING,
    STOP,
    STORE,
    TOKENS,
)
from esapr.server.http.routing import preflights
from esapr.server.installed_models import installed_models
from esapr.server.metrics import Metrics
from esapr.server.pipeline import InstalledModel, Pipeline, running_pipeline
from esapr.server.records.service import Kept, keeping
from esapr.server.reports.press import Press
from esapr.server.sessions.admission import Sessions
from esapr.server.sessions.rooms import Rooms
from esapr.server.support.catalogue import Catalogue
from esapr.server.support.help_lines import HelpLines
from esapr.server.support.opening import open_catalogue, open_help_lines
from esapr.server.tracing import Tracing, open_tracing
from esapr.server.transcription import Transcriber, open_transcriber
from esapr.server.trust.key_file import KeyFile
from esapr.server.trust.opening import Trust, open_trust
from esapr.server.trust.provider import Provider, provider_of
from esapr.server.trust.tokens import Tokens, unix_time

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. ``ready`` is set once every batch bucket is warm."""

    url: str
    port: int
    ready: asyncio.Event
    metrics: Metrics


@asynccontextmanager
async def serve(
    config: ServerConfig,
    static: Path,
    models: Mapping[str, InstalledModel] | None = None,
    *,
    stop: asyncio.Event | None = None,
) -> AsyncIterator[Server]:
    """Serve until the block is left, then hand every session over, or close it with 1001.

    The port is open while ``models``, or those installed, warm up. ``stop`` is set on request.

    Raises:
        OSError: the address is unknown or the port is taken.
        ModelError: a model folder is damaged, or the cluster does not serve the same models.
        BusError, RecordsError: the bus cannot be joined, or the database cannot be used.
        ConfigError: what makes traces, or writes down speech, is not installed.
        SupportError, TrustError: rules, notices, help lines, keys or the audit log cannot be used.
    """
    metrics, ready = Metrics(), asyncio.Event()
    with bind(config) as listener, bind_internal(config) as internal, ExitStack() as stack:
        models = models or await installed_models(config, metrics, stack)
        pipeline = _pipeline(stack, models, config, metrics)
        async with (
            _ground(config, metrics, pipeline.tracing) as ground,
            asyncio.TaskGroup() as group,
            _sessions(group, config, pipeline, ground, internal, metrics=metrics) as here,
        ):
            app, (open_sessions, gateway) = _application(group, config, static, ground, here), here
            app[READY], app[STOP] = ready, stop or asyncio.Event()
            runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=config.drain_timeout)
            try:
                port = await _listen(runner, listener, gateway, config.max_connections, metrics)
                work = (pipeline.run(), _warm_up(pipeline, ready), open_sessions.rooms.sweep())
                tasks = [group.create_task(each) for each in (*work, *ground.work())]
                yield Server(f"http://{config.host}:{port}", port, ready, metrics)
            finally:
                ready.clear()
                await _close(runner, open_sessions, gateway, config.drain_timeout)
            for task in tasks:
                task.cancel()


def _pipeline(
    stack: ExitStack, models: Mapping[str, InstalledModel], config: ServerConfig, metrics: Metrics
) -> Pipeline:
    tracing = open_tracing(config, metrics)
    return stack.enter_context(
        running_pipeline(models, config.threads, metrics, tracing, any_language=config.any_language)
    )


@dataclass(frozen=True, slots=True)
class _Ground:
    """What sessions stand on: opened before them, closed when the last is over."""

    bus: Bus
    trust: Trust
    kept: Kept
    provider: Provider | None
    help_lines: HelpLines
    catalogue: Catalogue | None
    fusion: FusionConfig
    transcriber: Transcriber | None

    def work(self) -> list[Coroutine[Any, Any, None]]:
        """Return what runs as long as there are sessions."""
        return [keep_trimmed(), *([self.transcriber.run()] if self.transcriber else [])]


@asynccontextmanager
async def _ground(
    config: ServerConfig, metrics: Metrics, tracing: Tracing
) -> AsyncIterator[_Ground]:
    help_lines = open_help_lines(config.help_lines_file)
    catalogue = open_catalogue(config.catalogue)
    fusion = open_fusion(config)
    transcriber = open_transcriber(config.transcription_model, metrics)
    async with (
        aclosing(tracing),
        open_bus(config, metrics) as bus,
        open_trust(config, metrics) as trust,
        keeping(config, trust.audit, metrics) as kept,
        provider_of(config) as provider,
    ):
        yield _Ground(bus, trust, kept, provider, help_lines, catalogue, fusion, transcriber)


async def _close(
    runner: web.AppRunner, open_sessions: Sessions, gateway: Gateway | None, seconds: float
) -> None:
    open_sessions.stopping = True
    await runner.app[ANALYSES].close()
    if gateway:
        # Whoever reconnects has to reach another gateway.
        for site in list(runner.sites):
            await site.stop()
        await gateway.hand_over(seconds)
    await open_sessions.close(handed_over=gateway is not None)
    # Waits for the feeds to send what they hold.
    await runner.cleanup()


@asynccontextmanager
async def _sessions(
    group: asyncio.TaskGroup,
    config: ServerConfig,
    pipeline: Pipeline,
    ground: _Ground,
    internal: socket.socket | None,
    *,
    metrics: Metrics,
) -> AsyncIterator[tuple[Sessions, Gateway | None]]:
    bus = ground.bus
    open_rooms = Rooms(bus, asyncio.get_running_loop().time, metrics)
    tokens = Tokens()
    bus.listen(open_rooms.receive, lambda use: tokens.redeem(use, unix_time()))
    sessions = Sessions(
        group,
        config,
        pipeline,
        metrics,
        rooms=open_rooms,
        tokens=tokens,
        trust=ground.trust,
        recorder=ground.kept.recorder,
        help_lines=ground.help_lines,
        fusion=ground.fusion,
        transcriber=ground.transcriber,
    )
    if bus.directory is None or internal is None:
        yield sessions, None
        return
    async with joined(internal, bus.directory, sessions, metrics) as gateway:
        yield sessions, gateway


def _application(
    group: asyncio.TaskGroup,
    config: ServerConfig,
    static: Path,
    ground: _Ground,
    here: tuple[Sessions, Gateway | None],
) -> web.Application:
    open_sessions, gateway = here
    app = guarded(config, open_sessions.metrics, gateway)
    app[AUDIT], app[GATE] = ground.trust.audit, ground.trust.gate
    app[ANALYSES] = Analyses(
        group, config, open_sessions, gateway.ownership.gateway if gateway else ""
    )
    app[CONFIG] = config
    app[METRICS] = open_sessions.metrics
    app[PIPELINE] = open_sessions.pipeline
    app[ROOMS], app[SESSIONS] = open_sessions.rooms, open_sessions
    app[KEYS] = KeyFile(config.keys_path)
    app[SIGNING] = ground.trust.signing
    app[TOKENS] = open_sessions.tokens
    if ground.kept.store:
        app[STORE], app[PRESS] = ground.kept.store, Press()
    routes = _routes(app, config, static, ground)
    app.add_routes([*routes, *preflights(routes)])
    return app


def _routes(
    app: web.Application, config: ServerConfig, static: Path, ground: _Ground
) -> list[web.AbstractRouteDef]:
    return [
        *staff_door.routes(app, ground.provider),
        *health.routes(),
        *reference.routes(),
        *sessions.routes(demo=config.loopback),
        *invitations.routes(),
        *consent.routes(),
        *whip.routes(),
        *feed.routes(),
        *rooms.routes(),
        *analyses.routes(demo=config.loopback),
        *([*reports.routes(), *notes.routes()] if ground.kept.store else []),
        *recommendations.serving(app, ground.catalogue),
        *pages.routes(static),
        *admin.routes(),
    ]


async def _listen(
    runner: web.AppRunner,
    listener: socket.socket,
    gateway: Gateway | None,
    connections: int,
    metrics: Metrics,
) -> int:
    await runner.setup()
    for each in (listener, gateway.listener) if gateway else (listener,):
        await Site(runner, each, connections, metrics).start()
    port: int = listener.getsockname()[1]
    log.info("listening", port=port)
    return port


async def _warm_up(pipeline: Pipeline, ready: asyncio.Event) -> None:
    started = asyncio.get_running_loop().time()
    await pipeline.warm_up()
    ready.set()
    log.info("ready", seconds=round(asyncio.get_running_loop().time() - started, 2))
