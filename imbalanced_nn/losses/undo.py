"""Which outputs a loss asks for: the way from a compiled loss back to the posterior."""

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np

from imbalanced_nn.calibration import focal_posterior
from imbalanced_nn.losses.base import ClassLoss

__all__ = ["posterior_of"]

KERAS_FOCAL = {
    "binary_focal_crossentropy": keras.losses.BinaryFocalCrossentropy,
    "BinaryFocalCrossentropy": keras.losses.BinaryFocalCrossentropy,
    "categorical_focal_crossentropy": keras.losses.CategoricalFocalCrossentropy,
    "CategoricalFocalCrossentropy": keras.losses.CategoricalFocalCrossentropy,
}


def posterior_of(
    loss: Any, n_classes: int, binary: bool = False
) -> Callable[[np.ndarray], np.ndarray] | None:
    """Return how outputs become the posterior at the shares trained on, None where they are it.

    Parameters
    ----------
    loss : object
        Loss of a compiled network: one of ours, Keras' focal losses by object or name, or any
        other, whose outputs are taken as they are.
    n_classes : int
        Number of classes.
    binary : bool, default=False
        Whether the outputs are the two columns of one probability.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.losses import FocalCrossentropy, posterior_of
    >>> posterior = posterior_of(FocalCrossentropy(gamma=2.0), 2)
    >>> posterior(np.array([[0.7, 0.3]])).round(2).tolist()
    [[0.91, 0.09]]
    >>> posterior_of("binary_crossentropy", 2)
    """
    if isinstance(loss, ClassLoss):
        if getattr(loss, "offset_is_free", False):
            return None
        return partial(_of_two, loss.posterior) if binary and loss.multilabel else loss.posterior
    # scikeras turns a name into the function of that name.
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", None)
    if name in KERAS_FOCAL and not isinstance(loss, type):
        loss = KERAS_FOCAL[name]()
    if isinstance(loss, keras.losses.BinaryFocalCrossentropy):
        weights = (1 - loss.alpha, loss.alpha) if loss.apply_class_balancing else (1.0, 1.0)
        return partial(focal_posterior, gamma=loss.gamma, alpha=np.array(weights))
    if isinstance(loss, keras.losses.CategoricalFocalCrossentropy):
        weights = np.broadcast_to(np.asarray(loss.alpha, dtype=np.float64), (n_classes,))
        return partial(focal_posterior, gamma=loss.gamma, alpha=weights)
    return None


def _of_two(posterior: Callable[[np.ndarray], np.ndarray], proba: np.ndarray) -> np.ndarray:
    """Apply a function of one probability to that of the second of two classes."""
    positive = posterior(proba[:, 1:])
    return np.concatenate([1 - positive, positive], axis=1)
