"""The copy in ONNX of a saved model of tables, read without Keras and without scikit-learn."""

import hashlib
import json
import math
import os
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from imbalanced_nn.atomic_files import file_name
from imbalanced_nn.exceptions import ModelFileError
from imbalanced_nn.persistence.archive import MANIFEST, read_archive
from imbalanced_nn.persistence.graph_bounds import check_graph

__all__ = [
    "CLOSE",
    "COPY",
    "NEEDED",
    "SECTION",
    "OnnxCopy",
    "check_copy",
    "identity",
    "read_onnx_copy",
]

COPY = "copy.onnx"
SECTION = "onnx"
"""Key of the manifest under which a copy is described."""

CLOSE = 1e-6
"""How far the probabilities of a copy may be from the estimator's."""

NEEDED = ("onnx", "tf2onnx", "onnxruntime")
"""Packages that make a copy and try it."""

_KINDS = ("number", "date", "duration", "text")
_MOST_CLASSES = 10_000


@dataclass(frozen=True)
class OnnxCopy:
    """A graph from the columns of a table to answers, and what it takes and gives.

    Parameters
    ----------
    graph : bytes
        As `imbalanced_nn.export_onnx` writes it.
    kinds : dict of str to {"number", "date", "duration", "text"}
        What each column holds.
    forms, categories : dict
        How text spells numbers and dates, and what text was there: see `ColumnTypes`. Of a
        `ColumnEncoder` the categories are those with a column of their own.
    missing : list of str
        Further spellings of missing values.
    decimal : {".", ","} or None
        Decimal mark by which numbers of the file that the model was fitted on were read.
    typed : bool
        Whether the model itself reads text as numbers and dates.
    classes : list
        Labels, all of one type, in the order of the probabilities.
    dtype : str
        Of the array of labels.
    scores : list of list of float
        The class decided for is that of the largest of ``probabilities @ scores``.
    """

    graph: bytes
    kinds: dict[str, str]
    forms: dict[str, dict[str, str]]
    categories: dict[str, list[str]]
    missing: list[str]
    decimal: str | None
    typed: bool
    classes: list
    dtype: str
    scores: list[list[float]]

    def described(self) -> dict[str, Any]:
        """Return all but the graph, as JSON's types."""
        return {name: value for name, value in asdict(self).items() if name != "graph"}

    def check(self) -> None:
        """Refuse what is of other types than `save` writes, or does not fit together.

        Raises
        ------
        ModelFileError
            Naming the field.
        """
        n = len(self.classes) if isinstance(self.classes, list) else 0
        is_text = isinstance(self.dtype, str) and self.dtype.lstrip("<|=")[:1] in ("U", "O")
        label: Any = str if is_text else (int, float, bool)
        conditions = {
            "kinds": _is_mapping(self.kinds, str) and set(self.kinds.values()) <= set(_KINDS),
            "forms": _is_mapping(self.forms, dict)
            and all(_is_mapping(form, str) for form in self.forms.values()),
            "categories": _is_mapping(self.categories, list)
            and all(_is_list(each, str) for each in self.categories.values()),
            "missing": _is_list(self.missing, str),
            "decimal": self.decimal in (None, ".", ","),
            "typed": isinstance(self.typed, bool),
            "classes": 2 <= n <= _MOST_CLASSES and _is_list(self.classes, label),
            "dtype": isinstance(self.dtype, str) and _fits(self.dtype, self.classes),
            "scores": _is_list(self.scores, list)
            and [len(row) for row in self.scores] == [n] * n
            and all(type(x) in (int, float) and math.isfinite(x) for r in self.scores for x in r),
        }
        if wrong := [name for name, fits in conditions.items() if not fits]:
            raise ModelFileError(f"the {wrong[0]} of its copy in ONNX are not as save wrote them")

    def labels(self) -> np.ndarray:
        """Return the labels as the estimator has them."""
        return np.array(self.classes, dtype=self.dtype)

    def in_doubt(self, proba: np.ndarray) -> np.ndarray:
        """Return which rows lie so near to a cut that the estimator may decide otherwise.

        Parameters
        ----------
        proba : ndarray of shape (n_samples, n_classes)
            Probabilities.
        """
        weights = np.array(self.scores, dtype=np.float64)
        ranked = np.sort(proba.astype(np.float64) @ weights, axis=1)
        # No difference of two scores moves by more where each probability is close.
        room = 2 * CLOSE * np.abs(weights).sum(axis=0).max()
        # What is no number is in doubt, too.
        return ~(ranked[:, -1] - ranked[:, -2] > room)


def read_onnx_copy(path: str | os.PathLike) -> OnnxCopy | None:
    """Return the copy in ONNX of a file of `save`, None if it has none.

    Parameters
    ----------
    path : str or path-like
        Name of the file.

    Returns
    -------
    OnnxCopy or None

    Raises
    ------
    FileNotFoundError
        If there is no file.
    ModelFileError
        If the file is none of `save`, is altered, or its copy is of another estimator or holds
        what a copy does not hold.
    """
    name = file_name(path)
    with open(name, "rb") as source:
        members = read_archive(name, source)
    try:
        manifest = json.loads(members[MANIFEST])
        return check_copy(manifest, members)
    except ModelFileError as error:
        raise ModelFileError(f"{name!r} cannot be loaded: {error}.") from None
    except (KeyError, RecursionError, TypeError, ValueError) as error:
        raise ModelFileError(f"{name!r} is not a file of imbalanced_nn.save: {error}.") from None


def check_copy(manifest: dict[str, Any], members: dict[str, bytes]) -> OnnxCopy | None:
    """Return the copy that a file holds, None if it has none, or refuse it.

    Parameters
    ----------
    manifest : dict
        Of the file.
    members : dict of str to bytes
        All of its members.
    """
    section, graph = manifest.get(SECTION), members.get(COPY)
    if section is None and graph is None:
        return None
    if not isinstance(section, dict) or graph is None:
        raise ModelFileError("it has half a copy in ONNX")
    described = {name: value for name, value in section.items() if name != "of"}
    if section.get("of") != identity(manifest["estimator"], members):
        raise ModelFileError("its copy in ONNX is of another estimator")
    try:
        copy = OnnxCopy(graph=graph, **described)
    except TypeError:
        raise ModelFileError("its copy in ONNX is not described as save does") from None
    copy.check()
    check_graph(graph)
    return copy


def identity(content: Any, members: dict[str, bytes]) -> str:
    """Return what tells an estimator of a file from any other.

    Parameters
    ----------
    content : Any
        The estimator in the manifest.
    members : dict of str to bytes
        Members of the file, the weights among them.
    """
    others = sorted(set(members) - {MANIFEST, COPY})
    digests = {name: hashlib.sha256(members[name]).hexdigest() for name in others}
    return hashlib.sha256(json.dumps([content, digests]).encode()).hexdigest()


def _is_mapping(value: Any, kind: type) -> bool:
    return isinstance(value, dict) and all(isinstance(each, kind) for each in value.values())


def _is_list(value: Any, kind: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, kind) for each in value)


def _fits(dtype: str, classes: list) -> bool:
    """Whether labels are what an array of a type holds."""
    if dtype.lstrip("<|=")[:1] not in ("b", "i", "u", "f", "U", "O") or len(dtype) > 8:
        return False
    try:
        return np.array(classes, dtype=dtype).tolist() == classes
    except (OverflowError, TypeError, ValueError):
        return False
