"""With every step off the estimator is its parent; code written for the parent runs unchanged."""

import functools

import keras
import numpy as np
import pandas as pd
import pytest
from scikeras.wrappers import KerasClassifier
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import make_multilabel_classification
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder
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
    assert dict(left.history_) == dict(right.history_)
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


@pytest.mark.parametrize(
    ("kind", "model", "loss"),
    [
        ("binary", sigmoid_network, None),
        ("binary", softmax_network, None),
        ("multiclass", softmax_network, None),
        ("multiclass", softmax_network, "categorical_crossentropy"),
        ("onehot", softmax_network, "categorical_crossentropy"),
        ("multilabel", multilabel_network, "binary_crossentropy"),
    ],
)
def test_equals_the_parent_bit_for_bit(rows, kind, model, loss):
    X, y = rows[kind]
    params = {"model": model, "loss": loss, "epochs": 3}
    assert_same_fit(ours(**params).fit(X, y), parents(**params).fit(X, y), X)


def test_equality_is_of_this_seed(rows):
    X, y = rows["binary"]
    one = ours(model=sigmoid_network).fit(X, y)
    other = parents(model=sigmoid_network, random_state=8).fit(X, y)
    with pytest.raises(AssertionError):
        assert_same_network(one, other)


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


def every_argument(hidden, meta, compile_kwargs, params):
    assert params["model__hidden"] == hidden and params["optimizer"] == "sgd"
    model = _stack(meta, keras.layers.Dense(1, activation="sigmoid"), hidden)
    model.compile(**compile_kwargs)
    return model


def any_keywords(**kwargs):
    model = _stack(kwargs["meta"], keras.layers.Dense(1, activation="sigmoid"), kwargs["hidden"])
    model.compile(**kwargs["compile_kwargs"])
    return model


def uncompiled(meta, hidden=8):
    return _stack(meta, keras.layers.Dense(1, activation="sigmoid"), hidden)


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


def test_sample_weight_of_mean_one_weighs_as_in_the_parent(rows):
    X, y = rows["binary"]
    weight = np.tile([0.5, 1.5], len(y) // 2)
    params = {"model": uncompiled, "loss": "binary_crossentropy", "epochs": 2}
    one = ours(**params).fit(X, y, sample_weight=weight)
    other = parents(**params).fit(X, y, sample_weight=weight.copy())
    assert_same_fit(one, other, X)


def test_warm_start_goes_on(rows):
    X, y = rows["binary"]
    params = {"model": uncompiled, "loss": "binary_crossentropy", "epochs": 2, "warm_start": True}
    one, other = ours(**params), parents(**params)
    for _ in range(2):
        one.fit(X, y)
        other.fit(X, y)
    assert_same_fit(one, other, X)


def test_partial_fit_adds_an_epoch(rows):
    X, y = rows["multiclass"]
    params = {"model": softmax_network, "epochs": 2}
    one, other = ours(**params).fit(X, y), parents(**params).fit(X, y)
    for part in (slice(0, 300), slice(300, None)):
        one.partial_fit(X[part], y[part])
        other.partial_fit(X[part], y[part])
    assert one.current_epoch == other.current_epoch == 4
    assert_same_fit(one, other, X)


def test_partial_fit_starts_with_the_classes_it_is_told(rows):
    X, y = rows["multiclass"]
    classes, first = np.unique(y), np.flatnonzero(y != "hyper")
    one, other = ours(model=softmax_network), parents(model=softmax_network)
    one.partial_fit(X[first], y[first], classes=classes)
    other.partial_fit(X[first], y[first], classes=classes)
    assert one.predict_proba(X).shape == (len(X), 3)
    assert_same_fit(one, other, X)


def prebuilt():
    """A compiled network whose weights are always the same and whose outputs are never 0.5."""
    start = keras.initializers.RandomNormal(seed=3)
    layers = [
        keras.layers.Dense(4, activation="tanh", kernel_initializer=start),
        keras.layers.Dense(1, activation="sigmoid", kernel_initializer=start),
    ]
    model = keras.Sequential([keras.Input((21,)), *layers])
    model.compile(loss="binary_crossentropy", optimizer="sgd")
    return model


def test_prebuilt_model_is_trained_itself(rows):
    X, y = rows["binary"]
    left, right = prebuilt(), prebuilt()
    one, other = ours(model=left).fit(X, y), parents(model=right).fit(X, y)
    assert one.model_ is left
    assert_same_fit(one, other, X)


def test_initialize_makes_a_pretrained_model_predict(rows):
    X, y = rows["binary"]
    one, other = ours(model=prebuilt()), parents(model=prebuilt())
    one.initialize(X, y)
    other.initialize(X, y)
    np.testing.assert_array_equal(one.predict(X), other.predict(X))
    np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))


