"""Build functions: whether calling one again makes an equal network, and does nothing else."""

import builtins
import dis
import math
from collections.abc import Iterable
from functools import lru_cache
from inspect import CO_GENERATOR
from types import CodeType, FunctionType, ModuleType
from typing import Any

import keras

from imbalanced_nn.training.own_code import token_of

__all__ = ["only_builds"]

# Classes that read files, or hold code of other libraries.
_OPAQUE = {"FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"}
_NAMESPACES = (
    keras.activations,
    keras.constraints,
    keras.initializers,
    keras.layers,
    keras.losses,
    keras.metrics,
    keras.optimizers,
    keras.optimizers.schedules,
    keras.regularizers,
)
_MODULES = {"keras", "models", "nn", "schedules", "tensorflow", "math", "numpy"}
_MODULES |= {module.__name__.rpartition(".")[2] for module in _NAMESPACES}
_OF_KERAS = {name for module in _NAMESPACES for name in dir(module) if name[:1] != "_"} - _OPAQUE
_OF_NETWORKS = {"Input", "Model", "Sequential", "add", "compile", "input", "output", "shape"}
_OF_NUMBERS = {name for name in dir(math) if name[:1] != "_"}
_OF_NUMBERS |= {"abs", "array", "asarray", "clip", "full", "max", "maximum", "mean", "min"}
_OF_NUMBERS |= {"minimum", "ones", "prod", "sum", "zeros", "float32", "float64", "int32", "int64"}
_OF_VALUES = {"count", "format", "get", "index", "items", "join", "keys", "lower", "split"}
_OF_VALUES |= {"startswith", "endswith", "strip", "upper", "values"}
_NAMES = _MODULES | _OF_KERAS | _OF_NETWORKS | _OF_NUMBERS | _OF_VALUES
_BUILTINS = {"abs", "all", "any", "bool", "dict", "enumerate", "float", "int", "isinstance", "len"}
_BUILTINS |= {"list", "max", "min", "range", "reversed", "round", "set", "sorted", "str", "sum"}
_BUILTINS |= {"tuple", "zip", "AssertionError", "Exception", "KeyError", "NotImplementedError"}
_BUILTINS |= {"RuntimeError", "TypeError", "ValueError"}
_FIXED = (type(None), bool, int, float, complex, str, bytes)
_CHANGEABLE, _IN_PLACE = "[]", "x += 1"
_GROWING = {"append", "extend", "insert"}
# What changes something that outlives the call, or makes what no name tells.
_CHANGES = {f"{what}_{where}" for what in ("STORE", "DELETE") for where in ("ATTR", "GLOBAL")}
_CHANGES |= {"STORE_SUBSCR", "DELETE_SUBSCR", "STORE_SLICE", "STORE_NAME", "LOAD_BUILD_CLASS"}
_CHANGES |= {"IMPORT_STAR", "BEFORE_WITH", "LOAD_SPECIAL"}


def only_builds(function: FunctionType, arguments: Iterable[Any] = ()) -> bool:
    """Whether a function makes layers of Keras of its arguments, and does nothing besides.

    Said only where every name in its code is one of what Keras makes networks of, of plain
    numbers, or of another function of which the same is true. It prints nothing, reads no file,
    draws no number but by Keras' initialisers, and changes nothing that outlives the call.

    Parameters
    ----------
    function : function
        Of somebody's own.
    arguments : iterable of object, default=()
        What it is given. A function that computes in place may change a list or a dict.

    Examples
    --------
    >>> import keras
    >>> from imbalanced_nn.training.repeatable import only_builds
    >>> def build(width):
    ...     return keras.Sequential([keras.layers.Dense(width), keras.layers.Dense(1)])
    >>> def loud_build(width):
    ...     print(width)
    ...     return build(width)
    >>> only_builds(build), only_builds(loud_build)
    (True, False)
    """
    marks = set() if all(map(_is_fixed, arguments)) else {_CHANGEABLE}
    return _only_builds(function, marks, set()) and not marks >= {_CHANGEABLE, _IN_PLACE}


def _only_builds(function: FunctionType, marks: set[str], seen: set[int]) -> bool:
    """The same, but for functions that were looked at, and for what it may change in place.

    ``marks`` gets `_IN_PLACE` where anything is changed, and `_CHANGEABLE` where anything is held
    that may be.
    """
    seen.add(id(function))
    names = _names_of(function.__code__)
    if names is None or function.__code__.co_flags & CO_GENERATOR:
        return False
    marks |= names & {_IN_PLACE}
    names -= {_IN_PLACE}
    known = function.__globals__
    held: list[Any] = [known[name] for name in names if name in known]
    if any(name not in known and not _is_harmless_builtin(name) for name in names):
        return False
    try:
        held += [cell.cell_contents for cell in function.__closure__ or ()]
    except ValueError:
        return False
    held += [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    return all(_is_harmless(value, marks, seen) for value in held)


def _is_harmless(value: Any, marks: set[str], seen: set[int]) -> bool:
    """Whether what a function refers to may be used by it in any way."""
    if isinstance(value, ModuleType):
        return token_of(value) is not None and value.__name__.rpartition(".")[2] in _NAMES
    if isinstance(value, FunctionType) and value.__module__.split(".")[0] != "keras":
        return id(value) in seen or _only_builds(value, marks, seen)
    if callable(value):
        name = getattr(value, "__name__", "")
        return name in (_OF_KERAS | _OF_NETWORKS | _OF_NUMBERS) and token_of(value) is not None
    if not _is_fixed(value):
        marks.add(_CHANGEABLE)
    return token_of(value, lists=True) is not None


def _is_fixed(value: Any) -> bool:
    """Whether nothing in a value can be changed."""
    return all(map(_is_fixed, value)) if type(value) is tuple else isinstance(value, _FIXED)


def _is_harmless_builtin(name: str) -> bool:
    """Whether a name that is not among a module's own is a builtin without effects."""
    return name in _BUILTINS and hasattr(builtins, name)


@lru_cache(maxsize=256)
def _names_of(code: CodeType) -> frozenset[str] | None:
    """Return the global names that a piece of code uses, None if it does more than build.

    `_IN_PLACE` is among them if it computes in place.
    """
    names: set[str] = set()
    before = None
    for instruction in dis.get_instructions(code):
        operation, name = instruction.opname, instruction.argval
        if operation in ("LOAD_ATTR", "LOAD_METHOD") and before in _BUILTINS:
            # `dict.get` passes by what an object has in its place.
            return None
        before = name if operation == "LOAD_GLOBAL" else None
        if operation in _CHANGES:
            return None
        if operation in ("STORE_DEREF", "DELETE_DEREF") and name in code.co_freevars:
            return None
        if operation in ("LOAD_GLOBAL", "LOAD_NAME"):
            names.add(name)
        elif operation == "BINARY_OP" and instruction.argrepr.endswith("="):
            names.add(_IN_PLACE)
        elif operation == "IMPORT_NAME":
            if not _are_known(name.split(".")):
                return None
        elif operation in ("LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM"):
            if name in _GROWING:
                names.add(_IN_PLACE)
            elif name not in _NAMES:
                return None
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            inner = _names_of(constant)
            if inner is None:
                return None
            names |= inner
    return frozenset(names)


def _are_known(parts: Iterable[str]) -> bool:
    """Whether the parts of a module's name are all known."""
    return _NAMES.issuperset(parts)
