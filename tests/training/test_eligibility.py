"""Each reason for leaving a fit to ``Model.fit``, and everything next to it that is none."""

import keras
import numpy as np
import pytest
from scipy import sparse

from imbalanced_nn.data.rows import StackedRows
from imbalanced_nn.training import RowBatches, eligibility, needs_evaluation, unsuitable, untold

layers = keras.layers
optimizers = keras.optimizers

X = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)


def model_of(*hidden, masked=False, **compile_kwargs):
    """A compiled network of these layers."""
    model = keras.Sequential([keras.Input((3, 4) if masked else (4,)), *hidden, layers.Dense(1)])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **compile_kwargs})
    return model


def batches_of(data=X, target=Y):
    return RowBatches(data, target, None, np.arange(len(Y)), 8)


def reason(model=None, batches=None, callbacks=(), **arguments):
    """Why a fit is left to Keras."""
    given = {"validation_data": None, "verbose": 0, "callbacks": list(callbacks), **arguments}
    return unsuitable(model or model_of(), batches or batches_of(), given)


def own_function(y_true, y_pred):
    return keras.ops.mean(y_pred, axis=-1)


class OwnMetric(keras.metrics.Mean):
    pass


class OwnLoss(keras.losses.MeanSquaredError):
    pass


class OwnOptimizer(optimizers.SGD):
    pass


class OwnSchedule(optimizers.schedules.ExponentialDecay):
    pass


class OwnInitializer(keras.initializers.Zeros):
    pass


class OwnRegularizer(keras.regularizers.L2):
    pass


class OwnConstraint(keras.constraints.NonNeg):
    pass


class OwnModel(keras.Sequential):
    pass


def with_a_metric_of_its_own():
    model = model_of()
    model.extra = keras.metrics.Mean(name="extra")
    return model


def without_decay(**excluded):
    optimizer = optimizers.AdamW(weight_decay=0.1)
    model = model_of(optimizer=optimizer)
    if "var_list" in excluded:
        excluded["var_list"] = [model.layers[-1].bias]
    optimizer.exclude_from_weight_decay(**excluded)
    return model


