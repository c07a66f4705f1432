"""What a traced computation depends on, as text: equal keys, equal computations."""

import json
from collections.abc import Callable
from types import FunctionType
from typing import Any

import keras

from imbalanced_nn._compat.keras import auto_name, to_snake_case

__all__ = ["compiled_metrics", "named_afresh", "network_key", "training_key"]


def network_key(model: keras.Model) -> str:
    """Return what a network computes from its weights.

    Layer names are numbered in order of appearance: Keras counts them on through the process,
    and they shape nothing.
    """
    # Not serialised as a whole, which would serialise what it is compiled with too.
    kind = f"{type(model).__module__}.{type(model).__qualname__}"
    config = _number_names(model.get_config(), {})
    # What Keras' own functions read from its settings while they are traced.
    settings = [keras.config.floatx(), keras.config.epsilon()]
    return json.dumps([kind, config, settings], sort_keys=True)


def training_key(model: keras.Model, batch_size: int, data: tuple[Any, ...]) -> str:
    """Return what an epoch of a compiled network on such data depends on.

    The configurations of network, optimizer and loss hold all of it, because `unsuitable` has
    refused whatever a configuration does not tell.
    """
    loss = model.loss if isinstance(model.loss, str) else _loss_structure(model.loss)
    optimizer = _config(model.optimizer)
    optimizer["config"] = {k: v for k, v in optimizer["config"].items() if k != "name"}
    shapes = repr(keras.tree.map_structure(lambda part: (part.dtype, part.shape[1:]), data))
    metrics = _number_names(compiled_metrics(model), {})
    parts = [network_key(model), optimizer, loss, metrics, shapes, batch_size]
    return json.dumps(parts, sort_keys=True)


def compiled_metrics(model: keras.Model) -> dict[str, Any]:
    """Return the configurations of the metrics that a network was compiled with."""
    if len(model.metrics) == 1:
        return {}
    config = model.get_compile_config()
    return {kind: config[kind] for kind in ("metrics", "weighted_metrics") if config.get(kind)}


def _loss_structure(loss: Any) -> Any:
    """Serialise a loss; what it learns from each fold's rows is copied and shapes nothing."""
    if isinstance(loss, FunctionType):
        return f"{loss.__module__}.{loss.__qualname__}"
    if not hasattr(loss, "structure"):
        return _config(loss)
    return [type(loss).__name__, loss.structure()]


def _config(obj: Any) -> Any:
    """Serialise a Keras object."""
    return keras.saving.serialize_keras_object(obj)


def named_afresh(
    kind: type[keras.Model], config: dict[str, Any], given: set[str]
) -> dict[str, Any]:
    """Return a network's configuration with the next names in place of those that Keras gave.

    Parameters
    ----------
    kind : type
        Of the network.
    config : dict
        From its ``get_config``.
    given : set of str
        The names that Keras gave.
    """
    names: dict[str, str] = {}
    _find_names({"class_name": kind.__name__, "config": config}, given, names)
    return _renamed(config, lambda name: names.get(name, name))


def _find_names(config: Any, given: set[str], names: dict[str, str]) -> None:
    """Fill in new names for those that Keras has made of a class and a number."""
    if isinstance(config, list | tuple):
        for member in config:
            _find_names(member, given, names)
    if not isinstance(config, dict):
        return
    held = config.get("config")
    name = held.get("name") if isinstance(held, dict) else None
    if name in given and isinstance(config.get("class_name"), str) and name not in names:
        names[name] = auto_name(to_snake_case(config["class_name"]))
    for member in config.values():
        _find_names(member, given, names)


def _number_names(config: Any, numbers: dict[str, str]) -> Any:
    """Replace the names of layers in a network's configuration by their order of appearance."""
    # Keras' own compile and build records repeat what the key holds already.
    return _renamed(
        config,
        lambda name: numbers.setdefault(name, f"#{len(numbers)}"),
        ("compile_config", "build_config"),
    )


def _renamed(config: Any, rename: Callable[[str], str], without: tuple[str, ...] = ()) -> Any:
    """Return a network's configuration with other names of layers, and without some entries."""
    if isinstance(config, dict):
        return {
            key: rename(value)
            if key == "name" and isinstance(value, str)
            else _renamed_history(value, rename)
            if key in ("keras_history", "input_layers", "output_layers")
            else _renamed(value, rename, without)
            for key, value in config.items()
            if key not in without
        }
    if isinstance(config, list | tuple):
        return [_renamed(member, rename, without) for member in config]
    return config


def _renamed_history(value: Any, rename: Callable[[str], str]) -> Any:
    """Rename the layers in references such as ``["dense_3", 0, 0]``."""
    if isinstance(value, str):
        return rename(value)
    if isinstance(value, list | tuple):
        return [_renamed_history(member, rename) for member in value]
    return value
