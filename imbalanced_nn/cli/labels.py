"""The column of labels: which spellings are one class, and which are none."""

import re
from typing import Any

import numpy as np

from imbalanced_nn.exceptions import warn

__all__ = ["label_key", "merged", "spells_no_class"]

# These words are often classes of their own.
_WORDS = frozenset(("none", "(none)", "unknown", "undefined", "missing", "nil", "not applicable"))
# Fewer rows than this share of another class do not make one that differs by case alone.
_HANDFUL = 0.01
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_SHOWN = 5


def label_key(label: Any) -> str:
    """Return what two spellings of one class have in common.

    Case and spaces do not count, and numbers are equal whatever their type: 1, 1.0 and "1".
    """
    text = " ".join(str(label).split()).casefold()
    if _NUMBER.fullmatch(text):
        number = float(text)
        if abs(number) < 2**53:
            return repr(number)
    return text


def spells_no_class(label: Any) -> bool:
    """Whether a label is a mark of a missing value, and no word that may name a class."""
    from imbalanced_nn.tables import is_missing

    text = str(label).strip()
    return is_missing(text) and text.casefold() not in _WORDS


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
    chosen = np.array([*(text.strip() for text in spelled), None], dtype=object)
    chosen[list(places)] = None
    notes = []
    for group in groups.values():
        notes += _one_spelling(group, codes, spelled, counts, chosen)
    for note in _shortened(notes):
        warn("INN020", f"{column.name}: {note}")
    return pd.Series(chosen[codes], index=column.index, name=column.name)


def _absent(name, codes, spelled, counts, missing) -> set[int]:
    """Return which spellings stand for no class, and say which and how often."""
    given = {text.strip() for text in missing}
    places = {i for i, text in enumerate(spelled) if not text.strip() or text.strip() in given}
    marks = {i for i, text in enumerate(spelled) if spells_no_class(text)} - places
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
        if text.strip().casefold() in _WORDS and place not in places:
            warn(
                "INN020",
                f"{name}: {text!r} in {_rows(counts[place], codes, place)} is taken for a class; "
                f"--missing {text.strip()} leaves these rows out.",
            )
    return places | marks


def _one_spelling(group, codes, spelled, counts, chosen) -> list[str]:
    """Choose one spelling for a class, and return what is to be said of the others."""
    group = sorted(group, key=lambda place: -counts[place])
    first, *others = group
    notes = []
    for place in others:
        if spelled[place].strip() == chosen[first]:
            differ = "spaces"
        elif len(chosen[first]) == 1 and counts[place] >= _HANDFUL * counts[first]:
            # Single letters may differ by case and nothing else.
            notes.append(
                f"{chosen[first]!r} and {chosen[place]!r} differ by case alone and stay two "
                f"classes."
            )
            continue
        else:
            differ = "case or spaces"
        if label_key(spelled[place]) != spelled[place] and _NUMBER.fullmatch(spelled[place]):
            differ = "how the number is written"
        chosen[place] = chosen[first]
        notes.append(
            f"{spelled[place]!r} in {_rows(counts[place], codes, place)} is taken for "
            f"{chosen[first]!r}; they differ by {differ} only."
        )
    return notes


def _shortened(notes: list[str]) -> list[str]:
    """Return the first of many notes, and how many more there are."""
    more = len(notes) - _SHOWN
    return notes if more <= 0 else [*notes[:_SHOWN], f"so are {more} other spellings."]


def _rows(n: int, codes, place: int) -> str:
    """Return a number of rows, and which is the first."""
    first = int((codes == place).argmax()) + 1
    return f"row {first:,}" if n == 1 else f"{n:,} rows, the first {first:,},"
