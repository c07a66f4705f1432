"""The column of labels: which spellings are one class, and which are none."""

import re
import shlex
import unicodedata
from collections.abc import Callable
from typing import Any

import numpy as np

from imbalanced_nn.exceptions import nearest_name, warn

__all__ = ["HEADER_LINES", "NUMBER", "header_lines", "label_key", "merged", "spells_no_class"]

# These words are often classes of their own.
_WORDS = frozenset(("none", "(none)", "unknown", "undefined", "missing", "nil", "not applicable"))
# Fewer rows than this share of another class do not make one that differs by case alone.
_HANDFUL = 0.01
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
HEADER_LINES = "the names of the columns stand again in"
"""What is told of `header_lines`."""

_SHOWN = 5
# A class of fewer rows, beside others of so many times as many, may be a slip.
_FEW = 5
_SLIPS = 10
_MOST_CLASSES = 50
_ANSWERS = ({"y", "n"}, {"t", "f"}, {"m", "f"}, {"j", "n"})
_NINES = re.compile(r"-?9{2,}(?:\.0*)?")
_FLAGS = {"true": "1", "false": "0"}
_QUOTES = "'\"`\u2018\u2019\u201c\u201d"
# Spaces of no width, and the mark of the order of bytes.
_UNSEEN = dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD))


def label_key(label: Any) -> str:
    """Return what two spellings of one class have in common.

    Case, spaces, quotes, a full stop at the end and the encoding of accents do not count.
    Numbers are equal whatever their type, such as 1, 1.0 and "1", and so are true and 1.
    """
    text = unicodedata.normalize("NFKC", str(label)).translate(_UNSEEN)
    text = " ".join(text.split()).casefold()
    text = text.strip(_QUOTES).rstrip(".").strip() or text
    text = _FLAGS.get(text, text)
    if NUMBER.fullmatch(text):
        number = float(text)
        if abs(number) < 2**53:
            return repr(number)
    return text


def spells_no_class(label: Any, name: Any) -> bool:
    """Whether a label is a mark of a missing value, and no word that may name a class.

    Nor is the name of its column one, which may be repeated where files were put together.
    """
    from imbalanced_nn.preprocessing import is_missing

    text = str(label).strip()
    if text == name and len(text) > 1:
        return True
    return is_missing(text) and text.casefold() not in _WORDS


def header_lines(table, target: str):
    """Return which rows are the line of names again, as where files were put together.

    A short name may be a class, too: all cells of such a row are names of their columns.

    Parameters
    ----------
    table : DataFrame or StoredTable
        The table.
    target : str
        Column of labels.

    Returns
    -------
    ndarray of bool of shape (n_rows,)
    """
    again = _spells(table[target], target)
    for name in table.columns:
        if not again.any():
            break
        again[again] = _spells(table[name][again], name)
    return again


def _spells(column, name: str) -> np.ndarray:
    """Return which cells are a name."""
    spelled = [cell for cell in column.dropna().unique() if str(cell).strip() == name]
    return np.array(column.isin(spelled), dtype=bool)


def merged(column, missing: tuple[str, ...]):
    """Return a column of labels with one spelling for each class, and say what was changed.

    Parameters
    ----------
    column : Series
        Labels of any type.
    missing : sequence of str
        Further spellings of missing values.

    Returns
    -------
    Series
        Labels; those that stand for none are missing.
    """
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column):
        wanted = {label_key(text) for text in missing}
        gone = [value for value in column.dropna().unique() if label_key(value) in wanted]
        return column.mask(column.isin(gone)) if gone else column
    codes, distinct = pd.factorize(column)
    spelled = [str(value) for value in distinct]
    counts = np.bincount(codes[codes >= 0], minlength=len(spelled)).tolist()
    if len(spelled) > len(column) / 2:
        # No classes; whoever looks at them says so.
        return column
    places = _absent(column.name, codes, spelled, counts, missing)
    groups: dict[str, list[int]] = {}
    for place, text in enumerate(spelled):
        if place not in places:
            groups.setdefault(label_key(text), []).append(place)
    chosen = np.array([*map(_as_number(spelled), spelled), None], dtype=object)
    chosen[list(places)] = None
    notes = []
    for group in groups.values():
        notes += _one_spelling(group, codes, spelled, counts, chosen)
    notes = _shortened(notes) + _shortened(_slips(codes, counts, chosen))
    for note in notes:
        warn("INN020", f"{column.name}: {note}")
    return pd.Series(chosen[codes], index=column.index, name=column.name)


