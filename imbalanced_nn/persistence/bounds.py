"""Sizes that a file declares, held against the bytes that it has before they are made room for."""

import io
import math
import re
import zipfile
from typing import Any

import h5py
import numpy as np

from imbalanced_nn._compat.keras import declared_size
from imbalanced_nn.exceptions import ModelFileError

__all__ = [
    "MOST_CLASSES",
    "SMALL",
    "array_of",
    "check_network_file",
    "check_network_size",
    "dtype_of",
    "shaped",
]

SMALL = 64
"""Number of elements up to which an array is written into the manifest."""

MOST_CLASSES = 10_000
"""Most classes or labels of an estimator in a file."""

WIDEST_ITEM = 16_384  # bytes: strings of 4,096 characters
LONGEST_EMPTY = 2**24  # an axis of an array without elements
ROOM = 2**16  # values that a network may have beyond those that are stored: random states

_DTYPE = re.compile(r"[<>|=]?([biufcSUmMO])(\d*)(\[\w+\])?")
_NETWORK_FILES = {"config.json", "metadata.json", "model.weights.h5", "imbalanced_nn_seeds.json"}


def dtype_of(text: Any, widest: int = WIDEST_ITEM) -> np.dtype:
    """Return the dtype of a text such as ``"<f8"``, of items of a bounded size.

    Raises
    ------
    ModelFileError
        If it is none, or its items are larger.
    """
    found = _DTYPE.fullmatch(text) if isinstance(text, str) else None
    # A digit more, and the number itself would be too large for some of NumPy's types.
    if found is None or len(found[2]) > 5 or np.dtype(text).itemsize > widest:
        raise ModelFileError(f"it declares an array of the type {text!r:.80}")
    return np.dtype(text)


def shaped(content: dict, dtype: np.dtype) -> np.ndarray:
    """Return the array of values that stand in the manifest."""
    values = content["values"]
    shape = _shape_of(content["shape"], len(values))
    out = np.empty(len(values), dtype=dtype)
    out[:] = values
    return out.reshape(shape)


def _shape_of(shape: Any, size: int) -> tuple[int, ...]:
    """Return a shape for so many elements."""
    shape = tuple(shape)
    whole = all(type(each) is int and 0 <= each <= LONGEST_EMPTY + size for each in shape)
    if not whole or len(shape) > 32 or math.prod(shape) != size:
        raise ModelFileError(f"it declares an array of the shape {shape!r:.80}")
    return shape


def array_of(content: bytes) -> np.ndarray:
    """Return the array of a ``.npy`` file that holds as many bytes as its header declares.

    Raises
    ------
    ModelFileError
        If it does not, or holds Python objects.
    """
    buffer = io.BytesIO(content)
    version = np.lib.format.read_magic(buffer)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in read:
        raise ModelFileError(f"it holds an array of the version {version}")
    shape, _, dtype = read[version](buffer)
    left = len(content) - buffer.tell()
    if dtype.hasobject or dtype.fields or dtype.subdtype or dtype.itemsize == 0:
        raise ModelFileError("an array of it holds other than numbers and text (allow_pickle)")
    _shape_of(shape, math.prod(shape) if 0 not in shape else 0)
    if math.prod(shape) * dtype.itemsize != left:
        raise ModelFileError(f"an array of it declares {shape!r:.80} of {dtype}, and has {left} B")
    buffer.seek(0)
    return np.lib.format.read_array(buffer, allow_pickle=False)


def check_network_file(content: bytes) -> int:
    """Refuse a file of Keras that is packed, or holds or points to other than its weights.

    Returns
    -------
    int
        Number of values among the weights.

    Raises
    ------
    ModelFileError
        Naming what it holds.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        names = [entry.filename for entry in entries]
        if foreign := sorted(set(names) - _NETWORK_FILES):
            raise ModelFileError(f"its network comes with the file {foreign[0]!r:.80}")
        packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
        packed = packed or any(entry.file_size != entry.compress_size for entry in entries)
        if (
            packed
            or len(set(names)) < len(names)
            or sum(e.file_size for e in entries) > len(content)
        ):
            raise ModelFileError("its network is packed as Keras packs none")
        weights = archive.read("model.weights.h5")
    with h5py.File(io.BytesIO(weights), "r") as stored:
        return _stored_values(stored, len(weights))


def _stored_values(stored: h5py.File, n_bytes: int) -> int:
    """Return the number of values of a file all of whose sets of data lie in it, each once."""
    total, seen, waiting = 0, set(), [stored]
    while waiting:
        group = waiting.pop()
        _check_attributes(group)
        for name in group:
            if group.get(name, getclass=True, getlink=True) is not h5py.HardLink:
                raise ModelFileError(f"its weights {name!r:.80} are a link to elsewhere")
            part = group[name]
            address = h5py.h5o.get_info(part.id).addr
            if address in seen:
                raise ModelFileError(f"its weights {name!r:.80} are stored under two names")
            seen.add(address)
            if isinstance(part, h5py.Group):
                waiting.append(part)
                continue
            total += _size_of(part, name)
            if total > n_bytes:
                raise ModelFileError("its weights are larger than the file that holds them")
    return total


def _size_of(part: Any, name: str) -> int:
    """Return the number of values of a set of data that is stored plainly and in full."""
    if not isinstance(part, h5py.Dataset) or part.dtype.kind not in "biufV":
        raise ModelFileError(f"its weights {name!r:.80} are no numbers")
    if part.dtype.hasobject or part.dtype.fields or part.dtype.subdtype or part.shape is None:
        raise ModelFileError(f"its weights {name!r:.80} are no numbers")
    _check_attributes(part)
    elsewhere = part.external or part.is_virtual
    size = math.prod(part.shape)
    if elsewhere or part.chunks or part.id.get_storage_size() != size * part.dtype.itemsize:
        where = "in another file" if elsewhere else "in full"
        not_ = "" if elsewhere else "not "
        raise ModelFileError(f"its weights {name!r:.80} are {not_}stored {where}")
    return size


def _check_attributes(part: Any) -> None:
    """Refuse notes that are more than a short text or number."""
    for name in part.attrs:
        kind = part.attrs.get_id(name)
        text = h5py.check_string_dtype(kind.dtype) is not None
        if kind.shape != () or not (text or kind.dtype.kind in "biuf"):
            raise ModelFileError(f"its weights have a note {name!r:.80} that is no text")


def check_network_size(config: dict[str, Any], n_values: int, custom_objects: dict) -> None:
    """Refuse a network of more weights than are stored, before they are made.

    Parameters
    ----------
    config : dict
        Configuration of the network, in which only known classes are named.
    n_values : int
        Number of values that are stored.
    custom_objects : dict
        Code of the caller's.
    """
    declared = declared_size(config, custom_objects)
    if declared > n_values + ROOM:
        raise ModelFileError(
            f"its network declares {declared} weights, and {n_values} values are stored"
        )
