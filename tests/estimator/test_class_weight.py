"""Class weights in a fit: what is used, what is given to the network, notes of too much."""

import warnings
from functools import partial

import keras
import numpy as np
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler, RepeatedEditedNearestNeighbours
from sklearn.datasets import make_classification
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import FunctionTransformer

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.weighting import NAMES, class_weights, effective_number
from tests import problems
from tests.problems import three_labels, weights_of

TINY = problems.TINY | {"model__hidden_layer_sizes": (4,), "epochs": 1, "batch_size": 64}


@pytest.fixture(scope="module")
def data():
    """Two overlapping classes, one row in ten "fraud"."""
    X, y = make_classification(400, 6, weights=[0.9], flip_y=0.02, random_state=0)
    return X, np.array(["ok", "fraud"])[y]


@pytest.fixture(scope="module")
def labels():
    """Three labels."""
    return three_labels(200)


def fitted(data, fit_params=None, **params):
    """Fit to all rows."""
    return BalancedKerasClassifier(**TINY | params).fit(*data, **fit_params or {})


def ten_for_fraud(y):
    """Weigh frauds ten times, by label."""
    return {"fraud": 10.0}


def by_position(y):
    """Weigh frauds ten times, by the order of the classes."""
    return np.array([10.0, 1.0])


def name_of(way):
    """Name of a way to weigh, the same in every process."""
    return str(way) if isinstance(way, str | dict) else getattr(way, "__name__", "partial")


WAYS = [*NAMES, {"fraud": 10.0}, ten_for_fraud, partial(effective_number, beta=0.9)]


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("way", WAYS, ids=name_of)
def test_the_network_is_given_weights_of_mean_one(way, weighted, data, weights_given):
    _, y = data
    weight = np.random.default_rng(0).uniform(0.5, 20, len(y)) if weighted else np.ones(len(y))
    weight.flags.writeable = False
    clf = fitted(data, {"sample_weight": weight} if weighted else {}, class_weight=way)
    assert weights_given[0].mean() == pytest.approx(1)
    rows = clf.sample_indices_
    expected = weight[rows] * np.array([clf.class_weight_[label] for label in y[rows]])
    np.testing.assert_allclose(weights_given[0], expected / expected.mean(), rtol=1e-5)
    assert clf.class_weight_["fraud"] > clf.class_weight_["ok"]


def test_square_roots_lie_between_no_weights_and_balanced(data):
    plain, root, balanced = (
        clf.class_weight_["fraud"] / clf.class_weight_["ok"]
        for clf in (fitted(data, class_weight=w) for w in (lambda y: [1, 1], *NAMES[1::-1]))
    )
    assert plain == 1
    assert root == pytest.approx(np.sqrt(balanced))


@pytest.mark.parametrize("way", [ten_for_fraud, by_position])
def test_a_function_that_returns_the_weights_is_as_good_as_the_weights(way, data):
    by_dict = fitted(data, class_weight={"fraud": 10.0})
    by_function = fitted(data, class_weight=way)
    assert by_function.class_weight_ == by_dict.class_weight_
    np.testing.assert_array_equal(weights_of(by_function), weights_of(by_dict))


@pytest.mark.parametrize("sampler", [None, "random_under", "smote"])
def test_a_function_is_given_the_labels_of_the_resampled_training_rows(sampler, data):
    seen = []

    def weigh(y):
        seen.append(y)
        return {}

    clf = fitted(data, class_weight=weigh, sampler=sampler)
    assert set(seen[0]) == {"fraud", "ok"}
    assert len(seen[0]) == len(clf.sample_indices_)
    real = clf.sample_indices_ >= 0
    np.testing.assert_array_equal(seen[0][real], data[1][clf.sample_indices_[real]])


@pytest.mark.parametrize(
    "way", [*NAMES, effective_number, lambda y: np.array([1, 2, 3])], ids=name_of
)
def test_labels_are_weighed_each_on_its_own(way, labels):
    clf = fitted(labels, class_weight=way)
    share = labels[1][clf.sample_indices_].mean(axis=0)
    negative, positive = np.array(list(clf.class_weight_.values())).T
    np.testing.assert_allclose((1 - share) * negative + share * positive, 1)


def test_a_function_of_labels_is_given_the_indicator(labels):
    seen = []

    def weigh(y):
        seen.append(y)
        return {2: 5.0}

    clf = fitted(labels, class_weight=weigh)
    np.testing.assert_array_equal(seen[0], labels[1][clf.sample_indices_])
    negative, positive = clf.class_weight_[2]
    assert positive / negative == pytest.approx(5)


