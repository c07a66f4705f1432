"""A fit that is interrupted anywhere leaves nothing behind: estimator, programs, generators."""

import random
import threading

import keras
import numpy as np
import pytest
from sklearn.datasets import make_classification

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.fitting import course, result
from imbalanced_nn.training import HeldOutMonitor, RowBatches, clear_programs, process
from imbalanced_nn.training.cache import FORWARD, TRAINING

pytestmark = pytest.mark.slow

X, Y = make_classification(200, 5, weights=[0.8], flip_y=0.05, random_state=0)
OTHER_X, OTHER_Y = X[::-1] + 1, 1 - Y
SMALL = {"model": "mlp", "model__hidden_layer_sizes": (4,), "epochs": 3, "random_state": 0}

# Whose method interrupts, in which of its calls from a fit on; further parameters.
POINTS = {
    "building a layer": (keras.layers.Layer, "add_weight", 2, {}),
    "compiling": (keras.Model, "compile", 1, {}),
    "compiling the twin": (keras.Model, "compile", 2, {}),
    "tracing the epoch": (keras.Model, "train_step", 1, {}),
    "tracing the forward pass": (keras.Model, "predict_step", 1, {"metrics": ["accuracy"]}),
    "first epoch": (RowBatches, "on_epoch_begin", 1, {}),
    "third epoch": (RowBatches, "on_epoch_begin", 3, {"monitor": "loss"}),
    "held-out rows": (HeldOutMonitor, "on_epoch_end", 2, {}),
    "best weights": (HeldOutMonitor, "on_train_end", 1, {}),
    "calibration": (result, "calibrates", 1, {}),
    "threshold": (result, "learn_decision", 1, {}),
    "third network of the folds": (course, "train_network", 3, {"validation_split": 4}),
    "network of all rows": (
        course,
        "train_network",
        4,
        {"validation_split": 3, "ensemble": False},
    ),
    "last layer": (HeldOutMonitor, "on_train_begin", 2, {"head_sampler": "balanced_batches"}),
    "epoch of Keras": (RowBatches, "on_epoch_begin", 2, {"engine": "keras"}),
    "batch of Keras": (keras.callbacks.Callback, "on_train_batch_end", 3, {"engine": "keras"}),
}


@pytest.fixture(scope="module")
def reference():
    """Weights of an undisturbed fit."""
    return BalancedKerasClassifier(**SMALL).fit(OTHER_X, OTHER_Y).model_.get_weights()


def interrupt(monkeypatch, owner, name, number):
    """Let a method raise at the end of its call of that number; return the calls so far."""
    method, calls = getattr(owner, name), []

    def struck(*args, **kwargs):
        result = method(*args, **kwargs)
        calls.append(name)
        if len(calls) == number:
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(owner, name, struck)
    return calls


def is_free(lock):
    """Whether another thread gets the lock."""
    got = []

    def take():
        got.append(lock.acquire(blocking=False))
        if got[0]:
            lock.release()

    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
    return got[0]


def assert_no_traces():
    """Nobody waits for a lock for ever, and every program kept is whole."""
    assert is_free(process._BUILDING)
    for cache in (TRAINING, FORWARD):
        assert is_free(cache._lookup)
    for program in TRAINING:
        assert is_free(program.lock)


@pytest.mark.parametrize("fresh", [True, False], ids=["fresh", "fitted"])
@pytest.mark.parametrize("name", POINTS)
def test_the_estimator_is_as_before_and_the_next_fit_right(name, fresh, reference, monkeypatch):
    owner, method, number, params = POINTS[name]
    clf = BalancedKerasClassifier(**SMALL | params)
    if not fresh:
        clf.fit(X, Y)
        proba, history = clf.predict_proba(X), {k: list(v) for k, v in clf.history_.items()}
    before = dict(vars(clf))
    if "twin" in name or "tracing" in name:
        clear_programs()
    generators = random.getstate(), np.random.get_state()[1].tolist()
    with monkeypatch.context() as patch:
        calls = interrupt(patch, owner, method, number)
        with pytest.raises(KeyboardInterrupt):
            clf.fit(OTHER_X, OTHER_Y)
    assert len(calls) >= number
    assert vars(clf).keys() == before.keys()
    for attribute, value in before.items():
        assert vars(clf)[attribute] is value, attribute
    assert (random.getstate(), np.random.get_state()[1].tolist()) == generators
    assert_no_traces()
    if not fresh:
        assert clf.history_ == history
        np.testing.assert_array_equal(clf.predict_proba(X), proba)
    again = clf.set_params(**BalancedKerasClassifier(**SMALL).get_params()).fit(OTHER_X, OTHER_Y)
    for mine, expected in zip(again.model_.get_weights(), reference, strict=True):
        np.testing.assert_array_equal(mine, expected)
