"""The one place that wires everything: ``serve`` runs a server inside a TaskGroup."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import structlog
from aiohttp import web

from esapr import models_onnx
from esapr.inference.cards import ModelError
from esapr.inference.devices import Device, GpuOptions, find_devices
from esapr.inference.models import Model
from esapr.inference.processes import ModelProcesses
from esapr.inference.sessions import available_providers
from esapr.server.bus import Bus, BusError
from esapr.server.bus.local import LocalBus
from esapr.server.config import ServerConfig
from esapr.server.gateway import Gateway, joined
from esapr.server.http import (
    admin,
    feed,
    health,
    invitations,
    pages,
    reference,
    reports,
    rooms,
    sessions,
    whip,
)
from esapr.server.http.connections import Site
from esapr.server.http.guarded import guarded
from esapr.server.http.keys import (
    AUDIT,
    CONFIG,
    KEYS,
    METRICS,
    PIPELINE,
    READY,
    ROOMS,
    SESSIONS,
    SIGNING,
    STOP,
    STORE,
    TOKENS,
)
from esapr.server.metrics import Metrics
from esapr.server.pipeline import InstalledModel, Pipeline, load_models, running_pipeline
from esapr.server.records.service import Kept, keeping
from esapr.server.sessions.admission import Sessions
from esapr.server.sessions.rooms import Rooms
from esapr.server.trust.key_file import KeyFile, check_keys
from esapr.server.trust.signing import Signing
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
        BusError, AuditError, RecordsError: the bus, the audit log or the database cannot be used.
        KeyFileError, SigningError: keys cannot be read or made, or a server key is needed first.
    """
    metrics, ready = Metrics(), asyncio.Event()
    with _bind(config) as listener, _bind_internal(config) as internal, ExitStack() as stack:
        models = models or await _installed_models(config, metrics, stack)
        pipeline = stack.enter_context(running_pipeline(models, config.threads, metrics))
        async with (
            _bus(config, metrics) as bus,
            keeping(config, metrics) as kept,
            asyncio.TaskGroup() as group,
            _sessions(group, config, pipeline, bus, internal, metrics=metrics, kept=kept) as here,
        ):
            app, (open_sessions, gateway) = _application(config, static, kept, *here), here
            app[READY], app[STOP] = ready, stop or asyncio.Event()
            runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=config.drain_timeout)
            try:
                port = await _listen(runner, listener, gateway, config.max_connections, metrics)
                work = (pipeline.run(), _warm_up(pipeline, ready), open_sessions.rooms.sweep())
                tasks = [group.create_task(each) for each in work]
                yield Server(f"http://{config.host}:{port}", port, ready, metrics)
            finally:
                ready.clear()
                await _close(runner, open_sessions, gateway, config.drain_timeout)
            for task in tasks:
                task.cancel()


async def _installed_models(
    config: ServerConfig, metrics: Metrics, stack: ExitStack
) -> Mapping[str, InstalledModel]:
    folders = models_onnx.folders()
    devices = find_devices(config.device, available_providers())
    gpu = GpuOptions(
        memory_mb=config.gpu_memory_mb,
        float16=config.gpu_precision == "float16",
        engines=Path(config.tensorrt_cache),
    )
    if config.inference_workers == "threads":
        models = await asyncio.to_thread(load_models, folders, devices, gpu)
        warn_of_fallbacks(config, devices, models)
        return models
    if config.inference_workers == "ray":
        return await _cluster_models(config, metrics, stack)
    warn_of_fallbacks(config, devices, {})
    processes = ModelProcesses(
        folders, config.threads, metrics.worker_restarts.inc, devices=devices, gpu=gpu
    )
    stack.enter_context(processes)
    # A damaged model is found by the processes, and has to stop the server before it listens.
    await asyncio.to_thread(processes.wait_until_ready)
    return processes.models


