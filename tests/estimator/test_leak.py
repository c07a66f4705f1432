"""No held-out row, nor a copy or blend of one, is resampled, weighted or trained on."""

import keras
import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import StandardScaler

from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner
from imbalanced_nn.networks import RobustNormalization
from imbalanced_nn.sampling import SAMPLERS

# Far beyond any other value: even a millionth of it in a blend would show.
MARK = 1e6
PLAIN = {
    "model": "mlp",
    "model__hidden_layer_sizes": (4,),
    "epochs": 2,
    "early_stopping": False,
    "optimizer": "sgd",
    "random_state": 0,
}
PARAMS = {
    "smote_nc": {"sampler__categorical_features": [3]},
    "kmeans_smote": {"sampler__cluster_balance_threshold": 0.01},
    "instance_hardness_threshold": {"sampler__cv": 2},
}


@pytest.fixture(scope="module")
def data():
    """Rows of two overlapping classes, a categorical column and one to mark rows in; held out."""
    generator = np.random.default_rng(0)
    y = np.where(np.arange(203) < 41, "fraud", "ok")
    X = generator.normal(size=(203, 5))
    X[y == "fraud", :2] += 1.5
    X[:, 3] = generator.integers(0, 3, 203)
    clf = BalancedKerasClassifier(**PLAIN | {"epochs": 0}).fit(X, y)
    return X, y, clf.validation_indices_


def marked(X, held_out):
    """The same rows with the held-out ones marked."""
    X = X.copy()
    X[held_out, 4] = MARK
    return X


class SpyNetwork(keras.Model):
    """Notes the rows of every step it is trained by."""

    seen: list = []  # noqa: RUF012

    def train_step(self, *state_and_data):
        # JAX hands over the values of the variables, too.
        given = keras.utils.unpack_x_y_sample_weight(state_and_data[-1])
        x, y, weight = (None if part is None else np.asarray(part) for part in given)
        self.seen.append((x, y.ravel(), np.ones(len(x)) if weight is None else weight))
        return super().train_step(*state_and_data)


def spy_network(meta):
    """Build a network that notes what it is trained on."""
    inputs = keras.Input(meta["X_shape_"][1:])
    return SpyNetwork(inputs, keras.layers.Dense(1, "sigmoid")(inputs))


@pytest.fixture
def trained_on(monkeypatch):
    """The list of batches that a spy network fills; its labels are 0 for "fraud", 1 for "ok"."""
    seen = []
    monkeypatch.setattr(SpyNetwork, "seen", seen)
    return seen


SPYING = {
    "model": spy_network,
    "run_eagerly": True,
    "batch_size": -1,
    "epochs": 2,
    "optimizer": "sgd",
    "random_state": 0,
}


def spy_on(sampler_class, resampled):
    """Return a sampler that notes the rows it is given."""

    class Spy(sampler_class):
        def fit_resample(self, X, y, **params):
            resampled.append((np.array(X), np.array(y)))
            return super().fit_resample(X, y, **params)

        def draw(self, codes, classes, index, *args):
            resampled.append((index.reshape(-1, 1), codes))
            return super().draw(codes, classes, index, *args)

    return Spy


@pytest.mark.parametrize("name", SAMPLERS)
def test_no_sampler_shows_a_held_out_row_to_the_network(name, data, trained_on, monkeypatch):
    X, y, held_out = data
    resampled = []
    monkeypatch.setitem(SAMPLERS, name, spy_on(SAMPLERS[name], resampled))
    clf = BalancedKerasClassifier(sampler=name, **SPYING, **PARAMS.get(name, {}))
    clf.fit(marked(X, held_out), y)
    np.testing.assert_array_equal(clf.validation_indices_, held_out)
    rest = np.delete(y, held_out)
    for rows, labels in resampled:
        # A sampler that does not look at X is given the numbers of the training rows.
        assert len(rows) == len(labels) == len(rest)
        assert rows.shape[1] == 1 or np.abs(rows).max() < 10
    assert len(resampled) >= 1
    assert len(trained_on) >= 2
    code_of = {
        tuple(row): code
        for row, code in zip(
            np.delete(X, held_out, 0).astype(np.float32), rest == "ok", strict=True
        )
    }
    for rows, labels, _ in trained_on:
        assert np.abs(rows).max() < 10
        for row, label in zip(map(tuple, rows), labels, strict=True):
            assert code_of.get(row, label) == label
    assert not set(clf.sample_indices_) & set(held_out)
    counts = np.bincount(trained_on[0][1].astype(int)).tolist()
    assert counts != [(rest == "fraud").sum(), (rest == "ok").sum()], "the sampler did nothing"


def test_the_mark_would_show_if_the_sampler_came_before_the_split(data):
    X, y, held_out = data
    X_new, _ = SAMPLERS["smote"](random_state=0).fit_resample(marked(X, held_out), y)
    assert (np.abs(X_new[len(X) :]).max(axis=1) >= 10).any()


