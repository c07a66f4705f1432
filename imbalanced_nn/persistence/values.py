"""Python values as JSON and named members, and back; what has no such form is refused."""

import io
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from imbalanced_nn.exceptions import ModelFileError
from imbalanced_nn.persistence.bounds import SMALL, array_of, dtype_of, shaped

__all__ = ["PLAIN", "ArchiveMember", "Decoder", "Encoder", "Form", "UnsavableError"]

TAG = "~"

# What the forms themselves put between the names that a user knows.
_STRUCTURE = ("fields", "fitted", "parameters", "state", "value")

_TYPES = {
    f"numpy.{name}": value
    for name, value in vars(np).items()
    if isinstance(value, type) and issubclass(value, np.generic)
} | {name.__name__: name for name in (bool, float, int, object, str)}
"""Types that stand for a dtype."""


class UnsavableError(TypeError):
    """A value has no form in a file."""

    def __init__(self, value: Any, where: tuple[str, ...] = ()):
        super().__init__(value, where)
        self.value = value
        self.where = where

    def __str__(self) -> str:
        names = [name for name in self.where if name not in _STRUCTURE]
        return f"{'.'.join(names)} is {one_line_repr(self.value)}"


def one_line_repr(value: Any, width: int = 80) -> str:
    """Return the representation of a value on one line, cut where it is long."""
    text = " ".join(repr(value).split())
    return text if len(text) <= width else f"{text[: width - 3]}..."


@dataclass(frozen=True)
class ArchiveMember:
    """Bytes that become a file of their own inside the archive.

    Parameters
    ----------
    content : bytes
        What the file holds.
    suffix : str
        End of its name, such as ``".npy"``.
    """

    content: bytes
    suffix: str


@dataclass(frozen=True)
class Form:
    """How a type of value is written: reduced to simpler ones under a tag, and restored.

    Parameters
    ----------
    tag : str
        Name of the form in the manifest; it never changes its meaning.
    accepts : callable
        Whether a value is of this form.
    reduce : callable
        Returns values of other forms, or a `ArchiveMember`.
    restore : callable
        Undoes it.
    shared : bool, default=False
        Whether a value that is met twice is one object again.
    """

    tag: str
    accepts: Callable[[Any], bool]
    reduce: Callable[[Any], Any]
    restore: Callable[[Any], Any]
    shared: bool = False


@dataclass
class Encoder:
    """Writes values as JSON's types.

    Parameters
    ----------
    forms : iterable of Form
        Types of values that JSON does not know; the first that accepts a value writes it.

    Attributes
    ----------
    members : dict of str to bytes
        Files of the archive, by name, gathered from the values.
    """

    forms: Iterable[Form]
    members: dict[str, bytes] = field(default_factory=dict)
    _known: dict[int, tuple[Any, Any]] = field(default_factory=dict)

    def encode(self, value: Any, *where: str) -> Any:
        """Return JSON's types for a value; ``where`` says in messages what it is part of.

        Raises
        ------
        UnsavableError
            If a part of the value has no form.
        """
        # Exact types: NumPy's numbers and strings are subclasses of Python's.
        if value is None or type(value) in (bool, int, str):
            return value
        if type(value) is float and math.isfinite(value):
            return value
        if type(value) is list:
            return [self.encode(member, *where, *_name_of(member)) for member in value]
        if type(value) is dict and TAG not in value and all(type(key) is str for key in value):
            return {key: self.encode(member, *where, key) for key, member in value.items()}
        if isinstance(value, ArchiveMember):
            name = f"{len(self.members)}-{where[-1] if where else 'value'}{value.suffix}"
            self.members[name] = value.content
            return {TAG: "member", "value": name}
        return self._encode_form(value, where)

    def _encode_form(self, value: Any, where: tuple[str, ...]) -> Any:
        if id(value) in self._known:
            return self._known[id(value)][1]
        for form in self.forms:
            if form.accepts(value):
                try:
                    reduced = form.reduce(value)
                except UnsavableError as error:
                    raise UnsavableError(error.value, (*where, *error.where)) from None
                content = self.encode(reduced, *where)
                encoded = {TAG: form.tag, "value": content}
                if form.shared:
                    self._known[id(value)] = value, encoded
                return encoded
        raise UnsavableError(value, where)


def _name_of(member: Any) -> tuple[str, ...]:
    """Return the name of a step in a list of steps, which are tuples that begin with it."""
    is_step = type(member) is tuple and len(member) > 1 and type(member[0]) is str
    return (member[0],) if is_step and hasattr(member[1], "get_params") else ()


