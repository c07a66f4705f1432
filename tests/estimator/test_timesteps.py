"""A label for each time step: sequences are rows, steps are decisions."""

import pickle

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    f1_score,
    log_loss,
)
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, cross_val_score

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.exceptions import InvalidParameterError, TooFewRowsError
from imbalanced_nn.training import RowBatches

N, T = 120, 6
TINY = {"epochs": 2, "batch_size": 16, "random_state": 0}
layers = keras.layers


def network(meta, activation=None, units=None):
    """Each step by itself, so that padded steps cannot reach the others."""
    units = units or (1 if meta["target_type_"] == "binary" else meta["n_classes_"])
    activation = activation or ("sigmoid" if units == 1 else "softmax")
    inputs = keras.Input(meta["X_shape_"][1:])
    hidden = layers.Dense(8, "relu")(inputs)
    return keras.Model(inputs, layers.Dense(units, activation)(hidden))


def sequences(n_classes=2, n=N, seed=0):
    """Sequences of unequal length: X, y of three dimensions, and 0/1 weights of the steps."""
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(n, T, 3)).astype("float32")
    score = X[:, :, 0] + 0.5 * generator.normal(size=(n, T))
    y = np.digitize(score, [1.2, 1.8][: n_classes - 1])[:, :, None]
    mask = (np.arange(T) < generator.integers(2, T + 1, size=n)[:, None]).astype(float)
    # Some are padded in front, some at the end.
    mask[::2] = mask[::2, ::-1]
    return X, y, mask


def fitted(X, y, sample_weight=None, fit_params=None, **params):
    """Fit a tiny network that looks at each step by itself."""
    clf = BalancedKerasClassifier(**TINY | {"model": network} | params)
    return clf.fit(X, y, sample_weight, **fit_params or {})


def weights_of(clf):
    """All weights of the network in one row."""
    return np.concatenate([weight.ravel() for weight in clf.model_.get_weights()])


@pytest.fixture(scope="module")
def data():
    """Two classes, one step in eight positive."""
    return sequences()


@pytest.fixture
def rows_seen(monkeypatch):
    """The rows of every epoch."""
    seen = []
    begin = RowBatches.on_epoch_begin

    def spy(batches):
        begin(batches)
        seen.append(np.array(batches.rows))

    monkeypatch.setattr(RowBatches, "on_epoch_begin", spy)
    return seen


@pytest.mark.parametrize("engine", ["graph", "keras"])
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
    params |= {"model__hidden_layer_sizes": (4,)}
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


@pytest.mark.parametrize("engine", ["graph", "keras"])
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
    np.testing.assert_allclose(clf._trained_prior, seen / seen.sum())


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
    clf = fitted(changed, y, mask, model=None, model__hidden_layer_sizes=(4,), epochs=1)
    train = np.setdiff1d(np.arange(N), clf.validation_indices_)
    centers = np.median(X[train][mask[train] > 0], axis=0)
    np.testing.assert_allclose(clf.model_.layers[1].center, centers, rtol=1e-5)


def held_out_steps(clf, X, y, weight):
    """Labels, probabilities and weights of the held-out steps, flattened here anew."""
    held = clf.validation_indices_
    counted = weight[held] > 0
    return y[held, :, 0][counted], clf.predict_proba(X[held])[counted], weight[held][counted]


def test_a_binary_threshold_is_the_best_of_the_held_out_steps(data):
    X, y, mask = data
    weight = mask * np.random.default_rng(1).uniform(0.5, 2, mask.shape)
    clf = fitted(X, y, weight, threshold="f1", epochs=4)
    labels, proba, of_steps = held_out_steps(clf, X, y, weight)
    best = max(
        f1_score(labels, proba[:, 1] >= cut, sample_weight=of_steps)
        for cut in np.unique(proba[:, 1])
    )
    assert clf.best_score_ == pytest.approx(best)
    held = clf.validation_indices_
    assert clf.score(X[held], y[held], weight[held]) == pytest.approx(best)


