"""The encoding of a text file: as it is named, or as its first bytes and all the others show."""

import codecs
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from imbalanced_nn.cli.packed import PACKED, opened
from imbalanced_nn.cli.refusals import DataRefusal, UsageRefusal
from imbalanced_nn.exceptions import warn

__all__ = ["CONTROL", "in_encoding"]

_SIGNATURES = {
    b"\x1f\x8b": "packed by gzip; let its name end in .csv.gz",
    b"BZh": "packed by bzip2; let its name end in .csv.bz2",
    b"\xfd7zXZ": "packed by xz; let its name end in .csv.xz",
    b"PK\x03\x04": "a ZIP archive or an Excel workbook; let its name end in .zip or .xlsx",
    b"\xd0\xcf\x11\xe0": "an Excel workbook of the old kind; save it as .csv or .xlsx",
    b"PAR1": "a Parquet file; let its name end in .parquet",
    b"%PDF": "a PDF document",
}
# More control characters than this share of the first bytes are no slips in a text.
_CONTROLS = 0.1
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_OF_WINDOWS = re.compile(rb"[\x80-\x9f]")


def in_encoding(file: Path, given: str | None, read: Callable[[str], Any]) -> Any:
    """Return what is read of a file in the encoding that is given, or that it shows.

    Parameters
    ----------
    file : Path
        The file.
    given : str or None
        The encoding; None is found out, and told where it is not UTF-8.
    read : callable
        Reads in an encoding, and may raise UnicodeError.
    """
    if given is not None:
        _check_known(given)
        try:
            return read(given)
        except UnicodeError:
            raise DataRefusal(
                f"{str(file)!r} is not a text table in {given}. Give another --encoding, or none, "
                f"and it is found out."
            ) from None
    with opened(file) as binary:
        start = binary.read(4096)
    if start.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return _guessed(file, read, "utf-32", "UTF-32")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _guessed(file, read, "utf-16", "UTF-16")
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        # Of Latin letters every other byte is zero.
        if len(start) > 1 and set(start[first : first + 64 : 2]) == {0}:
            return _guessed(file, read, encoding, "UTF-16")
    for signature, kind in _SIGNATURES.items():
        if start.startswith(signature):
            if file.suffix.lower() not in PACKED:
                kind = kind.replace(".csv.", f"{file.suffix.lower()}.")
            raise DataRefusal(f"{str(file)!r} is no text table but {kind}.")
    _check_text(file, start)
    try:
        return read("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return _guessed(file, read, "cp1252", "Windows-1252" if _is_of_windows(file) else "Latin-1")
    except UnicodeDecodeError:
        return _guessed(file, read, "latin-1", "Latin-1")


def _check_text(file: Path, start: bytes) -> None:
    """Refuse a file that begins as no text does; a stray control character in text is read."""
    controls = CONTROL.findall(start)
    try:
        # A character may go on behind the bytes that were read.
        codecs.getincrementaldecoder("utf-8")().decode(start)
        is_text = len(controls) <= _CONTROLS * len(start)
    except UnicodeDecodeError:
        is_text = not controls
    if not is_text:
        raise DataRefusal(
            f"{str(file)!r} is no text table: it holds bytes such as 0x{controls[0].hex()}, which "
            f"text in UTF-8 does not. If it is text in another encoding, name that, such as "
            f"--encoding utf-16; else save it as .csv, .parquet or .xlsx."
        )


def _guessed(file: Path, read: Callable[[str], Any], encoding: str, name: str) -> Any:
    """Return what is read of a file in an encoding that nobody named, and say so."""
    found = read(encoding)
    warn("INN020", f"{file.name} is not in UTF-8 and was read as {name}; --encoding names others.")
    return found


def _is_of_windows(file: Path) -> bool:
    """Whether a file has bytes that are letters or marks in cp1252, and none in Latin-1."""
    with opened(file) as binary:
        return any(map(_OF_WINDOWS.search, iter(lambda: binary.read(2**20), b"")))


def _check_known(name: str) -> None:
    """Refuse an encoding that nobody knows, or that is none of text."""
    try:
        io.TextIOWrapper(io.BytesIO(), name)
    except LookupError:
        raise UsageRefusal(
            f"--encoding {name!r} is not known; utf-8, latin-1 and utf-16 are."
        ) from None
