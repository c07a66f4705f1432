"""How a file is to be read: what the options say, and the options themselves."""

from collections.abc import Callable
from functools import wraps
from typing import NamedTuple

import click

from imbalanced_nn.cli.refusals import UsageRefusal

__all__ = ["AS_FOUND", "Reading", "reading_options"]


class Reading(NamedTuple):
    """What the user says about a file; whatever is not said is found out.

    Parameters
    ----------
    drop : tuple of str, default=()
        Columns that are not used.
    missing : tuple of str, default=()
        Further spellings of missing values.
    decimal : {".", ","} or None, default=None
        Decimal mark.
    delimiter : str or None, default=None
        What stands between the fields of a line.
    encoding : str or None, default=None
        Encoding of a text file.
    header : bool, default=True
        Whether the first line names the columns; else they are named 1, 2, ...
    """

    drop: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    decimal: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    header: bool = True

    def words(self) -> list[str]:
        """Return the options as they are typed."""
        words = [each for name in self.drop for each in ("--drop", name)]
        words += [f"--missing={text}" for text in self.missing]
        for option in ("decimal", "delimiter", "encoding"):
            value = getattr(self, option)
            if value is not None:
                words += [f"--{option}", "tab" if value == "\t" else value]
        return words + ([] if self.header else ["--no-header"])


AS_FOUND = Reading()
"""A reading that leaves everything to what the file shows."""

_OPTIONS = {
    "drop": click.option(
        "--drop", metavar="COLUMN", multiple=True, help="Column not to use; repeatable."
    ),
    "missing": click.option(
        "--missing",
        metavar="TEXT",
        multiple=True,
        help="What stands for a missing value besides the usual, such as -999; repeatable.",
    ),
    "decimal": click.option(
        "--decimal",
        type=click.Choice([".", ","]),
        help="Decimal mark of numbers [default: found out].",
    ),
    "delimiter": click.option(
        "--delimiter",
        metavar="CHARACTER",
        help="What is between the fields of a line: ';', tab, '|', ... [default: found out].",
    ),
    "encoding": click.option(
        "--encoding", metavar="NAME", help="Encoding: utf-8, latin-1, ... [default: found out]."
    ),
    "header": click.option(
        "--no-header",
        "header",
        is_flag=True,
        flag_value=False,
        default=True,
        help="The first line holds values; columns are then named 1, 2, ...",
    ),
}


def reading_options(*left_out: str) -> Callable:
    """Return a decorator that adds the options, and gives the command what they say as `reading`.

    Parameters
    ----------
    *left_out : str
        Fields of `Reading` that the command has no option for.
    """
    names = [name for name in _OPTIONS if name not in left_out]

    def decorate(command):
        @wraps(command)
        def with_reading(**options):
            given = {name: options.pop(name) for name in names}
            given["delimiter"] = _delimiter(given["delimiter"])
            return command(**options, reading=Reading(**given))

        for name in reversed(names):
            with_reading = _OPTIONS[name](with_reading)
        return with_reading

    return decorate


def _delimiter(text: str | None) -> str | None:
    """Return the one character that an option names."""
    if text is None:
        return None
    named = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
    character = named.get(text.casefold(), text)
    if len(character) != 1 or character in '\r\n"':
        raise UsageRefusal(
            f"--delimiter {text!r} is not one character. Give one such as ';' or '|', or tab."
        )
    return character
