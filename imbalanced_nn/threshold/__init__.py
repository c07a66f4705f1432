"""Learn decision thresholds from any classifier's scores."""

from imbalanced_nn.threshold.costs import check_cost_matrix, check_sample_cost
from imbalanced_nn.threshold.objectives import (
    CUT_AT_PRIOR,
    Objective,
    get_objective,
    objective_names,
)
from imbalanced_nn.threshold.orientation import note_positive, scored_code
from imbalanced_nn.threshold.reject import chow_reject
from imbalanced_nn.threshold.rules import (
    BinaryRule,
    CostRule,
    MulticlassRule,
    MultilabelRule,
    fixed_rule,
    prior_rule,
)
from imbalanced_nn.threshold.scorers import name_of_metric
from imbalanced_nn.threshold.search import ThresholdCurve
from imbalanced_nn.threshold.spread import ThresholdBootstrap
from imbalanced_nn.threshold.tuner import ThresholdTuner
from imbalanced_nn.threshold.tuning_rows import check_rows, checked_positive_code, encode_labels

__all__ = [
    "CUT_AT_PRIOR",
    "BinaryRule",
    "CostRule",
    "MulticlassRule",
    "MultilabelRule",
    "Objective",
    "ThresholdBootstrap",
    "ThresholdCurve",
    "ThresholdTuner",
    "check_cost_matrix",
    "check_rows",
    "check_sample_cost",
    "checked_positive_code",
    "chow_reject",
    "encode_labels",
    "fixed_rule",
    "get_objective",
    "name_of_metric",
    "note_positive",
    "objective_names",
    "prior_rule",
    "scored_code",
]
