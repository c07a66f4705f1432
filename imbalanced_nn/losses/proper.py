"""Whether a loss that nothing is known of is minimised by the class posterior."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from scipy.special import expit, logit, softmax

from imbalanced_nn._compat.gradient import gradient

__all__ = ["is_proper"]

SHARES = (0.02, 0.1, 0.3, 0.5, 0.8)
TOLERANCE = 0.02


def is_proper(
    loss: Callable[[Any, Any], Any],
    targets: Sequence[np.ndarray],
    shape: tuple[int, ...],
    labels: bool = False,
    logits: bool = False,
) -> bool:
    """Whether a loss has its minimum where outputs are the posterior, as far as some rows tell.

    The expected loss of a row is flat there: the gradients of the classes, weighed by the
    outputs themselves, cancel. What a row adds must not depend on the others.

    Parameters
    ----------
    loss : callable
        Takes targets and outputs of rows and returns one number.
    targets : sequence of ndarray
        Target of one decision for each class, or with no label and with all.
    shape : tuple of int
        Shape of a row's outputs; the last axis is that of the units.
    labels : bool, default=False
        Whether units are labels of their own.
    logits : bool, default=False
        Whether the outputs are log-odds.

    Returns
    -------
    bool
        False too where the loss fails.

    Examples
    --------
    >>> import keras, numpy as np
    >>> from imbalanced_nn.losses import is_proper
    >>> targets = [np.zeros(1, "float32"), np.ones(1, "float32")]
    >>> is_proper(keras.losses.MeanSquaredError(), targets, (1,))
    True
    >>> is_proper(keras.losses.MeanAbsoluteError(), targets, (1,))
    False
    """
    units = shape[-1]
    alone = labels or units == 1
    z = np.repeat(logit(SHARES)[:, None], units, axis=1)
    if not alone:
        z = np.log(np.random.default_rng(0).dirichlet(np.ones(units), len(SHARES)) + 0.01)
    z = z.reshape(len(z), *(1,) * (len(shape) - 1), units)
    z = np.broadcast_to(z, (len(z), *shape)).astype(keras.config.floatx())
    rows = [np.broadcast_to(target, (*z.shape[:-1], len(target))) for target in targets]
    # Unequal parts of a batch, which a loss that compares rows would tell.
    mixed = [0, 0, *range(len(rows))]
    try:
        slopes = [_slopes(loss, row, z, alone, logits) for row in rows]
        batch = np.concatenate([rows[part] for part in mixed])
        together = _slopes(loss, batch, np.concatenate([z] * len(mixed)), alone, logits)
    except Exception:
        # A stranger's code may fail in any way, and does so in training, where it is told better.
        return False
    apart = np.concatenate([slopes[part] for part in mixed])
    # Means count each row less in a larger batch, sums do not.
    if not any(np.allclose(together * n, apart, 1e-3, 1e-6) for n in (1, len(mixed))):
        return False
    p = expit(z) if alone else softmax(z, axis=-1)
    weights = [1 - p, p] if alone else [p[..., [k]] for k in range(units)]
    parts = [weight * slope for weight, slope in zip(weights, slopes, strict=True)]
    size = np.sum(np.abs(parts), axis=0)
    return bool(size.any() and (np.abs(np.sum(parts, axis=0)) <= TOLERANCE * size).all())


def _slopes(loss, targets, z, alone, logits) -> np.ndarray:
    """Return the gradient of a loss in the log-odds behind its outputs."""
    activation = keras.activations.sigmoid if alone else keras.activations.softmax
    given = keras.ops.convert_to_tensor(np.ascontiguousarray(targets))
    return gradient(lambda z: loss(given, z if logits else activation(z)), z)
