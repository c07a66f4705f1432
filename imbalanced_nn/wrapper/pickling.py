"""Pickling of Keras objects with their custom classes and functions."""

import copy
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import keras
import numpy as np

from imbalanced_nn._compat.keras import (
    flattened_layers,
    given_metrics,
    load_model,
    save_model,
    without_model,
)
from imbalanced_nn.training import GraphTrainer, carried_states, extend_optimizer, unnumbered

__all__ = ["bytes_of", "network_of", "pack", "unpack", "walk"]


# Keras' format has no place for what random layers will draw next.
SEEDS = "imbalanced_nn_seeds.json"


def bytes_of(model: keras.Model) -> bytes:
    """Return a network in the Keras format, with the states of its seed generators beside."""
    # Keras reads back no network whose optimizer was saved for a part of it.
    extend_optimizer(model)
    buffer = io.BytesIO()
    save_model(model, buffer)
    states = [np.asarray(state).tolist() for state in _seed_states(model)]
    if states:
        with zipfile.ZipFile(buffer, "a") as archive:
            archive.writestr(SEEDS, json.dumps(states))
    return buffer.getvalue()


def network_of(content: bytes, safe_mode: bool) -> keras.Model:
    """Return the network of `bytes_of`, or of a file of the Keras format as it is."""
    model = load_model(io.BytesIO(content), compile=True, safe_mode=safe_mode)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        states = json.loads(archive.read(SEEDS)) if SEEDS in archive.namelist() else []
    if states:
        for variable, state in zip(_seed_states(model), states, strict=True):
            variable.assign(np.asarray(state, dtype=variable.dtype))
    return model


def _seed_states(model: keras.Model) -> list[keras.Variable]:
    """Return what random layers count on and stateful ones carry, and layers within layers."""
    told = {id(v) for v in [*model.weights, *model.metrics_variables]}
    seeds = [variable for variable in model.variables if id(variable) not in told]
    return [*seeds, *carried_states(model)]


@dataclass
class PackedModel:
    """A network as bytes of the Keras format, with the code it refers to by reference.

    Parameters
    ----------
    content : bytes
        The file that Keras would save.
    custom_objects : dict of str to object, default={}
        Classes and functions that are not registered, by the names that the file has for them.
    """

    content: bytes
    custom_objects: dict[str, Any] = field(default_factory=dict)

    def restore(self) -> keras.Model:
        """Rebuild the network, compiled as it was."""
        with keras.saving.custom_object_scope(self.custom_objects):
            # A pickle runs code anyway; a Lambda layer in it is no further risk.
            return network_of(self.content, safe_mode=False)


@dataclass
class PackedObject:
    """A custom loss or metric, or an optimizer, as its class and configuration.

    Parameters
    ----------
    cls : type
        Its class.
    config : dict of str to object
        As ``get_config`` returns it.
    """

    cls: type
    config: dict[str, Any]

    def restore(self) -> Any:
        """Make an equal object."""
        cls: Any = self.cls
        return cls.from_config(self.config)


def pack(value: Any, memo: dict[int, Any]) -> Any:
    """Replace Keras objects in ``value`` by picklable ones, in lists and dicts too.

    scikeras teaches Keras' classes to pickle through their configuration, which Keras cannot
    read back if a class or function is not registered. Here it travels along by reference.
    An object that ``memo`` knows stays one object.
    """
    if id(value) not in memo:
        packed = _pack_object(value)
        if packed is None:
            return walk(value, lambda member: pack(member, memo))
        memo[id(value)] = packed
    return memo[id(value)]


def _pack_object(value: Any) -> Any:
    """Return the picklable form of a Keras object, None for anything else."""
    if isinstance(value, GraphTrainer):
        value = value.network
    if isinstance(value, keras.Model):
        return PackedModel(bytes_of(value), dict(_custom_objects(value)))
    if isinstance(value, keras.metrics.Metric):
        # Who unpacks it may be in a process that has counted fewer of them.
        config = _plain(value.get_config())
        return PackedObject(type(value), config | {"name": unnumbered(value)})
    if isinstance(value, keras.losses.Loss) and _is_custom(type(value)):
        return PackedObject(type(value), _plain(value.get_config()))
    if isinstance(value, keras.optimizers.Optimizer):
        return PackedObject(type(value), _plain(value.get_config()))
    if isinstance(value, keras.callbacks.Callback):
        # A callback that has been used holds the network it watched, and files that it has closed.
        value = copy.copy(value)
        without_model(value)
        for name, held in vars(value).items():
            if isinstance(held, io.IOBase) and held.closed:
                setattr(value, name, None)
        return value
    return None


def unpack(value: Any, memo: dict[int, Any]) -> Any:
    """Undo `pack`."""
    if isinstance(value, PackedModel | PackedObject):
        if id(value) not in memo:
            memo[id(value)] = value.restore()
        return memo[id(value)]
    return walk(value, lambda member: unpack(member, memo))


def walk(value: Any, function: Callable[[Any], Any]) -> Any:
    """Apply ``function`` to the members of plain containers; anything else stays itself."""
    if type(value) is dict:
        return {key: function(member) for key, member in value.items()}
    if type(value) in (list, tuple):
        return type(value)(function(member) for member in value)
    return value


def _plain(value: Any) -> Any:
    """Return plain lists and dicts in place of those by which Keras follows an attribute."""
    if isinstance(value, dict):
        return {key: _plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return value


def _is_custom(obj: Any) -> bool:
    """Whether a class or function is neither Keras' own nor registered with it."""
    module = getattr(obj, "__module__", None) or ""
    if module.split(".")[0] in ("keras", "tensorflow", "builtins", "imbalanced_nn"):
        return False
    return obj not in keras.saving.get_custom_objects().values()


def _custom_objects(model: keras.Model) -> Iterator[tuple[str, Any]]:
    """Yield name and object of all custom code that the network's configuration names."""
    members = flattened_layers(model)
    if model.compiled:
        members += [model.loss, model.optimizer, *given_metrics(model)]
    for member in keras.tree.flatten(members):
        for candidate in (member, type(member), *getattr(member, "__dict__", {}).values()):
            if _is_named_function(candidate) or _is_keras_class(candidate):
                obj = candidate
            elif _is_keras_class(type(candidate)):
                obj = type(candidate)
            else:
                continue
            if _is_custom(obj):
                yield obj.__name__, obj


def _is_named_function(obj: Any) -> bool:
    """Whether ``obj`` is a function with a name; Keras saves the code of a lambda itself."""
    return isinstance(obj, FunctionType) and obj.__name__ != "<lambda>"


def _is_keras_class(obj: Any) -> bool:
    """Whether ``obj`` is a class that Keras saves by name."""
    kinds = (
        keras.layers.Layer,
        keras.losses.Loss,
        keras.metrics.Metric,
        keras.optimizers.Optimizer,
        keras.optimizers.schedules.LearningRateSchedule,
        keras.initializers.Initializer,
        keras.regularizers.Regularizer,
        keras.constraints.Constraint,
    )
    return isinstance(obj, type) and issubclass(obj, kinds)
