"""What a traced computation depends on, as text: equal keys, equal computations."""

import json
from types import FunctionType
from typing import Any

import keras

__all__ = ["compiled_metrics", "network_key", "training_key"]


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


def _number_names(config: Any, numbers: dict[str, str]) -> Any:
    """Replace the names of layers in a network's configuration by their order of appearance."""

    def number(name: str) -> str:
        return numbers.setdefault(name, f"#{len(numbers)}")

    if isinstance(config, dict):
        # Keras' own compile and build records repeat what the key holds already.
        kept = {k: v for k, v in config.items() if k not in ("compile_config", "build_config")}
        return {
            key: number(value)
            if key == "name" and isinstance(value, str)
            else _number_history(value, number)
            if key in ("keras_history", "input_layers", "output_layers")
            else _number_names(value, numbers)
            for key, value in kept.items()
        }
    if isinstance(config, list | tuple):
        return [_number_names(member, numbers) for member in config]
    return config


def _number_history(value: Any, number: Any) -> Any:
    """Number the layer names in references such as ``["dense_3", 0, 0]``."""
    if isinstance(value, str):
        return number(value)
    if isinstance(value, list | tuple):
        return [_number_history(member, number) for member in value]
    return value
