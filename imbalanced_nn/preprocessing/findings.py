"""What was met in the cells of a table, counted, and in words."""

from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

from imbalanced_nn.exceptions import warn

__all__ = ["Findings", "Oddity", "first_of", "row_number"]

_SHOWN = 5
_UNITS = {"number": "numbers", "date": "dates", "duration": "durations"}


@dataclass
class Oddity:
    """Cells of a column that are not what the others are.

    Parameters
    ----------
    n : int, default=0
        How many.
    row : object, default=None
        Label of the first one's row.
    text : str, default=""
        What the first one holds.
    """

    n: int = 0
    row: Any = None
    text: str = ""

    def add(self, n: int, row: Any, text: str) -> None:
        """Count more cells, of rows that come later."""
        if n and not self.n:
            self.row, self.text = row, text
        self.n += n


@dataclass
class Findings:
    """What columns held beside what they were read as, in one table or chunk by chunk.

    Attributes
    ----------
    kinds : dict of str to str
        What each column was read as.
    n_values : dict of str to int
        Cells of each column that were not missing.
    unreadable, infinite, unseen : dict of str to Oddity
        Cells that are none of the column's kind; infinite numbers, or numbers too large for a
        network; categories that were not there in `fit`.
    spelled : dict of (str, str) to Oddity
        Cells that spell a missing value, by spelling and column.
    units : dict of str to str
        Unit that a column's numbers had in `fit`, of columns where it may be lacking.
    with_unit : dict of str to int
        Cells that have it.
    notes : list of str
        Whatever else is to be told, as sentences.
    """

    kinds: dict = field(default_factory=dict)
    n_values: dict = field(default_factory=dict)
    unreadable: dict = field(default_factory=dict)
    infinite: dict = field(default_factory=dict)
    unseen: dict = field(default_factory=dict)
    spelled: dict = field(default_factory=dict)
    units: dict = field(default_factory=dict)
    with_unit: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)

    def add(self, where: str, name: Any, n: int, row: Any, text: str) -> None:
        """Count cells of a column under one of the heads."""
        getattr(self, where).setdefault(name, Oddity()).add(n, row, text)

    def update(self, other: "Findings") -> None:
        """Take over what was found in other columns."""
        for name, found in vars(other).items():
            mine = getattr(self, name)
            mine.extend(found) if isinstance(found, list) else mine.update(found)

    def check(self) -> None:
        """Refuse a column most of which is not what it was in `fit`.

        Raises
        ------
        ValueError
            If more than half of what a column holds is none of its kind.
        """
        for name, odd in self.unreadable.items():
            if odd.n > self.n_values[name] / 2:
                raise ValueError(
                    f"Column {name!r} held {_UNITS[self.kinds[name]]} when the model was "
                    f"fitted, but holds {odd.text!r} in row {row_number(odd.row)}. Correct it, "
                    f"or leave it empty."
                )

    def sentences(self) -> list[str]:
        """Return what the user should know, a sentence or two on each column or spelling."""
        each = [self._unreadable(name, odd) for name, odd in self.unreadable.items()]
        each += [
            f"{name}: {_values(odd.n)} {_are(odd.n)} infinite or too large for a network, the "
            f"first {odd.text!r} in row {row_number(odd.row)}; taken as missing."
            for name, odd in self.infinite.items()
        ]
        each += [
            f"{name}: {odd.n:,} of {self.n_values[name]:,} values {_are(odd.n)} of categories "
            f"that were not there in training, the first {odd.text!r} in row "
            f"{row_number(odd.row)}."
            for name, odd in self.unseen.items()
        ]
        each += [
            f"{name}: numbers had the unit {unit!r} when the model was fitted, and have none now; "
            f"taken to be of the same unit."
            for name, unit in self.units.items()
            if self.n_values[name] and not self.with_unit.get(name)
        ]
        if len(each) > _SHOWN:
            each[_SHOWN - 1 :] = [
                f"{each[_SHOWN - 1]} So do {len(each) - _SHOWN} more columns hold such values."
            ]
        return self.notes + each + self._spellings()

    def warn(self) -> None:
        """Tell the user, by warnings of the code INN020."""
        for sentence in self.sentences():
            warn("INN020", sentence)

    def _unreadable(self, name: str, odd: Oddity) -> str:
        total = self.n_values[name]
        unit = _UNITS[self.kinds[name]]
        start = f"{name}: {total - odd.n:,} of {total:,} values are {unit}, "
        row = row_number(odd.row)
        if odd.n == 1:
            return f"{start}{odd.text!r} in row {row} is not; taken as missing."
        return f"{start}{odd.n:,} are not, the first {odd.text!r} in row {row}; taken as missing."

    def _spellings(self) -> list[str]:
        """Return a sentence on each spelling of a missing value."""
        by_text: dict[str, list] = {}
        for (text, name), odd in self.spelled.items():
            by_text.setdefault(text, []).append((name, odd))
        sentences = []
        for text, columns in by_text.items():
            name, first = columns[0]
            n = sum(odd.n for _, odd in columns)
            row = row_number(first.row)
            if len(columns) > 1:
                where = f"in {len(columns)} columns, the first in row {row} of {name}"
                sentences.append(f"{text!r} is taken as missing in {_cells(n)} {where}.")
                continue
            total = self.n_values[name] + n
            where = f"in row {row} is" if n == 1 else f"in {n:,} rows, first in row {row}, are"
            sentences.append(
                f"{name}: {total - n:,} of {total:,} values are {_UNITS[self.kinds[name]]}, "
                f"{text!r} {where} not; taken as missing."
            )
        return sentences[:_SHOWN]


def row_number(row: Any) -> Any:
    """Return the number of a row, from 1 on, or its label where rows have labels."""
    return f"{row + 1:,}" if isinstance(row, Integral) else row


def first_of(sentences: list[str]) -> list[str]:
    """Return the first of many sentences on a column each, and how many more there are."""
    more = len(sentences) - _SHOWN
    return (
        sentences
        if more <= 0
        else [
            *sentences[: _SHOWN - 1],
            f"{sentences[_SHOWN - 1]} There are {more:,} more such columns.",
        ]
    )


def _values(n: int) -> str:
    return f"{n:,} value{'' if n == 1 else 's'}"


def _cells(n: int) -> str:
    return f"{n:,} cell{'' if n == 1 else 's'}"


def _are(n: int) -> str:
    return "is" if n == 1 else "are"
