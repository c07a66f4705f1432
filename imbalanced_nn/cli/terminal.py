"""Printing: nothing that is printed, or where to, stops what the command was called for."""

import os
import re
import sys
from itertools import zip_longest
from typing import Any

from imbalanced_nn.cli.refusals import DataRefusal

__all__ = [
    "counted",
    "plus_minus",
    "print_notes",
    "print_saved",
    "say",
    "say_prose",
    "say_table",
    "visible",
    "width",
]

# Control characters but line feeds and tabs, and marks of direction and of the ends of lines.
_UNSEEN = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]"
)
_COLOURS = re.compile(r"\x1b\[[\d;]*m")

# Of the same width, so that tables stay straight.
_ASCII = str.maketrans({"─": "-", "━": "-", "…": "~", "±": "~"})


def say(text: str, *, end: str = "\n", err: bool = False) -> None:
    """Print text as it is, but for what would move the cursor or turn letters: see `visible`.

    What the encoding of the stream lacks is spelled out. Once nobody reads the stream any more,
    the rest is thrown away, while files are still written.

    Parameters
    ----------
    text : str
        One line or more.
    end : str, default="\\n"
        What comes behind it.
    err : bool, default=False
        Print to stderr.

    Raises
    ------
    DataRefusal
        If the stream cannot be written, as on a full disk.
    """
    _write(visible(text) + end, err)


def _write(text: str, err: bool = False) -> None:
    """Write a text that holds no more than is meant for a terminal."""
    stream = sys.stderr if err else sys.stdout
    if stream is None:
        return
    try:
        stream.write(_encodable(text, stream))
        stream.flush()
    except BrokenPipeError:
        _discard(stream)
    except OSError as error:
        _discard(stream)
        name = "stderr" if err else "stdout"
        raise DataRefusal(f"{name} cannot be written: {error.strerror}.") from error


def visible(text: str) -> str:
    """Return a text in which what would move the cursor, colour or turn letters is spelled out.

    Names of files, columns and labels may hold it. Line feeds stay.

    Examples
    --------
    >>> from imbalanced_nn.cli.terminal import visible
    >>> visible("a\\x1b[2Jb\\r")
    'a\\\\x1b[2Jb\\\\r'
    """
    return _UNSEEN.sub(lambda found: ascii(found[0])[1:-1], text)


def say_prose(line: str, *, err: bool = False) -> None:
    """Print a sentence or more, wrapped between words, at the width of the terminal.

    A word that is wider, such as a path, stays whole, to be copied.
    """
    from rich.cells import cell_len

    columns, lines = width(err=err), [""]
    for word in line.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if cell_len(longer) <= columns:
            lines[-1] = longer
        else:
            lines.append(word)
    say("\n".join(lines).lstrip("\n"), err=err)


def print_notes(notes: list[str]) -> None:
    """Print what the user should know, on stderr."""
    for note in notes:
        say_prose(f"Note: {note}", err=True)


def print_saved(path: str) -> None:
    """Print where a file was written, on a line of its own that is not wrapped."""
    say(f"Saved {path}")


def say_table(table) -> None:
    """Print a table of rich's, none of whose characters are cropped."""
    from imbalanced_nn.inspection import natural_width

    # On a terminal too narrow for it the lines go on below. Its colours are the table's own, while
    # rich leaves the control characters of cells out, but for those of direction.
    text = _rendered(table, max(width(), natural_width(table)))
    for line in text.split("\n")[:-1]:
        parts = zip_longest(_COLOURS.split(line), _COLOURS.findall(line), fillvalue="")
        _write("".join(visible(part) + colour for part, colour in parts).rstrip() + "\n")


def counted(number: int, noun: str) -> str:
    """Return a number of things, such as "1 row" and "1,234 rows"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def width(*, err: bool = False) -> int:
    """Return how many columns a stream has; 80 where it is no terminal and COLUMNS is not set."""
    from rich.console import Console

    return Console(stderr=err).width


def plus_minus() -> str:
    """Return the sign between a mean and its spread that stdout can show."""
    return "±" if _shows("±", sys.stdout) else "+/-"


def _rendered(table, columns: int) -> str:
    """Return a table as it looks in the colours of stdout."""
    import io

    from rich.console import Console

    like, text = Console(), io.StringIO()
    colours: Any = None if like.legacy_windows else like.color_system
    console = Console(
        file=text,
        width=columns,
        force_terminal=like.is_terminal,
        force_jupyter=False,
        color_system=colours,
        legacy_windows=False,
        highlight=False,
    )
    console.print(table, crop=False)
    return text.getvalue()


def _encodable(text: str, stream) -> str:
    """Return a text that a stream can write."""
    if _shows(text, stream):
        return text
    encoding = stream.encoding
    characters = (c if _shows(c, stream) else c.translate(_ASCII) for c in text)
    return "".join(characters).encode(encoding, "backslashreplace").decode(encoding)


def _shows(text: str, stream) -> bool:
    """Whether the encoding of a stream has all characters of a text."""
    try:
        text.encode(getattr(stream, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _discard(stream) -> None:
    """Throw away what is still to come on a stream, also what Python flushes when it ends."""
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, stream.fileno())
    finally:
        os.close(null)