def test_the_network_is_trained_on_exactly_the_rows_that_were_not_held_out(data, trained_on):
    X, y, held_out = data
    BalancedKerasClassifier(**SPYING).fit(X, y)
    rest = np.setdiff1d(np.arange(len(X)), held_out)
    for rows, labels, _ in trained_on:
        order, expected = np.lexsort(rows.T), X[rest].astype(np.float32)
        np.testing.assert_array_equal(rows[order], expected[np.lexsort(expected.T)])
        assert (labels == 0).sum() == (y[rest] == "fraud").sum()


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"class_weight": "balanced"},
        {"sampler": "random_over"},
        {"sampler": "random_under"},
        {"sampler": "smote"},
        {"sampler": "smote_enn"},
        {"engine": "keras", "sampler": "smote"},
    ],
    ids=str,
)
def test_the_network_does_not_depend_on_what_the_held_out_rows_hold(params, data):
    X, y, held_out = data
    # The best cut of the held-out rows as they are, however little the network has learned.
    params = PLAIN | {"threshold": ThresholdTuner()} | params
    plain, other = (
        BalancedKerasClassifier(**params).fit(table, y) for table in (X, marked(X, held_out))
    )
    for left, right in zip(plain.model_.get_weights(), other.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)
    assert plain.best_score_ != other.best_score_, "but the threshold is learned on them"


@pytest.mark.parametrize(
    "params", [{}, {"class_weight": "balanced"}, {"sampler": "smote"}], ids=str
)
def test_the_weights_of_held_out_rows_weigh_nothing_in_training(params, data):
    X, y, held_out = data
    weight = np.random.default_rng(1).uniform(1, 2, len(X))
    heavy = weight.copy()
    heavy[held_out] *= np.where(y[held_out] == "fraud", 1000, 1)
    plain, other = (
        BalancedKerasClassifier(**PLAIN, **params).fit(X, y, sample_weight=w)
        for w in (weight, heavy)
    )
    for left, right in zip(plain.model_.get_weights(), other.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)
    np.testing.assert_array_equal(plain.class_prior_, other.class_prior_)


def test_class_weights_and_priors_count_the_training_rows_only(data):
    X, y, held_out = data
    clf = BalancedKerasClassifier(class_weight="balanced", **PLAIN).fit(X, y)
    rest = np.delete(y, held_out)
    n_fraud, n_ok = (rest == "fraud").sum(), (rest == "ok").sum()
    assert n_fraud / n_ok != 41 / 162, "else the test could not tell"
    assert clf.class_weight_ == {
        "fraud": pytest.approx(len(rest) / (2 * n_fraud)),
        "ok": pytest.approx(len(rest) / (2 * n_ok)),
    }
    np.testing.assert_allclose(clf.class_prior_, [n_fraud / len(rest), n_ok / len(rest)])


def test_the_normalisation_is_learned_from_the_training_rows_before_resampling(data):
    X, y, held_out = data
    clf = BalancedKerasClassifier(sampler="smote", **PLAIN).fit(marked(X, held_out), y)
    (layer,) = (layer for layer in clf.model_.layers if isinstance(layer, RobustNormalization))
    rest = np.delete(X, held_out, axis=0)
    np.testing.assert_allclose(layer.center, np.median(rest, axis=0), rtol=1e-6, atol=1e-7)
    first, third = np.quantile(rest, [0.25, 0.75], axis=0)
    np.testing.assert_allclose(layer.factor, 1.35 / (third - first), rtol=1e-5)


class Encoder(TransformerMixin, BaseEstimator):
    """Standardises, and notes the rows it was fitted on."""

    def fit(self, X):
        self.n_rows_ = len(X)
        self.scaler_ = StandardScaler().fit(X)
        return self

    def transform(self, X):
        return self.scaler_.transform(X)


class WithEncoder(BalancedKerasClassifier):
    """An estimator with a feature encoder of the user's own."""

    @property
    def feature_encoder(self):
        return Encoder()


def test_a_feature_encoder_of_the_users_own_is_fitted_on_the_training_rows(data):
    X, y, held_out = data
    clf = WithEncoder(sampler="smote", **PLAIN).fit(marked(X, held_out), y)
    rest = np.delete(X, held_out, axis=0)
    assert clf.feature_encoder_.n_rows_ == len(rest)
    np.testing.assert_allclose(clf.feature_encoder_.scaler_.mean_, rest.mean(axis=0))
    np.testing.assert_allclose(clf.feature_encoder_.scaler_.var_, rest.var(axis=0))


def test_held_out_rows_of_ones_own_are_not_trained_on(data, trained_on):
    X, y, held_out = data
    rest = np.setdiff1d(np.arange(len(X)), held_out)
    X = marked(X, held_out)
    clf = BalancedKerasClassifier(sampler="smote", **SPYING)
    clf.fit(X[rest], y[rest], X_val=X[held_out], y_val=y[held_out])
    assert clf.validation_indices_.size == 0
    assert len(trained_on) == 2
    for rows, _, _ in trained_on:
        assert np.abs(rows).max() < 10


def test_a_multilabel_network_is_not_trained_on_held_out_rows(data, trained_on):
    X, y, _ = data
    labels = np.column_stack([y == "fraud", X[:, 0] > 0, X[:, 1] > 0]).astype(int)
    params = PLAIN | {"epochs": 0}
    held_out = BalancedKerasClassifier(**params).fit(X, labels).validation_indices_

    def network(meta):
        inputs = keras.Input(meta["X_shape_"][1:])
        return SpyNetwork(inputs, keras.layers.Dense(3, "sigmoid")(inputs))

    clf = BalancedKerasClassifier(**SPYING | {"model": network}).fit(marked(X, held_out), labels)
    np.testing.assert_array_equal(clf.validation_indices_, held_out)
    for rows, _, _ in trained_on:
        assert len(rows) == len(X) - len(held_out)
        assert np.abs(rows).max() < 10
