"""Comparison of imbalance strategies on the same folds."""

from imbalanced_nn.compare.result import StrategyComparison
from imbalanced_nn.compare.runner import compare_strategies
from imbalanced_nn.compare.strategies import STRATEGIES

__all__ = ["STRATEGIES", "StrategyComparison", "compare_strategies"]
