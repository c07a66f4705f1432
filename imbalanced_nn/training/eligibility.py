"""Whether an epoch in a graph is sure to be what ``Model.fit`` does."""

from types import FunctionType
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from imbalanced_nn._compat.keras import (
    Functional,
    excluded_from_decay,
    flattened_layers,
    given_learning_rate,
    given_loss,
    given_metrics,
    mask_of,
    metric_function,
    nodes_into,
    own_metrics,
    trainable_variables,
)
from imbalanced_nn.data import StackedRows
from imbalanced_nn.training.batches import RowBatches
from imbalanced_nn.training.fixed_batches import fixed_batch_size

__all__ = ["foreign_network", "needs_evaluation", "runs_eagerly", "unsuitable"]

# X becomes a tensor as a whole, a second copy. Larger data is read batch by batch.
MAX_BYTES = 2**30

EVALUATION_HOOKS = ("on_test_begin", "on_test_end", "on_test_batch_begin", "on_test_batch_end")
BATCH_HOOKS = ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end")
SHAPING = (keras.regularizers.Regularizer, keras.constraints.Constraint)
OF_OUTPUTS = ("activity_regularizer",)
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
IDLE = {"class_weight": None, "steps_per_epoch": None, "validation_steps": None}
IDLE["validation_freq"] = 1


def unsuitable(model: keras.Model, batches: RowBatches, arguments: dict[str, Any]) -> str | None:
    """Return why an epoch in a graph could differ from ``Model.fit``; None if it cannot.

    Everything that shapes the computation must be told by configurations: own code, state
    outside the network and anything looked at between batches are left to Keras.
    """
    # Metrics first: not every one can be serialised with the rest.
    foreign = foreign_network(model) or _foreign_metric(model) or _foreign_compile(model)
    foreign = foreign or _replaced_method(model)
    if foreign is not None:
        return foreign
    if (changed := _changed_variable(model)) is not None:
        return f"{changed} was changed after its layer was made"
    if runs_eagerly(model) or model.steps_per_execution != 1 or model.jit_compile:
        return "compile asks for a way to run of its own"
    held_out = arguments.get("validation_data")
    for rows in (batches, *([] if held_out is None else [held_out])):
        if unsuitable_data := _unsuitable_data(rows):
            return unsuitable_data
    return _unsuitable_call(arguments)


def runs_eagerly(model: keras.Model) -> bool:
    """Whether a network, or all of TensorFlow, is to be run step by step and not as a graph."""
    return model.run_eagerly or tf.config.functions_run_eagerly()


def _replaced_method(model: keras.Model) -> str | None:
    """Return which method of Keras somebody has put another in the place of, or None.

    Tools that record fits wrap ``Model.fit`` and pass the wrapper off as Keras' own, by its name
    and module; the module that it sees as its globals is its own.
    """
    for part in (model, *flattened_layers(model, include_self=False), model.loss, model.optimizer):
        kind = next((kind for kind in METHODS if isinstance(part, kind)), None)
        for name in METHODS.get(kind, ()):
            method = vars(part).get(name) or getattr(type(part), name, None)
            if method is not None and not _is_own_function(method):
                return f"{type(part).__name__}.{name} is not Keras' own code"
    return None


def _is_own_function(function: Any) -> bool:
    """Whether something is a plain function, defined in Keras or here."""
    if type(function) is not FunctionType:
        return False
    return function.__globals__["__name__"].split(".")[0] in ("keras", "imbalanced_nn")


def _is_distributed(model: keras.Model) -> bool:
    """Whether the values of a network's weights lie on several devices."""
    return any(isinstance(v.value, tf.distribute.DistributedValues) for v in model.weights[:1])


def _unsuitable_data(batches: RowBatches) -> str | None:
    """Return why the data should not become one tensor, or None."""
    if not isinstance(batches, RowBatches):
        return "validation_data is given to Model.fit"
    X = batches.X
    parts = (X.data, X.further) if isinstance(X, StackedRows) else (X,)
    if not all(isinstance(part, np.ndarray) for part in parts):
        return "X is not one dense array"
    if any(map(_is_memory_mapped, parts)) or sum(part.nbytes for part in parts) > MAX_BYTES:
        return "X is memory-mapped or above 1 GiB"
    return None if isinstance(batches.y, np.ndarray) else "y is not one array"


