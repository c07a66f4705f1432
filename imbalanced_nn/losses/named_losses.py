"""Losses by name: Keras' and ours."""

import keras

from imbalanced_nn.exceptions import InvalidParameterError, nearest_name
from imbalanced_nn.losses.compiled import keras_loss
from imbalanced_nn.losses.crossentropies import CostSensitiveCrossentropy, FocalCrossentropy
from imbalanced_nn.losses.margins import (
    BalancedSoftmaxCrossentropy,
    LDAMCrossentropy,
    LogitAdjustedCrossentropy,
)
from imbalanced_nn.losses.multilabel import AsymmetricCrossentropy
from imbalanced_nn.losses.ranking import PairwiseAUCLoss

__all__ = ["LOSSES", "resolve_loss", "takes_one_hot"]

LOSSES = {
    "asymmetric": AsymmetricCrossentropy,
    "balanced_softmax": BalancedSoftmaxCrossentropy,
    "cost_sensitive": CostSensitiveCrossentropy,
    "focal": FocalCrossentropy,
    "ldam": LDAMCrossentropy,
    "logit_adjusted": LogitAdjustedCrossentropy,
    "pairwise_auc": PairwiseAUCLoss,
}

ONE_HOT = ("categorical_crossentropy", "categorical_focal_crossentropy", "categorical_hinge")


def resolve_loss(loss, routed: bool):
    """Turn the names of loss classes into classes, in lists and dicts too.

    Keras answers a class name with a finished instance, to which routed ``loss__*`` parameters
    can no longer be given. Names of functions stay as they are unless parameters are routed.

    Raises
    ------
    InvalidParameterError
        If nobody knows the name.
    """
    if isinstance(loss, dict):
        return {key: resolve_loss(value, routed) for key, value in loss.items()}
    if isinstance(loss, list | tuple):
        return type(loss)(resolve_loss(value, routed) for value in loss)
    if not isinstance(loss, str):
        return loss
    if loss in LOSSES:
        return LOSSES[loss]
    camel_case = "".join(word.capitalize() for word in loss.split("_"))
    for name in (loss, camel_case) if routed else (loss,):
        candidate = getattr(keras.losses, name, None)
        if isinstance(candidate, type) and issubclass(candidate, keras.losses.Loss):
            return candidate
    _check_name(loss)
    return loss


def takes_one_hot(loss) -> bool:
    """Whether a ``loss`` parameter asks for classes in one-hot form."""
    return keras_loss(loss)[0] in ONE_HOT


def _check_name(loss: str) -> None:
    """Refuse a name that neither Keras nor what is registered with it knows."""
    try:
        keras.losses.get(loss)
    except ValueError:
        names = [name for name in vars(keras.losses) if not name.startswith("_")]
        own = {cls.__name__: name for name, cls in LOSSES.items()}
        hint = nearest_name(own.get(loss, loss), [*LOSSES, *names])
        raise InvalidParameterError(
            f"loss={loss!r} is not a known loss.{hint} Accepted are None, {sorted(LOSSES)}, "
            f"Keras' losses by name, class or object, such as 'binary_crossentropy', and a "
            f"function f(y_true, y_pred)."
        ) from None
