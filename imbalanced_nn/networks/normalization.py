"""The layer that normalises a network's input, learned from the training rows."""

from typing import Any

import keras
import numpy as np
from keras import ops
from scipy import sparse

from imbalanced_nn.data import n_rows

__all__ = ["RobustNormalization"]

SAMPLE_ROWS = 100_000
# Of the sample so many are copied at a time.
BLOCK_CELLS = 2**24
FAR = 1e6


@keras.saving.register_keras_serializable(package="imbalanced_nn")
class RobustNormalization(keras.layers.Layer):
    """Centre by the median, scale by the interquartile range, and bend outliers towards 3.

    The transform is part of the network and is saved with it. ``adapt`` learns it; until then
    it passes values through unscaled.

    References
    ----------
    D. Holzmüller, L. Grinsztajn, I. Steinwart, "Better by default: strong pre-tuned MLPs and
    boosted trees on tabular data", NeurIPS 2024 (robust scaling and smooth clipping).

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.networks import RobustNormalization
    >>> layer = RobustNormalization()
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0], [1e6]], dtype="float32")
    >>> _ = layer.build(X.shape)
    >>> layer.adapt(X)
    >>> np.asarray(layer(X), dtype="float64").ravel().round(2).tolist()
    [-1.23, -0.66, 0.0, 0.66, 3.0]
    """

    # It has no random part, no trained weight, and takes each row by itself.
    is_fixed = True

    def build(self, input_shape):
        """Create one centre and one factor for each feature of the last axis."""
        size = (input_shape[-1],)
        self.center = self.add_weight(
            name="center", shape=size, initializer="zeros", trainable=False
        )
        self.factor = self.add_weight(
            name="factor", shape=size, initializer="ones", trainable=False
        )

    def call(self, inputs):
        """Return the normalised inputs, in [-3, 3]."""
        # Its square must stay within float32; the limit is 3 long before.
        scaled = ops.clip((inputs - self.center) * self.factor, -FAR, FAR)
        return scaled / ops.sqrt(1 + ops.square(scaled / 3))

    def adapt(
        self, X: Any, rows: np.ndarray | None = None, counted_steps: np.ndarray | None = None
    ) -> None:
        """Learn centre and scale from rows of X, at most 100,000 of them.

        Parameters
        ----------
        X : array or sparse matrix of shape (n_samples, ..., n_features)
            Data; axes between the first and the last count as further samples.
        rows : ndarray of int, default=None
            Rows to learn from; None takes all.
        counted_steps : ndarray of bool of shape (n_samples, n_steps), default=None
            Time steps to learn from, the others being padded; None takes all.
        """
        rows = np.arange(n_rows(X)) if rows is None else rows
        rows = rows[:: -(-len(rows) // SAMPLE_ROWS)]
        if isinstance(X, np.ndarray) and counted_steps is None:
            # Some columns at a time: the sample may be all that a memory map holds.
            center, scale = _robust_statistics(X, rows)
        else:
            sample = X[rows]
            if counted_steps is not None:
                sample = sample.toarray() if sparse.issparse(sample) else sample
                sample = sample[counted_steps[rows]]
                # A table holds one number for each step.
                sample = sample[:, None] if sample.ndim == 1 else sample
            center, scale = _robust_statistics(sample)
        self.center.assign(center)
        # A feature that is constant in float32 carries nothing; any finite factor maps it to 0.
        varies = scale > np.finfo(np.float32).tiny
        self.factor.assign(np.divide(1, scale, out=np.zeros_like(scale), where=varies))


def _robust_statistics(X: Any, rows: Any = slice(None)) -> tuple[np.ndarray, np.ndarray]:
    """Median and scale of each feature: the IQR over 1.35, else half the range."""
    n_sampled = X.shape[0] if isinstance(rows, slice) else len(rows)
    n_features = X.shape[-1]
    center, scale = np.zeros(n_features), np.zeros(n_features)
    step = max(1, BLOCK_CELLS // n_sampled)
    for start in range(0, n_features, step):
        columns = slice(start, start + step)
        block = X[:, columns].toarray() if sparse.issparse(X) else X[rows, ..., columns]
        block = block.reshape(-1, block.shape[-1]).astype(np.float64)
        low, first, median, third, high = np.quantile(block, [0, 0.25, 0.5, 0.75, 1], axis=0)
        spread = (third - first) / 1.35
        center[columns] = median
        scale[columns] = np.where(spread > 0, spread, (high - low) / 2)
    return center, scale
