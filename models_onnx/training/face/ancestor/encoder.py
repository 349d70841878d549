"""A convolutional auto-encoder (Hinton & Salakhutdinov 2006): 128 numbers a face."""

import keras
import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from esapr.models_onnx.training.face.expression_network import standardise

CODE = 128
WIDTHS = (16, 32, 64)
EPOCHS = 6
BATCH = 128
RATE = 1e-3
SEED = 7


def trained(images: NDArray[np.uint8]) -> keras.Model:
    """Return the encoder of an auto-encoder trained to redraw ``images`` ``[N, 48, 48]``."""
    encoder, whole = _built(images.shape[1])
    optimiser = torch.optim.Adam([v.value for v in whole.trainable_variables], lr=RATE)
    generator = torch.Generator().manual_seed(SEED)
    for epoch in range(EPOCHS):
        order = torch.randperm(len(images), generator=generator)
        for rows in tqdm(order.split(BATCH), desc=f"auto-encoder {epoch}", leave=False):
            pictures = _pictures(images[rows.numpy()])
            loss = torch.nn.functional.mse_loss(whole(pictures, training=True), pictures)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return encoder


@torch.no_grad()
def encoded(encoder: keras.Model, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the codes ``[N, 128]`` of ``images``."""
    starts = range(0, len(images), BATCH)
    parts = [encoder(_pictures(images[at : at + BATCH]), training=False) for at in starts]
    return np.concatenate([part.float().numpy() for part in parts])


def _pictures(images: NDArray[np.uint8]) -> torch.Tensor:
    return standardise(torch.from_numpy(images).float()[..., None])


def _built(side: int) -> tuple[keras.Model, keras.Model]:
    """Return the encoder, and the encoder with the decoder behind it."""
    layers = keras.layers
    image = keras.Input((side, side, 1))
    x = image
    for width in WIDTHS:
        x = layers.Conv2D(width, 3, strides=2, padding="same", activation="relu")(x)
    shape = x.shape[1:]
    code = layers.Dense(CODE, dtype="float32")(layers.Flatten()(x))
    x = layers.Reshape(shape)(layers.Dense(int(np.prod(shape)), activation="relu")(code))
    for width in WIDTHS[::-1]:
        x = layers.Conv2DTranspose(width, 3, strides=2, padding="same", activation="relu")(x)
    drawn = layers.Conv2D(1, 3, padding="same", dtype="float32")(x)
    return keras.Model(image, code), keras.Model(image, drawn)
