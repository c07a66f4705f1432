"""Code of the user's in the graph: what is trained is what ``Model.fit`` trains."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.networks import RobustNormalization
from imbalanced_nn.training import cache, clear_programs
from imbalanced_nn.training.own_code import token_of

from .conftest import HIDDEN, TABLE, assert_equal_fits, fitted, network, rows

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:.*INN012")]

X, Y = rows(TABLE)
DENSE = HIDDEN["dense"][1]
GAMMA = 2.0


def focal(y_true, y_pred):
    y_true, p = ops.cast(y_true, y_pred.dtype), ops.clip(y_pred, 1e-6, 1 - 1e-6)
    terms = y_true * (1 - p) ** GAMMA * ops.log(p) + (1 - y_true) * p**GAMMA * ops.log(1 - p)
    return -ops.mean(terms, axis=-1)


def squared(y_true, y_pred):
    return tf.reduce_mean(tf.square(tf.cast(y_true, y_pred.dtype) - y_pred), axis=-1)


def f1(y_true, y_pred):
    true, decided = ops.cast(y_true, "float32"), ops.cast(y_pred > 0.5, "float32")
    return 2 * ops.sum(true * decided) / (ops.sum(true) + ops.sum(decided) + 1e-7)


class Focal(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return focal(y_true, y_pred)


class Alerts(keras.metrics.Metric):
    def __init__(self, name="alerts", **kwargs):
        super().__init__(name=name, **kwargs)
        self.number = self.add_weight(name="number", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.number.assign_add(ops.sum(ops.cast(y_pred > 0.5, "float32")))

    def result(self):
        return self.number + 0.0

    def reset_state(self):
        self.number.assign(0.0)


class Block(layers.Layer):
    """Neither registered nor told by its configuration."""

    def __init__(self, units):
        super().__init__()
        self.dense, self.dropout = layers.Dense(units), layers.Dropout(0.2)

    def call(self, inputs, training=False):
        return ops.relu(self.dropout(self.dense(inputs), training=training))


class Network(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(8, "relu")
        self.scores = layers.Dense(1, activation="sigmoid")

    def call(self, inputs, training=False):
        return self.scores(self.hidden(inputs))


class Penalised(Network):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, **kwargs):
        return super().compute_loss(x, y, y_pred, sample_weight) + ops.mean(y_pred)


class Slow(keras.optimizers.SGD):
    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient / 2, variable, learning_rate)


def scaled():
    return keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam())


def subclassed(cls):
    def build():
        model = cls()
        model.compile("adam", "binary_crossentropy")
        return model

    return build


def normalised():
    normalization = layers.Normalization()
    normalization.adapt(X)
    return network(TABLE, lambda: normalization, *DENSE)()


def of_two_precisions():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        hidden = layers.Dense(8, "relu")
    finally:
        keras.config.set_dtype_policy(before)
    return network(TABLE, lambda: hidden)()


def bare():
    return keras.Sequential(
        [keras.Input(TABLE), *(make() for make in DENSE), layers.Dense(1, "sigmoid")]
    )


KEPT, OWN = "graph", "graph of its own: "
# Everyday code: how the network is built and the parameters, and which program trains it.
CODE = {
    "loss by name": (bare, {"loss": "binary_crossentropy"}, KEPT),
    "loss of Keras": (bare, {"loss": keras.losses.binary_crossentropy}, KEPT),
    "loss by class": (bare, {"loss": keras.losses.BinaryCrossentropy}, KEPT),
    "loss by class name": (bare, {"loss": "BinaryCrossentropy"}, KEPT),
    "loss with arguments": (
        bare,
        {"loss": keras.losses.BinaryFocalCrossentropy, "loss__gamma": 1.0},
        KEPT,
    ),
    "loss object": (bare, {"loss": keras.losses.MeanSquaredError()}, KEPT),
    "loss for compile": (bare, {"compile__loss": "mse"}, KEPT),
    "loss of the builder": (network(TABLE, loss=keras.losses.mean_squared_error), {}, KEPT),
    "own function as loss": (bare, {"loss": focal}, OWN + "loss focal"),
    "TensorFlow's functions": (bare, {"loss": squared}, OWN + "loss squared"),
    "own loss": (bare, {"loss": Focal()}, OWN + "loss Focal"),
    "own loss by class": (bare, {"loss": Focal}, OWN + "loss Focal"),
    "own loss of the builder": (network(TABLE, loss=focal), {}, OWN + "loss focal"),
    "weights of losses": (network(TABLE, loss_weights=[2.0]), {}, OWN + "loss_weights"),
    "own function as metric": (bare, {"loss": "mse", "metrics": ["mae", f1]}, OWN + "metric f1"),
    "own metric": (bare, {"metrics": [Alerts()]}, OWN + "metric alerts"),
    "own metric by class": (bare, {"metrics": [Alerts]}, OWN + "metric alerts"),
    "function in a metric": (
        network(TABLE, metrics=[keras.metrics.MeanMetricWrapper(f1, name="f")]),
        {},
        OWN + "metric f",
    ),
    "own weighted metric": (network(TABLE, weighted_metrics=[f1]), {}, "keras: its code"),
    "Lambda": (network(TABLE, lambda: layers.Lambda(lambda x: 2 * x)), {}, OWN + "lambda"),
    "own layer": (network(TABLE, lambda: Block(4)), {}, OWN + "Block"),
    "own activation": (
        network(TABLE, lambda: layers.Dense(4, activation=lambda x: x * ops.sigmoid(x))),
        {},
        OWN + "<lambda> of Dense",
    ),
    "activation of TensorFlow": (
        network(TABLE, lambda: layers.Dense(4, activation=tf.nn.relu)),
        {},
        OWN + "relu of Dense",
    ),
    "subclass": (subclassed(Network), {}, OWN + "Network is a class of its own"),
    "subclass with a loss": (subclassed(Penalised), {}, OWN + "Penalised is a class"),
    "adapted layer": (normalised, {}, OWN + "Normalization has adapted"),
    "two precisions": (of_two_precisions, {}, OWN),
    "own optimizer": (network(TABLE, optimizer=lambda: Slow(0.1)), {}, OWN + "Slow"),
    "scaled loss": (
        network(
            TABLE, optimizer=lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam())
        ),
        {},
        OWN + "optimizer is made of others",
    ),
    "class weights": (bare, {"loss": focal, "class_weight": "balanced"}, OWN + "loss focal"),
    "sampler": (bare, {"loss": focal, "sampler": "random_over"}, OWN + "loss focal"),
    "balanced batches": (network(TABLE, lambda: Block(4)), {"sampler": "balanced_batches"}, OWN),
    "early stopping": (network(TABLE, lambda: Block(4)), {"early_stopping": True}, OWN + "Block"),
    "cross-fitting": (network(TABLE, lambda: Block(4)), {"validation_split": 2}, OWN + "Block"),
}


@pytest.mark.parametrize("name", CODE)
def test_everyday_code_is_trained_as_by_model_fit(name):
    build, params, expected = CODE[name]
    theirs, ours = (fitted(build, X, Y, engine, epochs=2, **params) for engine in ("keras", "auto"))
    assert ours.engine_.startswith(expected)
    assert (ours.engine_ == KEPT) == (expected == KEPT)
    assert ours.history_ == theirs.history_
    for mine, other in zip(ours.model_.variables, theirs.model_.variables, strict=True):
        np.testing.assert_array_equal(np.asarray(mine), np.asarray(other))
    state = (clf.model_.optimizer.variables for clf in (ours, theirs))
    for mine, other in zip(*state, strict=True):
        np.testing.assert_array_equal(np.asarray(mine), np.asarray(other))
    np.testing.assert_array_equal(ours.predict_proba(X), theirs.predict_proba(X))


def test_callbacks_look_at_the_network_itself():
    seen = []

    class Looks(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append([self.model.predict(X[:2], verbose=0), self.model.optimizer.iterations + 0])

    assert_own = network(TABLE, lambda: Block(4))
    for engine in ("keras", "graph"):
        fitted(assert_own, X, Y, engine, callbacks=[Looks()])
    for mine, other in zip(seen[:3], seen[3:], strict=True):
        for part, expected in zip(mine, other, strict=True):
            np.testing.assert_array_equal(part, expected)


def test_parts_go_on_with_the_program_of_the_network():
    ends = []
    for engine in ("keras", "graph"):
        clf = fitted(network(TABLE, lambda: Block(4)), X, Y, engine)
        for _ in range(2):
            clf.partial_fit(X, Y)
        ends.append(clf)
    np.testing.assert_array_equal(*(clf.predict_proba(X) for clf in ends))
    (program,) = [v for k, v in vars(ends[1].model_)["_kept"][1].items() if k.startswith("train")]
    # Once for three epochs with held-out rows, and once for parts without.
    assert program.n_traces <= 2


def test_a_loss_that_is_the_same_function_is_traced_once():
    clear_programs()
    for seed in range(3):
        fitted(bare, X, Y, "graph", loss=focal, metrics=[f1], random_state=seed)
    (program,) = cache.TRAINING
    assert program.n_traces == 1


def test_a_layer_of_ours_may_begin_a_list_of_layers():
    assert_equal_fits(network(TABLE, RobustNormalization, *DENSE), X, Y)


def test_a_search_over_losses_learns_by_each(monkeypatch):
    clear_programs()
    search = GridSearchCV(
        BalancedKerasClassifier(bare, epochs=2, random_state=0, early_stopping=False),
        {"loss": [focal, squared]},
        cv=2,
        scoring="neg_log_loss",
        refit=False,
    ).fit(X, Y)
    alone = GridSearchCV(clone(search.estimator), {"loss": [squared]}, cv=2, refit=False)
    alone.set_params(scoring="neg_log_loss", estimator__engine="keras").fit(X, Y)
    scores = search.cv_results_["mean_test_score"]
    assert scores[0] != scores[1]
    assert scores[1] == alone.cv_results_["mean_test_score"][0]


def loss_by(**names):
    """A new function of the same code every time."""
    scale = names.get("scale", 1.0)

    def loss(y_true, y_pred):
        return scale * ops.mean(ops.square(y_true - y_pred), axis=-1)

    return loss


def test_what_a_function_computes_by_is_in_its_token(monkeypatch):
    before = token_of(focal)
    assert before == token_of(focal) is not None
    monkeypatch.setitem(globals(), "GAMMA", 3.0)
    assert token_of(focal) != before
    one = loss_by(scale=1.0)
    other = loss_by(scale=1.0)
    assert token_of(one) != token_of(other)
    changed = token_of(one)
    one.__closure__[0].cell_contents = 2.0
    assert token_of(one) != changed
    changed = token_of(one)
    one.__code__ = loss_by().__code__
    one.by = 3
    assert token_of(one) != changed


def inner(y_true, y_pred):
    return focal(y_true, y_pred)


def test_functions_that_a_function_calls_are_in_its_token(monkeypatch):
    before = token_of(inner)
    assert before is not None
    monkeypatch.setitem(globals(), "GAMMA", 4.0)
    assert token_of(inner) != before


class Settings:
    alpha = 1.0


SETTINGS, ALPHA = Settings(), np.array([1.0, 2.0])


@pytest.mark.parametrize(
    "function",
    [
        lambda y_true, y_pred: SETTINGS.alpha * y_pred,
        lambda y_true, y_pred: y_pred * Settings.alpha,
        lambda y_true, y_pred: y_pred * np.random.rand(),
        lambda y_true, y_pred: y_pred * eval("ALPHA"),
        lambda y_true, y_pred: y_pred * pytest.alpha,
        lambda y_true, y_pred, state=[]: y_pred,
        functools.partial(focal),
        Focal(),
    ],
    ids=["object", "class", "random", "file", "module", "default", "partial", "loss"],
)
def test_what_may_change_unseen_has_no_token(function):
    assert token_of(function) is None


def test_lists_are_told_by_what_they_hold_where_nothing_changes_them():
    held = [4, (2, "relu")]

    def build(sizes=held):
        return sizes

    before = token_of(build, lists=True)
    assert before == token_of(build, lists=True) is not None
    held.append(held)
    assert token_of(build, lists=True) != before
    held[-1] = object()
    assert token_of(build, lists=True) is None


def test_arrays_are_told_by_their_values():
    def weighted(y_true, y_pred):
        return y_pred * ALPHA[0]

    before = token_of(weighted)
    ALPHA[0] = 5
    assert None is not token_of(weighted) != before


def test_epochs_are_printed_as_by_keras(capsys):
    def lines(engine, verbose):
        fitted(network(TABLE), X, Y, engine, verbose=verbose)
        printed = capsys.readouterr().out.replace("\b", "").replace("\r", "\n")
        ends = [line for line in printed.split("\n") if "val_loss" in line or "Epoch" in line]
        return [[word for word in line.split() if "/step" not in word] for line in ends]

    for verbose in (1, 2):
        ours, theirs = (lines(engine, verbose) for engine in ("graph", "keras"))
        assert len(ours) == 6
        assert [line[-11:] for line in ours] == [line[-11:] for line in theirs]
    assert lines("graph", 0) == []


def test_a_loss_that_is_no_number_is_told(capsys):
    def none(y_true, y_pred):
        return ops.mean(ops.sqrt(y_pred - 2.0), axis=-1)

    for engine in ("keras", "graph"):
        callbacks = [keras.callbacks.TerminateOnNaN()]
        with pytest.raises(ValueError, match="training diverged"):
            fitted(network(TABLE, loss=none), X, Y, engine, callbacks=callbacks)
        assert "Invalid loss, terminating training" in capsys.readouterr().out


def test_callbacks_that_look_at_no_prediction_do_not_slow_it(monkeypatch):
    clf = fitted(network(TABLE), X, Y, "graph", callbacks=[keras.callbacks.EarlyStopping("loss")])
    monkeypatch.setattr(clf.model_, "predict", None)
    assert clf.predict_proba(X).shape == (len(X), 2)


def test_callbacks_that_look_at_predictions_are_told():
    told = []
    looks = keras.callbacks.LambdaCallback()
    looks.on_predict_end = lambda logs: told.append(True)
    clf = fitted(network(TABLE), X, Y, "graph", callbacks=[looks])
    clf.predict_proba(X)
    assert told


def test_backups_are_taken_and_gone_back_to(tmp_path):
    class Breaks(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    def backup(engine):
        return keras.callbacks.BackupAndRestore(tmp_path / engine)

    ends = []
    for engine in ("keras", "graph"):
        with pytest.raises(KeyboardInterrupt):
            fitted(
                network(TABLE), X, Y, engine, callbacks=[backup(engine), Breaks()], shuffle=False
            )
        clf = fitted(network(TABLE), X, Y, engine, callbacks=[backup(engine)], shuffle=False)
        ends.append(clf)
    assert ends[1].engine_ == "graph"
    assert len(ends[1].history_["loss"]) == 1
    np.testing.assert_array_equal(*(clf.predict_proba(X) for clf in ends))
