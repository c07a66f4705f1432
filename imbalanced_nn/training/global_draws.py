"""Which of the process's random generators the user's code may draw from, read off the code."""

import dis
import random
from collections.abc import Iterable
from functools import lru_cache, partial
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import keras
import numpy as np

from imbalanced_nn._compat.keras import flattened_layers

__all__ = ["NUMPY", "PYTHON", "drawn_from", "layer_classes"]

PYTHON, NUMPY = "random", "numpy.random"
NONE: frozenset[str] = frozenset()
BOTH = frozenset({PYTHON, NUMPY})
# Libraries that draw from neither unless they are asked to by one of the names below.
_QUIET = {"builtins", "collections", "functools", "imbalanced_nn", "itertools", "keras", "math"}
_QUIET |= {"numpy", "operator", "tensorflow", "typing"}
# Classes that others are made from; what draws in them is called by one of the names below.
_QUIET_CLASSES = _QUIET | {"abc", "scikeras", "sklearn"}
# What may reach anything: by name, by source, by seeding everything, by training a network.
_REACHES = {"__import__", "eval", "exec", "fit", "fit_predict", "fit_transform", "globals"}
_REACHES |= {"import_module", "locals", "set_random_seed", "vars"}
# The generators that the functions of the modules belong to.
_PYTHONS: Any = getattr(random.random, "__self__", None)
_NUMPYS: Any = getattr(np.random.random, "__self__", None)
_PLAIN = (type(None), bool, int, float, complex, str, bytes, np.generic, np.ndarray)


def layer_classes(network: keras.Model) -> list[type]:
    """Return the classes of a network and its layers, whose code runs when they are made."""
    return [type(layer) for layer in flattened_layers(network)]


def drawn_from(*code: Any) -> frozenset[str]:
    """Return `PYTHON`, `NUMPY`, both or none: what running the user's code may draw from.

    None is said only where all of the code, and what it refers to, can be read and is plain.

    Parameters
    ----------
    code : functions, classes, objects with methods, and plain values
        What is run, or is given to what is run.

    Examples
    --------
    >>> import math
    >>> import numpy as np
    >>> from imbalanced_nn.training.global_draws import drawn_from
    >>> drawn_from(np.random.normal), drawn_from(math.sqrt)
    (frozenset({'numpy.random'}), frozenset())
    """
    return _union(code, set())


def _union(values: Iterable[Any], seen: set[int]) -> frozenset[str]:
    """Return what any of the values may draw from; those that were seen are not read again."""
    found = NONE
    for value in values:
        if id(value) not in seen:
            seen.add(id(value))
            found |= _of(value, seen)
        if found == BOTH:
            break
    return found


def _of(value: Any, seen: set[int]) -> frozenset[str]:
    """Return what a value may draw from if it is called, or its methods are."""
    if isinstance(value, _PLAIN):
        return NONE
    if isinstance(value, ModuleType):
        return _of_module(value.__name__)
    if isinstance(value, random.Random | np.random.RandomState):
        return _of_generator(value)
    if isinstance(value, type):
        return _of_class(value, seen)
    if isinstance(value, FunctionType | BuiltinFunctionType):
        return _of_function(value, seen)
    return _union(_parts_of(value), seen)


def _parts_of(value: Any) -> Iterable[Any]:
    """Return what is run, or given to what is run, if the methods of an object are called."""
    if isinstance(value, list | tuple | set | frozenset):
        return value
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, partial):
        return value.func, value.args, value.keywords
    if isinstance(value, property):
        return value.fget, value.fset
    if isinstance(value, MethodType):
        draws = isinstance(value.__self__, random.Random)
        return (value.__self__,) if draws else (value.__func__, value.__self__)
    if isinstance(value, staticmethod | classmethod):
        return (value.__func__,)
    held = getattr(value, "__dict__", {})
    if _of_module(type(value).__module__) == NONE:
        # An object of a library holds much, of which only the user's functions matter.
        return [part for part in held.values() if isinstance(part, FunctionType | MethodType)]
    return type(value), dict(held)


def _of_generator(generator: Any) -> frozenset[str]:
    """Return which generator of the process it is; one of the user's own is none of them."""
    if generator is _PYTHONS:
        return frozenset({PYTHON})
    return frozenset({NUMPY}) if generator is _NUMPYS else NONE


def _of_module(name: str, quiet: set[str] = _QUIET) -> frozenset[str]:
    """Return what a module draws from; what is read of it tells of those in a quiet library."""
    if name in (PYTHON, NUMPY):
        return frozenset({name})
    return NONE if name.partition(".")[0] in quiet else BOTH


def _of_class(kind: type, seen: set[int]) -> frozenset[str]:
    """Return what the methods of a class, and of those it is made from, may draw from."""
    own = [each for each in kind.__mro__ if _of_module(each.__module__, _QUIET_CLASSES) != NONE]
    return _union([part for each in own for part in vars(each).values()], seen)


def _of_function(function: Any, seen: set[int]) -> frozenset[str]:
    """Return what a function may draw from by its code and what that refers to."""
    bound = getattr(function, "__self__", None)
    if bound is not None and not isinstance(bound, ModuleType):
        return _union((bound,), seen)
    if function.__name__ in _REACHES:
        return BOTH
    within = _of_module(function.__module__ or "")
    if within != BOTH or type(function) is not FunctionType:
        return within
    try:
        cells = [cell.cell_contents for cell in function.__closure__ or ()]
    except ValueError:
        return BOTH
    names, found = _names(function.__code__)
    known = [function.__globals__[name] for name in names if name in function.__globals__]
    given = (function.__defaults__, function.__kwdefaults__, vars(function))
    return found | _union((*known, *cells, *given), seen)


@lru_cache(maxsize=512)
def _names(code: CodeType) -> tuple[frozenset[str], frozenset[str]]:
    """Return the global names in a piece of code, and what it may draw from by itself."""
    names, found = set(), NONE
    if not _REACHES.isdisjoint(code.co_names):
        found = BOTH
    for instruction in dis.get_instructions(code):
        if instruction.opname == "IMPORT_NAME":
            found |= _of_module(instruction.argval)
        elif instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            names.add(instruction.argval)
        elif instruction.argval == "random":
            # An attribute, of NumPy for all that is known.
            found |= {NUMPY}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            inner, drawn = _names(constant)
            names |= inner
            found |= drawn
    return frozenset(names), found
