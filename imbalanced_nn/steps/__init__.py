"""The steps of `BalancedKerasClassifier`: rows, balancing, network, its head, decision."""

from imbalanced_nn.steps.decision import DecisionSteps
from imbalanced_nn.steps.fitting import FitSteps

__all__ = ["DecisionSteps", "FitSteps"]
