"""The forward pass and the loss of held-out rows on PyTorch, without gradients."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import torch

__all__ = ["forward_function", "held_out_loss", "judge_rows", "shares_program"]


def forward_function(model: keras.Model, batch: Any, size: int | None) -> Callable[[Any], Any]:
    """Return the network's ``predict_step`` of a batch, of any number of rows."""

    def step(data):
        with torch.no_grad():
            return model.predict_step((data,))

    return step


def shares_program(model: keras.Model) -> bool:
    """Whether equal networks have one program for all of them: there are none."""
    return False


def judge_rows(model: keras.Model, tensors: list[Any]) -> tuple[np.ndarray, float]:
    """Return outputs of the rows without those that pad them, and their loss."""
    X, *targets = tensors
    outputs = forward_function(model, X, None)(X)[: len(targets[0])]
    return keras.ops.convert_to_numpy(outputs), held_out_loss(model, outputs, targets)


def held_out_loss(model: keras.Model, outputs: Any, targets: list[Any]) -> float:
    """Return the network's loss of outputs that are already there."""
    y, *weight = targets
    given = weight[0] if weight else None
    outputs = keras.ops.convert_to_tensor(outputs)
    with torch.no_grad():
        loss = model.compute_loss(y=y, y_pred=outputs, sample_weight=given, training=False)
    return float(loss)
