"""Subclasses written for the parent, their encoders and scorers, run unchanged."""

import keras
import numpy as np
import pytest
from scikeras.wrappers import KerasClassifier
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder

from imbalanced_nn import BalancedKerasClassifier

from .conftest import (
    N_FIRST,
    assert_same_fit,
    ours,
    parents,
    plain_keywords,
    uncompiled,
)


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


@pytest.mark.slow
def test_two_heads_behind_a_target_encoder(rows):
    X, y = rows["multiclass"]
    y = np.column_stack([(X[:, 1] > 0).astype(int), np.unique(y, return_inverse=True)[1]])
    one = ours(OursWithTwoTargets, model=two_heads, epochs=2).fit(X, y)
    other = parents(ParentsWithTwoTargets, model=two_heads, epochs=2).fit(X, y)
    assert_same_fit(one, other, X)
    assert one.score(X, y) == other.score(X, y)


def test_two_heads_that_diverge_are_refused(rows):
    X, y = rows["multiclass"]
    y = np.column_stack([(X[:, 1] > 0).astype(int), np.unique(y, return_inverse=True)[1]])
    clf = ours(OursWithTwoTargets, model=two_heads, epochs=2, optimizer__learning_rate=1e30)
    with pytest.raises(ValueError, match="weights are no longer finite: training diverged"):
        clf.fit(X, y)
    assert not clf.initialized_


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


@pytest.mark.slow
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


@pytest.mark.parametrize("batch_size", [None, 16])
@pytest.mark.parametrize("model", [unbuilt_sequential, subclassed])
def test_unbuilt_networks_are_trained_in_batches(rows, model, batch_size):
    X, y = rows["binary"]
    clf = ours(BalancedKerasClassifier, model=model, loss=None, epochs=1, batch_size=batch_size)
    clf.fit(X, y)
    n_steps = -(-len(clf.sample_indices_) // (batch_size or 32))
    assert int(clf.model_.optimizer.iterations) == n_steps
    assert clf.engine_.startswith("graph")


def test_unbuilt_networks_that_carry_states_ask_for_a_batch_size():
    def carrying():
        return keras.Sequential([keras.layers.LSTM(2, stateful=True), keras.layers.Dense(1)])

    X, y = np.zeros((40, 4, 3)), np.arange(40) % 2
    with pytest.raises(ValueError, match=r"Input\(batch_shape=\(32, 4, 3\)\)"):
        BalancedKerasClassifier(carrying, epochs=1).fit(X, y)


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
