"""Built-in networks by name, and how they learn from the training rows to take their input."""

from typing import Any

import keras
import numpy as np

from imbalanced_nn.networks.mlp import mlp
from imbalanced_nn.networks.normalization import RobustNormalization

__all__ = ["NETWORKS", "adapt", "default_network"]

default_network = mlp
NETWORKS = {"default": default_network, "mlp": mlp}


def adapt(
    model: keras.Model, X: Any, rows: np.ndarray, counted_steps: np.ndarray | None = None
) -> None:
    """Let the network's own input normalisation learn from the training rows."""
    for layer in model.layers:
        if isinstance(layer, RobustNormalization):
            layer.adapt(X, rows, counted_steps)
