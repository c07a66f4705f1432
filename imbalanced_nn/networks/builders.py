"""Built-in networks by name, and how they learn from the training rows to take their input."""

from typing import Any

import keras
import numpy as np

from imbalanced_nn.networks.column_layers import Column, columns_of
from imbalanced_nn.networks.embeddings import PeriodicEmbedding
from imbalanced_nn.networks.mlp import mlp
from imbalanced_nn.networks.normalization import RobustNormalization
from imbalanced_nn.networks.ranks import RankNormalization, SpikeIndicators
from imbalanced_nn.networks.tabular import tabular

__all__ = ["NETWORKS", "adapt", "default_network", "has_column_layers", "slots"]

default_network = mlp
NETWORKS = {"default": default_network, "mlp": mlp, "tabular": tabular}

BY_COLUMN = (PeriodicEmbedding, RankNormalization, SpikeIndicators)
# Folds that differ by a column or two have networks of one shape, and so one program.
SLOTS_AT_ONCE = 4


def has_column_layers(model: keras.Model) -> bool:
    """Whether layers of a network learn what each column of a table holds.

    Parameters
    ----------
    model : keras.Model
        Network.
    """
    return any(isinstance(layer, BY_COLUMN) for layer in model.layers)


def slots(columns: list[Column]) -> tuple[int, int]:
    """Return for how many columns to embed, and for how many spikes, a network needs place.

    Parameters
    ----------
    columns : list of Column
        Of the training rows.
    """
    numbers = (sum(c.is_numeric for c in columns), sum(c.spike is not None for c in columns))
    return tuple(min(len(columns), -(-n // SLOTS_AT_ONCE) * SLOTS_AT_ONCE) for n in numbers)


def adapt(
    model: keras.Model,
    X: Any,
    rows: np.ndarray,
    counted_steps: np.ndarray | None = None,
    columns: list[Column] | None = None,
) -> None:
    """Let the network's own input layers learn from the training rows.

    Parameters
    ----------
    model : keras.Model
        Network.
    X : array or sparse matrix of shape (n_samples, ..., n_features)
        Data.
    rows : ndarray of int
        Rows to learn from.
    counted_steps : ndarray of bool of shape (n_samples, n_steps), default=None
        Time steps to learn from.
    columns : list of Column, default=None
        What the columns of these rows hold, if it is known.
    """
    for layer in model.layers:
        if isinstance(layer, RobustNormalization):
            layer.adapt(X, rows, counted_steps)
        elif isinstance(layer, BY_COLUMN):
            columns = columns_of(X, rows) if columns is None else columns
            layer.adapt_to(columns)
