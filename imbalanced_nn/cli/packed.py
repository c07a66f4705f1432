"""Files that may be packed: opening them, and what is said of those that cannot be read."""

import bz2
import codecs
import csv
import gzip
import io
import lzma
import zipfile
import zlib
from pathlib import Path
from typing import Any

from imbalanced_nn.cli.refusals import DataRefusal, sentence

__all__ = ["PACKED", "UNREADABLE", "first_line", "member_of", "opened"]

PACKED = (".gz", ".bz2", ".xz", ".zip")
# Of several files in an archive the one that ends so is the table.
_TABLES = (".csv", ".tsv", ".jsonl", ".ndjson")
_SHOWN = 5
_OPENERS = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
UNREADABLE = (csv.Error, EOFError, OSError, lzma.LZMAError, zipfile.BadZipFile, zlib.error)
"""What reading a broken file raises."""


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


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, as one sentence."""
    if isinstance(error, OSError) and error.strerror:
        return sentence(error)
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".") + "."
