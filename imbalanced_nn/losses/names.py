"""Losses by name: Keras' and ours."""

import keras

from imbalanced_nn.losses.crossentropies import CostSensitiveCrossentropy, FocalCrossentropy
from imbalanced_nn.losses.labels import AsymmetricCrossentropy
from imbalanced_nn.losses.margins import (
    BalancedSoftmaxCrossentropy,
    LDAMCrossentropy,
    LogitAdjustedCrossentropy,
)
from imbalanced_nn.losses.ranking import PairwiseAUCLoss

__all__ = ["LOSSES", "is_binary_crossentropy", "resolve_loss"]

LOSSES = {
    "asymmetric": AsymmetricCrossentropy,
    "balanced_softmax": BalancedSoftmaxCrossentropy,
    "cost_sensitive": CostSensitiveCrossentropy,
    "focal": FocalCrossentropy,
    "ldam": LDAMCrossentropy,
    "logit_adjusted": LogitAdjustedCrossentropy,
    "pairwise_auc": PairwiseAUCLoss,
}


def resolve_loss(loss, routed: bool):
    """Turn the names of loss classes into classes, in lists and dicts too.

    Keras answers a class name with a finished instance, to which routed ``loss__*`` parameters
    can no longer be given. Names of functions stay as they are unless parameters are routed.
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
    return loss


def is_binary_crossentropy(loss) -> bool:
    """Whether a ``loss`` parameter is, or by default becomes, binary crossentropy."""
    if loss is None or isinstance(loss, keras.losses.BinaryCrossentropy):
        return True
    return loss in (
        "binary_crossentropy",
        "BinaryCrossentropy",
        keras.losses.BinaryCrossentropy,
        keras.losses.binary_crossentropy,
    )
