"""Outputs that are no probabilities: refused with the layer and the cure, whatever the target."""

import keras
import numpy as np
import pytest
from sklearn.datasets import make_classification

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.exceptions import InvalidParameterError
from tests.problems import TRAINING

LOGITS = keras.losses.BinaryCrossentropy(from_logits=True)


@pytest.fixture(scope="module")
def targets():
    """Features, and a target of each kind."""
    X, y = make_classification(
        240, 4, n_informative=3, n_redundant=0, n_classes=3, n_clusters_per_class=1, random_state=0
    )
    labels = np.column_stack([y == 1, y != 2, X[:, 0] > 1]).astype(int)
    return X, {"binary": (y == 1).astype(int), "multiclass": y, "multilabel": labels}


class Hidden(keras.Model):
    """Does not tell what its last layer does."""

    def __init__(self, parts):
        super().__init__()
        self.parts = parts

    def call(self, inputs):
        for part in self.parts:
            inputs = part(inputs)
        return inputs


def build(meta, units=1, activation=None, hidden=False):
    """A network that ends in a layer called ``last``."""
    layers = [keras.layers.Dense(4), keras.layers.Dense(units, activation, name="last")]
    if hidden:
        return Hidden(layers)
    return keras.Sequential([keras.Input(meta["X_shape_"][1:]), *layers])


def classifier(units=1, activation=None, hidden=False, **params):
    """An estimator around such a network."""
    built = {"model__units": units, "model__activation": activation, "model__hidden": hidden}
    return BalancedKerasClassifier(build, epochs=1, random_state=0, **built | params)


SIGMOID, SOFTMAX = r"Set activation='sigmoid' there", r"Set activation='softmax' there"
FREE = rf"{SIGMOID}, or if they are log-odds give a loss with from_logits=True"
REFUSED = [
    ("binary", 1, None, {}, rf"'last' .*not (kept|all) in \[0, 1\]\. {FREE}"),
    ("binary", 1, "tanh", {"loss": "mse"}, rf"{FREE}.*or set calibration=None"),
    ("binary", 1, None, {"calibration": None}, FREE),
    ("binary", 2, "sigmoid", {}, rf"do not sum|rows that sum to .*{SOFTMAX}"),
    ("binary", 2, None, {}, rf"{SOFTMAX}, or"),
    ("multiclass", 3, "sigmoid", {}, SOFTMAX),
    ("multilabel", 3, "softmax", {}, rf"sum to 1, but labels are independent\. {SIGMOID}"),
    ("multilabel", 3, "relu", {}, FREE),
    ("binary", 1, "sigmoid", {"loss": LOGITS}, r"takes .* for log-odds.*Leave out that activation"),
    ("binary", 1, "sigmoid", {"loss": [LOGITS]}, r"from_logits=True and takes .* 'last'"),
    ("multilabel", 3, "sigmoid", {"loss": LOGITS}, r"from_logits=True and takes .* 'last'"),
]


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize(("kind", "units", "activation", "params", "message"), REFUSED)
def test_outputs_of_the_wrong_kind_are_refused(
    targets, monkeypatch, kind, units, activation, params, message, hidden
):
    clf = classifier(units, activation, hidden, **params)
    before = dict(vars(clf))
    X, y = targets[0], targets[1][kind]
    # Few values tell less than a name; a network that cannot be read may have to train first.
    if not hidden:
        monkeypatch.setattr(TRAINING, lambda *a, **k: pytest.fail("trained"))
    with pytest.raises(InvalidParameterError, match=message):
        clf.fit(X, y)
    assert vars(clf) == before


def test_softmax_of_one_unit_is_refused(targets):
    with pytest.raises(InvalidParameterError, match=r"of one unit is always 1.*'sigmoid'"):
        classifier(1, "softmax").fit(targets[0], targets[1]["binary"])


