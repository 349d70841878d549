"""Random views of a batch of faces, computed for the whole batch at once in torch."""

import math

import torch
from torch import Tensor

ROTATION = math.radians(12)
SCALE = 0.12
SHIFT = 0.08
CONTRAST = 0.3
BRIGHTNESS = 25.0
ERASED_SHARE = 0.3
ERASED_SIDE = (0.15, 0.4)


def augment(images: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """Return float32 ``[batch, side, side, 1]`` in grey levels from uint8 ``[batch, 48, 48]``.

    Mirrors, turns, scales and shifts each face (one bilinear resampling), changes its contrast
    and brightness, and erases a rectangle of some (Zhong et al. 2020, arXiv:1708.04896).
    """
    count = len(images)
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
