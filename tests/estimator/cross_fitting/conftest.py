"""Rows of two classes, a small cross-fit to them, and the estimators of its folds."""

import importlib

import pytest

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.fitting import FitResult, attributes_of
from imbalanced_nn.fitting.decision import fixed_decision
from tests.problems import TINY, two_classes

# The room's face shows the function of that name.
cross_fit = importlib.import_module("imbalanced_nn.fitting.cross_fit")

N = 360


@pytest.fixture(scope="module")
def data():
    """Two overlapping classes, one row in six positive."""
    return two_classes(N)


def fitted(data, fit_params=None, **params):
    """Fit to all rows."""
    return BalancedKerasClassifier(**TINY | {"validation_split": 4} | params).fit(
        *data, **fit_params or {}
    )


@pytest.fixture
def members(monkeypatch):
    """Estimators that answer as the networks of the folds do, and their folds."""
    seen = []
    train_members = cross_fit._train_members

    def spy(plan):
        members = train_members(plan)
        for member, fold in zip(members, plan.folds, strict=True):
            estimator, trained = member.factory.estimator, member.trained
            decision = fixed_decision(None, plan.target)
            known = (plan.target, trained.shares, trained.posterior, decision, trained.held_out)
            vars(estimator).update(attributes_of(FitResult(*known), trained))
            seen.append((estimator, fold))
        return members

    monkeypatch.setattr(cross_fit, "_train_members", spy)
    return seen
