"""Networks that take batches of one size alone: stateful ones, and others of a fixed shape."""

import copy
import pickle

import keras
import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.training import HeldOutPass, RowBatches, carried_states, forward

from .conftest import rows

pytestmark = pytest.mark.slow

layers = keras.layers

SIZE, SHAPE = 16, (5, 1)


def stateful(size=SIZE, rest=(lambda: layers.LSTM(4, stateful=True),), **compiled):
    stack = [keras.Input(batch_shape=(size, *SHAPE)), *(make() for make in rest)]
    model = keras.Sequential([*stack, layers.Dense(1, "sigmoid")])
    model.compile(**{"optimizer": "adam", "loss": "binary_crossentropy", **compiled})
    return model


def fresh():
    return stateful()


def plain(size):
    return stateful(size, (lambda: layers.GRU(4),))


def two_ways():
    return stateful(rest=(lambda: layers.Bidirectional(layers.GRU(3, stateful=True)),))


@pytest.fixture(scope="module")
def data():
    return rows(SHAPE, n=150)


def assert_same_variables(ones, others):
    for one, other in zip(ones, others, strict=True):
        np.testing.assert_array_equal(one, other)


def batches_of(X, n):
    """Return rows and their number, filled by copies to whole batches."""
    return X[np.r_[np.arange(n), np.zeros(-n % SIZE, dtype=int)]]


@pytest.mark.parametrize("build", [stateful, two_ways, lambda: plain(SIZE)])
@pytest.mark.parametrize("n", [1, 64, 150])
def test_outputs_are_those_of_predict(build, n, data):
    model, X = build(), data[0]
    expected = model.predict(batches_of(X, n), batch_size=SIZE, verbose=0)[:n]
    carried = [np.asarray(state) for state in carried_states(model)]
    for _ in range(2):
        np.testing.assert_allclose(forward(model, X[:n]), expected, rtol=1e-5)
    assert_same_variables(carried_states(model), carried)
    np.testing.assert_array_equal(forward(model, X, np.arange(n)), forward(model, X[:n]))


def test_a_fixed_shape_alone_changes_no_output(data):
    fixed, free = plain(SIZE), plain(None)
    free.set_weights(fixed.get_weights())
    np.testing.assert_allclose(forward(fixed, data[0]), forward(free, data[0]), rtol=1e-5)


@pytest.mark.parametrize("build", [stateful, two_ways])
def test_whole_batches_train_as_under_fit(build, data):
    X, y = data[0][:128], data[1][:128]
    ours, theirs = build(), build()
    theirs.set_weights(ours.get_weights())
    params = {"shuffle": False, "validation_split": 0, "threshold": None, "epochs": 3}
    clf = BalancedKerasClassifier(ours, **params).fit(X, y)
    logged = theirs.fit(X, y, epochs=3, batch_size=SIZE, shuffle=False, verbose=0).history
    assert clf.history_["loss"] == pytest.approx(logged["loss"])
    for one, other in zip(ours.weights, theirs.weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    assert clf.engine_ == f"keras: the network takes batches of {SIZE} rows alone"
    for state in carried_states(theirs):
        state.assign(np.zeros(state.shape))
    expected = theirs.predict(X, batch_size=SIZE, verbose=0)[:, 0]
    np.testing.assert_allclose(clf.predict_proba(X)[:, 1], expected, rtol=1e-4)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight"])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_filled_batch_trains_as_its_rows_alone(reduction, weighted, data):
    loss = keras.losses.BinaryCrossentropy(reduction=reduction)
    fixed, free = (stateful(size, (layers.Flatten,), loss=loss) for size in (SIZE, None))
    free.set_weights(fixed.get_weights())
    weight = np.random.default_rng(0).uniform(0.5, 2, size=150) if weighted else None
    for model in (fixed, free):
        params = {"shuffle": False, "validation_split": 0, "threshold": None, "epochs": 2}
        clf = BalancedKerasClassifier(model, engine="keras", batch_size=SIZE, **params)
        clf.fit(*data, weight)
    for one, other in zip(fixed.weights, free.weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_batches_are_filled_by_rows_that_weigh_nothing(data):
    X, y = data
    whole = RowBatches(X, y, None, np.arange(32), SIZE, filled="mean")
    assert [len(batch) for batch in (whole[0], whole[1])] == [2, 2]
    filled = RowBatches(X, y, None, np.arange(20), SIZE, filled="mean")
    inputs, targets, weight = filled[1]
    assert len(inputs) == len(targets) == SIZE
    np.testing.assert_array_equal(inputs[:4], X[16:20])
    np.testing.assert_array_equal(weight, [SIZE / 4] * 4 + [0] * 12)
    np.testing.assert_array_equal(filled.epoch_weight(), np.ones(20))


@pytest.fixture(scope="module")
def fitted(data):
    return BalancedKerasClassifier(fresh, epochs=3, random_state=0).fit(*data)


def test_held_out_rows_are_judged_by_what_is_predicted(fitted, data):
    X, y = data
    held = fitted.validation_indices_
    assert 0 < len(held) < 150 and len(held) % SIZE
    judge = HeldOutPass(X, y[:, None], held, None, with_loss=True)
    outputs, loss = judge(fitted.model_)
    np.testing.assert_array_equal(outputs, forward(fitted.model_, X[held]))
    p = np.where(y[held] == 1, outputs[:, 0], 1 - outputs[:, 0]).astype(float)
    assert loss == pytest.approx(-np.log(p).mean(), rel=1e-4)
    np.testing.assert_array_equal(fitted.predict_proba(X[held]), fitted.predict_proba(X[held]))


def test_metrics_of_held_out_rows_and_callbacks(data):
    def build():
        return stateful(metrics=["accuracy"])

    stop = keras.callbacks.EarlyStopping(monitor="val_accuracy")
    clf = BalancedKerasClassifier(build, epochs=2, random_state=0, callbacks=[stop]).fit(*data)
    assert "val_accuracy" in clf.history_


@pytest.mark.parametrize("params", [{"validation_split": 3}, {"head_sampler": "random_over"}])
def test_other_ways_to_train(params, data):
    clf = BalancedKerasClassifier(fresh, epochs=2, random_state=0, **params).fit(*data)
    assert clf.predict_proba(data[0]).shape == (150, 2)


def test_a_copy_trains_on_as_the_estimator(fitted, data):
    twins = [copy.deepcopy(fitted), pickle.loads(pickle.dumps(fitted))]
    assert any(np.any(state) for state in carried_states(fitted.model_))
    for twin in twins:
        assert_same_variables(carried_states(twin.model_), carried_states(fitted.model_))
    first, second = (twin.partial_fit(*data).model_.weights for twin in twins)
    assert_same_variables(first, second)


class Broken(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise RuntimeError("broken")


@pytest.mark.filterwarnings("ignore:.*INN029")
def test_a_fit_that_fails_leaves_what_is_carried(data):
    model = stateful()
    model.fit(data[0][:64], data[1][:64], batch_size=SIZE, verbose=0)
    before = [np.asarray(state) for state in carried_states(model)]
    assert np.any(before[0])
    with pytest.raises(RuntimeError, match="broken"):
        BalancedKerasClassifier(model, callbacks=[Broken()]).fit(*data)
    assert_same_variables(carried_states(model), before)


@pytest.mark.parametrize("given", [{"batch_size": 32}, {"fit__batch_size": 8}, {"batch_size": -1}])
def test_another_batch_size_is_refused(given, data):
    with pytest.raises(ValueError, match=f"batch_size=.*model takes batches of {SIZE} rows"):
        BalancedKerasClassifier(fresh, **given).fit(*data)
