"""Whether an epoch in a graph is sure to be what ``Model.fit`` does."""

from collections.abc import Callable
from types import FunctionType
from typing import Any

import keras
import numpy as np

from imbalanced_nn._compat.keras import (
    flattened_layers,
    given_learning_rate,
    given_loss,
    mask_of,
    trainable_variables,
)
from imbalanced_nn.networks import MembersNetwork
from imbalanced_nn.training.backends import TITLE, epochs_module, tensors
from imbalanced_nn.training.batches import RowBatches
from imbalanced_nn.training.counting_hooks import only_counts
from imbalanced_nn.training.fixed_batches import fixed_batch_size
from imbalanced_nn.training.own_code import is_known
from imbalanced_nn.training.stream_batches import StreamBatches

__all__ = [
    "hooks_of_batches",
    "needs_evaluation",
    "runs_eagerly",
    "slower",
    "unsuitable",
    "watches_predictions",
]

EVALUATION_BATCH_HOOKS = ("on_test_batch_begin", "on_test_batch_end")
EVALUATION_HOOKS = ("on_test_begin", "on_test_end", *EVALUATION_BATCH_HOOKS)
PREDICTION_HOOKS = (
    *("on_predict_begin", "on_predict_end"),
    *("on_predict_batch_begin", "on_predict_batch_end"),
)
BATCH_HOOKS = ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end")
# State that Keras sets from the weights while it traces, where it is not what it is outside.
STARTS_FROM_WEIGHTS = {"ScheduleFreeAdamW"}
# What a fit in a graph does in its own way, or traces: nobody else's code may stand in its place.
METHODS = {
    keras.Model: (
        *("fit", "make_train_function", "train_function", "train_step", "test_step"),
        *("predict_step", "compute_loss", "compute_metrics"),
    ),
    keras.layers.Layer: ("__call__", "call"),
    keras.losses.Loss: ("__call__", "call"),
    keras.optimizers.Optimizer: ("apply", "apply_gradients", "update_step"),
}
# Callbacks of Keras whose batch hooks do nothing while they save after epochs, and those that the
# end of an epoch tells all that they show.
SAVE = (keras.callbacks.ModelCheckpoint, keras.callbacks.BackupAndRestore)
SHOW = (keras.callbacks.ProgbarLogger, keras.callbacks.TerminateOnNaN)
# What Keras calls while it traces a step, whoever has written it.
TRACED = ("compute_loss",)
KNOWN_ARGUMENTS = {
    "batch_size",
    "callbacks",
    "epochs",
    "initial_epoch",
    "sample_weight",
    "shuffle",
    "validation_batch_size",
    "validation_data",
    "validation_split",
    "verbose",
}
# Further arguments of Keras that ask for nothing at these values.
IDLE: dict[str, Any] = {
    **dict.fromkeys(("class_weight", "steps_per_epoch", "validation_steps")),
    "validation_freq": 1,
}


def unsuitable(model: keras.Model, batches: RowBatches, arguments: dict[str, Any]) -> str | None:
    """Return why an epoch in a graph could differ from ``Model.fit``; None if it cannot.

    Code that Keras traces once, whoever wrote it, is traced all the same. What is left to Keras
    is who trains in a way of its own, and what looks at batches.

    Parameters
    ----------
    model : keras.Model
        Built and compiled.
    batches : RowBatches
        What it is to be trained on.
    arguments : dict
        Further arguments of ``Model.fit``.
    """
    if epochs_module() is None:
        return f"on {TITLE} networks are trained by Model.fit"
    if tensors.is_distributed(model):
        return "the network is distributed over devices"
    if (size := fixed_batch_size(model)) is not None:
        return f"the network takes batches of {size} rows alone"
    if (replaced := _replaced_method(model)) is not None:
        return replaced
    # Keras follows lists and dicts of losses by copies of its own.
    given, now = (keras.tree.flatten(loss) for loss in (given_loss(model), model.loss))
    if len(given) != len(now) or any(a is not b for a, b in zip(given, now, strict=True)):
        return "loss was changed after compile"
    if (state := _untraceable_optimizer(model)) is not None:
        return state
    compiles = bool(model.jit_compile)
    if runs_eagerly(model) or model.steps_per_execution != 1 or compiles != tensors.COMPILES:
        return "compile asks for a way to run of its own"
    held_out = arguments.get("validation_data")
    for rows in (batches, *([] if held_out is None else [held_out])):
        if unsuitable_data := _unsuitable_data(rows):
            return unsuitable_data
    return _unsuitable_call(arguments)


def slower(model: keras.Model) -> str | None:
    """Return why ``Model.fit`` trains a network faster than a program of epochs; None elsewhere."""
    if tensors.is_slowed_by_loops(model):
        return f"on {TITLE}, a CPU is slow at convolutions in a program of whole epochs"
    return None