TAKEN = [
    ("binary", 1, "hard_sigmoid", {"loss": "mse"}),
    ("binary", 2, "softmax", {}),
    ("binary", 1, None, {"loss": {"last": LOGITS}}),
    ("multiclass", 3, "softmax", {}),
    ("multilabel", 3, None, {"loss": LOGITS}),
]


@pytest.mark.parametrize(("kind", "units", "activation", "params"), TAKEN)
def test_outputs_of_the_right_kind_are_taken(targets, kind, units, activation, params):
    def functional(meta):
        inputs = keras.Input(meta["X_shape_"][1:])
        return keras.Model(inputs, keras.layers.Dense(units, activation, name="last")(inputs))

    X, y = targets[0], targets[1][kind]
    clf = BalancedKerasClassifier(functional, epochs=1, random_state=0, **params).fit(X, y)
    proba = clf.predict_proba(X)
    assert ((proba >= 0) & (proba <= 1)).all()
    if kind != "multilabel":
        np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-5)


def test_scores_are_left_as_they_are_without_calibration(targets):
    X, y = targets[0], targets[1]["binary"]
    clf = classifier(1, None, loss="mse", calibration=None).fit(X, y)
    raw = clf.model_.predict(X, verbose=0)[:, 0]
    assert raw.min() < 0
    np.testing.assert_allclose(clf.predict_proba(X)[:, 1], raw, rtol=1e-5, atol=1e-6)


class Late(keras.layers.Layer):
    """Leaves [0, 1] once it is trained."""

    def build(self, _):
        self.size = self.add_weight(shape=(), initializer="zeros")

    def call(self, inputs):
        return 0.5 + self.size * inputs


def test_outputs_are_looked_at_after_training_too(targets):
    def late(meta):
        inputs = keras.Input(meta["X_shape_"][1:])
        return keras.Model(inputs, Late(name="late")(keras.layers.Dense(1)(inputs)))

    clf = BalancedKerasClassifier(late, loss="mse", epochs=4, batch_size=-1)
    X, y = targets[0], targets[1]["binary"]
    with pytest.raises(InvalidParameterError, match=r"'late' gives -?\d.* to .*, not all in"):
        clf.set_params(optimizer__learning_rate=1.0, random_state=0).fit(10 * X, y)
    assert not hasattr(clf, "model_")


def test_time_steps_are_looked_at(targets):
    def steps(meta, activation=None):
        inputs = keras.Input(meta["X_shape_"][1:])
        last = keras.layers.TimeDistributed(keras.layers.Dense(1, activation), name="last")
        return keras.Model(inputs, last(inputs))

    X = np.random.default_rng(0).normal(size=(60, 4, 2))
    y = (X[:, :, :1] > 0.8).astype(int)
    clf = BalancedKerasClassifier(steps, epochs=1, random_state=0)
    with pytest.raises(InvalidParameterError, match=rf"'last' has activation='linear'.*{FREE}"):
        clf.fit(X, y)
    assert clf.set_params(model__activation="sigmoid").fit(X, y).predict_proba(X).max() < 1


@pytest.mark.parametrize("method", ["fit", "initialize"])
@pytest.mark.parametrize("hidden", [False, True])
def test_a_given_network_is_looked_at(targets, hidden, method):
    X, y = targets[0], targets[1]["binary"]
    network = build({"X_shape_": X.shape}, hidden=hidden)
    clf = BalancedKerasClassifier(network, epochs=1)
    with pytest.raises(InvalidParameterError, match=rf"'last' .*{FREE}"):
        getattr(clf, method)(X, y)
    assert not clf.initialized_
    # The cure works: nothing was left compiled with the loss that was wrong.
    proba = getattr(clf.set_params(loss=LOGITS), method)(X, y).predict_proba(X)
    raw = np.asarray(network(X.astype("float32")))[:, 0]
    np.testing.assert_allclose(proba[:, 1], 1 / (1 + np.exp(-raw)), rtol=1e-4)