def zeros(meta):
    output = keras.layers.Dense(1, activation="sigmoid", kernel_initializer="zeros")
    return keras.Sequential([keras.Input((meta["n_features_in_"],)), output])


def test_a_probability_of_one_half_is_decided_as_in_the_parent(rows):
    X, y = rows["binary"]
    params = {"model": zeros, "loss": "binary_crossentropy", "epochs": 0}
    for labels in (y, np.where(y == "ill", "positive", "negative")):
        one, other = ours(**params).fit(X, labels), parents(**params).initialize(X, labels)
        assert (one.predict_proba(X) == 0.5).all()
        np.testing.assert_array_equal(one.predict(X), other.predict(X))


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
def test_initialize_alone_predicts_with_an_uncompiled_network(rows, kind):
    X, y = rows[kind]

    def builder(meta):
        units = 1 if meta["target_type_"] == "binary" else meta["n_classes_"]
        return _stack(meta, keras.layers.Dense(units, activation="sigmoid"))

    one, other = ours(model=builder).initialize(X, y), parents(model=builder).initialize(X, y)
    np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))


def compiled_without_loss(meta, compile_kwargs):
    assert compile_kwargs["loss"] is None
    output = keras.layers.Dense(meta["n_classes_"], activation="softmax")
    model = _stack(meta, output)
    model.compile(**compile_kwargs)
    return model


def test_builder_may_pass_on_the_loss_that_nobody_chose(rows):
    X, y = rows["binary"]
    one = ours(model=compiled_without_loss, optimizer="sgd", optimizer__learning_rate=0.3)
    other = parents(model=softmax_network, optimizer="sgd", optimizer__learning_rate=0.3)
    assert_same_fit(one.fit(X, y), other.fit(X, y), X)


class OwnBuilder:
    """Builds its network itself, as scikeras' guide shows for subclasses."""

    def __init__(self, units=6, random_state=None, **kwargs):
        super().__init__(random_state=random_state, **kwargs)
        self.units = units

    def _keras_build_fn(self, compile_kwargs):
        model = plain_keywords(self.units)
        model.compile(loss="binary_crossentropy", optimizer=compile_kwargs["optimizer"])
        return model


class OursWithOwnBuilder(OwnBuilder, BalancedKerasClassifier):
    pass


class ParentsWithOwnBuilder(OwnBuilder, KerasClassifier):
    pass


def test_subclass_with_its_own_build_function(rows):
    X, y = rows["binary"]
    one = ours(OursWithOwnBuilder, units=4).fit(X, y)
    other = parents(ParentsWithOwnBuilder, units=4).fit(X, y)
    assert one.model_.layers[0].units == 4
    assert_same_fit(one, other, X)


class TwoTargetsEncoder(BaseEstimator, TransformerMixin):
    """Encodes a binary and a multiclass column, as scikeras' guide does."""

    def fit(self, y):
        self.binary_encoder_ = OrdinalEncoder(dtype=np.float32).fit(y[:, :1])
        self.multiclass_encoder_ = OneHotEncoder(sparse_output=False).fit(y[:, 1:])
        self.n_outputs_expected_ = 2
        self.n_classes_ = [2, len(self.multiclass_encoder_.categories_[0])]
        return self

    def transform(self, y):
        return [
            self.binary_encoder_.transform(y[:, :1]),
            self.multiclass_encoder_.transform(y[:, 1:]),
        ]

    def inverse_transform(self, y, return_proba=False):
        if return_proba:
            return np.column_stack(y)
        binary = self.binary_encoder_.inverse_transform((y[0] > 0.5).astype(int))
        one_hot = np.eye(y[1].shape[1])[y[1].argmax(axis=1)]
        return np.column_stack([binary, self.multiclass_encoder_.inverse_transform(one_hot)])

    def get_metadata(self):
        return {"n_outputs_expected_": self.n_outputs_expected_, "n_classes_": self.n_classes_}


class TwoTargets:
    @property
    def target_encoder(self):
        return TwoTargetsEncoder()

    @staticmethod
    def scorer(y_true, y_pred, **kwargs):
        return np.mean(
            [accuracy_score(y_true[:, i], y_pred[:, i], **kwargs) for i in range(y_true.shape[1])]
        )


class OursWithTwoTargets(TwoTargets, BalancedKerasClassifier):
    pass


class ParentsWithTwoTargets(TwoTargets, KerasClassifier):
    pass


def two_heads(meta, compile_kwargs):
    inputs = keras.Input((meta["n_features_in_"],))
    hidden = keras.layers.Dense(8, activation="relu")(inputs)
    binary = keras.layers.Dense(1, activation="sigmoid", name="binary")(hidden)
    several = keras.layers.Dense(meta["n_classes_"][1], activation="softmax", name="several")
    model = keras.Model(inputs, [binary, several(hidden)])
    model.compile(
        loss=["binary_crossentropy", "categorical_crossentropy"],
        optimizer=compile_kwargs["optimizer"],
    )
    return model


