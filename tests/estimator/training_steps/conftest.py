"""Rows of two classes, a small fit to them, and the rows of its epochs."""

import pytest

from imbalanced_nn import BalancedKerasClassifier
from tests.problems import TINY, two_classes


@pytest.fixture(scope="module")
def data():
    """Two overlapping classes, one row in six positive."""
    return two_classes(240)


def fitted(data, fit_params=None, **params):
    """Fit to all rows."""
    return BalancedKerasClassifier(**TINY | params).fit(*data, **fit_params or {})
