"""Sequences of unequal length with a label for each step."""

import keras
import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier

N, T = 120, 6
TINY = {"epochs": 2, "batch_size": 16, "random_state": 0}
layers = keras.layers


def network(meta, activation=None, units=None):
    """Each step by itself, so that padded steps cannot reach the others."""
    units = units or (1 if meta["target_type_"] == "binary" else meta["n_classes_"])
    activation = activation or ("sigmoid" if units == 1 else "softmax")
    inputs = keras.Input(meta["X_shape_"][1:])
    hidden = layers.Dense(8, "relu")(inputs)
    return keras.Model(inputs, layers.Dense(units, activation)(hidden))


def sequences(n_classes=2, n=N, seed=0):
    """Sequences of unequal length: X, y of three dimensions, and 0/1 weights of the steps."""
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(n, T, 3)).astype("float32")
    score = X[:, :, 0] + 0.5 * generator.normal(size=(n, T))
    y = np.digitize(score, [1.2, 1.8][: n_classes - 1])[:, :, None]
    mask = (np.arange(T) < generator.integers(2, T + 1, size=n)[:, None]).astype(float)
    # Some are padded in front, some at the end.
    mask[::2] = mask[::2, ::-1]
    return X, y, mask


def fitted(X, y, sample_weight=None, fit_params=None, **params):
    """Fit a tiny network that looks at each step by itself."""
    clf = BalancedKerasClassifier(**TINY | {"model": network} | params)
    return clf.fit(X, y, sample_weight, **fit_params or {})


@pytest.fixture(scope="module")
def data():
    """Two classes, one step in eight positive."""
    return sequences()
