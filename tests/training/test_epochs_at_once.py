"""Several epochs in one call are the same epochs, and only where nobody looks between."""

import keras
import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.losses import LDAMCrossentropy
from imbalanced_nn.training import HeldOutPass, graph
from imbalanced_nn.training.programs import Program

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(160, 5)).astype(np.float32)
Y = (X[:, 0] + 0.5 * GENERATOR.normal(size=160) > 0.8).astype(int)
WEIGHT = GENERATOR.uniform(0.5, 2, size=160)

QUIET = {"early_stopping": False}
KINDS = {
    "nothing held out": {"validation_split": 0, "threshold": None, **QUIET},
    "held out": QUIET,
    "drawn": {"sampler": "random_over", **QUIET},
    "balanced batches": {"sampler": "balanced_batches", **QUIET},
    "schedule": {"sampler": "balanced_batches", "balancing_schedule": "linear", **QUIET},
    "two stages": {"head_sampler": "balanced_batches", **QUIET},
}
WATCHED = {
    "stops early": {},
    "stops on another score": {"monitor": "loss"},
    "callback": {"callbacks": [keras.callbacks.Callback], **QUIET},
    "other synthetic rows": {"sampler": "smote", "resample_every": "epoch", **QUIET},
    "loss that changes": {"loss": LDAMCrossentropy(reweight_from=0.5), **QUIET},
    "metrics of held-out rows": {"metrics": ["accuracy"], **QUIET},
}


def fitted(**params):
    params = {"epochs": 5, "batch_size": 32, "random_state": 0, **params}
    clf = BalancedKerasClassifier("mlp", model__hidden_layer_sizes=(6,), engine="graph", **params)
    return clf.fit(X, Y, sample_weight=WEIGHT)


@pytest.fixture
def calls(monkeypatch):
    """The number of epochs in each call of a program."""
    made, train = [], Program.train

    def counted(self, data, weights, rows, *further, **options):
        made.append(len(rows))
        return train(self, data, weights, rows, *further, **options)

    monkeypatch.setattr(Program, "train", counted)
    return made


def assert_equal(one, other):
    assert one.history_ == other.history_
    for part in ("variables", "optimizer.variables"):
        pairs = []
        for clf in (one, other):
            owner = clf.model_.optimizer if "optimizer" in part else clf.model_
            pairs.append([variable.numpy() for variable in owner.variables])
        for a, b in zip(*pairs, strict=True):
            np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))


@pytest.mark.parametrize("kind", KINDS)
def test_they_are_the_epochs_of_one_at_a_time(kind, calls, monkeypatch):
    at_once = fitted(**KINDS[kind])
    assert set(calls) == {5}
    monkeypatch.setattr(graph, "STEPS_AT_ONCE", 1)
    calls.clear()
    one_by_one = fitted(**KINDS[kind])
    assert set(calls) == {1}
    assert_equal(at_once, one_by_one)


def test_the_last_call_takes_the_rest(calls, monkeypatch):
    whole = fitted(**KINDS["held out"])
    calls.clear()
    monkeypatch.setattr(graph, "STEPS_AT_ONCE", 2 * 4)
    assert_equal(fitted(**KINDS["held out"]), whole)
    assert calls == [2, 2, 1]


def test_many_rows_are_not_taken_at_once(calls, monkeypatch):
    monkeypatch.setattr(graph, "ROWS_AT_ONCE", 3 * len(X))
    fitted(**KINDS["nothing held out"])
    assert calls == [3, 2]
    calls.clear()
    fitted(batch_size=-1, **KINDS["nothing held out"])
    assert calls == [3, 2]


@pytest.mark.parametrize("kind", WATCHED)
def test_whoever_looks_between_epochs_has_them_one_by_one(kind, calls):
    fitted(**WATCHED[kind])
    assert set(calls) == {1}


def test_held_out_rows_are_judged_along_with_the_epoch_as_apart(calls, monkeypatch):
    passes, outputs_of = [], HeldOutPass.__call__

    def watched(self, model):
        passes.append(self.ready is not None)
        return outputs_of(self, model)

    monkeypatch.setattr(HeldOutPass, "__call__", watched)
    together = {kind: fitted(**params) for kind, params in [("quiet", QUIET), ("stops", {})]}
    assert set(passes) == {True}
    passes.clear()
    calls.clear()
    # As with more rows than one call takes.
    monkeypatch.setattr(HeldOutPass, "tensors", property(lambda self: []))
    for kind, params in [("quiet", QUIET), ("stops", {})]:
        apart = fitted(**params)
        for name, values in apart.history_.items():
            np.testing.assert_allclose(values, together[kind].history_[name], rtol=1e-5)
    assert set(passes) == {False}
    assert set(calls) == {1}


def test_an_optimizer_starts_anew_in_each_fit():
    first = fitted(optimizer="adam", **KINDS["nothing held out"])
    second = fitted(optimizer="adam", **KINDS["nothing held out"])
    assert_equal(first, second)
    assert any(variable.numpy().any() for variable in second.model_.optimizer.variables[2:])
    slots = [variable.numpy() for variable in first.model_.optimizer.variables]
    second.partial_fit(X, Y)
    for variable, before in zip(first.model_.optimizer.variables, slots, strict=True):
        np.testing.assert_array_equal(variable.numpy(), before)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("callbacks", [None, [keras.callbacks.Callback]])
def test_the_optimizer_of_the_network_that_ships_is_built(optimizer, callbacks):
    clf = fitted(optimizer=optimizer, callbacks=callbacks, **KINDS["nothing held out"])
    assert clf.model_.optimizer.variables
    assert clf.model_.optimizer.built
    assert clf.model_.optimizer.iterations.numpy() == 5 * 5


def test_a_callback_sees_the_optimizer_as_under_model_fit():
    seen = []

    class Looks(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            seen.append(self.model.optimizer.built)

        def on_epoch_end(self, epoch, logs=None):
            seen.append(any(v.numpy().any() for v in self.model.optimizer.variables[2:]))

    fitted(epochs=1, callbacks=[Looks], **KINDS["nothing held out"])
    assert seen == [False, True]


def test_networks_of_folds_do_without_the_memory_of_their_optimizers(monkeypatch):
    fitted(**QUIET)
    built, build = [], keras.optimizers.Adam.build
    monkeypatch.setattr(
        keras.optimizers.Adam, "build", lambda *given: (built.append(1), build(*given))
    )
    averaged = fitted(validation_split=3, **QUIET)
    assert built == []
    # That of the average is made when Keras asks for it, which would not load it without.
    n_weights = len(averaged.model_.trainable_variables)
    assert len(averaged.model_.optimizer.variables) >= 2 * n_weights
    assert averaged.model_.optimizer.built
    assert built == [1]
    parts = [layer for layer in averaged.model_.layers if isinstance(layer, keras.Model)]
    assert [part.compiled for part in parts] == [False, False, False]
    fitted(validation_split=3, ensemble=False, **QUIET)
    assert built == [1]
