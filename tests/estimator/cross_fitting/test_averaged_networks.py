"""The mean of the folds' corrected networks ships; what has none is refused."""

import pickle

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.metrics import balanced_accuracy_score, log_loss
from sklearn.preprocessing import StandardScaler

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.exceptions import InvalidParameterError
from tests.problems import TINY, TRAINING

from .conftest import N, fitted

pytestmark = pytest.mark.slow

SHIFTS = [
    {"sampler": "smote"},
    {"class_weight": "balanced"},
    {"class_weight": "balanced_batch"},
    {"sampler": "random_under", "calibration": None},
    {},
]


@pytest.mark.parametrize("params", SHIFTS, ids=lambda params: str(list(params.values())))
def test_the_mean_of_the_corrected_networks_ships(data, members, params):
    X, _ = data
    clf = fitted(data, **params)
    assert len(members) == 4
    mean = np.mean([member.predict_proba(X) for member, _ in members], axis=0)
    np.testing.assert_allclose(clf.predict_proba(X), mean, rtol=1e-5, atol=1e-6)
    # The network itself gives them, whoever asks.
    np.testing.assert_allclose(clf.model_.predict(X, verbose=0)[:, 0], mean[:, 1], rtol=1e-4)


def mixed(n_classes=3):
    """Rows of three unequal classes."""
    return make_classification(
        N, 8, n_informative=5, n_classes=n_classes, weights=[0.6, 0.3], random_state=1
    )


def test_several_classes_and_labels_are_averaged_at_their_shares(members):
    X, y = mixed()
    labels = np.column_stack([y == 1, y == 2]).astype(int)
    for target in (y, np.eye(3, dtype=int)[y], labels):
        members.clear()
        clf = fitted((X, target), class_weight="balanced")
        mean = np.mean([member.predict_proba(X) for member, _ in members], axis=0)
        np.testing.assert_allclose(clf.predict_proba(X), mean, rtol=1e-4, atol=1e-6)


def build(meta, kind="functional", logits=False):
    """A network of the user's own."""
    last = keras.layers.Dense(1, None if logits else "sigmoid")
    layers = [keras.layers.Dense(8, "relu"), last]
    if kind == "lazy":
        return keras.Sequential(layers)
    if kind == "sequential":
        return keras.Sequential([keras.Input(meta["X_shape_"][1:]), *layers])
    if kind == "subclass":
        return Subclass(layers)
    inputs = keras.Input(meta["X_shape_"][1:])
    return keras.Model(inputs, layers[1](layers[0](inputs)))


class Subclass(keras.Model):
    """A network that does not tell its inputs."""

    def __init__(self, parts):
        super().__init__()
        self.parts = parts

    def call(self, inputs):
        return self.parts[1](self.parts[0](inputs))


@pytest.mark.parametrize("kind", ["functional", "sequential", "lazy", "prebuilt"])
def test_networks_of_ones_own_are_averaged(data, members, kind):
    X, y = data
    params = {"epochs": 2, "random_state": 0, "class_weight": "balanced", "validation_split": 3}
    model = build
    if kind == "prebuilt":
        model = build({"X_shape_": X.shape}, "sequential")
        model.compile("sgd", "binary_crossentropy")
    else:
        params["model__kind"] = kind
    clf = BalancedKerasClassifier(model, **params).fit(X, y)
    mean = np.mean([member.predict_proba(X) for member, _ in members], axis=0)
    np.testing.assert_allclose(clf.predict_proba(X), mean, rtol=1e-4, atol=1e-6)
    twin = pickle.loads(pickle.dumps(clf))
    np.testing.assert_array_equal(twin.predict_proba(X), clf.predict_proba(X))
    if kind == "prebuilt":
        assert isinstance(clf.model_.optimizer, keras.optimizers.SGD)