@dataclass
class Decoder:
    """Reads what `Encoder` wrote.

    Parameters
    ----------
    forms : iterable of Form
        Types of values that JSON does not know.
    members : dict of str to bytes
        Files of the archive, by name.
    """

    forms: Iterable[Form]
    members: dict[str, bytes]
    _known: dict[tuple[str, str], Any] = field(default_factory=dict)

    def __post_init__(self):
        self._by_tag = {form.tag: form for form in self.forms}

    def decode(self, content: Any) -> Any:
        """Return the value of JSON's types.

        Raises
        ------
        ModelFileError
            If a form is unknown or a member is missing.
        """
        if isinstance(content, list):
            return [self.decode(member) for member in content]
        if not isinstance(content, dict):
            return content
        if TAG not in content:
            return {key: self.decode(member) for key, member in content.items()}
        tag, value = content[TAG], content["value"]
        if not isinstance(tag, str):
            raise ModelFileError(f"it holds a {tag!r:.80}, which is unknown here")
        if tag == "member":
            # Each is read once: a file of many places for one array is no larger than the file.
            if not isinstance(value, str) or value not in self.members:
                raise ModelFileError(f"it lacks {value!r:.80}, or has it in two places")
            return self.members.pop(value)
        form = self._by_tag.get(tag)
        if form is None:
            raise ModelFileError(f"it holds a {tag!r:.80}, which is unknown here")
        if not form.shared:
            return form.restore(self.decode(value))
        key = (tag, repr(value))
        if key not in self._known:
            self._known[key] = form.restore(self.decode(value))
        return self._known[key]


def _is_inline(value: Any) -> bool:
    plain = isinstance(value, np.ndarray) and value.dtype.kind in "biufU"
    return (
        plain
        and value.size <= SMALL
        and value.dtype.itemsize <= 8 * (1 if value.dtype.kind in "biuf" else SMALL)
    )


def _npy(value: np.ndarray) -> ArchiveMember:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asarray(value), allow_pickle=False)
    return ArchiveMember(buffer.getvalue(), ".npy")


def _inline(content: dict) -> np.ndarray:
    if len(content["values"]) > SMALL:
        raise ModelFileError(
            f"it has an array of {len(content['values'])} elements in a place of {SMALL}"
        )
    return shaped(content, dtype_of(content["dtype"], widest=8 * SMALL))


def _listed(parts: Any) -> list:
    if not isinstance(parts, list):
        raise ModelFileError(f"it has {parts!r:.80} in the place of a list")
    return parts


PLAIN = [
    Form(
        "float",
        lambda value: type(value) is float,
        repr,
        lambda text: {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[text],
    ),
    Form("tuple", lambda value: type(value) is tuple, list, lambda parts: tuple(_listed(parts))),
    Form(
        "set",
        lambda value: type(value) is set,
        lambda value: sorted(value, key=repr),
        lambda parts: set(_listed(parts)),
    ),
    Form(
        "dict",
        lambda value: type(value) is dict,
        lambda value: [[key, member] for key, member in value.items()],
        lambda pairs: {key: member for key, member in pairs},  # noqa: C416 - a list is no key
    ),
    Form(
        "slice",
        lambda value: type(value) is slice,
        lambda value: [value.start, value.stop, value.step],
        lambda parts: slice(*parts),
    ),
    Form(
        "type",
        lambda value: isinstance(value, type) and value in _TYPES.values(),
        lambda value: next(name for name, known in _TYPES.items() if known is value),
        _TYPES.__getitem__,
    ),
    Form("dtype", lambda value: isinstance(value, np.dtype), lambda value: value.str, dtype_of),
    Form(
        "scalar",
        lambda value: isinstance(value, np.generic),
        lambda value: np.asarray(value),
        lambda array: array[()],
    ),
    Form(
        "array",
        _is_inline,
        lambda value: {
            "dtype": value.dtype.str,
            "shape": list(value.shape),
            "values": value.ravel().tolist(),
        },
        _inline,
    ),
    Form(
        "objects",
        lambda value: isinstance(value, np.ndarray) and value.dtype.kind == "O",
        lambda value: {"shape": list(value.shape), "values": value.ravel().tolist()},
        lambda content: shaped(content, np.dtype(object)),
    ),
    Form(
        "npy",
        # Strings of variable width, and records with objects, have no such file.
        lambda value: isinstance(value, np.ndarray) and value.dtype.kind in "biufcSUmM",
        _npy,
        array_of,
    ),
]
"""Forms of Python's and NumPy's own values; the first that accepts a value writes it."""