async def _cluster_models(
    config: ServerConfig, metrics: Metrics, stack: ExitStack
) -> Mapping[str, InstalledModel]:
    try:
        # gRPC is installed with an extra only.
        from esapr.cluster.client import ModelCluster
    except ImportError as error:
        raise ModelError(f"{error}; pip install 'esapr[cluster]'") from error
    cluster = ModelCluster(models_onnx.folders(), config.cluster_address, metrics.cluster_failed)
    stack.enter_context(cluster)
    await asyncio.to_thread(cluster.check)
    return cluster.models


def warn_of_fallbacks(
    config: ServerConfig, found: Sequence[Device], models: Mapping[str, Model]
) -> None:
    """Log one warning if the device that is asked for is missing or a model cannot use it."""
    lacking = [name for name, model in models.items() if model.fell_back]
    if lacking:
        log.warning("device_missing", kind=found[0].kind, count=len(lacking), reason="libraries")
    elif config.device not in ("auto", found[0].kind):
        log.warning("device_missing", kind=config.device, reason="no GPU, or not the GPU build")
    for name, model in models.items():
        if config.gpu_precision == "float16" and not model.float16:
            log.warning("float16_refused", model=name)


@asynccontextmanager
async def _bus(config: ServerConfig, metrics: Metrics) -> AsyncIterator[Bus]:
    if config.bus == "local":
        yield LocalBus()
        return
    try:
        # NATS' client is installed with an extra only.
        from esapr.server.bus.nats import connected
    except ImportError as error:
        raise BusError(f"{error}; pip install 'esapr[cluster]'") from error
    async with connected(config.nats_url, metrics) as bus:
        yield bus


async def _close(
    runner: web.AppRunner,
    open_sessions: Sessions,
    gateway: Gateway | None,
    seconds: float,
) -> None:
    open_sessions.stopping = True
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
    bus: Bus,
    internal: socket.socket | None,
    *,
    metrics: Metrics,
    kept: Kept,
) -> AsyncIterator[tuple[Sessions, Gateway | None]]:
    open_rooms = Rooms(bus, asyncio.get_running_loop().time, metrics)
    tokens = Tokens()
    bus.listen(open_rooms.receive, lambda use: tokens.redeem(use, unix_time()))
    sessions = Sessions(
        group, config, pipeline, metrics, rooms=open_rooms, tokens=tokens, recorder=kept.recorder
    )
    if bus.directory is None or internal is None:
        yield sessions, None
        return
    async with joined(internal, bus.directory, sessions, metrics) as gateway:
        yield sessions, gateway


def _application(
    config: ServerConfig,
    static: Path,
    kept: Kept,
    open_sessions: Sessions,
    gateway: Gateway | None,
) -> web.Application:
    app = guarded(config, open_sessions.metrics, gateway)
    app[AUDIT] = kept.audit
    app[CONFIG] = config
    app[METRICS] = open_sessions.metrics
    app[PIPELINE] = open_sessions.pipeline
    app[ROOMS] = open_sessions.rooms
    app[SESSIONS] = open_sessions
    app[KEYS] = KeyFile(config.keys_path)
    app[SIGNING] = Signing(config.signing_path)
    app[TOKENS] = open_sessions.tokens
    if kept.store:
        app[STORE] = kept.store
    app.add_routes(
        [
            *health.routes(),
            *reference.routes(),
            *sessions.routes(demo=config.loopback),
            *invitations.routes(),
            *whip.routes(),
            *feed.routes(),
            *rooms.routes(),
            *(reports.routes() if kept.store else []),
            *pages.routes(static),
            *admin.routes(),
        ]
    )
    return app


def _bind(config: ServerConfig) -> socket.socket:
    """Return a socket that listens, where the server may be reached.

    Bound before any task starts, so that failing is simple.
    """
    check_keys(config)
    found = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)
    family, _, _, _, address = found[0]
    return socket.create_server(address[:2], family=family, reuse_port=config.reuse_port)


def _bind_internal(config: ServerConfig) -> AbstractContextManager[socket.socket | None]:
    if config.bus == "local":
        return nullcontext()
    return socket.create_server((config.internal_host, config.internal_port))


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
