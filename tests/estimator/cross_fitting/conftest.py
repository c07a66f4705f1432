"""Rows of two classes, a small cross-fit to them, and the estimators of its folds."""

import pytest
from sklearn.datasets import make_classification

from imbalanced_nn import BalancedKerasClassifier

TINY = {"model__hidden_layer_sizes": (8,), "epochs": 3, "batch_size": 32, "random_state": 0}
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
    """The estimators of the folds, as they are fitted."""
    seen = []
    fit_members = BalancedKerasClassifier._fit_members

    def spy(self, given, folds):
        estimators = fit_members(self, given, folds)
        seen.extend(zip(estimators, folds, strict=True))
        return estimators

    monkeypatch.setattr(BalancedKerasClassifier, "_fit_members", spy)
    return seen
