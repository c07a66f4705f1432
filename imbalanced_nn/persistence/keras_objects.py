"""Keras networks and the objects of Keras, checked before anything is made from them."""

import io
import json
import zipfile
from typing import Any

import keras

from imbalanced_nn._compat.keras import SafeModeScope
from imbalanced_nn.exceptions import InvalidParameterError, ModelFileError
from imbalanced_nn.persistence.bounds import check_network_file, check_network_size
from imbalanced_nn.persistence.values import ArchiveMember, Form, UnsavableError
from imbalanced_nn.wrapper import bytes_of, code_of, compiled_with, lost_arguments, network_of

__all__ = ["network_forms"]

# Layers of Keras whose configuration holds code, or names other files to load it from.
_WITH_CODE = ("Lambda", "__lambda__", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer")

# Where Keras keeps what networks are made of; it has readers of files too.
_ROOMS = (
    *("activations", "constraints", "dtype_policies", "initializers", "layers", "losses"),
    *("metrics", "models", "ops", "optimizers", "quantizers", "random", "regularizers"),
)

# What a parameter may be given by its name alone, but for what reads a configuration.
_GIVEN = {
    "keras.losses": keras.losses,
    "keras.metrics": keras.metrics,
    "keras.optimizers": keras.optimizers,
}
_READERS = ("deserialize", "get", "serialize")

# Where Keras looks for a function of which it wrote the name alone.
_FUNCTIONS = (
    keras.activations,
    keras.constraints,
    keras.initializers,
    keras.losses,
    keras.metrics,
    keras.regularizers,
)


def network_forms(custom_objects: dict[str, Any]) -> list[Form]:
    """Return the forms of networks, and of optimizers, losses and metrics given as parameters.

    Parameters
    ----------
    custom_objects : dict of str to class or function
        Code of the caller's that a network may name.
    """
    known = {**custom_objects, **_registered(custom_objects), **_own()}
    return [
        Form(
            "network",
            lambda value: isinstance(value, keras.Model),
            _network,
            lambda content: _restored_network(content, known),
            shared=True,
        ),
        Form(
            "keras",
            _is_plain_keras,
            keras.saving.serialize_keras_object,
            lambda config: _restored_object(config, known),
        ),
        Form(
            "keras_name",
            lambda value: callable(value) and any(obj is value for obj in _named().values()),
            lambda value: next(name for name, obj in _named().items() if obj is value),
            _restored_name,
        ),
    ]


def _registered(custom_objects: dict[str, Any]) -> dict[str, Any]:
    """Return custom objects by the names that Keras writes for them."""
    return {keras.saving.get_registered_name(obj): obj for obj in custom_objects.values()}


def _own() -> dict[str, Any]:
    """Return what this package has registered with Keras."""
    registered = keras.saving.get_custom_objects()
    return {name: obj for name, obj in registered.items() if name.startswith("imbalanced_nn>")}


def _named() -> dict[str, Any]:
    """Return the classes and functions of Keras and this package that parameters take, by name."""
    public = {
        f"{room}.{name}": obj
        for room, module in _GIVEN.items()
        for name, obj in vars(module).items()
        if callable(obj) and not name.startswith("_") and name not in _READERS
    }
    return public | _own()


def _restored_name(name: Any) -> Any:
    if not isinstance(name, str) or name not in _named():
        raise ModelFileError(f"it names {name!r:.80}, which this version of Keras does not have")
    return _named()[name]


def _network(model: keras.Model) -> ArchiveMember:
    for part in compiled_with(model):
        if (lost := lost_arguments(part)) is not None:
            raise InvalidParameterError(f"The network cannot be saved: {lost}")
    content = bytes_of(model)
    # Refuses what a reader of the file could not tell apart.
    code_of(model, content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for config in _objects(json.loads(archive.read("config.json"))):
            if config.get("class_name") in _WITH_CODE:
                raise UnsavableError(_NamedCode(model.name, config["class_name"]))
    try:
        check_network_file(content)
    except ModelFileError:
        raise UnsavableError(_WithFiles(model.name)) from None
    return ArchiveMember(content, ".keras")


class _NamedCode:
    """What a network holds that is code."""

    def __init__(self, model: str, layer: str):
        self.text = f"the network {model!r} with code in a {layer} layer"

    def __repr__(self) -> str:
        return self.text


class _WithFiles(_NamedCode):
    """A network that needs more than its configuration and its weights."""

    def __init__(self, model: str):
        self.text = f"the network {model!r} with a layer that keeps files of its own"


def _restored_network(content: bytes, custom_objects: dict[str, Any]) -> keras.Model:
    n_values = check_network_file(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        config = json.loads(archive.read("config.json"))
    _check_code(config, custom_objects)
    # The scope holds where the user has switched the safe mode of Keras off.
    with keras.saving.custom_object_scope(custom_objects), SafeModeScope(True):
        check_network_size(config, n_values, custom_objects)
        return network_of(content, safe_mode=True)


def _restored_object(config: dict[str, Any], custom_objects: dict[str, Any]) -> Any:
    _check_code(config, custom_objects)
    with SafeModeScope(True):
        return keras.saving.deserialize_keras_object(
            config, custom_objects=custom_objects, safe_mode=True
        )


def _is_plain_keras(value: Any) -> bool:
    """Whether a parameter is an object of Keras' own code or of this package's."""
    schedule = keras.optimizers.schedules.LearningRateSchedule
    kinds = (keras.optimizers.Optimizer, keras.losses.Loss, keras.metrics.Metric, schedule)
    return isinstance(value, kinds) and type(value).__module__.split(".")[0] in (
        "keras",
        "imbalanced_nn",
    )


def _check_code(config: Any, custom_objects: dict[str, Any]) -> None:
    """Refuse a configuration that names code of neither Keras, this package nor the caller."""
    # Keras prefers what is registered in this process to its own, wherever a name stands.
    registry = keras.saving.get_custom_objects()
    foreign = {name for name, obj in registry.items() if not _is_safe(obj)} - custom_objects.keys()
    for part in _parts(config):
        if isinstance(part, str):
            if part in foreign:
                raise ModelFileError(_needs(part, None))
            continue
        if "class_name" not in part:
            continue
        name, module = part["class_name"], part.get("module")
        registered = part.get("registered_name")
        if name in _WITH_CODE:
            raise ModelFileError(
                f"its network has a {name} layer, which runs code from the file. Build the "
                f"network with a layer class of your own in its place, and save it again"
            )
        if name == "function":
            name = registered = str(part.get("config"))
            builtin = _is_function(name, module)
        else:
            # Keras names the module of its own classes, and those alone. It follows dots in a
            # name, which would lead elsewhere.
            builtin = registered is None if module is None else _is_modeling(module)
            builtin = builtin and str(name).isidentifier()
        if not (builtin or registered in custom_objects or name in custom_objects):
            raise ModelFileError(_needs(name, module))


def _is_safe(registered: Any) -> bool:
    """Whether a registered object is Keras' own and no code of a file.

    scikeras registers the classes of the networks that it pickles.
    """
    package = str(getattr(registered, "__module__", None)).partition(".")[0]
    return package == "keras" and registered.__name__ not in _WITH_CODE


def _is_function(name: str, module: str | None) -> bool:
    """Whether a function is one of Keras'."""
    if module in (None, "builtins"):
        return any(hasattr(room, name) for room in _FUNCTIONS)
    return name.isidentifier() and _is_modeling(module)


def _is_modeling(module: str) -> bool:
    """Whether a module is one of those of Keras that networks are made of."""
    package, *rooms = [part for part in module.split(".") if part != "src"]
    return package == "keras" and (not rooms or rooms[0] in _ROOMS)


def _needs(name: Any, module: Any) -> str:
    """Say what the caller has to give."""
    key = str(name).rpartition(">")[2]
    outside = module not in (None, "builtins")
    return (
        f"its network uses {key!r}{f' of {module!r}' if outside else ''}, which is neither Keras' "
        f"nor this package's. If you trust the file, give load(..., custom_objects={{{key!r}: "
        f"{key}}})"
    )


def _objects(config: Any):
    """Yield every part of a configuration that names a class or a function."""
    return (part for part in _parts(config) if isinstance(part, dict) and "class_name" in part)


def _parts(config: Any):
    """Yield every dictionary and every text of a configuration, the outer ones first."""
    if isinstance(config, dict | str):
        yield config
    if isinstance(config, dict):
        config = list(config.values())
    if isinstance(config, list | tuple):
        for part in config:
            yield from _parts(part)
