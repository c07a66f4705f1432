"""The balancing steps inside the estimator: batches, redraws, schedules, weights in a batch."""

import pickle
import warnings

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.datasets import make_multilabel_classification
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from imbalanced_nn import BalancedBatches, BalancedKerasClassifier
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.training import RowBatches
from imbalanced_nn.weighting import batch_shares
from tests.problems import (
    ENGINES,
    TINY,
    plainly_trained,
    rare_class,
    rare_rows,
    slow_but_first,
    weights_of,
)

SLOW = pytest.mark.slow


@pytest.fixture(scope="module")
def data():
    """Two overlapping classes, one row in twelve positive."""
    return rare_class()


@pytest.fixture
def batches_seen(monkeypatch):
    """Labels and weights of each batch, as both engines take them, epoch by epoch."""
    seen = []
    begin = RowBatches.on_epoch_begin

    def spy(batches):
        begin(batches)
        seen.append([batches[i] for i in range(len(batches))])

    monkeypatch.setattr(RowBatches, "on_epoch_begin", spy)
    return seen


@pytest.mark.parametrize("engine", ENGINES)
def test_each_batch_holds_the_quota(engine, data, batches_seen):
    X, y = data
    clf = BalancedKerasClassifier(sampler="balanced_batches", engine=engine, **TINY).fit(X, y)
    assert clf.sampler_.quotas_ == {0: 16, 1: 16}
    for epoch in batches_seen:
        assert len(epoch) == clf.sampler_.steps_per_epoch_
        assert all(labels.sum() == 16 == len(labels) / 2 for _, labels in epoch)
    rare = np.flatnonzero(y == 1)
    train = np.setdiff1d(np.arange(len(y)), clf.validation_indices_)
    assert set(clf.sample_indices_) >= set(rare) & set(train)
    assert set(clf.sample_indices_) <= set(train)
    assert clf.sampler_.coverage_[1] == 1
    expected = min(
        1, len(batches_seen) * clf.sampler_.steps_per_epoch_ * 16 / (y[train] == 0).sum()
    )
    assert clf.sampler_.coverage_[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    "params",
    [
        {"sampler": "balanced_batches"},
        pytest.param({"sampler": "balanced_batches", "class_weight": {1: 0.5}}, marks=SLOW),
        pytest.param({"sampler": "balanced_batches", "balancing_schedule": "linear"}, marks=SLOW),
        pytest.param({"sampler": "random_over", "balancing_schedule": "cosine"}, marks=SLOW),
        pytest.param({"sampler": "smote", "resample_every": "epoch"}, marks=SLOW),
        pytest.param(
            {"sampler": "smote_enn", "resample_every": "epoch", "class_weight": {1: 0.5}},
            marks=SLOW,
        ),
        pytest.param({"class_weight": "balanced_batch"}, marks=SLOW),
    ],
    ids=str,
)
def test_both_engines_train_the_same_network(params, data):
    graph, plain = (
        BalancedKerasClassifier(engine=engine, **TINY, **params).fit(*data)
        for engine in ("graph", "keras")
    )
    np.testing.assert_array_equal(weights_of(graph), weights_of(plain))
    assert graph.best_threshold_ == plain.best_threshold_
    assert len(graph.history_["loss"]) == 3


def test_dataset_and_estimator_deal_the_same_batches(data):
    X, y = data
    clf = BalancedKerasClassifier(
        sampler=BalancedBatches(0.5, random_state=3), validation_split=0, threshold=None, **TINY
    ).fit(X, y)
    dataset = BalancedBatches(0.5, random_state=3).dataset(X, y)
    dealt = np.concatenate([batch for batch, _ in dataset])
    np.testing.assert_array_equal(dealt, X[clf.sample_indices_].astype("float32"))


@pytest.mark.parametrize("labels", [["ok", "fraud"], [False, True], [-1, 1]])
def test_shares_by_original_label(labels, data):
    X, y = data
    y = np.array(labels)[y]
    clf = BalancedKerasClassifier(
        sampler="balanced_batches", sampler__sampling_strategy={labels[1]: 0.25}, **TINY
    ).fit(X, y)
    assert clf.sampler_.quotas_ == {labels[0]: 24, labels[1]: 8}
    np.testing.assert_allclose(
        clf.fit_result_.shares.in_loss[clf.classes_.tolist().index(labels[1])], 0.25
    )


def test_priors_count_the_weights_of_rows_as_an_epoch_shows_them(data):
    X, y = data
    weight = np.random.default_rng(0).uniform(0.5, 3, len(y))
    clf = BalancedKerasClassifier(sampler="balanced_batches", class_weight={1: 0.5}, **TINY).fit(
        X, y, sample_weight=weight
    )
    train = np.setdiff1d(np.arange(len(y)), clf.validation_indices_)
    means = np.array([weight[train][y[train] == k].mean() for k in (0, 1)]) * [1, 0.5]
    np.testing.assert_allclose(clf.fit_result_.shares.in_loss, means / means.sum())
    natural = np.bincount(y[train], weights=weight[train])
    np.testing.assert_allclose(clf.class_prior_, natural / natural.sum())