def test_several_thresholds_score_what_is_told():
    X, y, mask = sequences(3)
    clf = fitted(X, y, mask, threshold="f1_macro", class_weight="balanced")
    labels, _, _ = held_out_steps(clf, X, y, mask)
    held = clf.validation_indices_
    decided = clf.predict(X[held])[:, :, 0][mask[held] > 0]
    assert clf.best_score_ == pytest.approx(f1_score(labels, decided, average="macro"))
    assert clf.best_threshold_.shape == (3,)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("engine", ["graph", "keras"])
def test_the_logged_scores_are_those_of_the_held_out_steps(engine, n_classes):
    X, y, mask = sequences(n_classes)
    weight = mask * np.random.default_rng(1).uniform(0.5, 2, mask.shape)
    clf = fitted(X, y, weight, early_stopping=False, engine=engine, class_weight="balanced")
    labels, proba, of_steps = held_out_steps(clf, X, y, weight)
    last = {name: values[-1] for name, values in clf.history_.items()}
    truth = labels == 1 if n_classes == 2 else np.eye(n_classes)[labels]
    score = proba[:, 1] if n_classes == 2 else proba
    assert last["val_average_precision"] == pytest.approx(
        average_precision_score(truth, score, sample_weight=of_steps), rel=1e-6
    )
    assert last["val_log_loss"] == pytest.approx(
        log_loss(labels, proba, sample_weight=of_steps), rel=1e-5
    )
    held = clf.validation_indices_
    normalised = weight[held] / of_steps.mean()
    keras_loss = clf.model_.evaluate(X[held], y[held], sample_weight=normalised, verbose=0)
    assert last["val_loss"] == pytest.approx(keras_loss, rel=1e-5)


def test_score_is_of_the_steps_that_count(data):
    X, y, mask = data
    clf = fitted(*data)
    predicted, counted = clf.predict(X)[:, :, 0], mask > 0
    assert clf.score(X, y, mask) == pytest.approx(
        balanced_accuracy_score(y[:, :, 0][counted], predicted[counted])
    )
    assert clf.score(X, y) == pytest.approx(balanced_accuracy_score(y.ravel(), predicted.ravel()))
    weight = np.random.default_rng(0).uniform(0.5, 2, N)
    plain = fitted(*data, threshold=None)
    assert plain.score(X, y, weight) == pytest.approx(
        accuracy_score(y.ravel(), plain.predict(X).ravel(), sample_weight=np.repeat(weight, T))
    )
    assert plain.score(X, y, mask) == pytest.approx(
        accuracy_score(y[:, :, 0][counted], plain.predict(X)[:, :, 0][counted])
    )


class Counting(BalancedKerasClassifier):
    """Scores by the number of labels that it is given."""

    @staticmethod
    def scorer(y_true, y_pred, sample_weight=None):
        """Return the number of labels, all arrays being columns of as many."""
        assert y_true.shape == y_pred.shape == sample_weight.shape
        return len(y_true)


def test_a_scorer_of_ones_own_sees_no_padded_step(data):
    X, y, mask = data
    assert Counting(network, **TINY).fit(X, y, mask).score(X, y, mask) == mask.sum()


@pytest.mark.slow
@pytest.mark.parametrize("n_classes", [2, 3])
def test_balanced_weights_leave_the_probabilities_at_the_training_prevalence(n_classes):
    X, y, mask = sequences(n_classes, n=1500)
    X_test, y_test, _ = sequences(n_classes, n=1500, seed=1)

    def loss(**params):
        clf = fitted(X, y, mask, epochs=25, patience=25, optimizer__learning_rate=0.01, **params)
        return log_loss(y_test.ravel(), clf.predict_proba(X_test).reshape(-1, n_classes))

    plain = loss()
    assert loss(class_weight="balanced") == pytest.approx(plain, rel=0.08)
    assert loss(class_weight="balanced", calibration=None) > 1.3 * plain


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_output_starts_at_the_shares_of_the_steps(n_classes):
    X, y, mask = sequences(n_classes)
    clf = fitted(X, y, mask, epochs=0)
    bias = np.asarray(clf.model_.layers[-1].bias)
    prior = clf.class_prior_
    expected = np.log(prior[1:] / prior[:1]) if n_classes == 2 else np.log(prior)
    np.testing.assert_allclose(bias, expected, rtol=1e-5)


