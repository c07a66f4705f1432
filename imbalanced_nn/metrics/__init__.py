"""Measures for imbalanced classification, each once, and their intervals."""

from imbalanced_nn.metrics.bootstrap import (
    bootstrap_interval,
    drawn_shares,
    resampled_weights,
    strata_of,
)
from imbalanced_nn.metrics.formulas import (
    AVERAGES,
    MATRIX_FORMULAS,
    averaged,
    net_benefit,
    ratio,
    subset_accuracy,
)
from imbalanced_nn.metrics.measures import (
    MEASURES,
    PRECISION_LEVEL,
    Measure,
    binary_measures,
    measure_label,
    overall_measures,
    recall_at_precision,
    two_class_measures,
)
from imbalanced_nn.metrics.one_vs_rest import BinaryProblem, BinarySums, equal_mass_bins
from imbalanced_nn.metrics.scores import (
    average_precision,
    break_even_point,
    class_balance_accuracy_score,
)

__all__ = [
    "AVERAGES",
    "MATRIX_FORMULAS",
    "MEASURES",
    "PRECISION_LEVEL",
    "BinaryProblem",
    "BinarySums",
    "Measure",
    "average_precision",
    "averaged",
    "binary_measures",
    "bootstrap_interval",
    "break_even_point",
    "class_balance_accuracy_score",
    "drawn_shares",
    "equal_mass_bins",
    "measure_label",
    "net_benefit",
    "overall_measures",
    "ratio",
    "recall_at_precision",
    "resampled_weights",
    "strata_of",
    "subset_accuracy",
    "two_class_measures",
]
