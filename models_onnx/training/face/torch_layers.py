"""Batch normalisation for Keras's torch backend that runs as one fused kernel."""

from typing import Any

import keras
import torch


class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Keras's batch normalisation, computed by :func:`torch.nn.functional.batch_norm`.

    Keras casts bfloat16 activations to float32 and normalises with five element-wise passes; the
    fused kernel reads bfloat16 and keeps float32 statistics. Weights are the same, in the same
    order, so that they load into Keras's own layer on any backend.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalise ``[batch, height, width, channels]`` over all but the channels."""
        normalised = torch.nn.functional.batch_norm(
            inputs.permute(0, 3, 1, 2),
            self.moving_mean.value,
            self.moving_variance.value,
            self.gamma.value,
            self.beta.value,
            bool(training),
            # Keras's momentum is the share kept, torch's the share replaced.
            1.0 - self.momentum,
            self.epsilon,
        )
        return normalised.permute(0, 2, 3, 1)