SHAPES = {
    "numbers": (60, T),
    "sequences": (60, T, 2),
    "frames": (60, T, 5, 2),
    "volumes": (60, T, 4, 3, 2),
}


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_the_default_network_keeps_time(shape, n_classes):
    X = np.random.default_rng(0).normal(size=shape)
    _, y, mask = sequences(n_classes, n=60)
    clf = fitted(X, y, mask, model=None, model__hidden_layer_sizes=(4,), epochs=1)
    assert clf.model_.output_shape == (None, T, 1 if n_classes == 2 else 3)
    assert clf.predict_proba(X).shape == (60, T, n_classes)
    assert clf.engine_ == "graph"


def recurrent(meta):
    """Mask what is zero, then look at the whole sequence."""
    inputs = keras.Input(meta["X_shape_"][1:])
    hidden = layers.LSTM(4, return_sequences=True)(layers.Masking()(inputs))
    return keras.Model(inputs, layers.Dense(1, "sigmoid")(hidden))


@pytest.mark.parametrize("engine", ["graph", "keras"])
def test_a_network_that_masks_is_judged_as_by_keras(data, engine):
    X, y, mask = data
    X = X * mask[:, :, None]
    clf = fitted(X, y, mask, model=recurrent, epochs=1, engine=engine)
    held = clf.validation_indices_
    keras_loss = clf.model_.evaluate(X[held], y[held], sample_weight=mask[held], verbose=0)
    assert clf.history_["val_loss"][-1] == pytest.approx(keras_loss, rel=1e-5)


def compiled(meta):
    """A network of log-odds with a loss of its own choice."""
    model = network(meta, "linear")
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    return model


def test_log_odds_are_turned_into_probabilities(data):
    X, y, mask = data
    clf = fitted(X, y, mask, model=compiled)
    proba = clf.predict_proba(X)
    odds = clf.model_.predict(X, verbose=0)[:, :, 0]
    np.testing.assert_allclose(proba[:, :, 1], 1 / (1 + np.exp(-odds)), rtol=1e-4)


def test_two_units_for_two_classes(data):
    clf = fitted(*data, model__units=2)
    assert clf.model_.loss == "sparse_categorical_crossentropy"
    assert clf.predict_proba(data[0]).shape == (N, T, 2)


def test_one_hot_steps_come_back_one_hot():
    X, y, mask = sequences(3)
    one_hot = np.eye(3, dtype=int)[y[:, :, 0]]
    one_hot[mask == 0] = 0
    clf = fitted(X, one_hot, mask, class_weight="balanced")
    coded = fitted(X, y, mask, class_weight="balanced")
    np.testing.assert_allclose(clf.predict_proba(X), coded.predict_proba(X), rtol=1e-4, atol=1e-6)
    assert clf.predict(X).shape == (N, T, 3)
    np.testing.assert_array_equal(clf.class_count_, coded.class_count_)
    assert clf.score(X, one_hot, mask) == pytest.approx(coded.score(X, y, mask), abs=0.01)
    assert fitted(X, one_hot, mask, threshold=None).score(X, one_hot, mask) > 0.3


def test_categorical_crossentropy_encodes_the_steps():
    X, y, mask = sequences(3)
    clf = fitted(X, y, mask, loss="categorical_crossentropy")
    plain = fitted(X, y, mask)
    np.testing.assert_allclose(clf.predict_proba(X), plain.predict_proba(X), rtol=1e-4, atol=1e-6)
    assert clf.predict(X).shape == (N, T, 1)