def test_outputs_that_are_log_odds_are_averaged_as_probabilities(data, members):
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    params = {"model__logits": True, "loss": loss, "sampler": "random_over", "epochs": 2}
    clf = BalancedKerasClassifier(build, validation_split=3, random_state=0, **params).fit(*data)
    mean = np.mean([member.predict_proba(data[0]) for member, _ in members], axis=0)
    np.testing.assert_allclose(clf.predict_proba(data[0]), mean, rtol=1e-4, atol=1e-6)


class OwnEncoder(BalancedKerasClassifier):
    """Learns to scale the features."""

    @property
    def feature_encoder(self):
        return StandardScaler()


REFUSED = [
    (OwnEncoder(**TINY), "each of them has a feature encoder of its own"),
    (BalancedKerasClassifier(build, model__kind="subclass"), "does not tell its inputs"),
    (BalancedKerasClassifier(loss="focal", **TINY), "outputs under loss='focal' are none"),
    (BalancedKerasClassifier(loss="pairwise_auc", **TINY), "outputs under loss='pairwise_auc'"),
]


@pytest.mark.parametrize(("clf", "reason"), REFUSED, ids=lambda value: str(value)[-24:])
def test_what_has_no_mean_is_refused_before_training(data, monkeypatch, clf, reason):
    clf = clone(clf).set_params(validation_split=3, epochs=1)
    with monkeypatch.context() as patch:
        patch.setattr(TRAINING, lambda *a, **k: pytest.fail("trained"))
        with pytest.raises(InvalidParameterError, match=rf"{reason}.*Set ensemble=False"):
            clf.fit(*data)
    assert len(clf.set_params(ensemble=False).fit(*data).validation_indices_) == N


def test_shares_of_deployment_are_those_of_the_whole(data, members):
    clf = fitted(data, priors=[0.98, 0.02])
    natural = np.mean([member.predict_proba(data[0]) for member, _ in members], axis=0)
    odds = natural[:, 1] / natural[:, 0] * (0.02 / 0.98) * clf.class_prior_[0] / clf.class_prior_[1]
    np.testing.assert_allclose(clf.predict_proba(data[0])[:, 1], odds / (1 + odds), rtol=1e-4)


def test_several_inputs_are_averaged():
    def two_inputs(meta):
        inputs = [keras.Input((2,), name="left"), keras.Input((3,), name="right")]
        joined = keras.layers.Concatenate()(inputs)
        return keras.Model(inputs, keras.layers.Dense(1, "sigmoid")(joined))

    class TwoInputs(BalancedKerasClassifier):
        @property
        def feature_encoder(self):
            from sklearn.preprocessing import FunctionTransformer

            return FunctionTransformer(lambda X: [X[:, :2], X[:, 2:]])

    X = np.random.default_rng(0).normal(size=(120, 5))
    y = (X[:, 0] + X[:, 4] > 0.8).astype(int)
    clf = TwoInputs(two_inputs, **{k: v for k, v in TINY.items() if "model" not in k})
    clf.set_params(validation_split=3, epochs=30, optimizer__learning_rate=0.1).fit(X, y)
    assert balanced_accuracy_score(y, clf.predict(X)) > 0.8


@pytest.mark.slow
def test_networks_of_folds_together_are_no_worse_than_one():
    losses = []
    for seed in range(5):
        X, y = make_classification(3000, 10, weights=[0.95], flip_y=0.02, random_state=seed)
        losses.append(
            [
                log_loss(
                    y[1000:],
                    BalancedKerasClassifier("mlp", validation_split=split, random_state=seed)
                    .fit(X[:1000], y[:1000])
                    .predict_proba(X[1000:]),
                )
                for split in (0.2, 5)
            ]
        )
    one, five = np.mean(losses, axis=0)
    assert five < one


def test_an_average_whose_optimizer_wraps_another_is_kept(data):
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam())
    clf = fitted(data, validation_split=2, optimizer=optimizer, epochs=1)
    twin = pickle.loads(pickle.dumps(clf))
    np.testing.assert_array_equal(twin.predict_proba(data[0]), clf.predict_proba(data[0]))
