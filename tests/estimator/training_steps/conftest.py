"""Rows of two classes, a small fit to them, and the rows of its epochs."""

import numpy as np
import pytest
from sklearn.datasets import make_classification

from imbalanced_nn import BalancedKerasClassifier

TINY = {
    "model": "mlp",
    "model__hidden_layer_sizes": (8,),
    "epochs": 3,
    "batch_size": 32,
    "random_state": 0,
}


@pytest.fixture(scope="module")
def data():
    """Two overlapping classes, one row in six positive."""
    return make_classification(240, 6, weights=[0.83], flip_y=0.05, random_state=0)


def fitted(data, fit_params=None, **params):
    """Fit to all rows."""
    return BalancedKerasClassifier(**TINY | params).fit(*data, **fit_params or {})


def weights_of(clf):
    """All weights of the network in one row."""
    return np.concatenate([weight.ravel() for weight in clf.model_.get_weights()])