def test_rows_of_ones_own_are_held_out(data):
    X, y, mask = data
    own = {"X_val": X[90:], "y_val": np.where(mask[90:, :, None], y[90:], -1)}
    own["sample_weight_val"] = mask[90:]
    clf = fitted(X[:90], y[:90], mask[:90], own, threshold="f1", epochs=3)
    assert len(clf.validation_indices_) == 0
    assert clf.best_score_ == pytest.approx(clf.score(X[90:], y[90:], mask[90:]))


def test_partial_fit_sums_the_steps(data):
    X, y, mask = data
    clf = BalancedKerasClassifier(network, class_weight="balanced", **TINY)
    names = np.where(y, "fraud", "ok")
    padded = np.where(mask[:, :, None] > 0, names, "none")
    clf.partial_fit(X[:50], padded[:50], classes=["fraud", "ok"], sample_weight=mask[:50])
    clf.partial_fit(X[50:], padded[50:], sample_weight=mask[50:])
    counted = names[:, :, 0][mask > 0]
    np.testing.assert_array_equal(clf.class_count_, [(counted == c).sum() for c in clf.classes_])
    np.testing.assert_allclose(clf.class_prior_, clf.class_count_ / len(counted))
    assert len(clf.history_["loss"]) == 2
    with pytest.raises(InvalidParameterError, match="the label 'none'"):
        clf.partial_fit(X, padded)


def test_warm_start_goes_on(data):
    X, y, mask = data
    clf = fitted(*data, warm_start=True)
    held = clf.validation_indices_
    before = weights_of(clf)
    clf.fit(X, y, mask)
    np.testing.assert_array_equal(clf.validation_indices_, held)
    assert not np.array_equal(weights_of(clf), before)


def test_pickled_and_cloned(data):
    X, y, mask = data
    clf = fitted(*data, class_weight="balanced")
    again = pickle.loads(pickle.dumps(clf))
    np.testing.assert_array_equal(again.predict_proba(X), clf.predict_proba(X))
    np.testing.assert_array_equal(again.predict(X), clf.predict(X))
    assert again.score(X, y, mask) == clf.score(X, y, mask)
    fresh = clone(clf).fit(X, y, mask)
    np.testing.assert_array_equal(weights_of(fresh), weights_of(clf))


