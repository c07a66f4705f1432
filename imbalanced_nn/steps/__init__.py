"""The steps of `BalancedKerasClassifier.fit`: rows, network, decision."""

from imbalanced_nn.steps.decision import DecisionSteps
from imbalanced_nn.steps.network import NetworkSteps
from imbalanced_nn.steps.rows import RowSteps

__all__ = ["DecisionSteps", "NetworkSteps", "RowSteps"]
