"""Pickling of Keras objects with their custom classes and functions."""

import copy
import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable
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
from imbalanced_nn._compat.scikeras import ClassifierLabelEncoder
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.training import (
    GraphTrainer,
    carried_states,
    extend_optimizer,
    refuse_after_fork,
    unnumbered,
)
from imbalanced_nn.wrapper.lost_arguments import lost_arguments

__all__ = ["bytes_of", "code_of", "compiled_with", "network_of", "pack", "unpack", "walk"]


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
    refuse_after_fork()
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
        Classes and functions of others than Keras, by the names that the file has for them.
    losses : dict of str to PackedAttributes, default={}
        Losses of which the file does not tell everything, by such names of their classes.
    """

    content: bytes
    custom_objects: dict[str, Any] = field(default_factory=dict)
    losses: dict[str, "PackedAttributes"] = field(default_factory=dict)

    def restore(self) -> keras.Model:
        """Rebuild the network, compiled as it was."""
        known = {name: packed.as_class() for name, packed in self.losses.items()}
        with keras.saving.custom_object_scope(self.custom_objects | known):
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
    custom_objects : dict of str to object, default={}
        Classes and functions of others than Keras that it names.
    """

    cls: type
    config: dict[str, Any]
    custom_objects: dict[str, Any] = field(default_factory=dict)

    def restore(self) -> Any:
        """Make an equal object."""
        cls: Any = self.cls
        with keras.saving.custom_object_scope(self.custom_objects):
            return cls.from_config(self.config)


@dataclass
class PackedAttributes:
    """A loss that its configuration does not tell, as its class and attributes.

    Parameters
    ----------
    cls : type
        Its class.
    attributes : dict of str to object
        Packed.
    """

    cls: Any
    attributes: dict[str, Any]

    def restore(self) -> Any:
        """Make an equal loss."""
        loss = self.cls.__new__(self.cls)
        vars(loss).update(unpack(self.attributes, {}))
        return loss

    def as_class(self) -> type:
        """Return a class that Keras makes an equal loss of, whatever configuration it has."""
        made = {"from_config": classmethod(lambda cls, config: self.restore())}
        return type(self.cls.__name__, (self.cls,), made)


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
        losses = _lost_losses(value)
        content = bytes_of(value)
        return PackedModel(content, code_of(value, content), losses)
    if isinstance(value, keras.metrics.Metric | keras.losses.Loss | keras.optimizers.Optimizer):
        if (lost := lost_arguments(value)) is not None:
            return _attributes_of(value, lost)
        config = _plain(value.get_config())
        if isinstance(value, keras.metrics.Metric):
            # Who unpacks it may be in a process that has counted fewer of them.
            config["name"] = unnumbered(value)
        return PackedObject(type(value), config, _code_named([value], config))
    if isinstance(value, keras.callbacks.Callback):
        # A callback that has been used holds the network it watched, and files that it has closed.
        value = copy.copy(value)
        without_model(value)
        for name, held in vars(value).items():
            if isinstance(held, io.IOBase) and held.closed:
                setattr(value, name, None)
        return value
    return None


def _attributes_of(obj: Any, lost: str) -> PackedAttributes:
    """Return a loss by its attributes, or refuse what keeps variables among them.

    Parameters
    ----------
    obj : Loss, Metric or Optimizer
        Of which no configuration tells everything.
    lost : str
        What it does not tell, in words.
    """
    attributes = vars(obj)
    variables = [v for v in keras.tree.flatten(attributes) if isinstance(v, keras.Variable)]
    if not isinstance(obj, keras.losses.Loss) or variables:
        raise InvalidParameterError(lost)
    # Lists and dicts of it are its own.
    return PackedAttributes(type(obj), pack(dict(attributes), {}))


def _lost_losses(model: keras.Model) -> dict[str, PackedAttributes]:
    """Return the losses of a network that its file would not tell, by their classes' names."""
    parts = {id(part): part for part in compiled_with(model)}.values()
    kinds, packed = Counter(map(type, parts)), {}
    for part in parts:
        if (lost := lost_arguments(part)) is None:
            continue
        if kinds[type(part)] != 1:
            # Of several of a class the file does not say which is which.
            raise InvalidParameterError(lost)
        name = keras.saving.get_registered_name(type(part))
        packed[name] = _attributes_of(part, lost)
    return packed