def _unsuitable_call(arguments: dict[str, Any]) -> str | None:
    """Return which argument of ``fit`` needs Keras, or None."""
    for name, value in arguments.items():
        if name not in KNOWN_ARGUMENTS and (name not in IDLE or value != IDLE[name]):
            return f"fit is given {name}"
    if keras.config.max_epochs() or keras.config.max_steps_per_epoch():
        return "keras.config limits what a fit trains"
    if arguments.get("verbose"):
        return "verbose shows the batches"
    for callback in keras.tree.flatten(arguments["callbacks"]):
        saves_epochs = type(callback) is keras.callbacks.ModelCheckpoint
        if saves_epochs and callback.save_freq == "epoch":
            continue
        if _overrides(callback, BATCH_HOOKS + EVALUATION_HOOKS):
            return f"{type(callback).__name__} looks at batches"
    return None


def needs_evaluation(model: keras.Model, callbacks: list) -> bool:
    """Whether held-out rows must go through ``Model.evaluate`` and not only its loss."""
    own_code = any(
        getattr(type(model), name) is not getattr(keras.Model, name)
        for name in ("test_step", "compute_loss", "evaluate")
    ) or any(_may_add_losses(layer) for layer in flattened_layers(model, include_self=False))
    watched = any(_overrides(c, EVALUATION_HOOKS) for c in keras.tree.flatten(callbacks))
    return own_code or watched or _masks_outputs(model) or len(model.metrics) != 1


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


def _is_memory_mapped(X: np.ndarray) -> bool:
    """Whether an array is a view of a memory map."""
    while X is not None and not isinstance(X, np.memmap):
        X = getattr(X, "base", None)
    return X is not None


def _may_add_losses(layer: keras.layers.Layer) -> bool:
    """Whether a layer's losses depend on the rows that pass through it."""
    return getattr(layer, "activity_regularizer", None) is not None or not _is_known(type(layer))


def _foreign_metric(model: keras.Model) -> str | None:
    """Return which metric is not from Keras or from here or cannot be made anew, or None."""
    for metric in filter(None, keras.tree.flatten(given_metrics(model))):
        # A function becomes the one of a metric that averages it.
        parts = [metric, metric_function(metric)]
        if not all(isinstance(part, str) or _is_known(part) for part in parts):
            name = getattr(metric, "name", None) or getattr(metric, "__name__", str(metric))
            return f"metric {name} is not Keras' own code"
        if isinstance(metric, type):
            return f"metric {metric.__name__} is given as a class"
    own = [*own_metrics(model), *(m for layer in model.layers for m in layer.metrics)]
    return f"metric {own[0].name} is kept by the network itself" if own else None


def foreign_network(model: keras.Model) -> str | None:
    """Return what of a network its configuration does not tell; None if it tells everything."""
    if _is_distributed(model):
        return "the network is distributed over devices"
    if not _is_known(type(model)):
        return f"{type(model).__name__} is a class of its own"
    if (size := fixed_batch_size(model)) is not None:
        return f"the network takes batches of {size} rows alone"
    layers = flattened_layers(model)
    foreign = next(filter(None, map(_foreign_code, layers)), None)
    if foreign is not None:
        return foreign
    used = next(filter(None, map(_variable_in_operation, layers)), None)
    return None if used is None else f"an operation outside its layer uses {used}"


def _changed_variable(model: keras.Model) -> str | None:
    """Return the path of a variable that is not as its layer's configuration makes it."""
    for layer in flattened_layers(model):
        own, held = list(vars(layer).values()), []
        for variable in trainable_variables(layer):
            frozen = layer.trainable and not variable.trainable
            parts = [variable.regularizer, variable.constraint]
            foreign = any(part is not None and not _is_among(part, own) for part in parts)
            if frozen or foreign:
                return variable.path
            held += parts
        for name, part in vars(layer).items():
            late = isinstance(part, SHAPING) and not _is_among(part, held)
            if held and late and name not in OF_OUTPUTS and not name.startswith("_"):
                return f"{name} of {layer.name}"
    return None


def _is_among(obj: Any, members: list) -> bool:
    """Whether an object is itself one of several."""
    return any(obj is member for member in members)


def _variable_in_operation(model: keras.layers.Layer) -> str | None:
    """Return the path of a variable that a functional network gives to an operation, or None.

    The network's configuration tells its value, as if it were a constant.
    """
    for operation in model.operations if isinstance(model, Functional) else ():
        for node in nodes_into(operation):
            for given in keras.tree.flatten((node.arguments.args, node.arguments.kwargs)):
                if isinstance(given, keras.Variable):
                    return given.path
    return None


