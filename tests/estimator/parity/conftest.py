"""Both estimators alike, their data and their networks."""

import keras
import numpy as np
import pytest
from scikeras.wrappers import KerasClassifier
from sklearn.datasets import make_multilabel_classification
from tensorflow.python.framework import config

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.datasets import load_thyroid

STEPS_OFF = {
    "sampler": None,
    "class_weight": None,
    "threshold": None,
    "calibration": None,
    "validation_split": 0.0,
    "early_stopping": False,
    "init_bias": None,
}
PARENTS_DEFAULTS = {"optimizer": "rmsprop", "epochs": 1}
QUIET = {"random_state": 7, "shuffle": False, "verbose": 0, "predict__verbose": 0}

# First and second head of the models with two outputs; both inputs of those with two inputs.
N_FIRST = 10


@pytest.fixture(autouse=True)
def same_kernels():
    """Let both use the kernels that a seeded fit of the parent leaves switched on."""
    config.enable_op_determinism()
    yield
    config.disable_op_determinism()


@pytest.fixture(scope="module")
def rows():
    """Every tenth row of the thyroid data, with few classes and many, in float32."""
    X, y = load_thyroid(return_X_y=True)
    X, y = X[::10].astype(np.float32), y[::10]
    multilabel = make_multilabel_classification(200, 12, n_classes=3, random_state=0)
    return {
        "binary": (X, np.where(y == 2, "normal", "ill")),
        "multiclass": (X, np.array(["hyper", "subnormal", "normal"])[y]),
        "onehot": (X, np.eye(3, dtype=int)[y]),
        "multilabel": (multilabel[0].astype(np.float32), multilabel[1]),
    }


def ours(wrapper=BalancedKerasClassifier, /, **params):
    """The estimator with every step off and the parent's defaults."""
    return wrapper(**(STEPS_OFF | PARENTS_DEFAULTS | QUIET | params))


def parents(wrapper=KerasClassifier, /, **params):
    """The parent."""
    return wrapper(**(QUIET | params))


def assert_same_network(left, right):
    weights, expected = left.model_.get_weights(), right.model_.get_weights()
    assert len(weights) == len(expected) > 0
    for one, other in zip(weights, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def assert_same_fit(left, right, X):
    """Weights, history, probabilities and decisions are equal to the last bit."""
    assert_same_network(left, right)
    # The parent renames a metric of the name "auc".
    expected = {name.replace("a_u_c", "auc"): logged for name, logged in right.history_.items()}
    assert dict(left.history_) == expected
    np.testing.assert_array_equal(left.predict(X), right.predict(X))
    proba = left.predict_proba(X)
    expected = right.predict_proba(X)
    if left.predict_proba(X[:50]).shape == right.predict_proba(X[:50]).shape:
        np.testing.assert_array_equal(proba, expected)


def _stack(meta, output, hidden=8):
    """A small network with a random layer."""
    return keras.Sequential(
        [
            keras.Input((meta["n_features_in_"],)),
            keras.layers.Dense(hidden, activation="relu"),
            keras.layers.Dropout(0.2),
            output,
        ]
    )


def sigmoid_network(meta, compile_kwargs):
    model = _stack(meta, keras.layers.Dense(1, activation="sigmoid"))
    model.compile(
        loss="binary_crossentropy", optimizer=compile_kwargs["optimizer"], metrics=["accuracy"]
    )
    return model


def softmax_network(meta, compile_kwargs):
    model = _stack(meta, keras.layers.Dense(meta["n_classes_"], activation="softmax"))
    model.compile(
        loss=compile_kwargs["loss"] or "sparse_categorical_crossentropy",
        optimizer=compile_kwargs["optimizer"],
    )
    return model


def multilabel_network(meta):
    return _stack(meta, keras.layers.Dense(meta["n_classes_"], activation="sigmoid"))


def plain_keywords(hidden, rate=0.1):
    model = keras.Sequential(
        [
            keras.Input((21,)),
            keras.layers.Dense(hidden, activation="relu"),
            keras.layers.Dropout(rate),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(loss="binary_crossentropy", optimizer="sgd")
    return model


def uncompiled(meta, hidden=8):
    return _stack(meta, keras.layers.Dense(1, activation="sigmoid"), hidden)