def _untraceable_optimizer(model: keras.Model) -> str | None:
    """Return what an optimizer does that a graph around many steps would not, or None."""
    optimizer = model.optimizer
    if type(optimizer).__name__ in STARTS_FROM_WEIGHTS:
        return f"optimizer {type(optimizer).__name__} starts from the weights"
    rate = given_learning_rate(optimizer)
    schedule = keras.optimizers.schedules.LearningRateSchedule
    if callable(rate) and not isinstance(rate, schedule):
        return "learning_rate is a function"
    # Reading its variables builds an optimizer of which an earlier fit has put that off.
    if optimizer.variables and optimizer.built:
        known, own = trainable_variables(optimizer), model.trainable_variables
        if list(map(id, known)) != list(map(id, own)):
            return "optimizer was built for other variables"
    return None


def runs_eagerly(model: keras.Model) -> bool:
    """Whether a network, or everything, is to be run step by step and not as a program."""
    return model.run_eagerly or tensors.is_eager()


def _replaced_method(model: keras.Model) -> str | None:
    """Return which method is in the place of Keras' own and not to be passed by, or None.

    Tools that record fits wrap ``Model.fit`` and pass the wrapper off as Keras' own, by its name
    and module; the module that it sees as its globals is its own. A class of somebody's own may
    have what code it likes where Keras traces it, but train in no way but Keras'.
    """
    for part in (model, *flattened_layers(model, include_self=False), model.loss, model.optimizer):
        kind = next((kind for kind in METHODS if isinstance(part, kind)), None)
        for name in METHODS.get(kind, ()):
            owner = next((cls for cls in type(part).__mro__ if name in vars(cls)), None)
            method = vars(part).get(name) or getattr(owner, name, None)
            if method is None or _is_own_function(method):
                continue
            inherited = name not in vars(part) and not is_known(owner)
            if not inherited or (part is model and name not in TRACED):
                return f"{type(part).__name__}.{name} is not Keras' own code"
    return None


def _is_own_function(function: Any) -> bool:
    """Whether something is a plain function, defined in Keras or here."""
    if type(function) is not FunctionType:
        return False
    return function.__globals__["__name__"].split(".")[0] in ("keras", "imbalanced_nn")


def _unsuitable_data(batches: RowBatches) -> str | None:
    """Return why a graph cannot be given the data, or None."""
    if isinstance(batches, StreamBatches):
        return "rows come from a dataset"
    if not isinstance(batches, RowBatches):
        return "validation_data is given to Model.fit"
    return None if isinstance(batches.y, np.ndarray) else "y is not one array"


def _unsuitable_call(arguments: dict[str, Any]) -> str | None:
    """Return which argument of ``fit`` needs Keras, or None."""
    for name, value in arguments.items():
        if name not in KNOWN_ARGUMENTS and (name not in IDLE or value != IDLE[name]):
            return f"fit is given {name}"
    if keras.config.max_epochs() or keras.config.max_steps_per_epoch():
        return "keras.config limits what a fit trains"
    for callback in keras.tree.flatten(arguments["callbacks"]):
        if not all(map(only_counts, hooks_of_batches(callback))):
            return f"{type(callback).__name__} looks at batches"
    return None


def hooks_of_batches(callback: keras.callbacks.Callback) -> list[Callable[..., Any]]:
    """Return the hooks by which a callback has to be told of batches."""
    saves_after_epochs = type(callback) in SAVE and callback.save_freq == "epoch"
    if saves_after_epochs or type(callback) in SHOW:
        return []
    hooks = BATCH_HOOKS + EVALUATION_BATCH_HOOKS
    return [getattr(callback, hook) for hook in hooks if _overrides(callback, (hook,))]


def needs_evaluation(model: keras.Model, callbacks: list) -> bool:
    """Whether held-out rows must go through ``Model.evaluate`` and not only its loss."""
    own_code = any(
        getattr(type(model), name) is not getattr(keras.Model, name)
        and not isinstance(model, MembersNetwork)
        for name in ("test_step", "compute_loss", "evaluate")
    ) or any(_may_add_losses(layer) for layer in flattened_layers(model, include_self=False))
    watched = any(_overrides(c, EVALUATION_HOOKS) for c in keras.tree.flatten(callbacks))
    return own_code or watched or _masks_outputs(model) or len(model.metrics) != 1


def watches_predictions(callbacks: list) -> bool:
    """Whether a callback has to be told of predictions.

    Parameters
    ----------
    callbacks : list of keras.callbacks.Callback
        May hold further lists.
    """
    return any(_overrides(c, PREDICTION_HOOKS) for c in keras.tree.flatten(callbacks))


def _masks_outputs(model: keras.Model) -> bool:
    """Whether the loss is told which time steps are masked; outputs as an array do not tell."""
    outputs = getattr(model, "outputs", None) or []
    return any(mask_of(output) is not None for output in outputs)


def _overrides(callback: keras.callbacks.Callback, hooks: tuple[str, ...]) -> bool:
    """Whether a callback has code of its own for any of the hooks."""
    base = keras.callbacks.Callback
    # Keras' LambdaCallback keeps its hooks in the instance.
    return any(
        hook in vars(callback) or getattr(type(callback), hook) is not getattr(base, hook)
        for hook in hooks
    )


def _may_add_losses(layer: keras.layers.Layer) -> bool:
    """Whether a layer's losses depend on the rows that pass through it."""
    return getattr(layer, "activity_regularizer", None) is not None or not is_known(type(layer))
