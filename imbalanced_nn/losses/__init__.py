"""Losses that know about rare classes, registered with Keras."""

from imbalanced_nn.losses.base import ClassLoss
from imbalanced_nn.losses.crossentropies import CostSensitiveCrossentropy, FocalCrossentropy
from imbalanced_nn.losses.labels import AsymmetricCrossentropy, LabelWeightedCrossentropy
from imbalanced_nn.losses.margins import (
    BalancedSoftmaxCrossentropy,
    LDAMCrossentropy,
    LogitAdjustedCrossentropy,
)
from imbalanced_nn.losses.names import LOSSES, is_binary_crossentropy, resolve_loss
from imbalanced_nn.losses.ranking import PairwiseAUCLoss
from imbalanced_nn.losses.undo import posterior_of

__all__ = [
    "LOSSES",
    "AsymmetricCrossentropy",
    "BalancedSoftmaxCrossentropy",
    "ClassLoss",
    "CostSensitiveCrossentropy",
    "FocalCrossentropy",
    "LDAMCrossentropy",
    "LabelWeightedCrossentropy",
    "LogitAdjustedCrossentropy",
    "PairwiseAUCLoss",
    "is_binary_crossentropy",
    "posterior_of",
    "resolve_loss",
]
