"""Losses that know about rare classes, registered with Keras."""

from imbalanced_nn.losses.class_loss import ClassLoss
from imbalanced_nn.losses.compiled import keras_loss, outputs_are_logits, single_loss
from imbalanced_nn.losses.crossentropies import CostSensitiveCrossentropy, FocalCrossentropy
from imbalanced_nn.losses.margins import (
    BalancedSoftmaxCrossentropy,
    LDAMCrossentropy,
    LogitAdjustedCrossentropy,
)
from imbalanced_nn.losses.multilabel import AsymmetricCrossentropy, LabelWeightedCrossentropy
from imbalanced_nn.losses.named_losses import LOSSES, resolve_loss, takes_one_hot
from imbalanced_nn.losses.proper import is_proper
from imbalanced_nn.losses.ranking import PairwiseAUCLoss
from imbalanced_nn.losses.undo import effect_is_known, posterior_of

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
    "effect_is_known",
    "is_proper",
    "keras_loss",
    "outputs_are_logits",
    "posterior_of",
    "resolve_loss",
    "single_loss",
    "takes_one_hot",
]
