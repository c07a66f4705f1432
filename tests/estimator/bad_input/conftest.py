"""Rows of two classes, and an estimator fitted to them."""

import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier
from tests import problems

TINY = problems.TINY | {"model__hidden_layer_sizes": (4,), "epochs": 2}

X, Y = problems.few_rows(flip_y=0.02)
NAMED = np.array(["ok", "fraud"])[Y]


def with_value(value):
    """X with one bad value."""
    changed = X.copy()
    changed[7, 2] = value
    return changed


def only(n):
    """Labels of which n rows are fraud."""
    return np.where(np.arange(len(X)) < n, "fraud", "ok")


@pytest.fixture(scope="module")
def fitted_once():
    """An estimator that was fitted, its weights and its predictions."""
    clf = BalancedKerasClassifier(**TINY, threshold="f1", sampler="random_over").fit(X, NAMED)
    return clf, clf.model_.get_weights(), clf.predict_proba(X)


@pytest.fixture
def fitted(fitted_once):
    """The same, with the parameters that a test sets taken back."""
    clf, weights, proba = fitted_once
    attributes = {
        name: set(value) if isinstance(value, set) else value for name, value in vars(clf).items()
    }
    yield clf, weights, proba
    vars(clf).clear()
    vars(clf).update(attributes)
