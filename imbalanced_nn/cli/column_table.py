"""What each column of a table was taken for, as rows of a small table."""

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from imbalanced_nn.cli.terminal import say, say_table, width
from imbalanced_nn.inspection import fitted, natural_width

__all__ = ["column_rows", "left_out", "print_columns"]

# More columns are told kind by kind.
_MOST_ROWS = 30
_MOST_NAMES = 8
_REASONS = {
    "one value": "columns with one value",
    "text that hardly repeats": "columns of text that hardly repeats",
    "row numbers": "row numbers",
    "no name": "a column without a name",
}


def column_rows(columns: list[dict]) -> tuple[list[str], list[list[str]]]:
    """Return headers and rows that tell what columns were taken for.

    Parameters
    ----------
    columns : list of dict
        As `ColumnTypes` tells them.
    """
    if len(columns) <= _MOST_ROWS:
        rows = [[each["name"], _taken_for(each), _missing(each["missing"])] for each in columns]
        return ["column", "taken for", "missing"], rows
    kinds: dict[str, list[dict]] = {}
    for each in columns:
        out = each["kind"] == "left out"
        kind = f"left out: {each['detail']}" if out else f"{each['kind']}"
        kinds.setdefault(kind, []).append(each)
    rows = [
        [kind, f"{len(members):,}", _names(members), _missing(sum(m["missing"] for m in members))]
        for kind, members in kinds.items()
    ]
    return ["taken for", "columns", "which", "missing"], rows


def print_columns(columns: list[dict]) -> None:
    """Print what columns were taken for."""
    if not columns:
        return
    headers, rows = column_rows(columns)
    say("")
    if len(columns) <= _MOST_ROWS:
        # Names are shortened, and what the columns were taken for is not.
        rest = [row[1:] for row in rows]
        say_table(fitted(lambda names: _drawn(headers, names, rest), [r[0] for r in rows], width()))
    else:
        table = _drawn(headers, [row[0] for row in rows], [row[1:] for row in rows])
        table.width = min(natural_width(table), width())
        say_table(table)
    say("")


def _drawn(headers: list[str], names: list[str], rest: list[list[str]]) -> Table:
    """Return the table, whose only cells that wrap are those that list columns."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1))
    for header in headers:
        justify: Any = "right" if header in ("missing", "columns") else "left"
        table.add_column(header, justify=justify, no_wrap=header != "which")
    for name, cells in zip(names, rest, strict=True):
        # Names of the user's are no markup.
        table.add_row(*map(Text, (name, *cells)))
    return table


def left_out(columns: list[dict]) -> list[str]:
    """Return a note on each kind of column that is not used."""
    notes: dict[str, list[str]] = {}
    for each in columns:
        if each["kind"] == "left out":
            reason = _REASONS.get(each["detail"], f"columns by {each['detail']}")
            notes.setdefault(reason, []).append(each["name"])
    return [f"{reason}: {', '.join(names)}".rstrip(": ") for reason, names in notes.items()]


def _taken_for(column: dict) -> str:
    """Return the kind of a column, and what else there is to say."""
    if column["kind"] == "left out":
        return f"left out: {column['detail']}"
    if column["categories"] is not None:
        n = column["categories"]
        return f"category, {n:,} value{'' if n == 1 else 's'}"
    return ", ".join(filter(None, (column["kind"], column["detail"])))


def _missing(n: int) -> str:
    return f"{n:,}" if n else ""


def _names(columns: list[dict]) -> str:
    """Return the first names, and how many more there are."""
    more = len(columns) - _MOST_NAMES
    shown = ", ".join(each["name"] for each in columns[:_MOST_NAMES])
    return f"{shown} and {more:,} more" if more > 0 else shown
