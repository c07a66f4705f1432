"""A layer that tells how far out a value lies, which its rank does not."""

import keras
import numpy as np
from keras import ops

from imbalanced_nn.networks.column_layers import Column, ColumnLayer

__all__ = ["HeavyTails"]

# What the outermost value of the training rows becomes, and how many spreads off it may lie: the
# square of such a distance is a number in float32.
OUTERMOST, FARTHEST = 3.0, 1e12


@keras.saving.register_keras_serializable(package="imbalanced_nn")
class HeavyTails(ColumnLayer):
    """Tell how far out the values of heavy-tailed columns lie, on a logarithmic scale.

    Ranks put a handful of rows that lie far beyond all others right beside them. A column has
    heavy tails if a value of the training rows lies 100 times as far from the median as is usual,
    the usual distance being half of that between the quartiles over 0.67. The area hyperbolic sine
    of the distance is scaled to 3 at the outermost value, beyond which nothing goes. ``adapt``
    finds these columns; without any the outputs are 0.

    Parameters
    ----------
    n_tails : int or None, default=None
        Number of outputs; None is one for each column. Where there are more such columns, those
        that reach farthest are taken.
    **kwargs
        Arguments of `keras.layers.Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.networks import HeavyTails
    >>> amounts = np.concatenate([np.arange(-50.0, 51.0), [1e4]])[:, None]
    >>> layer = HeavyTails()
    >>> _ = layer.build(amounts.shape)
    >>> layer.adapt(amounts)
    >>> far = np.asarray(layer(np.array([[0.0], [50.0], [1e3], [1e4]])), "float64")
    >>> far.ravel().round(1).tolist()
    [0.0, 0.5, 1.9, 3.0]
    """

    is_fixed = True

    def __init__(self, n_tails=None, **kwargs):
        super().__init__(**kwargs)
        self.n_tails = n_tails

    def build(self, input_shape):
        """Create place for a column, its middle, its spread and two ends of each output."""
        n_tails = input_shape[-1] if self.n_tails is None else self.n_tails
        self.columns = self.add_weight(
            name="columns", shape=(n_tails,), dtype="int32", initializer="zeros", trainable=False
        )
        for name in ("center", "inverse_spread", "scale", "lowest", "highest"):
            weight = self.add_weight(
                name=name, shape=(n_tails,), initializer="zeros", trainable=False
            )
            setattr(self, name, weight)

    def call(self, inputs):
        """Return one number for each heavy-tailed column."""
        # JAX clips by tensors alone.
        ends = map(ops.convert_to_tensor, (self.lowest, self.highest))
        inside = ops.clip(ops.take(inputs, self.columns, axis=-1), *ends)
        # In halves, lest differences leave float32.
        apart = (inside / 2 - self.center / 2) * self.inverse_spread
        return ops.arcsinh(2 * apart) * self.scale

    def compute_output_shape(self, input_shape):
        """Return the number of heavy-tailed columns beside the number of rows."""
        n_tails = input_shape[-1] if self.n_tails is None else self.n_tails
        return (*input_shape[:-1], n_tails)

    def adapt_to(self, columns: list[Column]) -> None:
        """Find the heavy-tailed columns by what they hold.

        Parameters
        ----------
        columns : list of Column
            One for each column of the inputs.
        """
        n_tails = self.columns.shape[0]
        found = [(number, c.tails) for number, c in enumerate(columns) if c.tails is not None]
        found = sorted(found, key=lambda pair: -pair[1].reach)[:n_tails]
        where = np.zeros(n_tails, np.int32)
        parts = np.zeros((5, n_tails))
        for place, (number, tails) in enumerate(sorted(found, key=lambda pair: pair[0])):
            reach = min(tails.reach, FARTHEST)
            ends = tails.center + reach * tails.spread * np.array([-1, 1])
            where[place] = number
            parts[:3, place] = tails.center, 1 / tails.spread, OUTERMOST / np.arcsinh(reach)
            parts[3:, place] = np.clip(ends, tails.lowest, tails.highest)
        self.columns.assign(where)
        weights = (self.center, self.inverse_spread, self.scale, self.lowest, self.highest)
        for weight, values in zip(weights, parts, strict=True):
            weight.assign(values.astype(np.float32))

    def get_config(self):
        """Return the configuration."""
        return super().get_config() | {"n_tails": self.n_tails}