def test_a_schedule_is_undone_from_the_shares_of_the_epoch_that_ships(data):
    X, y = data
    params = TINY | {"epochs": 8, "patience": 3}
    clf = BalancedKerasClassifier(
        sampler="balanced_batches", balancing_schedule="linear", **params
    ).fit(X, y)
    history = clf.history_["val_log_loss"]
    assert 2 <= len(history) <= 8
    held = clf.validation_indices_
    shipped = log_loss(y[held], clf.predict_proba(X[held]))
    assert min(abs(shipped - value) for value in history) < 1e-6, "weights and prior go together"
    # Arrives after twice the patience; before, the share of the rare class rises.
    quotas = [clf.sampler_.quotas_[1]]
    assert quotas == [16]


def test_a_schedule_without_early_stopping_ends_balanced(data):
    clf = BalancedKerasClassifier(
        sampler="balanced_batches", balancing_schedule="linear", early_stopping=False, **TINY
    ).fit(*data)
    np.testing.assert_allclose(clf.fit_result_.shares.in_loss, [0.5, 0.5])


def test_synthetic_rows_change_from_epoch_to_epoch(data, batches_seen):
    for every, fresh in (("epoch", True), ("auto", False)):
        batches_seen.clear()
        BalancedKerasClassifier(
            sampler="smote", resample_every=every, shuffle=False, engine="keras", **TINY
        ).fit(*data)
        first, second = (
            np.concatenate([batch[0] for batch in epoch]) for epoch in batches_seen[:2]
        )
        assert first.shape == second.shape
        known = {tuple(row) for row in data[0].astype("float32")}
        real = [tuple(row) in known for row in first]
        np.testing.assert_array_equal(first[real], second[real])
        assert np.array_equal(first, second) is not fresh


def reference_weights(labels, weight):
    """Weights that make a batch's loss the mean over its classes of the class mean."""
    classes = np.unique(labels)
    out = np.zeros(len(labels))
    for label in classes:
        mine = labels == label
        out[mine] = weight[mine] / weight[mine].sum() * len(labels) / len(classes)
    return out


@pytest.mark.parametrize("weighted", [False, True])
def test_each_batch_weighs_its_classes_equally(weighted, data, batches_seen):
    X, y = data
    weight = np.random.default_rng(0).uniform(0.5, 3, len(y)) if weighted else None
    clf = BalancedKerasClassifier(class_weight="balanced_batch", engine="keras", **TINY).fit(
        X, y, sample_weight=weight
    )
    own_weight = np.ones(len(y)) if weight is None else weight
    given = dict(zip(map(tuple, X.astype("float32")), own_weight, strict=True))
    for rows, labels, weights in batches_seen[0]:
        own = np.array([given[tuple(row)] for row in rows])
        np.testing.assert_allclose(weights, reference_weights(labels.ravel(), own), rtol=1e-5)
    assert clf.class_weight_[1] > clf.class_weight_[0]


@given(
    counts=st.lists(st.integers(1, 300), min_size=2, max_size=5),
    size=st.integers(4, 64),
)
@settings(max_examples=15)
def test_the_shares_of_classes_within_batches_are_those_of_random_batches(counts, size):
    counts = np.array(counts)
    generator = np.random.default_rng(0)
    size = min(size, counts.sum())
    drawn = generator.multivariate_hypergeometric(counts, size, 40_000, method="count") > 0
    simulated = (drawn / drawn.sum(axis=1, keepdims=True)).mean(axis=0)
    # Absences are taken as independent: a few parts in a hundred of a share at the most.
    np.testing.assert_allclose(batch_shares(counts, size), simulated, atol=0.02)


def test_balanced_batches_have_nothing_to_weigh_within(data):
    equal, plain = (
        BalancedKerasClassifier(sampler="balanced_batches", class_weight=weight, **TINY).fit(*data)
        for weight in ("balanced_batch", None)
    )
    np.testing.assert_array_equal(weights_of(equal), weights_of(plain))
    assert equal.class_weight_ == {0: 1.0, 1: 1.0}


@pytest.mark.slow
@pytest.mark.parametrize(
    "params",
    [
        {"sampler": "balanced_batches"},
        {"sampler": BalancedBatches({1: 0.3})},
        {"sampler": "balanced_batches", "balancing_schedule": "cosine"},
        {"sampler": "random_under", "balancing_schedule": "linear"},
        {"class_weight": "balanced_batch"},
        {"sampler": "smote", "resample_every": "epoch"},
    ],
    ids=str,
)
def test_probabilities_are_at_natural_prevalence_whatever_the_balancing(params):
    ratios, means = [], []
    for seed in range(3):
        X, X_new, y, y_new = rare_rows(seed)
        clf = BalancedKerasClassifier("mlp", random_state=seed, **params).fit(X, y)
        plain, balanced = plainly_trained(seed), clf.predict_proba(X_new)
        ratios.append(log_loss(y_new, balanced) / log_loss(y_new, plain))
        means.append(balanced[:, 1].mean() / y_new.mean())
    assert np.mean(ratios) < 1.15
    assert 0.8 < np.mean(means) < 1.25


