"""Fingerprints of data and parameters that are the same in every process."""

import functools
import hashlib
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy import sparse

from imbalanced_nn.exceptions import InvalidParameterError

__all__ = ["fingerprint"]


def fingerprint(*values: Any) -> str:
    """Return a hash of data, parameters and estimators, by value.

    Estimators count by class, version of its package and parameters, Keras objects by
    configuration and weights, functions by their compiled code and what it encloses. The code of
    classes does not count, nor what functions read from their module.

    Raises
    ------
    InvalidParameterError
        If a value cannot be told from another one of its kind.

    Examples
    --------
    >>> from imbalanced_nn.compare.fingerprints import fingerprint
    >>> fingerprint([1, 2]) == fingerprint([1, 2]), fingerprint([1, 2]) == fingerprint([1, "2"])
    (True, False)
    """
    digest = hashlib.sha256()
    for value in values:
        _feed(digest.update, value, ())
    return digest.hexdigest()


_ATOMS = (type(None), type(...), bool, int, float, complex, bytes, slice, np.generic)


def _feed(update: Callable[[bytes], None], value: Any, above: tuple) -> None:
    """Feed what a value is made of; ``above`` holds the objects that it is a part of."""
    if any(value is one for one in above):
        update(b"a part of itself")
        return
    kind, parts = _taken_apart(value)
    # Lengths keep ("ab", "c") and ("a", "bc") apart.
    update(f"{kind}:{len(parts)};".encode())
    for part in parts:
        if isinstance(part, bytes):
            update(f"{len(part)}:".encode())
            update(part)
        else:
            _feed(update, part, (*above, value))


def _taken_apart(value: Any) -> tuple[str, list]:
    """Return the kind of a value, and the bytes and values that tell it from others."""
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if isinstance(value, str):
        return kind, [value.encode("utf-8", "surrogatepass")]
    if isinstance(value, _ATOMS):
        return kind, [repr(value).encode()]
    if isinstance(value, type | types.BuiltinFunctionType | np.ufunc):
        module = getattr(value, "__module__", None) or ""
        return kind, [f"{module}.{getattr(value, '__qualname__', value)}".encode()]
    for accepts, parts_of in _KINDS:
        if accepts(value):
            return kind, parts_of(value)
    raise InvalidParameterError(
        f"cache: two objects like {value!r} cannot be told apart, so finished fits could be "
        f"taken for those of another one. Leave out cache, or write it as a function or a class "
        f"with get_params."
    )


def _of_array(value: np.ndarray) -> list:
    shape = [value.dtype.str.encode(), repr(value.shape).encode()]
    if value.dtype.hasobject:
        return [*shape, *value.ravel().tolist()]
    # As bytes in place: the rows of a comparison may fill half the memory.
    content = np.ascontiguousarray(value).reshape(-1).view(np.uint8)
    return [*shape, hashlib.sha256(content.data).digest()]


def _of_pandas(value: Any) -> list:
    import pandas as pd

    columns = [value] if not isinstance(value, pd.DataFrame) else [value[c] for c in value]
    if isinstance(value, pd.DataFrame) and not value.columns.is_unique:
        columns = [value.iloc[:, place] for place in range(value.shape[1])]
    parts = []
    for column in columns:
        hashes = pd.util.hash_pandas_object(column, index=False).to_numpy()
        parts += [str(column.name), str(column.dtype), hashes.tobytes()]
    return parts


def _of_code(code: types.CodeType) -> list:
    return [code.co_code, code.co_names, code.co_consts, code.co_varnames]


def _of_function(value: types.FunctionType) -> list:
    cells = [cell.cell_contents for cell in value.__closure__ or ()]
    return [value.__code__, value.__defaults__, value.__kwdefaults__, cells]


def _version(value: Any) -> str | None:
    """Return the version of the package that the class of an estimator is from."""
    package = sys.modules.get(type(value).__module__.partition(".")[0])
    return getattr(package, "__version__", None)


def _of_keras(value: Any) -> list:
    weights = value.get_weights() if hasattr(value, "get_weights") else []
    compiled = value.get_compile_config() if hasattr(value, "get_compile_config") else None
    return [value.get_config(), weights, compiled]


def _is_pandas(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] == "pandas" and hasattr(value, "dtypes")


# The first that accepts a value takes it apart.
_KINDS: list[tuple[Callable[[Any], bool], Callable[[Any], list]]] = [
    (lambda v: isinstance(v, np.ndarray), _of_array),
    (sparse.issparse, lambda v: [v.shape, v.tocoo().data, *v.tocoo().coords]),
    (_is_pandas, _of_pandas),
    (lambda v: isinstance(v, Mapping), lambda v: [part for pair in v.items() for part in pair]),
    (lambda v: isinstance(v, list | tuple | range), list),
    (lambda v: isinstance(v, set | frozenset), lambda v: sorted(fingerprint(m) for m in v)),
    (lambda v: isinstance(v, types.FunctionType), _of_function),
    (lambda v: isinstance(v, types.CodeType), _of_code),
    (lambda v: isinstance(v, types.MethodType), lambda v: [v.__func__, v.__self__]),
    (
        lambda v: isinstance(v, functools.partial),
        lambda v: [v.func, v.args, v.keywords],
    ),
    (
        lambda v: hasattr(v, "get_params") and not isinstance(v, type),
        lambda v: [v.get_params(deep=False), _version(v)],
    ),
    (lambda v: hasattr(v, "get_config"), _of_keras),
    (lambda v: isinstance(v, np.random.RandomState), lambda v: [v.get_state()]),
    (lambda v: isinstance(v, np.random.Generator), lambda v: [v.bit_generator.state]),
    (lambda v: hasattr(v, "to_pandas"), lambda v: _of_pandas(v.to_pandas())),
    (lambda v: hasattr(v, "__array__"), lambda v: _of_array(np.asarray(v))),
    (lambda v: hasattr(v, "__dict__") and bool(vars(v)), lambda v: [vars(v)]),
]
