"""Equal networks share a program, and nothing else."""

import threading

import keras
import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.training import clear_programs
from imbalanced_nn.training.cache import TRAINING

from .conftest import HIDDEN, TABLE, fitted, network, rows

pytestmark = pytest.mark.slow

layers = keras.layers


def test_equal_networks_share_one_program_and_others_do_not():
    X, y = rows(TABLE)
    clear_programs()
    build = network(TABLE, *HIDDEN["dense"][1])
    for seed in range(4):
        fitted(build, X[: 140 + seed], y[: 140 + seed], "graph", random_state=seed)
    assert len(TRAINING) == 1
    program = next(iter(TRAINING))
    assert program.n_traces == 1
    for other in (
        network(TABLE, lambda: layers.Dense(8, "tanh")),
        network(TABLE, *HIDDEN["dense"][1], optimizer=lambda: keras.optimizers.Adam(0.1)),
        network(TABLE, *HIDDEN["dense"][1], loss="mse"),
        network(TABLE, lambda: layers.Dense(8, "relu", kernel_regularizer="l1")),
    ):
        before = len(TRAINING)
        fitted(other, X, y, "graph")
        assert len(TRAINING) == before + 1


def test_fits_share_nothing_that_can_be_seen():
    X, y = rows(TABLE)
    build = network(TABLE, *HIDDEN["dense"][1])
    first = fitted(build, X, y, "graph")
    before = first.predict_proba(X)
    second = fitted(build, X, 1 - y, "graph", random_state=9)
    np.testing.assert_array_equal(first.predict_proba(X), before)
    assert not np.allclose(second.predict_proba(X), before)
    again = fitted(build, X, y, "graph")
    np.testing.assert_array_equal(again.predict_proba(X), before)


def test_number_of_programs_is_bounded(monkeypatch):
    monkeypatch.setattr(TRAINING, "max_programs", 2)
    clear_programs()
    X, y = rows(TABLE)
    for units in (2, 3, 4):
        fitted(network(TABLE, lambda units=units: layers.Dense(units)), X, y, "graph", epochs=1)
    assert len(TRAINING) == 2
    clear_programs()
    assert len(TRAINING) == 0


def test_a_failed_fit_leaves_the_program_sound():
    X, y = rows(TABLE)
    build = network(TABLE, *HIDDEN["dense"][1])
    expected = fitted(build, X, y, "graph").predict_proba(X)

    class Interrupt(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise KeyboardInterrupt

    clf = BalancedKerasClassifier(build, callbacks=[Interrupt()], epochs=3)
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X, y)
    assert not hasattr(clf, "model_")
    np.testing.assert_array_equal(fitted(build, X, y, "graph").predict_proba(X), expected)


def test_a_fit_inside_a_fit():
    X, y = rows(TABLE)
    build = network(TABLE, *HIDDEN["dense"][1])
    expected = fitted(build, X, y, "graph").predict_proba(X)
    inner = []

    class Nested(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            inner.append(fitted(build, X, y, "graph").predict_proba(X))

    clear_programs()
    outer = fitted(build, X, y, "graph", callbacks=[Nested()]).predict_proba(X)
    np.testing.assert_array_equal(outer, expected)
    np.testing.assert_array_equal(inner, [expected] * 3)
    assert len(TRAINING) == 1


def test_threads_get_the_results_of_a_fit_alone():
    X, y = rows(TABLE)
    build = network(TABLE, *HIDDEN["dropout"][1])
    seeds = range(4)
    expected = [fitted(build, X, y, "graph", random_state=seed).predict_proba(X) for seed in seeds]
    results = [None] * len(seeds)

    def work(seed):
        results[seed] = fitted(build, X, y, "graph", random_state=seed).predict_proba(X)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in seeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal(results, expected)
