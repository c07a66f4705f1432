"""Parameters and what build functions are told reach what the parent routes them to."""

import functools

import keras
import pandas as pd
import pytest

from .conftest import (
    _stack,
    assert_same_fit,
    ours,
    parents,
    plain_keywords,
    uncompiled,
)

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:.*INN030")]


def every_argument(hidden, meta, compile_kwargs, params):
    assert params["model__hidden"] == hidden and params["optimizer"] == "sgd"
    model = _stack(meta, keras.layers.Dense(1, activation="sigmoid"), hidden)
    model.compile(**compile_kwargs)
    return model


def any_keywords(**kwargs):
    model = _stack(kwargs["meta"], keras.layers.Dense(1, activation="sigmoid"), kwargs["hidden"])
    model.compile(**kwargs["compile_kwargs"])
    return model


ROUTED = {
    "plain keyword": {"model": plain_keywords, "hidden": 5},
    "keyword by prefix": {"model": plain_keywords, "model__hidden": 5, "model__rate": 0.3},
    "meta, compile_kwargs and params": {
        "model": every_argument,
        "model__hidden": 5,
        "optimizer": "sgd",
        "loss": "binary_crossentropy",
    },
    "any keywords": {"model": any_keywords, "hidden": 5, "loss": "binary_crossentropy"},
    "partial": {"model": functools.partial(plain_keywords, rate=0.4), "hidden": 5},
    "optimizer": {
        "model": uncompiled,
        "loss": "binary_crossentropy",
        "optimizer": "SGD",
        "optimizer__learning_rate": 0.03,
        "optimizer__momentum": 0.5,
    },
    "optimizer class": {
        "model": uncompiled,
        "loss": "binary_crossentropy",
        "optimizer": keras.optimizers.Adam,
        "optimizer__learning_rate": 0.03,
    },
    "loss class": {
        "model": uncompiled,
        "loss": keras.losses.BinaryCrossentropy,
        "loss__label_smoothing": 0.2,
    },
    "metrics": {
        "model": uncompiled,
        "loss": "binary_crossentropy",
        "metrics": [keras.metrics.AUC],
        "metrics__0__num_thresholds": 20,
        "metrics__0__name": "auc",
    },
    "metric by name": {
        "model": uncompiled,
        "loss": "binary_crossentropy",
        "metrics": "accuracy",
    },
    "compile": {
        "model": uncompiled,
        "compile__loss": "binary_crossentropy",
        "compile__optimizer": "sgd",
        "compile__run_eagerly": True,
    },
    "fit": {
        "model": uncompiled,
        "loss": "binary_crossentropy",
        "fit__batch_size": 50,
        "fit__epochs": 2,
    },
    "predict": {"model": uncompiled, "loss": "binary_crossentropy", "predict__batch_size": 64},
    "whole batch": {"model": uncompiled, "loss": "binary_crossentropy", "batch_size": -1},
    "callback class": {
        "model": uncompiled,
        "loss": "binary_crossentropy",
        "epochs": 5,
        "callbacks": keras.callbacks.EarlyStopping,
        "callbacks__monitor": "loss",
        "callbacks__patience": 0,
        "callbacks__min_delta": 100.0,
    },
    "callbacks by name": {
        "model": uncompiled,
        "loss": "binary_crossentropy",
        "epochs": 5,
        "callbacks": {"stop": keras.callbacks.EarlyStopping, "nan": keras.callbacks.TerminateOnNaN},
        "callbacks__stop__monitor": "loss",
        "callbacks__stop__patience": 0,
        "callbacks__stop__min_delta": 100.0,
    },
    "fit callbacks": {
        "model": uncompiled,
        "loss": "binary_crossentropy",
        "epochs": 5,
        "fit__callbacks": [keras.callbacks.EarlyStopping],
        "fit__callbacks__0__monitor": "loss",
        "fit__callbacks__0__patience": 1,
        "fit__callbacks__0__min_delta": 100.0,
    },
    "class weight": {
        "model": uncompiled,
        "loss": "binary_crossentropy",
        "class_weight": "balanced",
    },
    "two metrics": {
        "model": uncompiled,
        "loss": "binary_crossentropy",
        "metrics": ["accuracy", keras.metrics.Recall],
        "metrics__1__thresholds": 0.2,
        "metrics__1__name": "recall",
    },
}


@pytest.mark.parametrize("params", ROUTED.values(), ids=ROUTED)
def test_routed_parameters_reach_what_the_parent_routes_them_to(rows, params):
    X, y = rows["binary"]
    assert_same_fit(ours(**params).fit(X, y), parents(**params).fit(X, y), X)


def test_routed_parameters_are_set_later(rows):
    X, y = rows["binary"]
    params = {"model__hidden": 3, "optimizer__learning_rate": 0.2, "epochs": 2}
    start = {"model": uncompiled, "loss": "binary_crossentropy", "optimizer": "sgd"}
    one = ours(**start).set_params(**params).fit(X, y)
    other = parents(**start).set_params(**params).fit(X, y)
    assert one.model_.layers[0].units == 3
    assert_same_fit(one, other, X)


def test_arguments_of_keras_fit_are_passed_on(rows):
    X, y = rows["binary"]
    params = {"model": uncompiled, "loss": "binary_crossentropy"}
    given = {"epochs": 3, "batch_size": 40}
    one, other = ours(**params).fit(X, y, **given), parents(**params).fit(X, y, **given)
    assert len(one.history_["loss"]) == 3
    assert_same_fit(one, other, X)


class Spy:
    """Build function that keeps the ``meta`` it is given."""

    def __init__(self, activation):
        self.seen, self.activation = [], activation

    def builder(self):
        def build(meta):
            self.seen.append(dict(meta))
            units = 1 if meta["target_type_"] == "binary" else meta["n_classes_"]
            return _stack(meta, keras.layers.Dense(units, activation=self.activation))

        return build


# What an earlier fit of the parent leaves behind, by accident, in the next build's meta.
LEFTOVERS = {"model_", "history_"}


@pytest.mark.parametrize("kind", ["binary", "multiclass", "onehot", "multilabel"])
@pytest.mark.parametrize("as_frame", [False, True])
def test_meta_equals_the_parents_in_every_fit(rows, kind, as_frame):
    X, y = rows[kind]
    X = pd.DataFrame(X).add_prefix("x") if as_frame else X
    loss = {
        "multiclass": "sparse_categorical_crossentropy",
        "onehot": "categorical_crossentropy",
    }.get(kind, "binary_crossentropy")
    activation = "softmax" if kind in ("multiclass", "onehot") else "sigmoid"
    one, other = Spy(activation), Spy(activation)
    steps = {"threshold": "balanced_accuracy", "validation_split": 0.3, "calibration": "prior"}
    if kind == "binary":
        steps |= {"sampler": "random_over", "class_weight": "balanced"}
    left = ours(model=one.builder(), loss=loss, **steps)
    right = parents(model=other.builder(), loss=loss)
    for part in (slice(None), slice(0, 150)):
        left.fit(X[part], y[part])
        right.fit(X[part], y[part])
    for meta, expected in zip(one.seen, other.seen, strict=True):
        assert set(meta) == set(expected) - LEFTOVERS
        for name in meta:
            if name in ("target_encoder_", "feature_encoder_"):
                assert type(meta[name]) is type(expected[name])
            else:
                assert repr(meta[name]) == repr(expected[name])
