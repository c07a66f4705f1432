"""Two-stage training: features on natural data, the last layer on balanced rows."""

import pickle

import keras
import numpy as np
import pytest
from scipy.special import expit
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from imbalanced_nn import BalancedBatches, BalancedKerasClassifier
from imbalanced_nn.exceptions import InvalidParameterError
from tests import problems
from tests.problems import ENGINES, rare_class, slow_but_first, three_classes, three_labels

TINY = problems.TINY | {"epochs": 4}


@pytest.fixture(scope="module")
def data():
    """Two overlapping classes, one row in twelve positive."""
    return rare_class()


def layers_of(clf):
    """Weights of the layers before the last, and of the last."""
    *before, last = [layer.get_weights() for layer in clf.model_.layers if layer.weights]
    return before, last


@pytest.mark.parametrize("engine", ENGINES)
def test_only_the_last_layer_changes_in_the_second_stage(engine, data):
    one, two = (
        BalancedKerasClassifier(head_sampler=sampler, engine=engine, **TINY).fit(*data)
        for sampler in (None, "balanced_batches")
    )
    (before, last), (before_two, last_two) = layers_of(one), layers_of(two)
    for left, right in zip(before, before_two, strict=True):
        for weight, weight_two in zip(left, right, strict=True):
            np.testing.assert_array_equal(weight, weight_two)
    assert not np.allclose(last[0], last_two[0])
    assert one.history_ == two.history_
    assert 1 <= len(two.head_history_["loss"]) <= 4
    assert not hasattr(one, "head_history_")
    np.testing.assert_allclose(two.fit_result_.shares.in_loss, [0.5, 0.5])
    assert all(layer.trainable for layer in two.model_.layers)


def test_the_head_is_the_balanced_logistic_regression_of_the_features(data):
    X, y = data
    one, two = (
        BalancedKerasClassifier(
            "mlp",
            head_sampler=sampler,
            early_stopping=False,
            model__hidden_layer_sizes=(4,),
            model__dropout=0.0,
            epochs=300,
            optimizer__learning_rate=0.005,
            validation_split=0,
            random_state=0,
            batch_size=128,
        ).fit(X, y)
        for sampler in (None, "balanced_batches")
    )
    last = two.model_.layers[-1]
    features = keras.ops.convert_to_numpy(
        keras.Model(two.model_.inputs[0], last.input)(X.astype("float32"))
    )
    balanced = LogisticRegression(C=np.inf, class_weight="balanced", max_iter=10_000)
    expected = balanced.fit(features, y).predict_proba(features)[:, 1]
    off = []
    for clf in (one, two):
        kernel, bias = clf.model_.layers[-1].get_weights()
        off.append(np.abs(expit(features @ kernel + bias)[:, 0] - expected).mean())
    assert off[1] < 0.03
    assert off[0] > 5 * off[1]


def test_no_held_out_row_reaches_either_stage(data):
    X, y = data
    held = BalancedKerasClassifier(**TINY).fit(X, y).validation_indices_
    marked = X.copy()
    marked[held] += 1000
    plain, other = (
        BalancedKerasClassifier(head_sampler="balanced_batches", early_stopping=False, **TINY).fit(
            table, y
        )
        for table in (X, marked)
    )
    for left, right in zip(plain.model_.get_weights(), other.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)


def test_the_second_stage_counts_neither_class_weights_nor_their_share(data):
    clf = BalancedKerasClassifier(
        sampler="random_under",
        class_weight={1: 2},
        head_sampler=BalancedBatches(0.25),
        **TINY,
    )
    with pytest.warns(UserWarning, match="INN003"):
        clf.fit(*data)
    # 26 and 6 of 32 rows.
    np.testing.assert_allclose(clf.fit_result_.shares.in_loss, [26 / 32, 6 / 32])


@pytest.mark.parametrize("kind", slow_but_first(["multiclass", "multilabel", "sequences"]))
def test_kinds_of_data(kind):
    X, y = three_classes(240)
    if kind == "multilabel":
        X, y = three_labels(240)
    if kind == "sequences":
        X = np.repeat(X[:, :, None], 2, axis=2)
    clf = BalancedKerasClassifier(head_sampler="balanced_batches", **TINY).fit(X, y)
    assert clf.predict_proba(X).shape == (240, 3)
    copy = pickle.loads(pickle.dumps(clf))
    np.testing.assert_array_equal(copy.predict(X), clf.predict(X))


def test_an_activation_of_its_own_belongs_to_the_head(data):
    def build(meta):
        return keras.Sequential(
            [
                keras.Input(meta["X_shape_"][1:]),
                keras.layers.Dense(4, "relu"),
                keras.layers.Dense(1),
                keras.layers.Activation("sigmoid"),
            ]
        )

    clf = BalancedKerasClassifier(build, head_sampler="random_over", epochs=2, random_state=0)
    proba = clf.fit(*data).predict_proba(data[0])
    assert ((proba > 0) & (proba < 1)).all()


class Subclassed(keras.Model):
    """A network whose layers' order nothing tells."""

    def __init__(self):
        super().__init__()
        self.hidden = keras.layers.Dense(4)
        self.last = keras.layers.Dense(1, "sigmoid")

    def call(self, inputs):
        return self.last(self.hidden(inputs))


def subclassed():
    """Build it."""
    return Subclassed()


@pytest.mark.parametrize("build", [subclassed, None], ids=["subclassed", "no dense layer"])
def test_a_network_without_a_head_is_refused(build, data):
    def without(meta):
        inputs = keras.Input(meta["X_shape_"][1:])
        hidden = keras.layers.Reshape((-1, 1))(keras.layers.Dense(1, "sigmoid")(inputs))
        return keras.Model(inputs, keras.layers.GlobalAveragePooling1D()(hidden))

    clf = BalancedKerasClassifier(build or without, head_sampler="random_over", epochs=1)
    with pytest.raises(InvalidParameterError, match="head_sampler refits the last dense layer"):
        clf.fit(*data)
    assert not hasattr(clf, "model_")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"head_sampler": "smoet"}, "head_sampler='smoet' is not a known sampler"),
        ({"head_sampler": 3}, "head_sampler"),
        (
            {"head_sampler": "smote", "head_sampler__k": 3},
            "head_sampler__k is not a parameter of SMOTE",
        ),
    ],
)
def test_what_is_no_sampler_is_refused(params, message, data):
    with pytest.raises(ValueError, match=message):
        BalancedKerasClassifier(**TINY | params).fit(*data)


@pytest.mark.slow
def test_probabilities_are_put_back_from_the_second_stage():
    ratios = []
    for seed in range(4):
        X, y = make_classification(6000, 8, n_informative=5, weights=[0.95], random_state=seed)
        X, X_new, y, y_new = train_test_split(X, y, stratify=y, random_state=seed)
        plain, two = (
            BalancedKerasClassifier("mlp", random_state=seed, head_sampler=sampler).fit(X, y)
            for sampler in (None, "balanced_batches")
        )
        ratios.append(
            log_loss(y_new, two.predict_proba(X_new)) / log_loss(y_new, plain.predict_proba(X_new))
        )
    assert np.mean(ratios) < 1.1
