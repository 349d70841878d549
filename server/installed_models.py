"""The models that a server is configured to run, and where they run."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import structlog

from esapr import models_onnx
from esapr.inference.cards import ModelError
from esapr.inference.devices import Device, GpuOptions, find_devices
from esapr.inference.models import Model
from esapr.inference.processes import ModelProcesses
from esapr.inference.sessions import available_providers
from esapr.server.config import ServerConfig
from esapr.server.metrics import Metrics
from esapr.server.pipeline import InstalledModel, load_models

log = structlog.get_logger()


async def installed_models(
    config: ServerConfig, metrics: Metrics, stack: ExitStack
) -> Mapping[str, InstalledModel]:
    """Return every installed model where ``config`` has it run, until ``stack`` is closed.

    Raises:
        ModelError: a model folder is damaged, or the cluster does not serve the same models.
    """
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
        folders, config.threads, metrics.batches.worker_restarts.inc, devices=devices, gpu=gpu
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
