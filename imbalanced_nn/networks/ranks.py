"""Layers that learn from the training rows how to take each column of a table."""

from typing import Any

import keras
import numpy as np
from keras import ops

from imbalanced_nn.networks.column_layers import Column, ColumnLayer, quantiles

__all__ = ["RankNormalization", "SpikeIndicators"]

FAR = 1e6
LARGEST = float(np.finfo(np.float32).max)
# Rows of less spread than this share a spike's scale, so that rare values do not dominate.
LEAST_SPREAD = 0.05


def _bent(values: Any) -> Any:
    """Bend values towards 3, within which they stay."""
    return values / (1 + (values / 3) ** 2) ** 0.5


@keras.saving.register_keras_serializable(package="imbalanced_nn")
class RankNormalization(ColumnLayer):
    """Give each column a normal distribution, by the ranks of its values in the training rows.

    A value is mapped to the share of training rows below it, equal ones counted half, and that to
    the quantile of a normal distribution; between values that were seen the share is interpolated.
    Columns of two values are standardised and bent towards 3, constant ones become 0. ``adapt``
    learns it; until then values pass through, bent.

    Parameters
    ----------
    n_knots : int, default=1000
        Largest number of values of a column whose ranks are kept.
    **kwargs
        Arguments of `keras.layers.Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.networks import RankNormalization
    >>> layer = RankNormalization()
    >>> X = np.array([[0.0], [1.0], [2.0], [2.0], [1e6]], dtype="float32")
    >>> _ = layer.build(X.shape)
    >>> layer.adapt(X)
    >>> np.asarray(layer(X), dtype="float64").ravel().round(2).tolist()
    [-1.28, -0.52, 0.25, 0.25, 1.28]
    """

    # It has no random part, no trained weight, and takes each row by itself.
    is_fixed = True

    def __init__(self, n_knots=1000, **kwargs):
        super().__init__(**kwargs)
        self.n_knots = n_knots

    def build(self, input_shape):
        """Create the tables of each column."""
        n_columns = input_shape[-1]
        # Halving ends after equally many steps in a table of one less than a power of two.
        width = 2 ** self.n_knots.bit_length() - 1
        table, column = (n_columns, width), (n_columns,)
        for name, shape, start in (
            ("knots", table, "zeros"),
            ("left", table, "zeros"),
            ("right", table, "zeros"),
            ("center", column, "zeros"),
            ("factor", column, "ones"),
            ("ranked", column, "zeros"),
            ("limit", (), "zeros"),
        ):
            weight = self.add_weight(name=name, shape=shape, initializer=start, trainable=False)
            setattr(self, name, weight)

    def call(self, inputs):
        """Return the normalised inputs."""
        limit = ops.convert_to_tensor(self.limit)
        share = ops.clip(self._share(inputs), limit, 1 - limit)
        # A difference may leave float32, and a factor be 0 there.
        apart = ops.clip(inputs - self.center, -LARGEST, LARGEST)
        scaled = ops.clip(apart * self.factor, -FAR, FAR)
        normal = 2**0.5 * ops.erfinv(2 * share - 1)
        return ops.where(self.ranked > 0, normal, _bent(scaled))

    def compute_output_shape(self, input_shape):
        """Return the shape of the inputs."""
        return input_shape

    def _share(self, inputs):
        """Return the share of training rows below each value."""
        n_columns, width = self.knots.shape
        first = ops.arange(n_columns, dtype="int32") * width
        knots, left, right = (ops.reshape(t, (-1,)) for t in (self.knots, self.left, self.right))
        # How many knots lie below, by halving.
        below = ops.zeros_like(inputs, dtype="int32")
        step = (width + 1) // 2
        while step:
            is_below = ops.take(knots, first + below + (step - 1)) < inputs
            below = below + step * ops.cast(is_below, "int32")
            step //= 2
        lower, upper = first + ops.maximum(below - 1, 0), first + ops.minimum(below, width - 1)
        knot, next_knot = ops.take(knots, lower), ops.take(knots, upper)
        # In halves, lest differences leave float32.
        gap = next_knot / 2 - knot / 2
        way = ops.where(gap > 0, (inputs / 2 - knot / 2) / ops.where(gap > 0, gap, 1), 0)
        start, end = ops.take(right, lower), ops.take(left, upper)
        between = ops.where(below > 0, start + way * (end - start), 0)
        return ops.where(next_knot == inputs, (end + ops.take(right, upper)) / 2, between)

    def adapt_to(self, columns: list[Column]) -> None:
        """Learn the tables from what the columns hold.

        Parameters
        ----------
        columns : list of Column
            One for each column of the inputs.
        """
        knots = np.full(self.knots.shape, np.inf, np.float32)
        left, right = np.ones_like(knots), np.ones_like(knots)
        center, factor = np.zeros(len(columns)), np.zeros(len(columns))
        for number, column in enumerate(columns):
            if not column.is_numeric:
                values, weights = column.values.astype(np.float64), column.right - column.left
                center[number] = np.average(values, weights=weights)
                spread = np.average((values - center[number]) ** 2, weights=weights) ** 0.5
                factor[number] = 1 / spread if spread > np.finfo(np.float32).tiny else 0
                continue
            kept = quantiles(column.right, self.n_knots)
            part = number, slice(len(kept))
            knots[part] = column.values[kept]
            left[part] = column.left[kept] / column.n_rows
            right[part] = column.right[kept] / column.n_rows
        limit = 0.5 / columns[0].n_rows if columns else 0
        ranked = [column.is_numeric for column in columns]
        for weight, value in (
            *((self.knots, knots), (self.left, left), (self.right, right), (self.limit, limit)),
            *((self.center, center), (self.factor, factor), (self.ranked, ranked)),
        ):
            weight.assign(np.asarray(value, np.float32))

    def get_config(self):
        """Return the configuration."""
        return super().get_config() | {"n_knots": self.n_knots}


