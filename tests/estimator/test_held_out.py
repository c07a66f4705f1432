"""Held-out rows in a fit: any splitter, groups of labels, a note where they are few."""

import pickle
import warnings

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.metrics import average_precision_score, balanced_accuracy_score, log_loss
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    GroupShuffleSplit,
    PredefinedSplit,
    ShuffleSplit,
    StratifiedShuffleSplit,
    TimeSeriesSplit,
)

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.sampling import SAMPLERS
from tests import problems
from tests.problems import weights_of

TINY = problems.TINY | {"model__hidden_layer_sizes": (4,), "epochs": 1, "batch_size": 64}
N = 240
GROUPS = np.arange(N) // 6
# Far beyond any other value: even a millionth of it in a blend would show.
MARK = 1e6


def last_of(splitter):
    """The last split of a splitter that does not look at y, as a list of one pair."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a series knows no groups
        return list(splitter.split(np.zeros((N, 1)), groups=GROUPS))[-1:]


SPLITTERS = {
    "stratified": StratifiedShuffleSplit(1, test_size=0.2),
    "group": last_of(GroupKFold(4)),
    "group shuffle": GroupShuffleSplit(1, test_size=0.25),
    "time": last_of(TimeSeriesSplit(4, gap=7)),
    "a part": ShuffleSplit(1, test_size=0.3, train_size=0.4),
    "predefined": PredefinedSplit(np.where(np.arange(N) < 180, -1, 0)),
}


@pytest.fixture(scope="module")
def data():
    """Two overlapping classes in a random order, one row in five "fraud"."""
    generator = np.random.default_rng(0)
    fraud = generator.permutation(N) < N // 5
    return generator.normal(size=(N, 4)) + 1.5 * fraud[:, None], np.array(["ok", "fraud"])[
        fraud * 1
    ]


def fitted(data, fit_params=None, **params):
    """Fit to all rows."""
    return BalancedKerasClassifier(**TINY | params).fit(*data, **fit_params or {})


def groups_for(name):
    """The groups as an argument of fit where the named splitter keeps them together."""
    return {"groups": GROUPS} if "group" in name else {}


@given(
    name=st.sampled_from(list(SPLITTERS)),
    sampler=st.sampled_from(["random_over", "random_under", "smote", "tomek_links"]),
    seed=st.integers(0, 2**16),
)
@settings(max_examples=14, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.slow
def test_no_sampler_and_no_network_sees_a_row_beyond_the_training_side(name, sampler, seed):
    generator = np.random.default_rng(seed)
    y = np.tile(["ok", "ok", "ok", "fraud"], N // 4)
    X = generator.normal(size=(N, 4))
    params = {"sampler": None, "validation_split": SPLITTERS[name], "random_state": seed}
    params |= {"early_stopping": False, "threshold": None}
    first = fitted((X, y), groups_for(name), **params | {"epochs": 0})
    train, held_out = first.sample_indices_, first.validation_indices_
    assert not set(train) & set(held_out)
    assert name not in ("time", "a part") or len(train) + len(held_out) < N
    marked = X.copy()
    marked[np.setdiff1d(np.arange(N), train)] = MARK
    resampled = []

    class Spy(SAMPLERS[sampler]):
        def fit_resample(self, X, y, **kwargs):
            resampled.append((np.array(X), np.array(y)))
            return super().fit_resample(X, y, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SAMPLERS, sampler, Spy)
        clf, plain = (
            fitted((table, y), groups_for(name), **params | {"sampler": sampler})
            for table in (marked, X)
        )
    np.testing.assert_array_equal(clf.validation_indices_, held_out)
    for rows, labels in resampled:
        # A sampler that does not look at X is given the numbers of the training rows.
        assert len(rows) == len(labels) == len(train)
        assert rows.shape[1] == 1 or np.abs(rows).max() < 10
    assert set(clf.sample_indices_) <= {-1, *train}
    np.testing.assert_array_equal(weights_of(clf), weights_of(plain))


@pytest.mark.parametrize("name", SPLITTERS)
def test_the_seed_decides_and_the_splitter_stays_as_it_was(name, data):
    splitter = SPLITTERS[name]
    before = repr(splitter)
    one, same, other = (
        fitted(data, groups_for(name), validation_split=splitter, epochs=0, random_state=seed)
        for seed in (0, 0, 1)
    )
    assert repr(splitter) == before
    np.testing.assert_array_equal(one.validation_indices_, same.validation_indices_)
    drawn = hasattr(splitter, "test_size")
    assert drawn != np.array_equal(one.validation_indices_, other.validation_indices_)
    if "group" in name:
        held = one.validation_indices_
        assert not set(GROUPS[held]) & set(GROUPS[one.sample_indices_])


def test_rows_of_weight_zero_are_on_no_side_of_a_splitter(data):
    weight = np.ones(N)
    weight[::4] = 0
    splitter = SPLITTERS["predefined"]
    clf = fitted(data, {"sample_weight": weight}, validation_split=splitter)
    present = np.flatnonzero(weight)
    np.testing.assert_array_equal(clf.sample_indices_, present[present < 180])
    np.testing.assert_array_equal(clf.validation_indices_, present[present >= 180])


def test_a_warm_start_keeps_the_rows_of_a_splitter_without_seed(data):
    splitter = StratifiedShuffleSplit(1)
    clf = BalancedKerasClassifier(
        **TINY | {"random_state": None}, validation_split=splitter, warm_start=True
    )
    held = clf.fit(*data).validation_indices_
    np.testing.assert_array_equal(clf.fit(*data).validation_indices_, held)


def test_a_splitter_is_a_parameter_like_any_other(data):
    splitter = StratifiedShuffleSplit(1, test_size=0.25)
    clf = fitted(data, validation_split=splitter)
    twin = pickle.loads(pickle.dumps(clf))
    np.testing.assert_array_equal(twin.predict_proba(data[0]), clf.predict_proba(data[0]))
    again = clone(twin).fit(*data)
    np.testing.assert_array_equal(again.validation_indices_, clf.validation_indices_)
    assert "StratifiedShuffleSplit(n_splits=1" in repr(clf)
    routed = fitted(data, {"validation_split": splitter}, validation_split=0)
    np.testing.assert_array_equal(routed.validation_indices_, clf.validation_indices_)
    grid = {"validation_split": [0.25, 2, TimeSeriesSplit(2), splitter]}
    search = GridSearchCV(BalancedKerasClassifier(**TINY), grid, cv=2, error_score="raise")
    search.fit(*data)
    assert len(search.best_estimator_.validation_indices_) in (N // 4, N, 2 * (N // 3))


def test_parts_are_not_split(data):
    clf = BalancedKerasClassifier(**TINY, validation_split=4)
    assert clf.partial_fit(*data).validation_indices_.size == 0


@pytest.mark.parametrize("split", [0.25, SPLITTERS["group"]])
def test_groups_of_multilabel_rows_lie_on_one_side(split, data):
    X, y = data
    labels = np.column_stack([y == "fraud", X[:, 0] > 1, X[:, 1] > 2]).astype(int)
    clf = fitted((X, labels), {"groups": GROUPS}, validation_split=split)
    held, rest = clf.validation_indices_, clf.sample_indices_
    assert not set(GROUPS[held]) & set(GROUPS[rest])
    assert len(held) + len(rest) == N
    assert len(held) == pytest.approx(N / 4, rel=0.2)
    for side in (held, rest):
        assert labels[side].any(axis=0).all()


class TestFewRowsHeldOut:
    """The note that few rows of the rarest class are held out."""

    def note(self, *args, **kwargs):
        """Fit and return the text of the one note, or None."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fitted(*args, **kwargs)
        notes = [w for w in caught if getattr(w.message, "code", None) == "INN001"]
        assert all(w.filename == __file__ for w in notes)
        assert len(notes) <= 1
        return str(notes[0].message) if notes else None

    @pytest.mark.parametrize(("share", "count"), [(0.1, 5), (0.19, 9), (0.2, None), (0, None)])
    def test_it_tells_the_count_and_the_label(self, share, count, data):
        X, y = data
        y = np.where(np.cumsum(y == "fraud") > 47, "ok", y)
        y[np.flatnonzero(y == "ok")[:1]] = "fraud"
        note = self.note((X, y), validation_split=share)
        if count is None:
            assert note is None
        else:
            assert note.startswith(f"[INN001] only {count} held-out rows of class 'fraud'")
            assert "validation_split" in note
            assert "X_val" in note

    def test_one_row_is_one_row(self, data):
        X, y = data
        y = np.where(np.cumsum(y == "fraud") > 3, "ok", y)
        assert "only 1 held-out row of class 'fraud'" in self.note((X, y))

    def test_it_counts_the_rows_of_a_splitter(self, data):
        note = self.note(data, validation_split=last_of(TimeSeriesSplit(8, gap=2)))
        n = (data[1][-(N // 9) :] == "fraud").sum()
        assert f"only {n} held-out rows of class 'fraud'" in note

    def test_it_counts_held_out_rows_of_the_callers_own(self, data):
        X, y = data
        few = np.concatenate([np.flatnonzero(y == "fraud")[:9], np.flatnonzero(y == "ok")[:50]])
        enough = np.concatenate([np.flatnonzero(y == "fraud")[:10], few[9:]])
        note = self.note(data, {"X_val": X[few], "y_val": y[few]})
        assert "only 9 held-out rows of class 'fraud'" in note
        assert self.note(data, {"X_val": X[enough], "y_val": y[enough]}) is None
        weight = np.ones(len(enough))
        weight[0] = 0
        own = {"X_val": X[enough], "y_val": y[enough], "sample_weight_val": weight}
        assert "only 9 held-out rows" in self.note(data, own)

    def test_a_class_that_is_not_held_out_is_not_counted(self, data):
        X, y = data
        three = np.where(np.arange(N) < 30, "later", y)
        validation = {"X_val": X[30:], "y_val": y[30:]}
        assert self.note((X, three), validation) is None

    def test_of_labels_the_positives_are_counted(self, data):
        X, y = data
        labels = np.column_stack([X[:, 0] > 1, y == "fraud", np.zeros(N)]).astype(int)
        held_out = np.concatenate([np.flatnonzero(y == "fraud")[:4], np.flatnonzero(y == "ok")])
        validation = {"X_val": X[held_out], "y_val": labels[held_out]}
        note = self.note((X, labels), validation)
        assert "only 4 held-out rows of positives of label 1, fewer than 10" in note

    def test_a_part_has_none(self, data):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            BalancedKerasClassifier(**TINY).partial_fit(*data)


def events(n, length, seed):
    """Return windows of noise in time order, in one of 500 a short event, and which they are."""
    generator = np.random.default_rng(seed)
    y = np.zeros(n, dtype=int)
    # One in each stretch of 500, so that every split has its share.
    y[np.arange(0, n, 500) + generator.integers(0, 500, n // 500)] = 1
    X = generator.normal(size=(n, length, 1)).astype("float32")
    for row in np.flatnonzero(y):
        start = generator.integers(0, length - 5)
        X[row, start : start + 5, 0] += [1, 3, 4, 3, 1]
    return X, y


def convolutional(meta):
    """A small network that looks for a shape anywhere in a window."""
    inputs = keras.Input(meta["X_shape_"][1:])
    hidden = keras.layers.Conv1D(8, 5, activation="relu")(inputs)
    hidden = keras.layers.GlobalMaxPooling1D()(hidden)
    return keras.Model(inputs, keras.layers.Dense(1, "sigmoid")(hidden))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sampler", "batch_size"),
    [("random_over", 512), ("random_under", 32), ("balanced_batches", 512)],
)
def test_an_event_in_one_of_500_windows_is_found(sampler, batch_size):
    X, y = events(40_000, 16, seed=0)
    clf = BalancedKerasClassifier(
        convolutional,
        sampler=sampler,
        validation_split=list(TimeSeriesSplit(3, gap=500).split(X))[-1:],
        batch_size=batch_size,
        optimizer__learning_rate=0.01,
        epochs=20,
        random_state=0,
    ).fit(X, y)
    held, trained = clf.validation_indices_, clf.sample_indices_
    np.testing.assert_array_equal(held, np.arange(30_000, 40_000))
    assert trained.max() < 29_500
    assert np.ptp(np.bincount(y[trained])) == 0
    X_new, y_new = events(20_000, 16, seed=1)
    proba = clf.predict_proba(X_new)[:, 1]
    assert proba.mean() == pytest.approx(1 / 500, rel=0.5), "it is the natural prevalence"
    assert log_loss(y_new, proba) < 0.3 * log_loss(y_new, np.full(len(y_new), 1 / 500))
    assert average_precision_score(y_new, proba) > 0.85
    assert 0 < clf.best_threshold_ < 0.5, "the class is rare"
    assert clf.score(X_new, y_new) > 0.87
    # Not above it: a network this sure of itself has no new row between the two cuts.
    assert clf.score(X_new, y_new) >= balanced_accuracy_score(y_new, proba >= 0.5)
