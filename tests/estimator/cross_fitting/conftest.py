"""Rows of two classes, a small cross-fit to them, and the estimators of its folds."""

import importlib

import pytest
from sklearn.datasets import make_classification

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.fitting import FitResult, attributes_of
from imbalanced_nn.fitting.decision import fixed_decision

# The room's face shows the function of that name.
cross_fit = importlib.import_module("imbalanced_nn.fitting.cross_fit")

TINY = {
    "model": "mlp",
    "model__hidden_layer_sizes": (8,),
    "epochs": 3,
    "batch_size": 32,
    "random_state": 0,
}
N = 360


@pytest.fixture(scope="module")
def data():
    """Two overlapping classes, one row in six positive."""
    return make_classification(N, 6, weights=[0.83], flip_y=0.05, random_state=0)


def fitted(data, fit_params=None, **params):
    """Fit to all rows."""
    return BalancedKerasClassifier(**TINY | {"validation_split": 4} | params).fit(
        *data, **fit_params or {}
    )


@pytest.fixture
def members(monkeypatch):
    """Estimators that answer as the networks of the folds do, and their folds."""
    seen = []
    train_member = cross_fit._train_member

    def spy(plan, number, fold, likely):
        member = train_member(plan, number, fold, likely)
        estimator, trained = member.factory.estimator, member.trained
        decision = fixed_decision(None, plan.target)
        known = (plan.target, trained.shares, trained.posterior, decision, trained.held_out)
        vars(estimator).update(attributes_of(FitResult(*known), trained))
        seen.append((estimator, fold))
        return member

    monkeypatch.setattr(cross_fit, "_train_member", spy)
    return seen
