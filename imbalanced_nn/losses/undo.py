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


def posterior_of(loss: Any, n_classes: int) -> Callable[[np.ndarray], np.ndarray] | None:
    """Return how outputs become the posterior at the shares trained on, None where they are it.

    Parameters
    ----------
    loss : object
        Loss of a compiled network: one of ours, Keras' focal losses by object or name, or any
        other, whose outputs are taken as they are.
    n_classes : int
        Number of classes.

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
        return None if getattr(loss, "offset_is_free", False) else loss.posterior
    if isinstance(loss, str) and loss in KERAS_FOCAL:
        loss = KERAS_FOCAL[loss]()
    if isinstance(loss, keras.losses.BinaryFocalCrossentropy):
        weights = (1 - loss.alpha, loss.alpha) if loss.apply_class_balancing else (1.0, 1.0)
        return partial(focal_posterior, gamma=loss.gamma, alpha=np.array(weights))
    if isinstance(loss, keras.losses.CategoricalFocalCrossentropy):
        weights = np.broadcast_to(np.asarray(loss.alpha, dtype=np.float64), (n_classes,))
        return partial(focal_posterior, gamma=loss.gamma, alpha=weights)
    return None
