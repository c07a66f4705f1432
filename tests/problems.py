"""Small problems that tests of several rooms learn from, and what trains on them in a moment."""

import functools

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split

from imbalanced_nn import BalancedKerasClassifier

# What holds of an engine holds of both; that it does under `Model.fit`, too, is looked at apart.
ENGINES = ["graph", pytest.param("keras", marks=pytest.mark.slow)]

TINY = {
    "model": "mlp",
    "model__hidden_layer_sizes": (8,),
    "epochs": 3,
    "batch_size": 32,
    "random_state": 0,
}
"""Parameters of a network that trains in a moment."""

TRAINING = "imbalanced_nn.fitting.course.train_network"
"""What trains a network, for tests in which nothing may be trained."""


def two_classes(n):
    """Return rows of two overlapping classes, one row in six positive, and their labels."""
    return make_classification(n, 6, weights=[0.83], flip_y=0.05, random_state=0)


def rare_class():
    """Return rows of two overlapping classes, one row in twelve positive, and their labels."""
    return make_classification(360, 6, weights=[0.92], flip_y=0.02, random_state=0)


def three_classes(n):
    """Return rows of three overlapping classes of one size, and their labels."""
    return make_classification(n, 6, n_informative=4, n_classes=3, random_state=0)


def few_rows(flip_y=0.01):
    """Return 200 rows of two classes, one in five positive, and their labels."""
    return make_classification(200, 5, weights=[0.8], flip_y=flip_y, random_state=0)


def weights_of(clf):
    """Return all weights of the network in one row."""
    return np.concatenate([weight.ravel() for weight in clf.model_.get_weights()])


@functools.cache
def rare_rows(seed):
    """Return training and new rows of two classes, one row in twenty positive, and their labels."""
    X, y = make_classification(
        6000, 8, n_informative=5, weights=[0.95], flip_y=0.01, random_state=seed
    )
    return train_test_split(X, y, stratify=y, random_state=seed)


@functools.cache
def plainly_trained(seed):
    """Return what a network without any balancing says of the new rows."""
    X, X_new, y, _ = rare_rows(seed)
    return BalancedKerasClassifier("mlp", random_state=seed).fit(X, y).predict_proba(X_new)
