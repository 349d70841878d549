"""Devices and the ONNX Runtime sessions on them: the only file that imports onnxruntime."""

from collections.abc import Iterable
from functools import cache
from importlib.metadata import distributions

import onnxruntime as ort

from esapr.inference.cards import ModelError


class RuntimeConflictError(ModelError):
    """Two builds of ONNX Runtime are installed; they have overwritten each other's files."""


def providers() -> list[str | tuple[str, dict[str, str]]]:
    """Return the execution providers to ask for: CUDA where the GPU build is installed, then CPU.

    The default cuDNN search tries every algorithm for every new shape, which takes seconds.
    """
    if "CUDAExecutionProvider" not in ort.get_available_providers():
        return ["CPUExecutionProvider"]
    ort.preload_dlls()
    cuda = ("CUDAExecutionProvider", {"cudnn_conv_algo_search": "HEURISTIC"})
    return [cuda, "CPUExecutionProvider"]


def open_session(content: bytes, *, threads: int) -> ort.InferenceSession:
    """Load the graph ``content`` with ``threads`` intra-op threads.

    Raises:
        RuntimeConflictError: two builds of ONNX Runtime are installed.
    """
    _require_one_runtime()
    _share_one_arena()
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Spinning threads steal the core that the event loop needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.use_env_allocators", "1")
    options.log_severity_level = 3
    return ort.InferenceSession(content, options, providers=providers())


@cache
def _share_one_arena() -> None:
    """Let all sessions take their memory from one arena: models seldom run all at once.

    With one of its own, each keeps what its largest batches have ever taken.
    """
    kind = ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR
    memory = ort.OrtMemoryInfo("Cpu", kind, 0, ort.OrtMemType.DEFAULT)
    ort.create_and_register_allocator(memory, None)


@cache
def _require_one_runtime() -> None:
    check_runtimes(dist.name for dist in distributions())


def check_runtimes(installed: Iterable[str]) -> None:
    """Check the names of installed distributions (docs/decisions/0003-gpu-extra.md).

    Raises:
        RuntimeConflictError: both ``onnxruntime`` and ``onnxruntime-gpu`` are among them.
    """
    if {"onnxruntime", "onnxruntime-gpu"} <= set(installed):
        raise RuntimeConflictError(
            "onnxruntime and onnxruntime-gpu are both installed and overwrite each other: "
            "uninstall both, then install one (make setup, or make setup EXTRA=gpu)"
        )
