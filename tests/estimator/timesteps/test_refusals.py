"""Sequences and networks that cannot be used are refused in words."""

import keras
import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.exceptions import InvalidParameterError, TooFewRowsError

from .conftest import TINY, N, T, fitted, network, sequences

layers = keras.layers


def flat(meta):
    """Forget the axis of time."""
    inputs = keras.Input(meta["X_shape_"][1:])
    return keras.Model(inputs, layers.Dense(1, "sigmoid")(layers.Flatten()(inputs)))


def shortened(meta):
    """Lose two steps."""
    inputs = keras.Input(meta["X_shape_"][1:])
    hidden = layers.Conv1D(4, 3)(inputs)
    return keras.Model(inputs, layers.Dense(1, "sigmoid")(hidden))


DATA = sequences()
X, Y, MASK = DATA
ONE_SEQUENCE = np.where(np.arange(N) == 3, 1, 0)[:, None, None] * np.ones((1, T, 1), int)

# Parameters, X, y, other arguments of fit; error, and words of its message.
REFUSED = {
    "sampler": (
        {"sampler": "smote"},
        X,
        Y,
        {},
        InvalidParameterError,
        ["sampler='smote'", "one for each time step", "class_weight='balanced'"],
    ),
    "no axis of time": (
        {"model": flat},
        X,
        Y,
        {},
        InvalidParameterError,
        ["outputs of shape (1,)", "shape (6, 1 or 2)", "return_sequences=True"],
    ),
    "fewer steps": (
        {"model": shortened},
        X,
        Y,
        {},
        InvalidParameterError,
        ["outputs of shape (4, 1)", "shape (6, 1 or 2)", "padding='same'"],
    ),
    "units": (
        {"model__units": 3},
        X,
        Y,
        {},
        InvalidParameterError,
        ["3 output units", "needs 1 or 2"],
    ),
    "fewer steps of X": (
        {"model": None},
        X[:, :4],
        Y,
        {},
        InvalidParameterError,
        ["model=None", "there are 4", "6 labels", "(n_sequences, 6, ...)"],
    ),
    "several labels": (
        {},
        X,
        np.ones((N, T, 2), int),
        {},
        InvalidParameterError,
        ["(120, 6, 2)", "one label for each time step", "one estimator for each"],
    ),
    "four dimensions": ({}, X, Y[..., None], {}, ValueError, ["y has shape", "(n_sequences, "]),
    "one class": ({}, X, 0 * Y, {}, ValueError, ["only one class, 0"]),
    "one class that counts": (
        {},
        X,
        (MASK[:, :, None] == 0).astype(int),
        {"sample_weight": MASK},
        ValueError,
        ["only one class, 0"],
    ),
    "numbers as y": ({}, X, X[:, :, :1], {}, ValueError, ["Unknown label type"]),
    "one sequence of a class": (
        {},
        X,
        ONE_SEQUENCE,
        {},
        TooFewRowsError,
        ["class 1 has 1 row", "at least 2"],
    ),
    "weights of other steps": (
        {},
        X,
        Y,
        {"sample_weight": MASK[:, :5]},
        ValueError,
        ["sample_weight has shape (120, 5)", "for each row", "time steps, of shape (120, 6)"],
    ),
    "negative weights": ({}, X, Y, {"sample_weight": -MASK}, ValueError, ["negative weights"]),
    "zero weights": ({}, X, Y, {"sample_weight": 0 * MASK}, ValueError, ["only zeros"]),
    "y_val of other steps": (
        {},
        X,
        Y,
        {"X_val": X, "y_val": Y[:, :5]},
        ValueError,
        ["rows of shape (5, 1)", "(6, 1)", "sample_weight 0"],
    ),
    "y_val of other labels": (
        {},
        X,
        Y,
        {"X_val": X, "y_val": 4 * Y},
        ValueError,
        ["y_val holds the label 4"],
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_used_is_refused_in_words(case):
    params, X, y, fit_params, error, words = case
    with pytest.raises(error) as raised:
        BalancedKerasClassifier(**TINY | {"model": network} | params).fit(X, y, **fit_params)
    for word in words:
        assert word in str(raised.value)


def test_labels_of_another_form_are_refused_later_on(data):
    X, y, mask = data
    clf = fitted(*data)
    with pytest.raises(ValueError, match="y has 1 dimensions"):
        clf.score(X, y[:, 0, 0])
    with pytest.raises(ValueError, match=r"rows of shape \(5, 1\)"):
        clf.score(X, y[:, :5])
    with pytest.raises(ValueError, match="sample_weight has shape"):
        clf.score(X, y, mask[:, :5])
