"""The network for tables: ranked inputs, embedded columns, members, probabilities averaged."""

from typing import Any

import keras

from imbalanced_nn.networks.embeddings import LearnedScale, PeriodicEmbedding
from imbalanced_nn.networks.members import (
    BatchEnsembleDense,
    LinearSkip,
    MemberDropout,
    MemberHeads,
    MemberMean,
    MembersNetwork,
)
from imbalanced_nn.networks.output_layers import output_units
from imbalanced_nn.networks.ranks import RankNormalization, SpikeIndicators
from imbalanced_nn.networks.tails import HeavyTails

__all__ = ["asks_for_rarest", "tabular"]

# Numbers of rows, and of those of the rarest class, beyond which wider layers gain; units of each.
WIDER = ((200_000, 1000, 256), (10_000, -1, 128))
FEWEST_UNITS = 64


def tabular(
    meta: dict[str, Any],
    hidden_layer_sizes: tuple[int, ...] | None = None,
    activation: str = "relu",
    dropout: float = 0.1,
    n_members: int = 4,
) -> keras.Model:
    """Build the network for tables of fewer than 4,096 columns.

    Columns are normalised by rank, spikes and heavy tails told, all scaled; numeric columns are
    embedded, too.
    Dense layers of several members follow, and a linear layer past them.

    Parameters
    ----------
    meta : dict
        ``X_shape_``, ``target_type_``, ``n_classes_`` as scikeras hands them to builders, and
        ``slots_``, numbers of columns to embed, of spikes and of heavy tails, and ``n_rarest_``,
        number of rows of the rarest class, if they are known.
    hidden_layer_sizes : tuple of int, default=None
        Units of each dense layer. None is (256, 256) for more than 200,000 rows with more than
        1,000 of the rarest class, else (128, 128) for more than 10,000, else (64, 64).
    activation : str, default="relu"
        Activation of the hidden layers.
    dropout : float, default=0.1
        Share of units dropped after each hidden layer.
    n_members : int, default=4
        Number of members.

    Returns
    -------
    MembersNetwork
        Not compiled: loss and optimizer are the estimator's.
    """
    layers = keras.layers
    (n_columns,) = meta["X_shape_"][1:]
    n_embedded, n_spikes, n_tails = meta.get("slots_") or [n_columns] * 3
    inputs = keras.Input((n_columns,))
    # Half precision would take neighbouring values of a column for one.
    exact = keras.config.dtype_policy().variable_dtype
    known = [RankNormalization(dtype=exact)(inputs)]
    if n_spikes:
        known.append(SpikeIndicators(n_spikes, dtype=exact)(inputs))
    if n_tails:
        known.append(HeavyTails(n_tails, dtype=exact)(inputs))
    known = layers.Concatenate()(known) if len(known) > 1 else known[0]
    n_known = known.shape[-1]
    hidden = scaled = LearnedScale()(known)
    blocks = None
    if n_embedded:
        embedding = PeriodicEmbedding(n_embedded)
        # It leaves out what follows the columns.
        hidden = layers.Concatenate()([scaled, embedding(known)])
        # Where all columns are embedded, it is known which one's factor is its embedding's.
        first = 0 if n_embedded == n_columns else n_known
        blocks = [(0, n_known, 1), (first, n_embedded, embedding.units)]
    if hidden_layer_sizes is None:
        # Of rows that come as a stream the number is not known.
        n_rows, n_rarest = meta["X_shape_"][0] or 0, meta.get("n_rarest_", 0)
        fit = (units for n, rarest, units in WIDER if n_rows > n and n_rarest > rarest)
        hidden_layer_sizes = 2 * (next(fit, FEWEST_UNITS),)
    for number, size in enumerate(hidden_layer_sizes):
        first = {} if number else {"signs": True, "blocks": blocks}
        dense = BatchEnsembleDense(size, n_members, activation, **first)
        hidden = MemberDropout(dropout)(dense(hidden))
    units, output_activation = output_units(meta)
    if not hidden_layer_sizes:
        hidden = BatchEnsembleDense(units, n_members, signs=True, blocks=blocks)(hidden)
    else:
        hidden = MemberHeads(units)(hidden)
    outputs = MemberMean(output_activation)(LinearSkip()([hidden, scaled]))
    return MembersNetwork(inputs, outputs)


def asks_for_rarest(n_rows: int | None) -> bool:
    """Whether with so many rows the number of those of the rarest class makes a difference.

    Parameters
    ----------
    n_rows : int or None
        Number of rows; None where it is not known.

    Returns
    -------
    bool
    """
    return any((n_rows or 0) > n for n, rarest, _ in WIDER if rarest >= 0)
