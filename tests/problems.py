"""Small problems that tests of several rooms learn from, and what is trained on them once."""

import functools

import pytest
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split

from imbalanced_nn import BalancedKerasClassifier

# What holds of an engine holds of both; that it does under `Model.fit`, too, is looked at apart.
ENGINES = ["graph", pytest.param("keras", marks=pytest.mark.slow)]


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
