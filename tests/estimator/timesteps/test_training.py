"""Sequences are rows and steps are decisions: what is trained on, held out and weighed."""

import keras
import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier
from tests.problems import ENGINES, weights_of

from .conftest import TINY, N, T, fitted, network, sequences

layers = keras.layers


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_shapes_and_labels(engine, n_classes):
    X, y, mask = sequences(n_classes)
    names = np.array(["ok", "odd", "fraud"])[:n_classes]
    clf = fitted(X, names[y], mask, engine=engine, class_weight="balanced")
    assert clf.engine_.startswith(engine)
    assert clf.classes_.tolist() == sorted(names)
    assert clf.n_steps_ == T
    proba = clf.predict_proba(X)
    assert proba.shape == (N, T, n_classes)
    np.testing.assert_allclose(proba.sum(axis=-1), 1, rtol=1e-5)
    predicted = clf.predict(X)
    assert predicted.shape == y.shape
    assert set(np.unique(predicted)) <= set(names)
    assert clf.predict(X[:1]).shape == (1, T, 1)
    # Labels by code, in the same order, are the same problem.
    codes = np.searchsorted(np.sort(names), names[y])
    coded = fitted(X, codes, mask, engine=engine, class_weight="balanced")
    np.testing.assert_array_equal(coded.predict_proba(X), proba)
    np.testing.assert_array_equal(coded.classes_[coded.predict(X)], coded.predict(X))
    np.testing.assert_array_equal(np.sort(names)[coded.predict(X)], predicted)


def test_the_positive_class_is_the_rarest_of_the_steps(data):
    X, y, mask = data
    clf = fitted(X, np.where(y, "fraud", "ok"), mask)
    assert clf.pos_label_ == "fraud"
    # A rule of steps, not of rows.
    cut = clf.predict_proba(X)[:, :, 0].astype(float) >= clf.best_threshold_
    np.testing.assert_array_equal(clf.predict(X)[:, :, 0] == "fraud", cut)


@pytest.mark.parametrize("first", [0, 1])
def test_sequences_are_held_out_whole(first, data, rows_seen):
    X, y, mask = data
    # Padded steps are filled by the first label that counts; it must not count there.
    y = y.copy()
    y[0] = first
    clf = fitted(X, y, mask)
    held = clf.validation_indices_
    trained = np.unique(np.concatenate(rows_seen))
    assert not np.intersect1d(held, trained).size
    assert len(held) + len(trained) == N
    # A fifth of the sequences with a positive step and of those without.
    positive = ((y[:, :, 0] == 1) & (mask > 0)).any(axis=1)
    for stratum in (positive, ~positive):
        assert stratum[held].sum() == round(0.2 * stratum.sum())


def test_what_the_held_out_sequences_hold_changes_nothing_in_training(data):
    X, y, _ = data
    params = {"early_stopping": False, "class_weight": "balanced", "model": None}
    params |= {"model": "mlp", "model__hidden_layer_sizes": (4,)}
    clf = fitted(X, y, **params)
    held = clf.validation_indices_
    other, rolled = X.copy(), y.copy()
    other[held] = 50.0
    rolled[held] = np.roll(y[held], 1, axis=1)
    again = fitted(other, rolled, **params)
    np.testing.assert_array_equal(again.validation_indices_, held)
    np.testing.assert_array_equal(weights_of(again), weights_of(clf))
    np.testing.assert_array_equal(again.class_prior_, clf.class_prior_)
    assert again.class_weight_ == clf.class_weight_
    assert again.best_threshold_ != clf.best_threshold_


def test_groups_are_held_out_whole(data):
    X, y, mask = data
    groups = np.arange(N) // 3
    clf = fitted(X, y, mask, {"groups": groups})
    held = np.isin(groups, groups[clf.validation_indices_])
    assert held.sum() == len(clf.validation_indices_)


def reference_weights(y, mask, train, class_weight):
    """Weights of all steps in float64: class weight times mask, of mean 1 over those that count."""
    labels = y[train, :, 0][mask[train] > 0]
    if class_weight == "balanced":
        counts = np.array([(labels == code).sum() for code in (0, 1)])
        class_weight = dict(enumerate(len(labels) / (2 * counts)))
    weight = mask * np.where(y[:, :, 0] == 1, class_weight[1], class_weight[0])
    of_train = weight[train]
    return weight / of_train[of_train > 0].mean()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("class_weight", ["balanced", {0: 1.0, 1: 7.0}])
def test_one_epoch_is_that_of_model_fit_with_a_weight_for_each_step(engine, class_weight, data):
    X, y, mask = data
    params = {"init_bias": None, "shuffle": False, "epochs": 1, "early_stopping": False}
    clf = BalancedKerasClassifier(
        network, **TINY | params, engine=engine, class_weight=class_weight
    ).fit(X, y, mask)
    train = np.setdiff1d(np.arange(N), clf.validation_indices_)
    weight = reference_weights(y, mask, train, class_weight)
    start = BalancedKerasClassifier(network, **TINY).initialize(X, y).model_
    start.compile("adam", "binary_crossentropy")
    history = start.fit(
        X[train],
        y[train].astype("float32"),
        sample_weight=weight[train].astype("float32"),
        batch_size=16,
        epochs=1,
        shuffle=False,
        verbose=0,
    )
    assert clf.history_["loss"][0] == pytest.approx(history.history["loss"][0], rel=1e-5)
    theirs = np.concatenate([w.ravel() for w in start.get_weights()])
    np.testing.assert_allclose(weights_of(clf), theirs, rtol=1e-5, atol=1e-7)