def own_model():
    model = OwnModel([keras.Input((4,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


ADAPTED = layers.Normalization()
ADAPTED.adapt(X)
DECAY = (0.1, 5, 0.5)

REFUSED = {
    "several steps": (lambda: model_of(steps_per_execution=2), "a way to run of its own"),
    "compiled by XLA": (lambda: model_of(jit_compile=True), "a way to run of its own"),
    "eager": (lambda: model_of(run_eagerly=True), "a way to run of its own"),
    "optimizer that starts from the weights": (
        lambda: model_of(optimizer=optimizers.ScheduleFreeAdamW()),
        "starts from the weights",
    ),
    "rate": (lambda: model_of(optimizer=optimizers.SGD(lambda: 0.1)), "is a function"),
    "training": (lambda: overriding("train_step"), "Own.train_step is not Keras' own code"),
    "evaluation": (lambda: overriding("test_step"), "Own.test_step is not Keras' own code"),
}
UNTOLD = {
    "metric": (lambda: model_of(metrics=[OwnMetric(name="mine")]), "metric mine"),
    "function as metric": (lambda: model_of(metrics=[own_function]), "metric own_function"),
    "class of a metric": (
        lambda: model_of(metrics=[keras.metrics.Precision]),
        "metric Precision is given as a class",
    ),
    "weighted metric": (lambda: model_of(weighted_metrics=[own_function]), "metric own_function"),
    "function in a metric": (
        lambda: model_of(metrics=[keras.metrics.MeanMetricWrapper(own_function, name="mine")]),
        "metric mine",
    ),
    "metric of the model": (with_a_metric_of_its_own, "metric extra is kept by the network"),
    "model": (own_model, "OwnModel is a class of its own"),
    "function as loss": (
        lambda: model_of(loss=own_function),
        "loss own_function is not Keras' own",
    ),
    "loss": (lambda: model_of(loss=OwnLoss()), "loss OwnLoss is not Keras' own"),
    "loss by class": (lambda: model_of(loss=OwnLoss), "loss OwnLoss is not Keras' own code"),
    "optimizer": (lambda: model_of(optimizer=OwnOptimizer()), "OwnOptimizer of the optimizer is"),
    "schedule": (
        lambda: model_of(optimizer=optimizers.SGD(OwnSchedule(*DECAY))),
        "OwnSchedule of the optimizer is not Keras' own code",
    ),
    "wrapped optimizer": (
        lambda: model_of(optimizer=optimizers.LossScaleOptimizer(optimizers.SGD())),
        "optimizer is made of others",
    ),
    "own loss of the model": (lambda: overriding("compute_loss"), "Own is a class of its own"),
    "no decay by name": (lambda: without_decay(var_names=["bias"]), "weight decay"),
    "no decay by variable": (lambda: without_decay(var_list=[]), "weight decay"),
    "initializer": (
        lambda: model_of(layers.Dense(2, kernel_initializer=OwnInitializer())),
        "OwnInitializer of Dense",
    ),
    "regularizer": (
        lambda: model_of(layers.Dense(2, bias_regularizer=OwnRegularizer())),
        "OwnRegularizer of Dense",
    ),
    "constraint": (
        lambda: model_of(layers.Dense(2, kernel_constraint=OwnConstraint())),
        "OwnConstraint of Dense",
    ),
    "activation": (lambda: model_of(layers.Dense(2, activation=lambda x: x)), "<lambda> of Dense"),
    "precision": (lambda: model_of(layers.Dense(2, dtype="float64")), "dtype policy float64"),
    "adapted layer": (lambda: model_of(ADAPTED), "Normalization has adapted"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_another_way_to_train_is_a_reason_for_model_fit(case):
    make, words = case
    assert words in reason(make())


@pytest.mark.parametrize("case", UNTOLD.values(), ids=UNTOLD)
def test_what_a_configuration_does_not_tell_is_a_reason_for_a_program_of_its_own(case):
    make, words = case
    assert words in untold(make())
    assert reason(make()) is None


SUITABLE = {
    "plain": model_of,
    "names": lambda: model_of(loss="mae", optimizer="adam", metrics=["accuracy", "AUC"]),
    "objects": lambda: model_of(loss=keras.losses.Huber(), metrics=[keras.metrics.Precision()]),
    "function of Keras": lambda: model_of(metrics=[keras.metrics.binary_accuracy]),
    "function of Keras as loss": lambda: model_of(loss=keras.losses.binary_crossentropy),
    "weighted": lambda: model_of(weighted_metrics=[keras.metrics.Recall()]),
    "schedule": lambda: model_of(
        optimizer=optimizers.SGD(optimizers.schedules.ExponentialDecay(*DECAY))
    ),
    "parts of Keras": lambda: model_of(
        layers.Dense(
            2,
            activation="relu",
            kernel_initializer="he_normal",
            kernel_regularizer="l2",
            bias_constraint=keras.constraints.NonNeg(),
        )
    ),
    "frozen layer": lambda: model_of(layers.Dense(2, trainable=False)),
    "given normalisation": lambda: model_of(layers.Normalization(mean=1.0, variance=2.0)),
}


@pytest.mark.parametrize("make", SUITABLE.values(), ids=SUITABLE)
def test_keras_own_code_is_none(make):
    assert reason(make()) is untold(make()) is None


def test_inputs_of_any_kind_are_taken(tmp_path):
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    for data in (StackedRows(mapped, X[:2]), sparse.csr_array(X), [X, X], {"x": X}):
        assert reason(batches=batches_of(data)) is None
        assert reason(validation_data=batches_of(data)) is None


def test_targets_are_one_array():
    for target in ([Y, Y], {"y": Y}, sparse.csr_array(Y[:, None])):
        assert reason(batches=batches_of(target=target)) == "y is not one array"


def test_held_out_rows_are_looked_at_too():
    assert reason(validation_data=batches_of()) is None
    assert reason(validation_data=(X, Y)) == "validation_data is given to Model.fit"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"class_weight": {0: 1.0, 1: 2.0}}, "fit is given class_weight"),
        ({"steps_per_epoch": 3}, "fit is given steps_per_epoch"),
        ({"validation_freq": 2}, "fit is given validation_freq"),
    ],
    ids=str,
)
def test_arguments_of_fit_that_keras_has_to_follow(arguments, words):
    assert words in reason(**arguments)


def test_arguments_of_fit_that_change_nothing():
    assert (
        reason(class_weight=None, validation_freq=1, epochs=9, batch_size=4, shuffle=True) is None
    )
    assert reason(verbose=1) is reason(verbose="auto") is None


def hook(name):
    """A callback with code for one hook."""
    return type("Own", (keras.callbacks.Callback,), {name: lambda self, *args: args})()


@pytest.mark.parametrize("name", eligibility.BATCH_HOOKS + eligibility.EVALUATION_BATCH_HOOKS)
def test_callbacks_that_look_at_batches(name):
    words = "looks at batches"
    assert reason(callbacks=[keras.callbacks.History(), hook(name)]) == f"Own {words}"
    instance = keras.callbacks.Callback()
    setattr(instance, name, lambda *args: args)
    assert words in reason(callbacks=[[instance]])
    setattr(instance, name, lambda *args: None)
    assert reason(callbacks=[[instance]]) is None


def test_callbacks_that_look_at_epochs():
    checkpoint = keras.callbacks.ModelCheckpoint
    for callback in (
        hook("on_epoch_begin"),
        hook("on_epoch_end"),
        hook("on_train_end"),
        hook("on_predict_batch_end"),
        checkpoint("x.keras"),
        keras.callbacks.BackupAndRestore("folder"),
        keras.callbacks.TerminateOnNaN(),
        keras.callbacks.ProgbarLogger(),
    ):
        assert reason(callbacks=[callback]) is None
    for callback in (
        checkpoint("x.keras", save_freq=3),
        keras.callbacks.BackupAndRestore("folder", save_freq=3),
        type("Own", (keras.callbacks.TerminateOnNaN,), {})(),
        type("Own", (checkpoint,), {})("x.keras"),
    ):
        assert "looks at batches" in reason(callbacks=[callback])


def overriding(name):
    """A network with a method of its own."""

    def method(self, *args, **kwargs):
        return getattr(keras.Model, name)(self, *args, **kwargs)

    cls = type("Own", (keras.Sequential,), {name: method})
    model = cls([keras.Input((4,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize(
    "make",
    [
        lambda: overriding("test_step"),
        lambda: overriding("compute_loss"),
        lambda: overriding("evaluate"),
        lambda: model_of(metrics=["mae"]),
        lambda: model_of(layers.Dense(2, activity_regularizer="l2")),
        lambda: model_of(layers.Masking(), masked=True),
        lambda: model_of(type("OwnLayer", (layers.Dense,), {})(2)),
    ],
    ids=["test_step", "compute_loss", "evaluate", "metric", "activity", "mask", "own layer"],
)
def test_what_needs_keras_own_evaluation(make):
    assert needs_evaluation(make(), [])


def test_what_needs_none():
    assert not needs_evaluation(model_of(layers.Dense(2, kernel_regularizer="l2")), [])
    assert not needs_evaluation(overriding("train_step"), [])
    for name in (*eligibility.BATCH_HOOKS, "on_epoch_end"):
        assert not needs_evaluation(model_of(), [hook(name)])
    for name in eligibility.EVALUATION_HOOKS:
        assert needs_evaluation(model_of(), [[hook(name)]])
