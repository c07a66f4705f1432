"""Rows of two and of three classes, of which half are fitted to."""

import numpy as np
import pytest
from sklearn.datasets import make_classification

from imbalanced_nn import BalancedKerasClassifier
from tests import problems

TINY = problems.TINY | {"epochs": 6}
N = 400


@pytest.fixture(scope="module")
def binary():
    """Two overlapping classes, one row in six positive."""
    return problems.two_classes(2 * N)


@pytest.fixture(scope="module")
def multiclass():
    """Three overlapping classes of very unequal size."""
    return make_classification(
        2 * N, 8, n_informative=5, n_classes=3, weights=[0.7, 0.2], random_state=1
    )


def fitted(data, **params):
    """Fit to the first half of the rows."""
    X, y = data
    return BalancedKerasClassifier(**TINY | params).fit(X[:N], y[:N])


def new(data):
    """The other half."""
    return data[0][N:], data[1][N:]


def held_out(clf, data):
    """Held-out rows and the probabilities of their classes."""
    X, y = (part[clf.validation_indices_] for part in data)
    return y, clf.predict_proba(X)


def cut_of(clf):
    """The rule of a classifier as numbers."""
    return np.atleast_1d(clf.best_threshold_).tolist()