def _foreign_code(layer: keras.layers.Layer) -> str | None:
    """Return what of a layer, or of a part of it, is not from Keras or from here, or is apart."""
    if isinstance(layer, keras.layers.Lambda):
        return f"{layer.name} is a Lambda, a function of its own"
    if not _is_known(type(layer)):
        return f"{type(layer).__name__} is not Keras' own code"
    given = isinstance(layer, keras.layers.Normalization) and layer.input_mean is not None
    if hasattr(layer, "adapt") and not given and type(layer).__module__.startswith("keras"):
        # What it has adapted to may be a constant of its graph and in no variable.
        return f"{type(layer).__name__} has adapted to data"
    if layer.dtype_policy.name != "float32":
        return f"{layer.name} has the dtype policy {layer.dtype_policy.name}"
    for name, part in vars(layer).items():
        parts = (keras.initializers.Initializer, keras.regularizers.Regularizer)
        own = isinstance(part, (*parts, keras.constraints.Constraint))
        if own and not _is_known(type(part)):
            return f"{type(part).__name__} of {type(layer).__name__} is not Keras' own code"
        given = callable(part) and not isinstance(part, (type, keras.layers.Layer))
        if given and not name.startswith("_") and not _is_known(part):
            part_name = getattr(part, "__name__", type(part).__name__)
            whose = (
                f"loss {part_name}" if name == "loss" else f"{part_name} of {type(layer).__name__}"
            )
            return f"{whose} is not Keras' own code"
    return None


def _foreign_compile(model: keras.Model) -> str | None:
    """Return which compile argument is not Keras' own code, or None."""
    if (foreign := _foreign_loss(model.loss)) is not None:
        return foreign
    # Functions in an optimizer cannot be serialised, which its configuration would try to.
    if (foreign := _foreign_optimizer(model)) is not None:
        return foreign
    if given_loss(model) is not model.loss:
        return "loss was changed after compile"
    if (model.get_compile_config() or {}).get("loss_weights") is not None:
        return "loss_weights are given"
    return None


def _foreign_loss(loss: Any) -> str | None:
    """Return what is wrong with a compiled loss whose configuration is to tell it all, or None."""
    if isinstance(loss, str):
        return None
    if isinstance(loss, list | tuple | dict):
        return "the network has several losses"
    name = getattr(loss, "__name__", type(loss).__name__)
    if not _is_known(loss if callable(loss) and hasattr(loss, "__name__") else type(loss)):
        return f"loss {name} is not Keras' own code"
    if isinstance(loss, keras.losses.Loss):
        return None
    # scikeras hands over the function behind a short name.
    return f"loss {name} is given as a function, not as a class"


def _foreign_optimizer(model: keras.Model) -> str | None:
    """Return what of a network's optimizer its configuration does not tell, or None."""
    optimizer = model.optimizer
    if any(isinstance(p, keras.optimizers.Optimizer) for p in _members(optimizer)):
        return "optimizer is made of others"
    if excluded_from_decay(optimizer):
        return "optimizer excludes variables from weight decay"
    if type(optimizer).__name__ in STARTS_FROM_WEIGHTS:
        return f"optimizer {type(optimizer).__name__} starts from the weights"
    rate = given_learning_rate(optimizer)
    is_schedule = isinstance(rate, keras.optimizers.schedules.LearningRateSchedule)
    if callable(rate) and not is_schedule:
        return "learning_rate is a function"
    for part in (optimizer, rate) if is_schedule else (optimizer,):
        if not _is_known(type(part)):
            return f"{type(part).__name__} of the optimizer is not Keras' own code"
    # Reading its variables builds an optimizer of which an earlier fit has put that off.
    if optimizer.variables and optimizer.built:
        known, own = trainable_variables(optimizer), model.trainable_variables
        if list(map(id, known)) != list(map(id, own)):
            return "optimizer was built for other variables"
    return None


def _members(obj: Any) -> list:
    """Attributes of an object, and the members of those that are lists."""
    return keras.tree.flatten([v for v in vars(obj).values() if v is not obj])


def _is_known(obj: Any) -> bool:
    """Whether a class or function, or the class of an object, is Keras' own or from here."""
    module = getattr(obj, "__module__", None) or ""
    return module.split(".")[0] in ("keras", "imbalanced_nn")
