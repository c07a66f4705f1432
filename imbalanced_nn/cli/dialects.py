"""What a delimited text file is like: its encoding, delimiter, names, and decimal mark."""

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from imbalanced_nn.cli.encodings import CONTROL, in_encoding
from imbalanced_nn.cli.packed import UNREADABLE, first_line, opened
from imbalanced_nn.cli.reading import Reading
from imbalanced_nn.cli.refusals import DataRefusal

__all__ = ["check_names", "find_dialect", "first_names", "long_fields"]

_DELIMITERS = ",;\t|"
# So many lines tell which character delimits.
_LOOKED_AT = 20
# Between so many rows, and the double of it, are kept for a closer look, evenly from all.
_SAMPLE_ROWS = 1000
_SAMPLE_CELLS = 20_000
# As where a column of text is read: digits with leading zeros are codes from this share on.
_CODES = 0.01
_BREAK = re.compile(r"\r\n|\r|\n")
_SEP = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
# The longest field, in characters: one that is longer began with a quotation mark by mistake.
_LONGEST = 2**27


class Dialect(NamedTuple):
    """What a delimited text file is like.

    Parameters
    ----------
    names : list of str
        Names of the columns.
    delimiter, encoding : str
        As pandas takes them.
    n_skipped : int
        Lines before the one with the names.
    n_rows : int
        Rows behind it.
    decimal : {".", ","} or None
        Decimal mark, None where no field shows one, or columns show different ones.
    codes : list of str
        Columns of digits with leading zeros.
    decimals : dict of str to str
        Decimal marks of columns that show one.
    ambiguous : dict of str to str
        A number of each column that shows none and would be another one with the other mark.
    """

    names: list[str]
    delimiter: str
    encoding: str
    n_skipped: int
    n_rows: int
    decimal: str | None
    codes: list[str]
    decimals: dict[str, str]
    ambiguous: dict[str, str]

    @property
    def own_decimals(self) -> list[str]:
        """Columns whose decimal mark is not that of the file."""
        return [name for name, mark in self.decimals.items() if mark != (self.decimal or ".")]


def find_dialect(file: Path, reading: Reading) -> Dialect:
    """Return what a file is like, after every row was seen to be complete.

    Parameters
    ----------
    file : Path
        The file.
    reading : Reading
        What the user says of it.
    """
    try:
        with long_fields():
            return in_encoding(file, reading.encoding, partial(_check_rows, file, reading))
    except UNREADABLE as error:
        raise DataRefusal(f"{str(file)!r} cannot be read: {first_line(error)}") from error


def first_names(file: Path, reading: Reading) -> list[str] | None:
    """Return the names of the columns by the first lines, None where these do not tell.

    Parameters
    ----------
    file, reading
        As in `find_dialect`, which looks at all of the file.
    """
    try:
        with opened(file, reading.encoding or "utf-8-sig") as lines:
            _, delimiter, start = _start(lines)
        if not start or CONTROL.search("".join(start).encode()):
            return None
        delimiter = _delimiter_of(file, reading, delimiter, start)
        first = next(csv.reader(start, delimiter=delimiter, skipinitialspace=True))
        header = _header(str(file), [name.strip() for name in first])
        if not reading.header:
            header = [str(place + 1) for place in range(len(first))]
        return header if len(header) > 1 else None
    except (LookupError, UnicodeError, *UNREADABLE, DataRefusal):
        return None


@contextmanager
def long_fields() -> Iterator[None]:
    """Let csv read long fields; its limit is the process', and is put back."""
    before = csv.field_size_limit(_LONGEST)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _check_rows(file: Path, reading: Reading, encoding: str) -> Dialect:
    """Return what a text file is like; refuse what is not a table."""
    path = str(file)
    with opened(file, encoding) as lines:
        n_skipped, delimiter, start = _start(lines)
    if not start:
        raise DataRefusal(f"{path!r} is empty; its first line must name the columns.")
    delimiter = _delimiter_of(file, reading, delimiter, start)
    with opened(file, encoding) as lines:
        for _ in range(n_skipped):
            next(lines)
        rows = _numbered(path, lines, delimiter, n_skipped)
        first = [name.strip() for name in next(rows)[1]]
        header = _header(path, first) if reading.header else [str(i + 1) for i in range(len(first))]
        check = partial(_check_width, path, len(header), delimiter)
        n_rows, sample = _count_rows(check, rows, len(header), [] if reading.header else [first])
    if not n_rows:
        raise DataRefusal(f"{path!r} names columns and has no rows.")
    decimals, codes, ambiguous = _looks(sample, header)
    if reading.decimal is not None:
        decimals, ambiguous = dict.fromkeys(header, reading.decimal), {}
    marks = set(decimals.values())
    decimal = marks.pop() if len(marks) == 1 else None
    shown = decimal, codes, decimals, ambiguous
    return Dialect(header, delimiter, encoding, n_skipped, n_rows, *shown)


def _start(lines) -> tuple[int, str | None, list[str]]:
    """Return how many lines come before the names, the delimiter that one of them names, and
    some lines from there on.
    """
    n_skipped, delimiter = 0, None
    start: list[str] = []
    for line in lines:
        named = _SEP.fullmatch(line) if not start else None
        if start or (line.strip() and named is None):
            start.append(line)
        else:
            n_skipped += 1
            delimiter = named[1] if named else delimiter
        if len(start) == _LOOKED_AT:
            break
    return n_skipped, delimiter, start