def test_label_sets_are_balanced_and_each_label_is_put_back():
    X, Y = make_multilabel_classification(600, 8, n_classes=4, n_labels=1, random_state=0)
    Y[np.random.default_rng(0).random(600) < 0.9, 3] = 0
    clf = BalancedKerasClassifier(sampler="balanced_batches", **TINY).fit(X, Y)
    assert "other sets" in clf.sampler_.quotas_
    train = np.setdiff1d(np.arange(600), clf.validation_indices_)
    np.testing.assert_allclose(clf.class_prior_, Y[train].mean(axis=0))
    assert clf.fit_result_.shares.in_loss[3] > 2 * clf.class_prior_[3]
    assert clf.predict(X).shape == (600, 4)
    with pytest.raises(
        InvalidParameterError, match="'balanced_batches', which has quotas for sets"
    ):
        BalancedKerasClassifier(sampler="random_over", **TINY).fit(X, Y)
    with pytest.raises(
        InvalidParameterError, match="'balanced_batch'.* takes one known label per row"
    ):
        BalancedKerasClassifier(class_weight="balanced_batch", **TINY).fit(X, Y)


@pytest.mark.parametrize("shape", slow_but_first([(12, 2), (6, 6, 1)]))
def test_sequences_and_images(shape):
    X = np.random.default_rng(0).normal(size=(200, *shape))
    y = np.repeat([0, 1], [180, 20])
    X[y == 1] += 1
    clf = BalancedKerasClassifier("mlp", sampler="balanced_batches", epochs=2, random_state=0).fit(
        X, y
    )
    assert clf.predict_proba(X).shape == (200, 2)


def test_sparse_and_memory_mapped_data_are_read_batch_by_batch(data, tmp_path):
    X, y = data
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    dense, *others = (
        BalancedKerasClassifier(sampler="balanced_batches", engine=engine, **TINY).fit(table, y)
        for table, engine in ((X, "keras"), (mapped, "auto"), (sparse.csr_array(X), "auto"))
    )
    for clf in others:
        np.testing.assert_array_equal(weights_of(clf), weights_of(dense))


def test_partial_fit_goes_on_dealing_where_it_stopped(data):
    X, y = data
    clf = BalancedKerasClassifier(sampler="balanced_batches", **TINY)
    seen = []
    for _ in range(3):
        clf.partial_fit(X, y)
        seen.append(set(clf.sample_indices_[y[clf.sample_indices_] == 0]))
    assert seen[0] != seen[1] != seen[2]
    np.testing.assert_allclose(clf.fit_result_.shares.in_loss, [0.5, 0.5])


def test_strategies_are_searched_on_one_grid(data):
    grid = {"sampler": [None, "balanced_batches", BalancedBatches(0.3)]}
    search = GridSearchCV(
        BalancedKerasClassifier(**TINY), grid, scoring="average_precision", cv=StratifiedKFold(2)
    ).fit(*data)
    assert len(search.cv_results_["params"]) == 3
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    copy = pickle.loads(pickle.dumps(search.best_estimator_))
    np.testing.assert_array_equal(copy.predict(data[0]), search.predict(data[0]))


def test_a_fitted_sampler_keeps_no_rows(data):
    X, y = (np.tile(part, (20, 1)[: part.ndim]) for part in data)
    clf = BalancedKerasClassifier(sampler="balanced_batches", **TINY | {"epochs": 1}).fit(X, y)
    assert len(pickle.dumps(clf.sampler_)) < 2000


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"balancing_schedule": "linear"}, "'linear' needs a sampler to arrive at"),
        (
            {"sampler": "balanced_batches", "resample_every": "fit"},
            "'balanced_batches' deals fresh rows in every epoch",
        ),
        ({"sampler": "smote", "balancing_schedule": "linear"}, "rows that are drawn anew"),
        ({"sampler": "tomek_links", "resample_every": "epoch"}, "draws at random"),
        ({"resample_every": "batch"}, "resample_every"),
        ({"balancing_schedule": "quadratic"}, "balancing_schedule"),
        ({"sampler": "balanced_batches", "batch_size": 1}, "batch_size=1 cannot hold"),
        ({"sampler": BalancedBatches({"a": 0.5})}, "names the label 'a'"),
    ],
)
def test_what_cannot_be_is_refused_before_training(params, message, data):
    clf = BalancedKerasClassifier(**TINY | params)
    with pytest.raises(ValueError, match=message):
        clf.fit(*data)
    assert not hasattr(clf, "model_")


def test_it_works_with_a_network_of_ones_own_and_prints_nothing(data, capsys):
    def build(meta):
        inputs = keras.Input(meta["X_shape_"][1:])
        model = keras.Model(inputs, keras.layers.Dense(1, "sigmoid")(inputs))
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        return model

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clf = BalancedKerasClassifier(
            build, sampler="balanced_batches", epochs=2, validation_split=0.4, threshold=None
        ).fit(*data)
    assert clf.engine_ == "graph"
    assert len(clf.history_["val_accuracy"]) == 2
    assert capsys.readouterr().out == ""
