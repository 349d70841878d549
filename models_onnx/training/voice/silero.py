"""Silero VAD as one graph over a whole window, from the published graph's weights (MIT licence).

The published graph takes 32 ms at a time and hands its state back; a window of three seconds would
be 93 calls. Only the LSTM needs an order, so the spectrogram and the convolutions run over all
chunks at once and ONNX' LSTM walks the sequence, from a zero state at the window's start.
"""

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from esapr.models_onnx.training.wheels import SILERO, read_member

CHUNK, CONTEXT = 512, 64
CHUNKS = 93
"""Whole chunks in 48,000 samples; the 384 samples before the first are its context and unused."""


class WindowActivity(nn.Module):
    """Samples ``[N, S]`` -> probability of speech in each of the last 93 chunks, ``[N, 93]``."""

    def __init__(self, weights: dict[str, NDArray[np.float32]]) -> None:
        super().__init__()
        self.register_buffer("basis", torch.from_numpy(weights["stft.forward_basis_buffer"]))
        self.convolutions = nn.ModuleList(
            _conv(weights, f"encoder.{number}.reparam_conv", stride)
            for number, stride in enumerate((1, 2, 2, 1))
        )
        self.lstm = nn.LSTM(128, 128)
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        self.lstm.load_state_dict(
            {f"{name}_l0": torch.from_numpy(weights[f"decoder.rnn.{name}"]) for name in names}
        )
        self.speech = nn.Linear(128, 1)
        self.speech.load_state_dict(
            {
                "weight": torch.from_numpy(weights["decoder.decoder.2.weight"][:, :, 0]),
                "bias": torch.from_numpy(weights["decoder.decoder.2.bias"]),
            }
        )

    def forward(self, samples: Tensor) -> Tensor:
        """Return the probabilities, oldest chunk first."""
        used = samples[:, -(CHUNKS * CHUNK + CONTEXT) :]
        # Each row is a chunk behind the last 64 samples of the chunk before it.
        context = used[:, : CHUNKS * CHUNK].unflatten(1, (CHUNKS, CHUNK))[:, :, :CONTEXT]
        new = used[:, CONTEXT:].unflatten(1, (CHUNKS, CHUNK))
        x = torch.cat([context, new, new[:, :, -CONTEXT - 1 : -1].flip(2)], dim=2)
        spectrum = functional.conv1d(x.flatten(0, 1).unsqueeze(1), self.basis, stride=128)
        real, imaginary = spectrum.split(129, dim=1)
        x = (real.square() + imaginary.square()).sqrt()
        for convolution in self.convolutions:
            x = convolution(x).relu()
        batch = samples.shape[0]
        state = samples.new_zeros(1, batch, 128)
        hidden, _ = self.lstm(x.reshape(batch, CHUNKS, 128).transpose(0, 1), (state, state))
        return self.speech(hidden.relu()).sigmoid().squeeze(2).transpose(0, 1)


def window_activity() -> WindowActivity:
    """Return the module with Silero's 16 kHz weights."""
    # The package's .safetensors file holds other weights than its ONNX and TorchScript graphs.
    initializers = onnx.load_from_string(published_graph()).graph.initializer
    weights = {
        tensor.name.removeprefix("model."): onnx.numpy_helper.to_array(tensor).copy()
        for tensor in initializers
    }
    return WindowActivity(weights).eval()


def published_graph() -> bytes:
    """Return the package's ONNX graph, which takes 32 ms a call: also the reference for parity."""
    return read_member(SILERO, "silero_vad/data/silero_vad_16k_op15.onnx")


def _conv(weights: dict[str, NDArray[np.float32]], name: str, stride: int) -> nn.Conv1d:
    weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    layer = nn.Conv1d(weight.shape[1], weight.shape[0], 3, stride=stride, padding=1)
    layer.load_state_dict({"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)})
    return layer
