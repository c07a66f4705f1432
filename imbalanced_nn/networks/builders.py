"""Built-in networks by name, and how they learn from the training rows to take their input."""

from typing import Any

import keras
import numpy as np

from imbalanced_nn.networks.column_layers import Column, ColumnLayer, columns_of
from imbalanced_nn.networks.embeddings import PeriodicEmbedding
from imbalanced_nn.networks.mlp import mlp
from imbalanced_nn.networks.normalization import RobustNormalization
from imbalanced_nn.networks.ranks import RankNormalization, SpikeIndicators
from imbalanced_nn.networks.tabular import tabular
from imbalanced_nn.networks.tails import HeavyTails

__all__ = [
    "NETWORKS",
    "adapt",
    "columns_for",
    "default_network",
    "has_column_layers",
    "slots",
    "slots_of",
]

# Wider tables would need a table of ranks, and an embedding, for each column.
WIDE = 4096


def default_network(
    meta: dict[str, Any],
    hidden_layer_sizes: tuple[int, ...] | None = None,
    activation: str = "relu",
    dropout: float = 0.1,
) -> keras.Model:
    """Build the network that ``model=None`` stands for.

    `tabular` for tables, but `mlp` for those of 4,096 columns and more, for sequences and images,
    and where there is a label for each time step.

    Parameters
    ----------
    meta : dict
        As scikeras hands it to builders.
    hidden_layer_sizes : tuple of int, default=None
        Units of each dense layer; None is (128, 128), but for `tabular` (64, 64) for up to
        10,000 rows, and (256, 256) for more than 200,000 with more than 1,000 of the rarest class.
    activation : str, default="relu"
        Activation of the hidden layers.
    dropout : float, default=0.1
        Share of units dropped after each hidden layer.

    Returns
    -------
    keras.Model
        Not compiled: loss and optimizer are the estimator's.
    """
    given = {} if hidden_layer_sizes is None else {"hidden_layer_sizes": hidden_layer_sizes}
    build = tabular if fits_tabular(meta) else mlp
    return build(meta, activation=activation, dropout=dropout, **given)


def fits_tabular(meta: dict[str, Any]) -> bool:
    """Whether rows are those of a table for whose columns there is place.

    Parameters
    ----------
    meta : dict
        As scikeras hands it to builders.
    """
    shape = meta["X_shape_"][1:]
    return len(shape) == 1 and shape[0] < WIDE and meta.get("n_steps_") is None


NETWORKS = {"default": default_network, "mlp": mlp, "tabular": tabular}

# Folds that differ by a column or two have networks of one shape, and so one program.
SLOTS_AT_ONCE = 4


def has_column_layers(model: keras.Model) -> bool:
    """Whether layers of a network learn what each column of a table holds.

    Parameters
    ----------
    model : keras.Model
        Network.
    """
    return any(isinstance(layer, ColumnLayer) for layer in model.layers)


def columns_for(model: keras.Model, X: Any, rows: np.ndarray) -> list[Column]:
    """Return what the columns of the training rows hold, as far as the network's layers ask.

    Parameters
    ----------
    model : keras.Model
        Network.
    X : array or sparse matrix of shape (n_samples, n_features)
        Data.
    rows : ndarray of int
        Rows to learn from.
    """
    asked = {layer.n_knots for layer in model.layers if isinstance(layer, ColumnLayer)} - {0}
    return columns_of(X, rows, None if len(asked) > 1 else max(asked, default=0))


def slots(columns: list[Column]) -> tuple[int, int, int]:
    """Return for how many columns to embed, spikes and heavy tails a network needs place.

    Parameters
    ----------
    columns : list of Column
        Of the training rows.
    """
    held = (
        sum(column.is_numeric for column in columns),
        sum(column.spike is not None for column in columns),
        sum(column.tails is not None for column in columns),
    )
    numeric, spiked, tailed = (
        min(len(columns), -(-n // SLOTS_AT_ONCE) * SLOTS_AT_ONCE) for n in held
    )
    return numeric, spiked, tailed


def slots_of(model: keras.Model) -> tuple[int, int, int] | None:
    """Return for how many columns to embed, spikes and heavy tails a network has place.

    Parameters
    ----------
    model : keras.Model
        Network; for one without a `RankNormalization` it is None.
    """
    if not any(isinstance(layer, RankNormalization) for layer in model.layers):
        return None
    embedded, spiked, tailed = (
        sum(int(layer.columns.shape[0]) for layer in model.layers if isinstance(layer, kind))
        for kind in (PeriodicEmbedding, SpikeIndicators, HeavyTails)
    )
    return embedded, spiked, tailed


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
        elif isinstance(layer, ColumnLayer):
            columns = columns_for(model, X, rows) if columns is None else columns
            layer.adapt_to(columns)