def _absent(name, codes, spelled, counts, missing) -> set[int]:
    """Return which spellings stand for no class, and say which and how often."""
    given = {text.strip().casefold() for text in missing} | {""}
    places = {i for i, text in enumerate(spelled) if text.strip().casefold() in given}
    marks = {i for i, text in enumerate(spelled) if spells_no_class(text, name)}
    marks -= places
    left = {label_key(text) for i, text in enumerate(spelled) if i not in marks | places}
    if len(left) < 2:
        # What leaves one class is one itself.
        marks = set()
    for place in sorted(marks):
        warn(
            "INN020",
            f"{name}: {spelled[place]!r} in {_rows(counts[place], codes, place)} is taken for a "
            f"missing class.",
        )
    for place, text in enumerate(spelled):
        is_doubtful = text.strip().casefold() in _WORDS or _NINES.fullmatch(text.strip())
        if is_doubtful and place not in places:
            warn(
                "INN020",
                f"{name}: {text!r} in {_rows(counts[place], codes, place)} is taken for a class; "
                f"--missing {shlex.quote(text.strip())} leaves these rows out.",
            )
    return places | marks


def _as_number(spelled: list[str]) -> Callable:
    """Return what a label is written as: true is 1 where others are numbers, the rest is kept."""
    mixed = any(map(NUMBER.fullmatch, spelled)) and any(t.casefold() in _FLAGS for t in spelled)

    def written(text: str) -> str:
        return _FLAGS.get(text.strip().casefold(), text.strip()) if mixed else text.strip()

    return written


def _one_spelling(group, codes, spelled, counts, chosen) -> list[str]:
    """Choose one spelling for a class, and return what is to be said of the others."""
    group = sorted(group, key=lambda i: (spelled[i].strip() != chosen[i], -counts[i]))
    first, *others = group
    letters = {text.strip().casefold() for text in spelled if len(text.strip()) == 1}
    notes = []
    for place in others:
        by_case = chosen[place].casefold() == chosen[first].casefold()
        large = counts[place] >= _HANDFUL * counts[first]
        # Single letters may differ by case and nothing else, but for those of yes and no.
        may_differ = by_case and chosen[place] != chosen[first] and len(chosen[first]) == 1
        if may_differ and large and letters not in _ANSWERS:
            notes.append(
                f"{chosen[first]!r} and {chosen[place]!r} differ by case alone and stay two "
                f"classes."
            )
            continue
        differ = _difference(spelled[place], chosen[first])
        chosen[place] = chosen[first]
        notes.append(
            f"{spelled[place]!r} in {_rows(counts[place], codes, place)} is taken for "
            f"{chosen[first]!r}; they differ by {differ} only."
        )
    return notes


def _difference(text: str, other: str) -> str:
    """Return by what two spellings of a class differ."""
    if text == other:
        return "type (number or text)"
    if text.strip() == other:
        return "spaces"
    if NUMBER.fullmatch(other):
        return "how the number is written"
    if " ".join(text.split()).casefold() == " ".join(other.split()).casefold():
        return "case or spaces"
    return "quotes, full stops or unseen characters"


def _slips(codes, counts, chosen) -> list[str]:
    """Return what is to be said of classes with a few rows whose names are nearly those of others.

    That may be slips of the pen.
    """
    of_labels: dict[str, list[int]] = {}
    for place, label in enumerate(chosen[:-1]):
        if label is not None:
            of_labels.setdefault(label, []).append(place)
    sums = {label: sum(counts[i] for i in places) for label, places in of_labels.items()}
    notes: list[str] = []
    if len(sums) > _MOST_CLASSES:
        return notes
    for label, count in sorted(sums.items()):
        larger = [name for name, n in sums.items() if n > _SLIPS * count]
        # What leaves one class is one itself.
        if not 0 < count < _FEW or len(larger) < 2 or NUMBER.fullmatch(label):
            continue
        hint = nearest_name(label, larger).replace("Did you mean", "Is it")
        place = of_labels[label][0]
        notes.append(
            f"{label!r} in {_rows(count, codes, place)} is taken for a class of its own.{hint} "
            f"Correct the file, or leave these rows out: --missing {shlex.quote(label)}."
        )
    return notes


def _shortened(notes: list[str]) -> list[str]:
    """Return the first of many notes, and how many more there are."""
    more = len(notes) - _SHOWN
    return notes if more <= 0 else [*notes[:_SHOWN], f"so are {more} other spellings."]


def _rows(n: int, codes, place: int) -> str:
    """Return a number of rows, and which is the first."""
    first = int((codes == place).argmax()) + 1
    return f"row {first:,}" if n == 1 else f"{n:,} rows, first in row {first:,},"