@keras.saving.register_keras_serializable(package="imbalanced_nn")
class SpikeIndicators(ColumnLayer):
    """Tell where columns hold a value far more common than their others.

    Such as an imputed median, or the zero of an amount that mostly is none. A column has one if
    it has more than 10 values, and one of them at least a hundredth of the training rows and four
    times as many as any other. ``adapt`` finds them; without any the outputs are 0.

    Parameters
    ----------
    n_spikes : int or None, default=None
        Number of outputs; None is one for each column. Where there are more spikes, the most
        common ones are taken.
    **kwargs
        Arguments of `keras.layers.Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.networks import SpikeIndicators
    >>> amounts = np.concatenate([np.zeros(50), np.arange(1.0, 51.0)])[:, None]
    >>> layer = SpikeIndicators()
    >>> _ = layer.build(amounts.shape)
    >>> layer.adapt(amounts)
    >>> np.asarray(layer(np.array([[0.0], [7.0]])), dtype="float64").round(2).tolist()
    [[0.95], [-0.95]]
    """

    is_fixed = True

    def __init__(self, n_spikes=None, **kwargs):
        super().__init__(**kwargs)
        self.n_spikes = n_spikes

    def build(self, input_shape):
        """Create place for a column, a value and two outputs of each spike."""
        n_spikes = input_shape[-1] if self.n_spikes is None else self.n_spikes
        self.columns = self.add_weight(
            name="columns", shape=(n_spikes,), dtype="int32", initializer="zeros", trainable=False
        )
        for name in ("spikes", "without", "within"):
            weight = self.add_weight(
                name=name, shape=(n_spikes,), initializer="zeros", trainable=False
            )
            setattr(self, name, weight)

    def call(self, inputs):
        """Return one number for each spike: whether a row is in it, standardised and bent."""
        hit = ops.take(inputs, self.columns, axis=-1) == self.spikes
        # JAX chooses between tensors alone.
        return ops.where(hit, *map(ops.convert_to_tensor, (self.within, self.without)))

    def compute_output_shape(self, input_shape):
        """Return the number of spikes beside the number of rows."""
        n_spikes = input_shape[-1] if self.n_spikes is None else self.n_spikes
        return (*input_shape[:-1], n_spikes)

    def adapt_to(self, columns: list[Column]) -> None:
        """Find the spikes in what the columns hold.

        Parameters
        ----------
        columns : list of Column
            One for each column of the inputs.
        """
        found = [(number, *c.spike) for number, c in enumerate(columns) if c.spike is not None]
        n_spikes = self.columns.shape[0]
        found = sorted(sorted(found, key=lambda spike: -spike[2])[:n_spikes])
        where, values, without, within = np.zeros((4, n_spikes))
        for number, (column, value, share) in enumerate(found):
            spread = max((share * (1 - share)) ** 0.5, LEAST_SPREAD)
            where[number], values[number] = column, value
            without[number], within[number] = (_bent((i - share) / spread) for i in (0, 1))
        self.columns.assign(where.astype(np.int32))
        for weight, value in (
            (self.spikes, values),
            (self.without, without),
            (self.within, within),
        ):
            weight.assign(value.astype(np.float32))

    def get_config(self):
        """Return the configuration."""
        return super().get_config() | {"n_spikes": self.n_spikes}