class HiddenTarget(BalancedKerasClassifier):
    """An estimator whose target encoder hides the classes."""

    @property
    def target_encoder(self):
        return FunctionTransformer(lambda y: np.asarray(y == "fraud", dtype=float))


def network(meta):
    """One unit."""
    inputs = keras.Input(meta["X_shape_"][1:])
    model = keras.Model(inputs, keras.layers.Dense(1, "sigmoid")(inputs))
    model.compile("sgd", "binary_crossentropy")
    return model


@pytest.mark.parametrize("way", [*NAMES, ten_for_fraud], ids=name_of)
def test_a_hidden_target_is_weighed_in_the_same_ways(way, data, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "imbalanced_nn.wrapper.compiled_classifier.CompiledKerasClassifier._fit_keras_model",
        lambda self, X, y, sample_weight, **kwargs: seen.append(sample_weight),
    )
    HiddenTarget(network, validation_split=0, class_weight=way).fit(*data)
    fraud = data[1] == "fraud"
    expected = class_weights(way, fraud.astype(int), np.array(["ok", "fraud"]))
    np.testing.assert_allclose(seen[0], expected[fraud.astype(int)])


def test_a_hidden_target_cannot_be_split(data):
    with pytest.raises(InvalidParameterError, match="validation_split=StratifiedKFold.*share"):
        HiddenTarget(network, validation_split=StratifiedKFold(5)).fit(*data)


@pytest.mark.parametrize("ratio", [1000, 1001])
def test_weights_of_more_than_one_to_a_thousand_are_noted(ratio, data):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fitted(data, class_weight={"ok": 0.01, "fraud": ratio / 100}, validation_split=0.5)
    notes = [note for note in caught if getattr(note.message, "code", "") == "INN007"]
    assert len(notes) == (ratio > 1000)
    for note in notes:
        assert "1001 others" in str(note.message)
        assert "'balanced_sqrt', or sampler='balanced_batches'" in str(note.message)
        assert note.filename == __file__


@pytest.mark.filterwarnings(r"ignore:\[INN018\]")
def test_the_span_of_labels_is_that_of_their_sides(labels):
    with pytest.warns(UserWarning, match=r"INN007.*\b2000 others.*'balanced_sqrt'\. See"):
        fitted(labels, class_weight={1: 2000.0})
    # Labels are not weighed against one another.
    fitted(labels, class_weight={0: 100.0, 1: 0.01})


def test_a_weight_of_zero_or_of_an_absent_class_is_no_span(data):
    X, y = data
    fitted(data, class_weight={"ok": 0, "fraud": 1}, threshold=None)
    clf = BalancedKerasClassifier(class_weight={"later": 1e5}, **TINY, threshold=None)
    clf.partial_fit(X, y, classes=["fraud", "later", "ok"])


@pytest.mark.parametrize(
    "sampler", ["random_over", "random_under", "smote", RandomOverSampler(sampling_strategy=0.4)]
)
def test_a_sampler_that_balances_and_weights_that_go_on_are_noted(sampler, data):
    with pytest.warns(UserWarning, match="INN003.*from 1:.* weighs 'fraud' more than 'ok'") as seen:
        fitted(data, sampler=sampler, class_weight={"fraud": 5.0}, validation_split=0.5)
    assert [note.filename for note in seen] == [__file__]


@pytest.mark.parametrize(
    ("sampler", "way"),
    [
        ("tomek_links", {"fraud": 5.0}),
        ("edited_nearest_neighbours", "balanced"),
        (RandomUnderSampler(sampling_strategy={"ok": 250}), "balanced"),
        ("random_over", {"ok": 5.0}),
        # What the sampler has balanced weighs 1 each.
        ("smote", "balanced"),
        ("random_under", "effective_number"),
        (None, {"fraud": 5.0}),
    ],
    ids=str,
)
def test_weights_that_do_not_balance_twice_are_not_noted(sampler, way, data):
    fitted(data, sampler=sampler, class_weight=way)


def test_a_cleaning_sampler_is_none_that_balances():
    # So much overlap that cleaning takes most of the larger class.
    X, y = make_classification(400, 3, n_redundant=0, class_sep=0.1, weights=[0.7], random_state=0)
    sampler = RepeatedEditedNearestNeighbours(n_neighbors=5)
    clf = fitted((X, y), sampler=sampler, class_weight={1: 5.0})
    before, after = clf.class_count_, np.bincount(y[clf.sample_indices_])
    assert after[0] / after[1] < before[0] / before[1] / 2, "else the test could not tell"
