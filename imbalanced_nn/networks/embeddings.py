"""Layers that make more of the columns of a table, and weigh them."""

from math import pi, sqrt

import keras
import numpy as np
from keras import ops

from imbalanced_nn.networks.column_layers import Column, ColumnLayer

__all__ = ["LearnedScale", "PeriodicEmbedding"]


@keras.saving.register_keras_serializable(package="imbalanced_nn")
class LearnedScale(keras.layers.Layer):
    """Multiply each input by a factor, 1 at the start, that is learned faster than other weights.

    The factor is 1 + ``speed`` times a weight. Optimizers such as Adam move every weight at about
    the same rate, and so the factor at ``speed`` times that.

    Parameters
    ----------
    speed : float, default=6.0
        How many times as fast.
    **kwargs
        Arguments of `keras.layers.Layer`.

    References
    ----------
    D. Holzmüller, L. Grinsztajn, I. Steinwart, "Better by default: strong pre-tuned MLPs and
    boosted trees on tabular data", NeurIPS 2024.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.networks import LearnedScale
    >>> layer = LearnedScale()
    >>> np.asarray(layer(np.array([[1.0, 2.0]]))).tolist()
    [[1.0, 2.0]]
    >>> _ = layer.scale.assign([0.5, 0.0])
    >>> np.asarray(layer(np.array([[1.0, 2.0]]))).tolist()
    [[4.0, 2.0]]
    """

    def __init__(self, speed=6.0, **kwargs):
        super().__init__(**kwargs)
        self.speed = speed

    def build(self, input_shape):
        """Create one weight for each input."""
        self.scale = self.add_weight(name="scale", shape=(input_shape[-1],), initializer="zeros")

    def call(self, inputs):
        """Return the scaled inputs."""
        return inputs * (1 + self.speed * self.scale)

    def compute_output_shape(self, input_shape):
        """Return the shape of the inputs."""
        return input_shape

    def get_config(self):
        """Return the configuration."""
        return super().get_config() | {"speed": self.speed}


@keras.saving.register_keras_serializable(package="imbalanced_nn")
class PeriodicEmbedding(ColumnLayer):
    """Embed columns by waves of learned frequency and phase, and a linear layer for each column.

    Columns of no more than two values in the training rows, of which waves could tell nothing
    more, get zeros; ``adapt`` finds the others. Until then all columns count, from the first on.

    Parameters
    ----------
    n_columns : int or None, default=None
        Number of columns to embed; None is all. Further ones are left out.
    units : int, default=3
        Outputs of each column.
    n_frequencies : int, default=16
        Waves of each column.
    frequency_scale : float, default=0.1
        Standard deviation of the frequencies at the start.
    **kwargs
        Arguments of `keras.layers.Layer`.

    References
    ----------
    Y. Gorishniy, I. Rubachev, A. Babenko, "On embeddings for numerical features in tabular deep
    learning", NeurIPS 2022; D. Holzmüller, L. Grinsztajn, I. Steinwart, "Better by default: strong
    pre-tuned MLPs and boosted trees on tabular data", NeurIPS 2024 (PBLD, without its last part).

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.networks import PeriodicEmbedding
    >>> X = np.column_stack([np.arange(5.0), [0.0, 1.0, 0.0, 1.0, 1.0]])
    >>> layer = PeriodicEmbedding()
    >>> _ = layer.build(X.shape)
    >>> layer.adapt(X)
    >>> embedded = np.asarray(layer(X))
    >>> embedded.shape, bool(embedded[:, 3:].any())
    ((5, 6), False)
    """

    def __init__(self, n_columns=None, units=3, n_frequencies=16, frequency_scale=0.1, **kwargs):
        super().__init__(**kwargs)
        self.n_columns = n_columns
        self.units = units
        self.n_frequencies = n_frequencies
        self.frequency_scale = frequency_scale

    def build(self, input_shape):
        """Create waves and a linear layer for each column."""
        n_columns = input_shape[-1] if self.n_columns is None else self.n_columns
        initializers = keras.initializers
        waves = (n_columns, 1, self.n_frequencies)
        bound = sqrt(6 / (self.n_frequencies + self.units))
        for name, shape, initializer in (
            ("frequencies", waves, initializers.RandomNormal(stddev=self.frequency_scale)),
            ("phases", waves, initializers.RandomUniform(-pi, pi)),
            ("projection", (*waves[::2], self.units), initializers.RandomUniform(-bound, bound)),
            ("bias", (n_columns, 1, self.units), "zeros"),
        ):
            setattr(self, name, self.add_weight(name=name, shape=shape, initializer=initializer))
        self.columns = self.add_weight(
            name="columns", shape=(n_columns,), dtype="int32", initializer=_count, trainable=False
        )
        self.embedded = self.add_weight(
            name="embedded", shape=(n_columns,), initializer="ones", trainable=False
        )

    def call(self, inputs):
        """Return the embedded columns, one after the other."""
        n_columns = self.columns.shape[0]
        # A layer for all columns has them in their order.
        chosen = inputs
        if n_columns != inputs.shape[-1]:
            chosen = ops.take(inputs, self.columns, axis=-1)
        # A product of matrices is faster than one by broadcasting.
        turns = ops.expand_dims(2 * pi * ops.transpose(chosen), -1)
        waves = ops.cos(ops.matmul(turns, self.frequencies) + self.phases)
        outputs = ops.matmul(waves, self.projection) + self.bias
        outputs = ops.transpose(outputs * self.embedded[:, None, None], (1, 0, 2))
        return ops.reshape(outputs, (-1, n_columns * self.units))

    def compute_output_shape(self, input_shape):
        """Return the number of rows and of embedded values."""
        n_columns = input_shape[-1] if self.n_columns is None else self.n_columns
        return (*input_shape[:-1], n_columns * self.units)

    def adapt_to(self, columns: list[Column]) -> None:
        """Choose the columns to embed by what they hold.

        Parameters
        ----------
        columns : list of Column
            One for each column of the inputs.
        """
        n_columns = self.columns.shape[0]
        numeric = np.array([column.is_numeric for column in columns], bool)
        # The others fill what place is left.
        order = np.argsort(~numeric, kind="stable")[:n_columns]
        order = np.arange(n_columns) if n_columns == len(columns) else order
        self.columns.assign(order.astype(np.int32))
        self.embedded.assign(numeric[order].astype(np.float32))

    def get_config(self):
        """Return the configuration."""
        return super().get_config() | {
            "n_columns": self.n_columns,
            "units": self.units,
            "n_frequencies": self.n_frequencies,
            "frequency_scale": self.frequency_scale,
        }


def _count(shape, dtype=None):
    """Return 0, 1, 2, ..., as an initialiser."""
    return ops.arange(shape[0], dtype=dtype)
