"""Traced programs are made once, bounded, and never seen."""

import gc
import pickle
import weakref

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.model_selection import GridSearchCV

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.training import clear_programs
from imbalanced_nn.training.cache import FORWARD, TRAINING, ProgramCache, n_bytes

X, Y = make_classification(200, weights=[0.8], random_state=0)
SMALL = {"model": "mlp", "model__hidden_layer_sizes": (4,), "epochs": 2, "random_state": 0}


def test_a_search_of_thirty_fits_traces_one_program():
    clear_programs()
    grid = [
        {"sampler": [None, "random_over", "random_under", "smote", "balanced_batches"]},
        {"class_weight": ["balanced"]},
    ]
    # The default network's batches grow with the rows, of which samplers leave more or less.
    clf = BalancedKerasClassifier(batch_size=32, **SMALL)
    search = GridSearchCV(clf, grid, cv=5, scoring="average_precision").fit(X, Y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.engine_ == "graph"
    assert [program.n_traces for program in TRAINING] == [1]
    assert [program.n_traces for program in FORWARD] == [1]


class Made:
    def __init__(self, size):
        self.n_bytes = size


def test_least_recently_used_programs_go_first():
    cache = ProgramCache(max_programs=2, max_bytes=100)
    a, b = cache.get("a", lambda: Made(1)), cache.get("b", lambda: Made(1))
    assert cache.get("a", lambda: Made(1)) is a
    cache.get("c", lambda: Made(1))
    assert cache.get("a", lambda: Made(1)) is a
    assert cache.get("b", lambda: Made(1)) is not b


def test_bytes_are_bounded():
    cache = ProgramCache(max_programs=9, max_bytes=100)
    for key, size in [("a", 40), ("b", 40), ("c", 40)]:
        cache.get(key, lambda size=size: Made(size))
    assert (len(cache), cache.n_bytes) == (2, 80)
    huge = cache.get("huge", lambda: Made(101))
    assert huge.n_bytes == 101
    assert len(cache) == 0


def test_bytes_of_a_program_grow_with_its_variables():
    small, large = (keras.Variable(np.zeros((size, 10)), dtype="float32") for size in (1, 100))
    assert n_bytes([large]) - n_bytes([small]) == 990 * 4


def test_a_program_that_is_forgotten_is_freed():
    clear_programs()
    clf = BalancedKerasClassifier(**SMALL).fit(X, Y)
    proba = clf.predict_proba(X)
    twin = weakref.ref(next(iter(TRAINING)).twin)
    clear_programs()
    gc.collect()
    assert twin() is None
    np.testing.assert_array_equal(clf.predict_proba(X), proba)


def test_pickles_and_clones_hold_no_program():
    clf = BalancedKerasClassifier(**SMALL).fit(X, Y)
    proba = clf.predict_proba(X)
    pickled = pickle.dumps(clf)
    assert b"Program" not in pickled
    restored = pickle.loads(pickled)
    assert not any(name.endswith("_functions") for name in vars(restored.model_))
    np.testing.assert_array_equal(restored.predict_proba(X), proba)
    assert not hasattr(clone(clf), "model_")


def test_each_fit_owns_its_variables():
    first, second = (BalancedKerasClassifier(**SMALL).fit(X, Y) for _ in range(2))
    variables = [
        {id(v.value) for v in owner.variables + owner.optimizer.variables}
        for owner in (first.model_, second.model_, next(iter(TRAINING)).twin)
    ]
    assert len(set.union(*variables)) == sum(map(len, variables))


def test_names_of_the_network_are_those_that_keras_gives():
    def build():
        return keras.Sequential(
            [
                keras.Input((20,)),
                keras.layers.Dense(3, name="hidden"),
                keras.layers.Dense(1, "sigmoid"),
            ]
        )

    clf = BalancedKerasClassifier(build, epochs=1, loss="mse").fit(X, Y)
    assert [v.path.split("/")[-2:] for v in clf.model_.variables[:2]] == [
        ["hidden", "kernel"],
        ["hidden", "bias"],
    ]


class Raise(keras.callbacks.Callback):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            raise self.error


FAILURES = {
    "interrupted": (KeyboardInterrupt, {"callbacks": [Raise(KeyboardInterrupt())]}),
    "raising": (ZeroDivisionError, {"callbacks": [Raise(ZeroDivisionError())]}),
    "not finite": (ValueError, {"optimizer": keras.optimizers.SGD(1e38), "init_bias": None}),
}


@pytest.mark.parametrize(
    ("engine", "failures"), [("graph", FAILURES), ("keras", ("interrupted", "not finite"))]
)
def test_an_interrupted_fit_changes_nothing(engine, failures):
    clf = BalancedKerasClassifier(engine=engine, **SMALL).fit(X, Y)
    proba, history, network = clf.predict_proba(X), dict(clf.history_), clf.model_
    given = clf.get_params()
    for name in failures:
        error, change = FAILURES[name]
        clf.set_params(**given | change)
        with pytest.raises(error):
            clf.fit(X + 1, 1 - Y)
        assert clf.model_ is network
        assert clf.history_ == history
        np.testing.assert_array_equal(clf.predict_proba(X), proba)
    again = BalancedKerasClassifier(engine=engine, **SMALL).fit(X, Y)
    np.testing.assert_array_equal(again.predict_proba(X), proba)


def test_an_interrupted_warm_start_goes_back():
    class RaiseLater(Raise):
        armed = False

        def on_epoch_end(self, epoch, logs=None):
            if self.armed:
                super().on_epoch_end(epoch, logs)

    callback = RaiseLater(KeyboardInterrupt())
    clf = BalancedKerasClassifier(warm_start=True, callbacks=[callback], **SMALL).fit(X, Y)
    weights = clf.model_.get_weights()
    slots = [v.numpy() for v in clf.model_.optimizer.variables]
    RaiseLater.armed = True
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X, Y)
    for mine, before in zip(clf.model_.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(mine, before)
    for mine, before in zip(clf.model_.optimizer.variables, slots, strict=True):
        np.testing.assert_array_equal(mine.numpy(), before)


def test_folds_and_samplers_of_other_row_counts_train_by_one_program():
    clear_programs()
    clf = BalancedKerasClassifier(batch_size=32, validation_split=3, **SMALL)
    for sampler in (None, "random_under", "random_over", "balanced_batches"):
        for n_rows in (200, 170):
            clf.set_params(sampler=sampler).fit(X[:n_rows], Y[:n_rows])
            assert clf.engine_ == "graph"
    assert [program.n_traces for program in TRAINING] == [1]


class Diverge(keras.callbacks.Callback):
    """Spoil the network after each epoch."""

    def on_epoch_end(self, epoch, logs=None):
        self.model.set_weights([np.nan * weight for weight in self.model.get_weights()])


@pytest.mark.parametrize(
    ("engine", "held_out"), [("graph", True), ("graph", False), ("keras", True)]
)
def test_a_network_that_diverged_is_refused(engine, held_out):
    split = {} if held_out else {"validation_split": 0}
    clf = BalancedKerasClassifier(engine=engine, callbacks=[Diverge()], **SMALL | split)
    what = "outputs" if held_out else "weights"
    with pytest.raises(ValueError, match=f"{what} are no longer finite: training diverged. Lower"):
        clf.fit(X, Y)
    assert not hasattr(clf, "history_")
    sound = BalancedKerasClassifier(engine=engine, **SMALL | split).fit(X, Y)
    before, history = sound.predict_proba(X), {k: list(v) for k, v in sound.history_.items()}
    # The optimizer that partial_fit goes on with.
    sound.model_.optimizer.learning_rate = 1e30
    with pytest.raises(ValueError, match="no longer finite"):
        sound.partial_fit(X, Y)
    np.testing.assert_array_equal(sound.predict_proba(X), before)
    assert sound.history_ == history


def test_best_weights_may_come_back_after_a_loss_that_is_no_number():
    back = keras.callbacks.EarlyStopping("loss", patience=1, restore_best_weights=True)
    params = SMALL | {"validation_split": 0, "epochs": 3, "early_stopping": False}
    clf = BalancedKerasClassifier(callbacks=[back, Diverge()], **params).fit(X, Y)
    assert np.isnan(clf.history_["loss"]).tolist() == [False, True]
    assert np.isfinite(clf.predict_proba(X)).all()
