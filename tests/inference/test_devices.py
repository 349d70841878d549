"""Which devices are found, and what the runtime is told about them."""

from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from esapr import models_onnx
from esapr.inference.cards import ModelCard
from esapr.inference.devices import (
    CPU,
    CUDA_PROVIDER,
    TENSORRT_PROVIDER,
    Device,
    DeviceKind,
    GpuOptions,
    find_devices,
    providers,
)
from esapr.inference.models import Model
from esapr.inference.sessions import available_providers

CUDA = Device(DeviceKind.CUDA, 1, bound=True)
TENSORRT = Device(DeviceKind.TENSORRT, bound=True)


def card(name: str) -> ModelCard:
    return ModelCard.read(models_onnx.folders()[name])


@pytest.mark.parametrize("wanted", ["auto", "cpu", "cuda", "tensorrt"])
def test_without_the_gpu_build_the_processor_is_used(wanted: str) -> None:
    assert find_devices(wanted, ["CPUExecutionProvider"]) == [CPU]


def test_the_installed_build_is_asked() -> None:
    assert "CPUExecutionProvider" in available_providers()


def test_names_tell_devices_apart() -> None:
    assert [device.name for device in (CPU, CUDA, TENSORRT)] == ["cpu", "cuda:1", "tensorrt:0"]


def test_cuda_searches_fast_records_graphs_and_keeps_to_its_memory() -> None:
    gpu = GpuOptions(memory_mb=512)

    (name, options), *others = providers(card("face_expression"), CUDA, gpu, graphs=True)

    assert name == CUDA_PROVIDER
    assert options == {
        "device_id": "1",
        "cudnn_conv_algo_search": "HEURISTIC",
        "arena_extend_strategy": "kSameAsRequested",
        "gpu_mem_limit": f"{512 * 2**20}",
        "enable_cuda_graph": "1",
    }
    assert others == [("CPUExecutionProvider", {})]


def test_tensorrt_gets_the_shapes_of_the_buckets_and_a_folder_of_its_own() -> None:
    gpu = GpuOptions(float16=True, engines=Path("/engines"))
    face = card("face_expression")

    (name, options), *others = providers(face, TENSORRT, gpu, graphs=False)

    assert name == TENSORRT_PROVIDER
    assert options["trt_profile_min_shapes"] == "image:1x48x48x1"
    assert options["trt_profile_max_shapes"] == "image:16x48x48x1"
    assert options["trt_fp16_enable"] == "1"
    assert options["trt_engine_cache_path"] == f"/engines/{face.sha256[:16]}"
    assert [other for other, _ in others] == [CUDA_PROVIDER, "CPUExecutionProvider"]


def test_a_model_of_variable_rows_does_not_go_to_tensorrt() -> None:
    asked = providers(card("text_expression"), TENSORRT, GpuOptions(), graphs=False)

    assert [name for name, _ in asked] == [CUDA_PROVIDER, "CPUExecutionProvider"]


def test_half_precision_far_from_the_reference_is_not_used(tmp_path: Path) -> None:
    folder = copytree(models_onnx.folders()["face_expression"], tmp_path / "face_expression")
    half = GpuOptions(float16=True)
    assert Model(ModelCard.read(folder), gpu=half).float16

    with np.load(folder / "parity.npz") as stored:
        arrays = {key: stored[key] for key in stored.files}
    arrays["out_logits"] = arrays["out_logits"] * np.float32(1.1)
    np.savez(folder / "parity.npz", **arrays)
    refused = Model(ModelCard.read(folder), gpu=half)

    assert not refused.float16
    assert refused.run(refused.zeros(1))["logits"].shape == (1, 7)


def test_a_model_on_the_processor_has_not_fallen_back() -> None:
    model = Model(card("face_detector"), devices=[CPU, replace(CPU, number=1, bound=True)])

    assert not model.fell_back
    assert [device.kind for device in model.devices] == [DeviceKind.CPU, DeviceKind.CPU]