def unpack(value: Any, memo: dict[int, Any]) -> Any:
    """Undo `pack`."""
    if isinstance(value, PackedModel | PackedObject | PackedAttributes):
        if id(value) not in memo:
            memo[id(value)] = value.restore()
        return memo[id(value)]
    return walk(value, lambda member: unpack(member, memo))


def walk(value: Any, function: Callable[[Any], Any]) -> Any:
    """Apply ``function`` to the members of plain containers, and to an encoder's loss.

    Anything else stays itself.
    """
    if type(value) is dict:
        return {key: function(member) for key, member in value.items()}
    if type(value) in (list, tuple):
        return type(value)(function(member) for member in value)
    if isinstance(value, ClassifierLabelEncoder):
        # scikeras' encoder keeps the loss by which it chooses its form.
        value = copy.copy(value)
        value.loss = function(value.loss)
    return value


def _plain(value: Any) -> Any:
    """Return plain lists and dicts in place of those by which Keras follows an attribute."""
    if isinstance(value, dict):
        return {key: _plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return value


def code_of(model: keras.Model, content: bytes) -> dict[str, Any]:
    """Return the classes and functions that a network names and Keras does not have.

    Parameters
    ----------
    model : keras.Model
        The network.
    content : bytes
        What `bytes_of` makes of it.

    Returns
    -------
    dict of str to class or function
        By the names that the file has for them. What is registered with Keras is among them: who
        reads the file may not have imported it.

    Raises
    ------
    InvalidParameterError
        If two of them go by one name.
    """
    members = [*flattened_layers(model), *compiled_with(model)]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return _code_named(members, json.loads(archive.read("config.json")))


def compiled_with(model: keras.Model) -> list[Any]:
    """Return the losses, optimizer and metrics that a network was compiled with, if it was."""
    if not model.compiled:
        return []
    return keras.tree.flatten([model.loss, model.optimizer, given_metrics(model)])


def _code_named(members: list[Any], config: Any) -> dict[str, Any]:
    """Return what is reached from some objects and is named in their configuration."""
    text, waiting = repr(config), [members]
    found: dict[str, Any] = {}
    seen: set[int] = set()
    while waiting:
        member = waiting.pop()
        if id(member) in seen:
            continue
        seen.add(id(member))
        if isinstance(member, dict):
            waiting += member.values()
        elif isinstance(member, list | tuple):
            waiting += member
        elif _is_found_by_name(member):
            name = keras.saving.get_registered_name(member)
            if repr(name) in text:
                _check_only(name, found.setdefault(name, member), member)
        elif _is_keras_class(type(member)):
            waiting += [type(member), *getattr(member, "__dict__", {}).values()]
    # Functions of Keras are found by name alone, as those of others.
    return {name: obj for name, obj in found.items() if _is_custom(obj)}


def _check_only(name: str, known: Any, other: Any) -> None:
    """Refuse two functions or classes of one name, of which Keras would take one for the other."""
    if known is not other and (_is_custom(known) or _is_custom(other)):
        raise InvalidParameterError(
            f"The network uses two different functions or classes called {name!r}, which a copy "
            f"of it could not tell apart. Give each a name of its own, or register them under "
            f"different packages: keras.saving.register_keras_serializable(package=...)."
        )


def _is_custom(obj: Any) -> bool:
    """Whether a class or function is neither Keras' own, nor TensorFlow's or this package's."""
    module = getattr(obj, "__module__", None) or ""
    return module.split(".")[0] not in ("keras", "tensorflow", "builtins", "imbalanced_nn")


def _is_found_by_name(obj: Any) -> bool:
    """Whether Keras looks for a function or a class by its name alone when it reads a file.

    Of its own it does for functions of its modules. Of a lambda it saves the code.
    """
    if _is_custom(obj):
        return _is_keras_class(obj) or _is_named_function(obj)
    return _is_named_function(obj) and "<locals>" not in obj.__qualname__


def _is_named_function(obj: Any) -> bool:
    """Whether ``obj`` is a function with a name."""
    return isinstance(obj, FunctionType) and obj.__name__ != "<lambda>"


def _is_keras_class(obj: Any) -> bool:
    """Whether ``obj`` is a class that Keras saves by name and configuration."""
    return isinstance(obj, type) and hasattr(obj, "get_config")
