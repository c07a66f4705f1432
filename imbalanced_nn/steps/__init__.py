"""The steps of `BalancedKerasClassifier.fit`: rows, balancing, network, decision."""

from imbalanced_nn.steps.balancing import BalancingSteps
from imbalanced_nn.steps.decision import DecisionSteps
from imbalanced_nn.steps.network import NetworkSteps
from imbalanced_nn.steps.rows import RowSteps

__all__ = ["BalancingSteps", "DecisionSteps", "NetworkSteps", "RowSteps"]
