"""Learn decision thresholds from any classifier's scores."""

from imbalanced_nn.threshold.bootstrap import ThresholdBootstrap
from imbalanced_nn.threshold.objectives import Objective, get_objective, objective_names
from imbalanced_nn.threshold.rules import (
    BinaryRule,
    CostRule,
    MulticlassRule,
    MultilabelRule,
    fixed_rule,
    prior_rule,
)
from imbalanced_nn.threshold.search import ThresholdCurve
from imbalanced_nn.threshold.tuner import ThresholdTuner

__all__ = [
    "BinaryRule",
    "CostRule",
    "MulticlassRule",
    "MultilabelRule",
    "Objective",
    "ThresholdBootstrap",
    "ThresholdCurve",
    "ThresholdTuner",
    "fixed_rule",
    "get_objective",
    "objective_names",
    "prior_rule",
]
