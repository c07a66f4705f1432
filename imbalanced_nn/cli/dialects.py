"""What a delimited text file is like: its encoding, delimiter, names, and decimal mark."""

import bz2
import codecs
import csv
import gzip
import io
import lzma
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any, NamedTuple

from imbalanced_nn.cli.reading import Reading
from imbalanced_nn.cli.refusals import DataRefusal, UsageRefusal, sentence
from imbalanced_nn.exceptions import warn

__all__ = [
    "PACKED",
    "UNREADABLE",
    "check_names",
    "find_dialect",
    "first_line",
    "first_names",
    "member_of",
    "opened",
]

PACKED = (".gz", ".bz2", ".xz", ".zip")
# Of several files in an archive the one that ends so is the table.
_TABLES = (".csv", ".tsv", ".jsonl", ".ndjson")
_SHOWN = 5
_OPENERS = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
UNREADABLE = (csv.Error, EOFError, OSError, lzma.LZMAError, zipfile.BadZipFile, zlib.error)
"""What reading a broken file raises."""

_DELIMITERS = ",;\t|"
# So many lines tell which character delimits.
_LOOKED_AT = 20
# Between so many rows, and the double of it, are kept for a closer look, evenly from all.
_SAMPLE_ROWS = 1000
_SAMPLE_CELLS = 20_000
# As where a column of text is read: digits with leading zeros are codes from this share on.
_CODES = 0.01
_SEP = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_SIGNATURES = {
    b"\x1f\x8b": "packed by gzip; let its name end in .csv.gz",
    b"BZh": "packed by bzip2; let its name end in .csv.bz2",
    b"\xfd7zXZ": "packed by xz; let its name end in .csv.xz",
    b"PK\x03\x04": "a ZIP archive or an Excel workbook; let its name end in .zip or .xlsx",
    b"\xd0\xcf\x11\xe0": "an Excel workbook of the old kind; save it as .csv or .xlsx",
    b"PAR1": "a Parquet file; let its name end in .parquet",
    b"%PDF": "a PDF document",
}
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")


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
    """

    names: list[str]
    delimiter: str
    encoding: str
    n_skipped: int
    n_rows: int
    decimal: str | None
    codes: list[str]
    decimals: dict[str, str]

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
        return _find(file, reading)
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
        if not start or _CONTROL.search("".join(start).encode()):
            return None
        delimiter = _delimiter_of(file, reading, delimiter, start)
        first = next(csv.reader(start, delimiter=delimiter, skipinitialspace=True))
        header = _header(str(file), [name.strip() for name in first])
        if not reading.header:
            header = [str(place + 1) for place in range(len(first))]
        return header if len(header) > 1 else None
    except (LookupError, UnicodeError, *UNREADABLE, DataRefusal):
        return None


def _find(file: Path, reading: Reading) -> Dialect:
    given = reading.encoding
    if given is not None:
        try:
            return _check_rows(file, given, reading)
        except LookupError:
            raise UsageRefusal(
                f"--encoding {given!r} is not known; utf-8, latin-1 and utf-16 are."
            ) from None
        except UnicodeError:
            raise DataRefusal(f"{str(file)!r} is not a text table in {given}.") from None
    with opened(file) as binary:
        start = binary.read(4096)
    if start.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return _guessed(file, reading, "utf-32", "UTF-32")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _guessed(file, reading, "utf-16", "UTF-16")
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        # Of Latin letters every other byte is zero.
        if len(start) > 1 and set(start[first : first + 64 : 2]) == {0}:
            return _guessed(file, reading, encoding, "UTF-16")
    for signature, kind in _SIGNATURES.items():
        if start.startswith(signature):
            raise DataRefusal(f"{str(file)!r} is no text table but {kind}.")
    if _CONTROL.search(start):
        raise DataRefusal(
            f"{str(file)!r} is not a text table in UTF-8; --encoding names another encoding."
        )
    try:
        return _check_rows(file, "utf-8-sig", reading)
    except UnicodeDecodeError:
        pass
    try:
        return _guessed(file, reading, "cp1252", "Latin-1")
    except UnicodeDecodeError:
        return _guessed(file, reading, "latin-1", "Latin-1")


def _guessed(file: Path, reading: Reading, encoding: str, name: str) -> Dialect:
    """Return what a file is like in an encoding that nobody named, and say so."""
    dialect = _check_rows(file, encoding, reading)
    warn("INN020", f"{file.name} is not in UTF-8 and was read as {name}; --encoding names others.")
    return dialect


def _check_rows(file: Path, encoding: str, reading: Reading) -> Dialect:
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
        rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
        first = [name.strip() for name in next(rows)]
        header = _header(path, first) if reading.header else [str(i + 1) for i in range(len(first))]
        n_rows, sample = _count_rows(path, rows, header, [] if reading.header else [first])
    if not n_rows:
        raise DataRefusal(f"{path!r} names columns and has no rows.")
    decimals, codes = _looks(sample, header)
    if reading.decimal is not None:
        decimals = dict.fromkeys(decimals, reading.decimal)
    marks: set[str | None] = set(decimals.values()) or {reading.decimal}
    decimal = marks.pop() if len(marks) == 1 else None
    return Dialect(header, delimiter, encoding, n_skipped, n_rows, decimal, codes, decimals)


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


def _count_rows(path: str, rows, header: list[str], sample: list) -> tuple[int, list]:
    """Return the number of rows, and some of them from all over the file."""
    width, step, n_rows = len(header), 1, len(sample)
    for row in rows:
        if len(row) != width:
            if not any(map(str.strip, row)) and len(row) < 2:
                continue
            _check_width(path, row, header, rows.line_num)
        if not n_rows % step:
            sample.append(row)
            if len(sample) == 2 * _SAMPLE_ROWS:
                sample, step = sample[::2], 2 * step
        n_rows += 1
    return n_rows, sample


def _check_width(path: str, row: list[str], header: list[str], line: int) -> None:
    """Refuse a row that is not as wide as the header; empty fields at its end do no harm."""
    if len(row) > len(header) and not any(map(str.strip, row[len(header) :])):
        return
    hint = ""
    if any("\n" in field for field in row):
        hint = " A quotation mark may be open."
    elif len(header) == 1:
        hint = " If the first line is no part of the table, such as a title, delete it."
    elif len(row) == 1:
        hint = " If this line is no part of the table, delete it."
    raise DataRefusal(
        f"{path!r} is not a table: line {line} has {count(row, 'field')}, the first line has "
        f"{len(header)}.{hint}"
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
            raise DataRefusal(f"{path!r} has no name for column {position + 1}; give it one.")
    return header


def check_names(path: str, header: list[str]) -> None:
    """Refuse a name of a column that is used twice."""
    for position, name in enumerate(header):
        if name in header[:position]:
            hint = (
                " If the first line holds values, --no-header names the columns 1, 2, ..."
                if _is_number(name)
                else ""
            )
            raise DataRefusal(f"{path!r} has more than one column {name!r}; name each once.{hint}")


def _looks(sample: list[list[str]], header: list[str]) -> tuple[dict[str, str], list[str]]:
    """Return the decimal marks that columns show, and the columns of digits with leading zeros."""
    from imbalanced_nn.preprocessing import decimal_mark

    few = sample[:: len(sample) * len(header) // _SAMPLE_CELLS + 1]
    decimals, codes = {}, []
    for place, name in enumerate(header):
        mark = decimal_mark({row[place] for row in few})
        if mark is not None:
            decimals[name] = mark
        fields = [row[place] for row in sample if row[place]]
        n_codes = sum(field[0] == "0" and field.isdigit() and len(field) > 1 for field in fields)
        if n_codes > _CODES * len(fields):
            codes.append(name)
    return decimals, codes


def _is_number(text: str) -> bool:
    """Whether a text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def opened(file: Path, encoding: str | None = None) -> Any:
    """Open a file, packed or not: as text in an encoding, or as bytes."""
    if encoding is not None:
        # An unknown one is refused before a file is open.
        codecs.lookup(encoding)
    suffix = file.suffix.lower()
    if suffix == ".zip":
        # The member keeps the archive open until it is closed itself.
        binary = zipfile.ZipFile(file).open(member_of(file))  # noqa: SIM115 - the caller closes it
    else:
        opener: Any = _OPENERS.get(suffix, open)
        binary = opener(file, "rb")
    return binary if encoding is None else io.TextIOWrapper(binary, encoding, newline="")


def member_of(file: Path) -> str:
    """Return the name of the one table in a ZIP archive."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = [
                name
                for name in archive.namelist()
                if not name.endswith("/")
                and not name.startswith("__MACOSX/")
                and not Path(name).name.startswith(".")
            ]
    except UNREADABLE as error:
        raise DataRefusal(f"{str(file)!r} cannot be read: {first_line(error)}") from error
    tables = [name for name in names if Path(name.lower()).suffix in _TABLES]
    if len(names) == 1 or len(tables) == 1:
        return (tables or names)[0]
    shown = ", ".join(names[:_SHOWN]) + (" and others" if len(names) > _SHOWN else "")
    raise DataRefusal(
        f"{str(file)!r} holds {len(names)} files{f': {shown}' if names else ''}; pack one table "
        f"alone."
    )


def count(items: list, noun: str) -> str:
    """Return the number of items with its noun."""
    return f"{len(items)} {noun}" + ("" if len(items) == 1 else "s")


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, as one sentence."""
    if isinstance(error, OSError) and error.strerror:
        return sentence(error)
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".") + "."