def test_both_engines_train_alike_without_weights(data):
    X, y, _ = data
    graph, theirs = (fitted(X, y, engine=engine) for engine in ("graph", "keras"))
    np.testing.assert_array_equal(weights_of(graph), weights_of(theirs))
    np.testing.assert_allclose(graph.history_["loss"], theirs.history_["loss"], rtol=1e-6)
    assert graph.engine_ == "graph"


@pytest.mark.parametrize("n_classes", [2, 3])
def test_counts_and_priors_are_those_of_the_steps_that_count(n_classes):
    X, y, mask = sequences(n_classes)
    weight = mask * np.random.default_rng(1).uniform(0.5, 2, mask.shape)
    clf = fitted(X, y, weight, class_weight="balanced")
    train = np.setdiff1d(np.arange(N), clf.validation_indices_)
    labels, counted = y[:, :, 0], mask > 0
    counts = [(labels[counted] == code).sum() for code in range(n_classes)]
    np.testing.assert_array_equal(clf.class_count_, counts)
    prior = np.array([weight[train][labels[train] == code].sum() for code in range(n_classes)])
    np.testing.assert_allclose(clf.class_prior_, prior / prior.sum())
    # Balanced by the number of steps, the weights of which multiply into it.
    of_train = labels[train][counted[train]]
    balanced = [len(of_train) / (n_classes * (of_train == code).sum()) for code in range(n_classes)]
    np.testing.assert_allclose(list(clf.class_weight_.values()), balanced)
    seen = prior * balanced
    np.testing.assert_allclose(clf.fit_result_.shares.in_loss, seen / seen.sum())


GARBAGE = {"another class": 7, "the other label": 1}


@pytest.mark.parametrize("label", GARBAGE.values(), ids=GARBAGE)
def test_what_stands_in_padded_steps_counts_nowhere(label, data):
    X, y, mask = data
    padded = mask == 0
    changed, relabelled = X.copy(), y.copy()
    changed[padded] = -30.0
    relabelled[padded] = label
    given = (changed.copy(), relabelled.copy(), mask.copy())
    clf, other = (
        fitted(*arrays, class_weight="balanced", threshold="f1")
        for arrays in (data, (changed, relabelled, mask))
    )
    for name in ("classes_", "class_count_", "class_prior_", "validation_indices_", "pos_label_"):
        np.testing.assert_array_equal(getattr(clf, name), getattr(other, name))
    for name in ("class_weight_", "best_threshold_", "best_score_", "history_"):
        assert getattr(clf, name) == getattr(other, name)
    np.testing.assert_array_equal(weights_of(clf), weights_of(other))
    assert clf.score(X, y, mask) == other.score(changed, relabelled, mask)
    for array, before in zip((changed, relabelled, mask), given, strict=True):
        np.testing.assert_array_equal(array, before)


def test_a_missing_label_in_padded_steps_is_no_label(data):
    X, y, mask = data
    missing = np.where(mask[:, :, None] > 0, y, np.nan)
    np.testing.assert_array_equal(weights_of(fitted(X, missing, mask)), weights_of(fitted(*data)))


def test_a_sequence_of_weight_zero_is_left_out(data, rows_seen):
    X, y, _ = data
    weight = np.ones(N)
    weight[10:40] = 0
    relabelled = y.copy()
    relabelled[10:40] = 9
    clf = fitted(X, relabelled, weight)
    assert clf.class_count_.sum() == (N - 30) * T
    for rows in (clf.validation_indices_, *rows_seen):
        assert not np.intersect1d(rows, np.arange(10, 40)).size


def test_a_weight_for_each_row_is_that_of_all_its_steps(data):
    X, y, _ = data
    weight = np.random.default_rng(0).uniform(0.5, 2, N)
    by_row = fitted(X, y, weight)
    by_step = fitted(X, y, np.repeat(weight[:, None], T, axis=1))
    np.testing.assert_array_equal(weights_of(by_row), weights_of(by_step))
    np.testing.assert_array_equal(by_row.class_prior_, by_step.class_prior_)
    assert by_row.score(X, y, weight) == by_step.score(X, y, np.repeat(weight[:, None], T, axis=1))


def test_the_input_normalisation_learns_from_the_steps_that_count(data):
    X, y, mask = data
    changed = np.where(mask[:, :, None] > 0, X, 1000.0)
    clf = fitted(changed, y, mask, model="mlp", model__hidden_layer_sizes=(4,), epochs=1)
    train = np.setdiff1d(np.arange(N), clf.validation_indices_)
    centers = np.median(X[train][mask[train] > 0], axis=0)
    np.testing.assert_allclose(clf.model_.layers[1].center, centers, rtol=1e-5)


def test_rows_of_ones_own_are_held_out(data):
    X, y, mask = data
    own = {"X_val": X[90:], "y_val": np.where(mask[90:, :, None], y[90:], -1)}
    own["sample_weight_val"] = mask[90:]
    clf = fitted(X[:90], y[:90], mask[:90], own, threshold="f1", epochs=3)
    assert len(clf.validation_indices_) == 0
    assert clf.best_score_ == pytest.approx(clf.score(X[90:], y[90:], mask[90:]))
