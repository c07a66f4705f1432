"""Networks of folds that are trained at once are those that are trained one after the other."""

import importlib

import keras
import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.training.backends import epochs_module
from tests.problems import TINY, two_classes

if not hasattr(epochs_module(), "SeveralEpochs"):
    pytest.skip("the backend has no program for several networks", allow_module_level=True)

cross_fit = importlib.import_module("imbalanced_nn.fitting.cross_fit")
X, Y = two_classes(203)
PROBLEMS = {
    "stopped early": {"epochs": 12, "patience": 2, "early_stopping": True},
    "several epochs in a call": {"epochs": 5, "early_stopping": False},
    "default network": {"model": None, "epochs": 3, "early_stopping": True},
    "loss that knows the classes": {"loss": "logit_adjusted", "epochs": 3, "ensemble": False},
    "balanced batches": {"sampler": "balanced_batches", "epochs": 4},
    "dropped units": {"model__dropout": 0.3, "epochs": 3},
}


def fitted(monkeypatch, at_once, X=X, y=Y, **params):
    """Return a fit of three folds, and whether one program has trained them at once."""
    seen = []
    made = cross_fit._together

    def spy(ready):
        together = made(ready)
        seen.append(together)
        return together

    with monkeypatch.context() as patched:
        patched.setattr(cross_fit, "may_train_together", lambda: at_once)
        patched.setattr(cross_fit, "_together", spy)
        params = TINY | {"validation_split": 3, "batch_size": 16, "random_state": 0} | params
        clf = BalancedKerasClassifier(**params).fit(X, y)
    return clf, bool(seen and seen[0] is not None and seen[0].is_shared)


@pytest.mark.parametrize("params", PROBLEMS.values(), ids=PROBLEMS)
def test_networks_learn_the_same(params, monkeypatch):
    one, _ = fitted(monkeypatch, False, **params)
    other, is_shared = fitted(monkeypatch, True, **params)
    assert is_shared
    assert one.n_iter_ == other.n_iter_
    for name, values in one.history_.items():
        np.testing.assert_allclose(other.history_[name], values, rtol=2e-4, err_msg=name)
    np.testing.assert_allclose(other.predict_proba(X), one.predict_proba(X), atol=2e-5)
    assert one.best_threshold_ == pytest.approx(other.best_threshold_, abs=1e-4)


class Watch(keras.callbacks.Callback):
    """Somebody else who looks at the networks."""


@pytest.mark.parametrize(
    "params", [{"callbacks": [Watch]}, {"sampler": "smote", "resample_every": "epoch"}], ids=str
)
def test_others_are_trained_one_after_the_other(params, monkeypatch):
    _, is_shared = fitted(monkeypatch, True, epochs=1, **params)
    assert not is_shared


def test_folds_of_other_sizes_are_trained_one_after_the_other(monkeypatch):
    rows = np.random.default_rng(0).permutation(len(Y))
    folds = [(np.setdiff1d(rows, part), part) for part in np.split(rows, [30, 130])[:2]]
    one, _ = fitted(monkeypatch, False, validation_split=folds, epochs=2)
    other, is_shared = fitted(monkeypatch, True, validation_split=folds, epochs=2)
    assert not is_shared
    np.testing.assert_array_equal(other.predict_proba(X), one.predict_proba(X))