def test_cross_validation_and_search(data):
    X, y, mask = data
    clf = BalancedKerasClassifier(network, **TINY)
    by_weight = cross_val_score(clf, X, y, cv=KFold(2), params={"sample_weight": mask})
    assert np.isfinite(by_weight).all()
    folds = list(GroupKFold(2).split(X, groups=np.arange(N) // 4))
    assert np.isfinite(cross_val_score(clf, X, y, cv=folds)).all()
    search = GridSearchCV(clf, {"class_weight": [None, "balanced"]}, cv=2).fit(X, y)
    assert search.predict(X).shape == y.shape


def test_nothing_of_the_steps_is_left_for_another_kind(data):
    X, y, _ = data
    clf = fitted(*data)
    clf.set_params(model=None, model__hidden_layer_sizes=(4,))
    clf.fit(X[:, :, 0], y[:, 0, 0])
    assert not hasattr(clf, "n_steps_")
    assert clf.predict(X[:, :, 0]).shape == (N,)
    assert clf.predict_proba(X[:, :, 0]).shape == (N, 2)
    indicator = clf.fit(X[:, :, 0], y[:, :, 0])
    assert indicator._kind == "multilabel"


def flat(meta):
    """Forget the axis of time."""
    inputs = keras.Input(meta["X_shape_"][1:])
    return keras.Model(inputs, layers.Dense(1, "sigmoid")(layers.Flatten()(inputs)))


def shortened(meta):
    """Lose two steps."""
    inputs = keras.Input(meta["X_shape_"][1:])
    hidden = layers.Conv1D(4, 3)(inputs)
    return keras.Model(inputs, layers.Dense(1, "sigmoid")(hidden))


DATA = sequences()
X, Y, MASK = DATA
ONE_SEQUENCE = np.where(np.arange(N) == 3, 1, 0)[:, None, None] * np.ones((1, T, 1), int)

# Parameters, X, y, other arguments of fit; error, and words of its message.
REFUSED = {
    "sampler": (
        {"sampler": "smote"},
        X,
        Y,
        {},
        InvalidParameterError,
        ["sampler='smote'", "one for each time step", "class_weight='balanced'"],
    ),
    "no axis of time": (
        {"model": flat},
        X,
        Y,
        {},
        InvalidParameterError,
        ["outputs of shape (1,)", "shape (6, 1 or 2)", "return_sequences=True"],
    ),
    "fewer steps": (
        {"model": shortened},
        X,
        Y,
        {},
        InvalidParameterError,
        ["outputs of shape (4, 1)", "shape (6, 1 or 2)", "padding='same'"],
    ),
    "units": (
        {"model__units": 3},
        X,
        Y,
        {},
        InvalidParameterError,
        ["3 output units", "needs 1 or 2"],
    ),
    "fewer steps of X": (
        {"model": None},
        X[:, :4],
        Y,
        {},
        InvalidParameterError,
        ["model=None", "there are 4", "6 labels", "(n_sequences, 6, ...)"],
    ),
    "several labels": (
        {},
        X,
        np.ones((N, T, 2), int),
        {},
        InvalidParameterError,
        ["(120, 6, 2)", "one label for each time step", "one estimator for each"],
    ),
    "four dimensions": ({}, X, Y[..., None], {}, ValueError, ["y has shape", "(n_sequences, "]),
    "one class": ({}, X, 0 * Y, {}, ValueError, ["only one class, 0"]),
    "one class that counts": (
        {},
        X,
        (MASK[:, :, None] == 0).astype(int),
        {"sample_weight": MASK},
        ValueError,
        ["only one class, 0"],
    ),
    "numbers as y": ({}, X, X[:, :, :1], {}, ValueError, ["Unknown label type"]),
    "one sequence of a class": (
        {},
        X,
        ONE_SEQUENCE,
        {},
        TooFewRowsError,
        ["class 1 has 1 row", "at least 2"],
    ),
    "weights of other steps": (
        {},
        X,
        Y,
        {"sample_weight": MASK[:, :5]},
        ValueError,
        ["sample_weight has shape (120, 5)", "for each row", "time steps, of shape (120, 6)"],
    ),
    "negative weights": ({}, X, Y, {"sample_weight": -MASK}, ValueError, ["negative weights"]),
    "zero weights": ({}, X, Y, {"sample_weight": 0 * MASK}, ValueError, ["only zeros"]),
    "y_val of other steps": (
        {},
        X,
        Y,
        {"X_val": X, "y_val": Y[:, :5]},
        ValueError,
        ["rows of shape (5, 1)", "(6, 1)", "sample_weight 0"],
    ),
    "y_val of other labels": (
        {},
        X,
        Y,
        {"X_val": X, "y_val": 4 * Y},
        ValueError,
        ["y_val holds the label 4"],
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_used_is_refused_in_words(case):
    params, X, y, fit_params, error, words = case
    with pytest.raises(error) as raised:
        BalancedKerasClassifier(**TINY | {"model": network} | params).fit(X, y, **fit_params)
    for word in words:
        assert word in str(raised.value)


def test_labels_of_another_form_are_refused_later_on(data):
    X, y, mask = data
    clf = fitted(*data)
    with pytest.raises(ValueError, match="y has 1 dimensions"):
        clf.score(X, y[:, 0, 0])
    with pytest.raises(ValueError, match=r"rows of shape \(5, 1\)"):
        clf.score(X, y[:, :5])
    with pytest.raises(ValueError, match="sample_weight has shape"):
        clf.score(X, y, mask[:, :5])
