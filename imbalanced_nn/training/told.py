"""What of a network no configuration tells, so that a program of it serves one fit alone."""

from typing import Any

import keras

from imbalanced_nn._compat.keras import (
    Functional,
    excluded_from_decay,
    flattened_layers,
    given_learning_rate,
    given_loss_weights,
    given_metrics,
    metric_function,
    nodes_into,
    own_metrics,
    trainable_variables,
)
from imbalanced_nn.networks import KernelAdamW
from imbalanced_nn.training.backends import tensors
from imbalanced_nn.training.fixed_batches import fixed_batch_size
from imbalanced_nn.training.own_code import is_known, token_of

__all__ = ["foreign_network", "own_functions", "untold"]

SHAPING = (keras.regularizers.Regularizer, keras.constraints.Constraint)
OF_OUTPUTS = ("activity_regularizer",)


def untold(model: keras.Model) -> str | None:
    """Return what of a compiled network, its loss, metrics or optimizer no configuration tells.

    Parameters
    ----------
    model : keras.Model
        Built and compiled.

    Returns
    -------
    str or None
        None if equal configurations mean equal computations.
    """
    # Metrics first: not every one can be serialised with the rest.
    foreign = foreign_network(model) or _foreign_metric(model) or _foreign_compile(model)
    if foreign is not None:
        return foreign
    changed = _changed_variable(model)
    return None if changed is None else f"{changed} was changed after its layer was made"


def own_functions(model: keras.Model) -> list[str] | None:
    """Return the tokens of the loss and metrics if these alone are untold, and plain functions.

    Parameters
    ----------
    model : keras.Model
        Of which `untold` has found something.

    Returns
    -------
    list of str or None
        None where a program of the network cannot be told from another's.
    """
    if foreign_network(model) or _changed_variable(model) or _foreign_optimizer(model):
        return None
    if isinstance(model.loss, list | tuple | dict) or given_loss_weights(model) is not None:
        return None
    tokens: list[Any] = []
    for part in (model.loss, *filter(None, keras.tree.flatten(given_metrics(model)))):
        if isinstance(part, str) or _is_told_part(part):
            continue
        tokens.append(token_of(part) if callable(part) and hasattr(part, "__code__") else None)
    if None in tokens or _metrics_of_layers(model):
        return None
    return tokens


def _is_told_part(part: Any) -> bool:
    """Whether a loss or metric is from Keras or from here, and no class."""
    return all(map(is_known, (part, metric_function(part)))) and not isinstance(part, type)


def _foreign_metric(model: keras.Model) -> str | None:
    """Return which metric is not from Keras or from here or cannot be made anew, or None."""
    for metric in filter(None, keras.tree.flatten(given_metrics(model))):
        # A function becomes the one of a metric that averages it.
        parts = [metric, metric_function(metric)]
        if not all(isinstance(part, str) or is_known(part) for part in parts):
            name = getattr(metric, "name", None) or getattr(metric, "__name__", str(metric))
            return f"metric {name} is not Keras' own code"
        if isinstance(metric, type):
            return f"metric {metric.__name__} is given as a class"
    own = _metrics_of_layers(model)
    return f"metric {own[0].name} is kept by the network itself" if own else None


def _metrics_of_layers(model: keras.Model) -> list[keras.metrics.Metric]:
    """Return the metrics that a network or its layers keep as attributes."""
    return [*own_metrics(model), *(m for layer in model.layers for m in layer.metrics)]


def foreign_network(model: keras.Model) -> str | None:
    """Return what of a network its configuration does not tell; None if it tells everything."""
    if tensors.is_distributed(model):
        return "the network is distributed over devices"
    if not is_known(type(model)):
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
    if not is_known(type(layer)):
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
        if own and not is_known(type(part)):
            return f"{type(part).__name__} of {type(layer).__name__} is not Keras' own code"
        given = callable(part) and not isinstance(part, (type, keras.layers.Layer))
        # What a network is compiled with is looked at apart.
        given = given and not (name == "loss" and isinstance(layer, keras.Model))
        if given and not name.startswith("_") and not is_known(part):
            part_name = getattr(part, "__name__", type(part).__name__)
            return f"{part_name} of {type(layer).__name__} is not Keras' own code"
    return None


def _foreign_compile(model: keras.Model) -> str | None:
    """Return which compile argument is not Keras' own code, or None."""
    if (foreign := _foreign_loss(model.loss)) is not None:
        return foreign
    # Functions in an optimizer cannot be serialised, which its configuration would try to.
    if (foreign := _foreign_optimizer(model)) is not None:
        return foreign
    return None if given_loss_weights(model) is None else "loss_weights are given"


def _foreign_loss(loss: Any) -> str | None:
    """Return what is wrong with a compiled loss whose configuration is to tell it all, or None."""
    if isinstance(loss, str):
        return None
    if isinstance(loss, list | tuple | dict):
        return "the network has several losses"
    name = getattr(loss, "__name__", type(loss).__name__)
    # scikeras hands over the function behind a short name.
    is_function = callable(loss) and hasattr(loss, "__name__")
    known = is_known(loss if is_function else type(loss))
    return None if known else f"loss {name} is not Keras' own code"


def _foreign_optimizer(model: keras.Model) -> str | None:
    """Return what of a network's optimizer its configuration does not tell, or None."""
    optimizer = model.optimizer
    if any(isinstance(p, keras.optimizers.Optimizer) for p in _members(optimizer)):
        return "optimizer is made of others"
    if not isinstance(optimizer, KernelAdamW) and excluded_from_decay(optimizer):
        return "optimizer excludes variables from weight decay"
    rate = given_learning_rate(optimizer)
    is_schedule = isinstance(rate, keras.optimizers.schedules.LearningRateSchedule)
    for part in (optimizer, rate) if is_schedule else (optimizer,):
        if not is_known(type(part)):
            return f"{type(part).__name__} of the optimizer is not Keras' own code"
    return None


def _members(obj: Any) -> list:
    """Attributes of an object, and the members of those that are lists."""
    return keras.tree.flatten([v for v in vars(obj).values() if v is not obj])