def test_two_heads_behind_a_target_encoder(rows):
    X, y = rows["multiclass"]
    y = np.column_stack([(X[:, 1] > 0).astype(int), np.unique(y, return_inverse=True)[1]])
    one = ours(OursWithTwoTargets, model=two_heads, epochs=2).fit(X, y)
    other = parents(ParentsWithTwoTargets, model=two_heads, epochs=2).fit(X, y)
    assert_same_fit(one, other, X)
    assert one.score(X, y) == other.score(X, y)


class TwoInputs:
    @property
    def feature_encoder(self):
        return FunctionTransformer(lambda X: [X[:, :N_FIRST], X[:, N_FIRST:]])


class OursWithTwoInputs(TwoInputs, BalancedKerasClassifier):
    pass


class ParentsWithTwoInputs(TwoInputs, KerasClassifier):
    pass


def two_inputs(meta, compile_kwargs):
    inputs = [keras.Input((N_FIRST,)), keras.Input((meta["n_features_in_"] - N_FIRST,))]
    hidden = [keras.layers.Dense(4, activation="relu")(part) for part in inputs]
    output = keras.layers.Dense(1, activation="sigmoid")(keras.layers.Concatenate()(hidden))
    model = keras.Model(inputs, output)
    model.compile(loss="binary_crossentropy", optimizer=compile_kwargs["optimizer"])
    return model


def test_two_inputs_behind_a_feature_encoder(rows):
    X, y = rows["binary"]
    one = ours(OursWithTwoInputs, model=two_inputs, epochs=2).fit(X, y)
    other = parents(ParentsWithTwoInputs, model=two_inputs, epochs=2).fit(X, y)
    assert_same_fit(one, other, X)


def unbuilt_sequential():
    return keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])


class Subclassed(keras.Model):
    """A network that learns the shape of its input from the first batch."""

    def __init__(self):
        super().__init__()
        self.hidden = keras.layers.Dense(4, activation="tanh")
        self.dropout = keras.layers.Dropout(0.3)
        self.last = keras.layers.Dense(1, activation="sigmoid")

    def call(self, inputs, training=False):
        return self.last(self.dropout(self.hidden(inputs), training=training))


def subclassed():
    return Subclassed()


class FewColumns:
    @property
    def feature_encoder(self):
        return FunctionTransformer(lambda X: X[:, :5])


class OursWithFewColumns(FewColumns, BalancedKerasClassifier):
    pass


@pytest.mark.parametrize("model", [unbuilt_sequential, subclassed])
def test_unbuilt_networks_learn_their_shape_from_encoded_rows(rows, model):
    X, y = rows["binary"]
    clf = ours(OursWithFewColumns, model=model, loss=None, epochs=2).fit(X, y)
    assert clf.model_.get_weights()[0].shape[0] == 5
    assert clf.model_.loss == "binary_crossentropy"
    assert clf.predict_proba(X).shape == (len(X), 2)


@pytest.mark.parametrize("model", [unbuilt_sequential, subclassed])
def test_unbuilt_networks_start_at_the_prior(rows, model):
    X, y = rows["binary"]
    clf = BalancedKerasClassifier(model, epochs=0, validation_split=0.0, random_state=0).fit(X, y)
    prior = np.mean(y == clf.classes_[1])
    np.testing.assert_allclose(
        clf.model_.layers[-1].bias.numpy(), np.log(prior / (1 - prior)), rtol=1e-5
    )


class OwnScorer:
    @staticmethod
    def scorer(y_true, y_pred, **kwargs):
        return -accuracy_score(y_true, y_pred, **kwargs)


class OursWithOwnScorer(OwnScorer, BalancedKerasClassifier):
    pass


def test_scorer_of_a_subclass_is_used(rows):
    X, y = rows["binary"]
    clf = OursWithOwnScorer(model=uncompiled, epochs=1, random_state=0).fit(X, y)
    assert clf.score(X, y) == -accuracy_score(y, clf.predict(X))


def test_score_is_the_parents_accuracy(rows):
    X, y = rows["binary"]
    params = {"model": uncompiled, "loss": "binary_crossentropy", "epochs": 2}
    weight = np.where(y == "ill", 3.0, 1.0)
    one, other = ours(**params).fit(X, y), parents(**params).fit(X, y)
    assert one.score(X, y) == other.score(X, y)
    assert one.score(X, y, sample_weight=weight) == other.score(X, y, sample_weight=weight)


class Spy:
    """Build function that keeps the ``meta`` it is given."""

    def __init__(self):
        self.seen = []

    def builder(self):
        def build(meta):
            self.seen.append(dict(meta))
            units = 1 if meta["target_type_"] == "binary" else meta["n_classes_"]
            return _stack(meta, keras.layers.Dense(units, activation="sigmoid"))

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
    one, other = Spy(), Spy()
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
