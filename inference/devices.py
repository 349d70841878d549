"""Devices, and what ONNX Runtime is told about them. The runtime itself is in ``sessions.py``."""

import ctypes
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from esapr.inference.cards import ModelCard

CPU_PROVIDER = "CPUExecutionProvider"
CUDA_PROVIDER = "CUDAExecutionProvider"
TENSORRT_PROVIDER = "TensorrtExecutionProvider"

Provider = tuple[str, dict[str, str]]


class DeviceKind(StrEnum):
    """What computes, and through which library."""

    CPU = "cpu"
    CUDA = "cuda"
    TENSORRT = "tensorrt"


PROVIDERS = {
    DeviceKind.CPU: CPU_PROVIDER,
    DeviceKind.CUDA: CUDA_PROVIDER,
    DeviceKind.TENSORRT: TENSORRT_PROVIDER,
}


@dataclass(frozen=True, slots=True)
class Device:
    """One device; ``number`` is CUDA's. ``bound`` feeds it from fixed buffers."""

    kind: DeviceKind = DeviceKind.CPU
    number: int = 0
    bound: bool = False

    @property
    def name(self) -> str:
        """The name in metrics: ``cpu``, ``cuda:0``, ``tensorrt:1``."""
        return self.kind.value if self.kind is DeviceKind.CPU else f"{self.kind}:{self.number}"


CPU = Device()


@dataclass(frozen=True, slots=True)
class GpuOptions:
    """How GPUs are used; ``memory_mb`` is what one model may take on one of them, 0 for no limit.

    ``float16`` lets TensorRT compute in half precision. ``engines`` is the folder where it keeps
    what it built: building takes minutes.
    """

    memory_mb: int = 0
    float16: bool = False
    engines: Path = Path("~/.cache/esapr/tensorrt")


def find_devices(wanted: str, available: Collection[str]) -> list[Device]:
    """Return the devices to run on: ``wanted`` is ``auto`` or a :class:`DeviceKind`.

    ``available`` are the execution providers of the installed build. ``auto`` takes every GPU,
    through CUDA. The processor is returned where what is wanted is missing.
    """
    kind = DeviceKind.CUDA if wanted == "auto" else DeviceKind(wanted)
    if kind is DeviceKind.CPU or PROVIDERS[kind] not in available:
        return [CPU]
    return [Device(kind, number, bound=True) for number in range(_gpus())] or [CPU]


def _gpus() -> int:
    """Return how many GPUs the driver shows this process (CUDA_VISIBLE_DEVICES counts)."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return 0
    count = ctypes.c_int()
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)):
        return 0
    return count.value


def providers(card: ModelCard, device: Device, gpu: GpuOptions, *, graphs: bool) -> list[Provider]:
    """Return the execution providers to ask for, with their options; the processor is the last.

    The default cuDNN search tries every algorithm for every new shape, which takes seconds; the
    default arena doubles, which a limit cuts short. TensorRT gets models whose rows have one shape.
    """
    cpu: Provider = (CPU_PROVIDER, {})
    if device.kind is DeviceKind.CPU:
        return [cpu]
    cuda = {
        "device_id": f"{device.number}",
        "cudnn_conv_algo_search": "HEURISTIC",
        "arena_extend_strategy": "kSameAsRequested",
    }
    if gpu.memory_mb:
        cuda["gpu_mem_limit"] = f"{gpu.memory_mb * 2**20}"
    if device.kind is DeviceKind.TENSORRT and card.fixed_rows:
        return [(TENSORRT_PROVIDER, _tensorrt(card, device, gpu)), (CUDA_PROVIDER, cuda), cpu]
    if graphs:
        cuda["enable_cuda_graph"] = "1"
    return [(CUDA_PROVIDER, cuda), cpu]


def _tensorrt(card: ModelCard, device: Device, gpu: GpuOptions) -> dict[str, str]:
    """Return options of one engine for all batch sizes: it could capture one CUDA graph only."""

    def profile(rows: int) -> str:
        shapes = ((spec.name, (rows, *spec.shape[1:])) for spec in card.inputs)
        return ",".join(f"{name}:{'x'.join(map(str, shape))}" for name, shape in shapes)

    smallest, largest = profile(card.batch.buckets[0]), profile(card.batch.max_size)
    options = {
        "device_id": f"{device.number}",
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": f"{gpu.engines.expanduser() / card.sha256[:16]}",
        "trt_fp16_enable": f"{gpu.float16:d}",
        "trt_profile_min_shapes": smallest,
        "trt_profile_opt_shapes": largest,
        "trt_profile_max_shapes": largest,
    }
    if gpu.memory_mb:
        options["trt_max_workspace_size"] = f"{gpu.memory_mb * 2**20}"
    return options
