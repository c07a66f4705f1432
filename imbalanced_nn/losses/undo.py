"""Which outputs a loss asks for: the way from a compiled loss back to the posterior."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from imbalanced_nn.calibration import (
    binary_focal_posterior,
    focal_posterior,
    smoothing_posterior,
)
from imbalanced_nn.losses.class_loss import ClassLoss
from imbalanced_nn.losses.compiled import keras_loss, single_loss
from imbalanced_nn.losses.multilabel import LabelWeightedCrossentropy

__all__ = ["effect_is_known", "posterior_of"]

# Under softmax Keras' binary crossentropy is that of a sigmoid of the same logits.
PLAIN = {
    "binary": ("binary_crossentropy", "sparse_categorical_crossentropy"),
    "multiclass": ("categorical_crossentropy", "sparse_categorical_crossentropy"),
    "multilabel": ("binary_crossentropy",),
}


def posterior_of(
    loss: Any, n_classes: int, kind: str = "multiclass", prior: np.ndarray | None = None
) -> Callable[[np.ndarray], np.ndarray] | None:
    """Return how outputs become the posterior at the shares trained on, None where they are it.

    Parameters
    ----------
    loss : object
        Loss of a compiled network: one of ours, Keras' focal losses and crossentropies with
        smoothed labels in any form, or any other, whose outputs are taken as they are.
    n_classes : int
        Number of classes.
    kind : {"binary", "multiclass", "multilabel"}, default="multiclass"
        Whether the outputs are the two columns of one probability, those of classes that exclude
        each other, or of labels.
    prior : ndarray of shape (n_classes,), default=None
        Shares trained on, which tell small probabilities from others where labels are smoothed.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.losses import FocalCrossentropy, posterior_of
    >>> posterior = posterior_of(FocalCrossentropy(gamma=2.0), 2)
    >>> posterior(np.array([[0.7, 0.3]])).round(2).tolist()
    [[0.91, 0.09]]
    >>> posterior_of("binary_crossentropy", 2)
    """
    loss = single_loss(loss)
    if isinstance(loss, ClassLoss):
        if getattr(loss, "offset_is_free", False):
            return None
        # The loss may be given other shares, or weights, by a later training.
        posterior = loss.snapshot().posterior
        return partial(_of_two, posterior) if kind == "binary" and loss.multilabel else posterior
    name, given = keras_loss(loss)
    smoothing = given.get("label_smoothing", 0.0)
    if isinstance(loss, LabelWeightedCrossentropy):
        name, smoothing = "binary_crossentropy", loss.label_smoothing
    prior = np.full(n_classes, 1 / n_classes) if prior is None else prior
    if kind != "multiclass" and (
        name == "binary_focal_crossentropy" or (name == "binary_crossentropy" and smoothing)
    ):
        two = kind == "binary"
        posterior = partial(
            binary_focal_posterior,
            gamma=given.get("gamma", 0.0),
            alpha=given["alpha"] if given.get("apply_class_balancing") else 0.5,
            smoothing=smoothing,
            prior=prior[1:] if two else prior,
        )
        return partial(_of_two, posterior) if two else posterior
    if name == "categorical_focal_crossentropy":
        weights = np.broadcast_to(np.asarray(given["alpha"], dtype=np.float64), (n_classes,))
        bent = partial(focal_posterior, gamma=given["gamma"], alpha=weights)
    elif name == "categorical_crossentropy" and smoothing:
        bent = None
    else:
        return None
    return (
        partial(_without_smoothing, bent, smoothing=smoothing, prior=prior) if smoothing else bent
    )


def effect_is_known(loss: Any, n_classes: int, kind: str) -> bool:
    """Whether outputs under a loss are the posterior, or become it by `posterior_of`.

    Parameters
    ----------
    loss : object
        Loss of a compiled network.
    n_classes : int
        Number of classes.
    kind : {"binary", "multiclass", "multilabel"}
        Kind of target.

    Examples
    --------
    >>> from imbalanced_nn.losses import effect_is_known
    >>> effect_is_known("binary_crossentropy", 2, "binary")
    True
    >>> effect_is_known(lambda y_true, y_pred: y_true * y_pred, 2, "binary")
    False
    """
    if isinstance(single_loss(loss), ClassLoss | LabelWeightedCrossentropy):
        return True
    name, given = keras_loss(loss)
    plain = name in PLAIN[kind] and not given.get("label_smoothing")
    return plain or posterior_of(loss, n_classes, kind) is not None


def _without_smoothing(
    bent: Callable[[np.ndarray], np.ndarray] | None, proba: np.ndarray, **smoothed: Any
) -> np.ndarray:
    """Undo smoothed labels behind the loss itself, which was minimised for them."""
    return smoothing_posterior(proba if bent is None else bent(proba), **smoothed)


def _of_two(posterior: Callable[[np.ndarray], np.ndarray], proba: np.ndarray) -> np.ndarray:
    """Apply a function of one probability to that of the second of two classes."""
    positive = posterior(proba[:, 1:])
    return np.concatenate([1 - positive, positive], axis=1)
