"""Functions of the user's: whether one computes what it did when it was last traced."""

from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

__all__ = ["is_known", "token_of"]

LIBRARIES = ("keras", "tensorflow", "numpy", "math", "imbalanced_nn")
MOST_BYTES = 2**16
# Names of what gives something else from call to call.
_READS = {"__import__", "eval", "exec", "globals", "import_module", "input", "locals", "open"}
_READS |= {"random", "vars"}
PLAIN = (type(None), bool, int, float, complex, str, bytes)


def is_known(obj: Any) -> bool:
    """Whether a class or function, or the class of an object, is Keras' own or from here."""
    module = getattr(obj, "__module__", None) or ""
    return module.split(".")[0] in ("keras", "imbalanced_nn")


def token_of(obj: Any, lists: bool = False) -> str | None:
    """Return what a function computes by, as text; None where that cannot be told.

    Two tokens are equal only if they are of one function object that has kept its code, its
    defaults, its attributes, and all that it refers to: plain values, and functions of which the
    same is true. Whoever keeps a token has to keep the function, so that no other gets its place
    in memory.

    Parameters
    ----------
    obj : object
        A function, or what one refers to.
    lists : bool, default=False
        Whether lists are told by what they hold. Code that changes one would have done so again.

    Examples
    --------
    >>> from imbalanced_nn.training.own_code import token_of
    >>> token_of(0.5), token_of((1, "mean"))
    ('0.5', "(1, 'mean')")
    >>> token_of(object()) is None
    True
    """
    return _token(obj, (), lists)


def _token(obj: Any, around: tuple[int, ...], lists: bool) -> str | None:
    """Return the token of an object inside of others, themselves told by their addresses."""
    if id(obj) in around:
        return f"<{around.index(id(obj))}>"
    if isinstance(obj, PLAIN):
        return repr(obj)
    if isinstance(obj, np.ndarray) and not obj.dtype.hasobject and obj.nbytes <= MOST_BYTES:
        return repr((obj.dtype.str, obj.shape, obj.tobytes()))
    if isinstance(obj, tuple):
        return _joined([_token(part, around, lists) for part in obj])
    if lists and type(obj) is list:
        return _joined(["list", *(_token(part, (*around, id(obj)), lists) for part in obj)])
    if isinstance(obj, ModuleType):
        return obj.__name__ if _from_library(obj.__name__) else None
    if isinstance(obj, FunctionType | BuiltinFunctionType | type):
        name = f"{obj.__module__}.{obj.__qualname__}"
        if _from_library(obj.__module__ or ""):
            return name
        if type(obj) is FunctionType:
            return _of_function(obj, (*around, id(obj)), lists)
        return name if obj.__module__ == "builtins" and obj.__name__ not in _READS else None
    return None


def _of_function(function: FunctionType, around: tuple[int, ...], lists: bool) -> str | None:
    """Return the token of a function of somebody's own."""
    try:
        cells = [cell.cell_contents for cell in function.__closure__ or ()]
    except ValueError:
        return None
    names = _names_in(function.__code__)
    known = [(name, function.__globals__[name]) for name in names if name in function.__globals__]
    if not _READS.isdisjoint(names):
        return None
    parts = [cells, function.__defaults__ or (), list((function.__kwdefaults__ or {}).items())]
    parts += [list(vars(function).items()), known]
    flat = [_token(tuple(part), around, lists) for part in parts]
    return _joined([repr((id(function), *_of_code(function.__code__))), *flat])


def _of_code(code: CodeType) -> tuple:
    """Return what a piece of code does, which the place in memory of one alone does not tell."""
    constants = [_of_code(c) if isinstance(c, CodeType) else c for c in code.co_consts]
    return code.co_code, repr(constants), code.co_names, code.co_varnames, code.co_freevars


def _names_in(code: CodeType) -> list[str]:
    """Return the names that a piece of code and the functions inside of it use."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= set(_names_in(constant))
    return sorted(names)


def _joined(tokens: list[str | None]) -> str | None:
    """Return one token of several, None if one of them is."""
    return None if None in tokens else f"({', '.join(map(str, tokens))})"


def _from_library(module: str) -> bool:
    """Whether a module belongs to a library that changes while nobody looks only by patches."""
    return module.split(".")[0] in LIBRARIES
