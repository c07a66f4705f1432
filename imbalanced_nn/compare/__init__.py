"""Comparison of imbalance strategies on the same folds."""

from imbalanced_nn.compare.evaluation import GREATER_IS_BETTER
from imbalanced_nn.compare.fit_notes import note_key
from imbalanced_nn.compare.runner import compare_strategies
from imbalanced_nn.compare.strategies import STRATEGIES
from imbalanced_nn.compare.strategy_comparison import StrategyComparison

__all__ = [
    "GREATER_IS_BETTER",
    "STRATEGIES",
    "StrategyComparison",
    "compare_strategies",
    "note_key",
]