def _delimiter_of(file: Path, reading: Reading, named: str | None, start: list[str]) -> str:
    """Return what is between the fields: as the user, the file or its name says, or as it looks."""
    tabs = ".tsv" in (suffix.lower() for suffix in file.suffixes)
    return reading.delimiter or named or ("\t" if tabs else _likeliest(start))


def _likeliest(lines: list[str]) -> str:
    """Return the character that cuts all lines into equally many fields, and most."""

    def n_fields(delimiter):
        rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
        widths = [len(row) for row in rows if row]
        return widths[0] if len(set(widths)) == 1 else 1, lines[0].count(delimiter)

    return max(_DELIMITERS, key=n_fields)


def _numbered(path: str, lines, delimiter: str, n_before: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the line where each row begins, and its fields."""
    ended = False

    def to_the_end():
        nonlocal ended
        yield from lines
        ended = True

    rows = csv.reader(to_the_end(), delimiter=delimiter, skipinitialspace=True)
    while True:
        line = n_before + rows.line_num + 1
        try:
            row = next(rows, None)
        except csv.Error:
            raise DataRefusal(
                f"{path!r} is not a table: a field of the row that begins in line {line} has more "
                f"than {_LONGEST:,} characters. A quotation mark may be open there: close it, or "
                f"write one that is part of a value twice."
            ) from None
        if row is None:
            return
        if ended:
            # Who is in a row when the lines are over waits for its quotation mark.
            raise DataRefusal(
                f"{path!r} is not a table: the quotation mark that opens in line "
                f"{line + _n_breaks(row[:-1])} is not closed. Close it, or write one that is part "
                f"of a value twice."
            )
        yield line, row


def _n_breaks(fields: list[str]) -> int:
    """Return how many lines end in fields."""
    return sum(len(_BREAK.findall(field)) for field in fields)


def _count_rows(check, rows, width: int, sample: list) -> tuple[int, list]:
    """Return the number of rows, and some of them from all over the file."""
    step, n_rows = 1, len(sample)
    for line, row in rows:
        if len(row) != width:
            if not any(map(str.strip, row)) and len(row) < 2:
                continue
            check(row, line)
        if not n_rows % step:
            sample.append(row)
            if len(sample) == 2 * _SAMPLE_ROWS:
                sample, step = sample[::2], 2 * step
        n_rows += 1
    return n_rows, sample


def _check_width(path: str, width: int, delimiter: str, row: list[str], line: int) -> None:
    """Refuse a row that is not as wide as the header; empty fields at its end do no harm."""
    if len(row) > width and not any(map(str.strip, row[width:])):
        return
    long = next((place for place, field in enumerate(row) if _BREAK.search(field)), None)
    if long is not None:
        first = line + _n_breaks(row[:long])
        hint = (
            f"A quotation mark may be open: a field goes on from line {first} to line "
            f"{first + _n_breaks([row[long]])}."
        )
    elif width == 1:
        hint = "If the first line is no part of the table, such as a title, delete it."
    elif len(row) == 1:
        hint = "If this line is no part of the table, delete it."
    elif len(row) > width:
        hint = f"A value that holds {delimiter!r} must be in quotation marks."
    else:
        hint = f"Complete it: a missing value is left empty between two {delimiter!r}."
    raise DataRefusal(
        f"{path!r} is not a table: line {line} has {count(row, 'field')}, the first line has "
        f"{width}. {hint}"
    )


def _header(path: str, header: list[str]) -> list[str]:
    """Return the names of the columns; refuse one used twice, and a column without one.

    Nameless columns at the end must be empty; one at the start holds row numbers.
    """
    while len(header) > 1 and not header[-1]:
        header = header[:-1]
    check_names(path, header)
    for position, name in enumerate(header):
        if not name and position:
            raise DataRefusal(
                f"{path!r} has no name for column {position + 1}; give it one.{_hint(header)}"
            )
    return header


def check_names(path: str, header: list[str]) -> None:
    """Refuse a name of a column that is used twice."""
    for position, name in enumerate(header):
        if name in header[:position]:
            raise DataRefusal(
                f"{path!r} has more than one column {name!r}; name each once.{_hint([name])}"
            )


def _hint(names: list[str]) -> str:
    """Return what to do about names that are numbers."""
    if any(map(_is_number, names)):
        return " If the first line holds values, --no-header names the columns 1, 2, ..."
    return ""


def _looks(sample: list[list[str]], header: list[str]) -> tuple[dict, list[str], dict]:
    """Return the decimal marks that columns show, the columns of digits with leading zeros, and a
    number of each column that shows no mark and may have either.
    """
    from imbalanced_nn.preprocessing import ambiguous_number, decimal_mark

    few = sample[:: len(sample) * len(header) // _SAMPLE_CELLS + 1]
    decimals, codes, ambiguous = {}, [], {}
    for place, name in enumerate(header):
        texts = list(dict.fromkeys(row[place] for row in few))
        mark, either = decimal_mark(texts), ambiguous_number(texts)
        if mark is not None:
            decimals[name] = mark
        elif either is not None:
            ambiguous[name] = either
        fields = [row[place] for row in sample if row[place]]
        n_codes = sum(field[0] == "0" and field.isdigit() and len(field) > 1 for field in fields)
        if n_codes > _CODES * len(fields):
            codes.append(name)
    return decimals, codes, ambiguous


def _is_number(text: str) -> bool:
    """Whether a text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def count(items: list, noun: str) -> str:
    """Return the number of items with its noun."""
    return f"{len(items)} {noun}" + ("" if len(items) == 1 else "s")
