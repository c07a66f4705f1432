"""Small problems that tests of several rooms learn from, and what trains on them in a moment."""

import functools

import numpy as np
import pytest
from scikeras.utils.transformers import ClassifierLabelEncoder
from sklearn.datasets import make_classification, make_multilabel_classification
from sklearn.model_selection import train_test_split

from imbalanced_nn import BalancedKerasClassifier

# What holds of an engine holds of both; that it does under `Model.fit`, too, is looked at apart.
ENGINES = ["graph", pytest.param("keras", marks=pytest.mark.slow)]


def slow_but_first(cases):
    """Return the cases of a test, all slow but the first: others tell which of them it is."""
    first, *others = cases
    return [first, *(pytest.param(case, marks=pytest.mark.slow) for case in others)]


SMALL = {"model": "mlp", "model__hidden_layer_sizes": (8,), "epochs": 3, "random_state": 0}
"""Parameters of a network that trains in a moment."""

TINY = SMALL | {"batch_size": 32}
"""The same in batches of one size, however many rows there are."""

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


def three_labels(n, n_features=6):
    """Return rows with any of three labels, and the indicator of these."""
    return make_multilabel_classification(n, n_features, n_classes=3, random_state=0)


def binary(labels=("ok", "fraud"), n=400):
    """Return rows of two classes that lie apart, one in five of the second, and their labels."""
    X, y = make_classification(n, weights=[0.8], class_sep=2.0, random_state=0)
    return X, np.array(labels)[y]


def multiclass():
    """Return rows of three classes of unequal size that lie apart, and their labels."""
    return make_classification(
        500, n_classes=3, n_informative=5, weights=[0.6, 0.3], class_sep=2.0, random_state=0
    )


def time_steps():
    """Return sequences of four steps with a label each, and these."""
    X = np.random.default_rng(0).normal(size=(120, 4, 3)).astype("float32")
    return X, np.where(X.sum(axis=2) > 1.5, "rare", "usual")[:, :, None]


def network(**params):
    """Return a small estimator, not fitted."""
    return BalancedKerasClassifier(**SMALL | params)


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


class Encoder(ClassifierLabelEncoder):
    """The parent's, under another name."""


class Hidden(BalancedKerasClassifier):
    """Hides its classes by an encoder of its own."""

    @property
    def target_encoder(self):
        return Encoder(loss=self.loss)
