"""Random views of a batch of faces."""

import math

import numpy as np
import torch
from torch import Tensor

from esapr.models_onnx.evaluation import spoiling

ROTATION = math.radians(12)
SCALE = 0.12
SHIFT = 0.08
CONTRAST = 0.3
BRIGHTNESS = 25.0
ERASED_SHARE = 0.3
ERASED_SIDE = (0.15, 0.4)
SPOILED_SHARE = 0.4


def augment(images: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """Return float32 ``[batch, side, side, 1]`` in grey levels from uint8 ``[batch, 48, 48]``.

    Spoils some as a poor camera or connection does. Mirrors, turns, scales and shifts each face
    (one bilinear resampling), changes its contrast and brightness, and erases a rectangle of some
    (Zhong et al. 2020, arXiv:1708.04896).
    """
    count = len(images)
    images = _spoiled(images, generator)
    grid = torch.nn.functional.affine_grid(
        _affine(count, generator), [count, 1, side, side], align_corners=False
    )
    views = torch.nn.functional.grid_sample(
        images[:, None].float(), grid, padding_mode="reflection", align_corners=False
    )[:, 0]
    mean = views.mean(dim=(1, 2), keepdim=True)
    contrast = 1 + CONTRAST * _symmetric((count, 1, 1), generator)
    brightness = BRIGHTNESS * _symmetric((count, 1, 1), generator)
    views = ((views - mean) * contrast + mean + brightness).clamp(0, 255)
    return torch.where(_erased(count, side, generator), mean, views)[..., None]


def _spoiled(images: Tensor, generator: torch.Generator) -> Tensor:
    """Blur, compress, shrink or expose a share of the faces, each by a strength of its own."""
    chances = torch.rand((len(images), 3), generator=generator).tolist()
    return torch.from_numpy(
        np.stack(
            [
                _spoil(face, int(4 * kind), strength) if chance < SPOILED_SHARE else face
                for face, (chance, kind, strength) in zip(images.numpy(), chances, strict=True)
            ]
        )
    )


def _spoil(face: spoiling.Face, kind: int, strength: float) -> spoiling.Face:
    """Spoil by the ``kind``-th way; ``strength`` is within [0, 1)."""
    match kind:
        case 0:
            return spoiling.blurred(face, 0.5 + 1.2 * strength)
        case 1:
            return spoiling.compressed(face, round(80 - 60 * strength))
        case 2:
            return spoiling.shrunk(face, round(40 - 20 * strength))
        case _:
            return spoiling.exposed(face, 4 * strength - 2)


def _affine(count: int, generator: torch.Generator) -> Tensor:
    """Return ``[count, 2, 3]`` maps from output to input coordinates in [-1, 1]."""
    angle = ROTATION * _symmetric((count,), generator)
    scale = 1 + SCALE * _symmetric((count,), generator)
    mirror = torch.randint(0, 2, (count,), generator=generator) * 2.0 - 1.0
    # Coordinates span two units.
    shift = 2 * SHIFT * _symmetric((count, 2), generator)
    cosine, sine = torch.cos(angle) * scale, torch.sin(angle) * scale
    rows = [mirror * cosine, -sine, shift[:, 0], mirror * sine, cosine, shift[:, 1]]
    return torch.stack(rows, dim=1).view(count, 2, 3)


def _erased(count: int, side: int, generator: torch.Generator) -> Tensor:
    """Return boolean ``[count, side, side]``: one rectangle in a share of the faces."""
    low, high = ERASED_SIDE
    size = low + (high - low) * torch.rand((count, 2), generator=generator)
    start = torch.rand((count, 2), generator=generator) * (1 - size)
    chosen = torch.rand((count, 1), generator=generator) < ERASED_SHARE
    at = (torch.arange(side) + 0.5) / side
    inside = (at >= start[..., None]) & (at < (start + size)[..., None])
    rows, columns = inside[:, 0] & chosen, inside[:, 1]
    return rows[:, :, None] & columns[:, None, :]


def _symmetric(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return 2 * torch.rand(shape, generator=generator) - 1
