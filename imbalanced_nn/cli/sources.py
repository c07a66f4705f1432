"""What a command works on: the features and labels of a table, and what the user is told."""

import shlex
from typing import Any, NamedTuple

from imbalanced_nn.cli.reading import AS_FOUND, Reading
from imbalanced_nn.cli.refusals import DataRefusal, UsageRefusal, sentence

__all__ = ["Roles", "Source", "check_columns_of", "open_source", "read_source"]


_TOLD = 5


class Roles(NamedTuple):
    """Columns that are neither features nor labels.

    Parameters
    ----------
    groups : str or None, default=None
        Column whose rows of one value stay together.
    time : str or None, default=None
        Column that tells which rows are newer.
    """

    groups: str | None = None
    time: str | None = None


class Source(NamedTuple):
    """Features, labels, and what the user is told about them.

    Parameters
    ----------
    name : str
        File, or name of the data set.
    target : str
        Column of labels.
    X : DataFrame or StoredTable of shape (n_samples, n_features)
        Features, as floats and text.
    y : ndarray of shape (n_samples,)
        Labels.
    left_out : list of str
        Notes on rows that are not used.
    columns : list of dict, default=[]
        What each column was taken for, as `ColumnTypes` tells it.
    types : ColumnTypes or None, default=None
        What learned it.
    notes : list of str, default=[]
        What was met while the file was read.
    options : list of str, default=[]
        The options that said how to read it, as they are typed.
    groups, time : ndarray of shape (n_samples,) or None, default=None
        Group and time of each row, the latter as a number.
    """

    name: str
    target: str
    X: Any
    y: Any
    left_out: list[str]
    columns: list[dict] = []  # noqa: RUF012 - nobody writes to it
    types: Any = None
    notes: list[str] = []  # noqa: RUF012 - nobody writes to it
    options: list[str] = []  # noqa: RUF012 - nobody writes to it
    groups: Any = None
    time: Any = None

    def as_json(self) -> dict:
        """Return what was read, as JSON's types."""
        from imbalanced_nn.cli.column_table import left_out

        return {
            "name": self.name,
            "target": self.target,
            "n_samples": len(self.y),
            "n_features": self.X.shape[1],
            "left_out": left_out(self.columns) + self.left_out,
            "columns": self.columns,
            "notes": self.notes,
            "options": self.options,
        }


def read_source(path: str, target: str, reading: Reading = AS_FOUND, roles: Roles = Roles()):  # noqa: B008 - immutable
    """Return the table of a file as `Source`."""
    from imbalanced_nn.cli.readers import read_table

    return _source(path, target, reading, roles, read_table)


def open_source(path: str, target: str, reading: Reading, roles: Roles):
    """Return the table of a file as `Source`, of which one in Parquet stays there."""
    from imbalanced_nn.cli.readers import open_table

    return _source(path, target, reading, roles, open_table)


def _source(path: str, target: str, reading: Reading, roles: Roles, read) -> Source:
    """Return what a command works on, of the table that a function reads."""
    from imbalanced_nn.cli.quiet import noted
    from imbalanced_nn.cli.working import progress_bar
    from imbalanced_nn.preprocessing import ColumnTypes

    with noted() as notes:
        table = read(path, target, reading)
        labels, present, lacking = _labels(table, target, reading, roles)
        table = _without(table, [target], present)
        told = _not_used(table, reading, roles)
        missing = list(reading.missing)
        groups = _groups(table, roles.groups, missing)
        time = _time(table, roles.time, missing)
        table = _without(table, list(told))
        types = ColumnTypes(missing=missing)
        try:
            with progress_bar("Reading columns", "steps") as advance:
                X = types.learn(table, advance)
        except ValueError as error:
            raise DataRefusal(sentence(error)) from error
        _note_telling(X, labels)
    options = reading.words()
    for option, name in zip(("--groups", "--time"), roles, strict=True):
        options += [] if name is None else [option, name]
    columns = [_told(name, reason) for name, reason in told.items()]
    return Source(
        path,
        target,
        X,
        labels,
        lacking,
        types.columns_ + columns,
        types,
        notes,
        options,
        groups,
        time,
    )


def check_columns_of(path: str, target: str, reading: Reading, roles: Roles) -> None:
    """Refuse names of columns that a text file does not have, before anything else of it is read.

    Parameters
    ----------
    path, target, reading, roles
        As in `read_source`. Of files of other kinds, and of those whose first line is not plain,
        whoever reads them tells.
    """
    from imbalanced_nn.cli.readers import names_in
    from imbalanced_nn.cli.table_columns import check_column, check_target_column

    names = names_in(path, reading)
    if names is None:
        return
    check_target_column(names, target)
    for option, name in _named(reading, roles):
        check_column(option, name, names, target)


def _named(reading: Reading, roles: Roles) -> list[tuple[str, str]]:
    """Return the columns that options name, each with its option."""
    named = [("--drop", name) for name in reading.drop]
    of_rows = (("--groups", roles.groups), ("--time", roles.time))
    return named + [(option, name) for option, name in of_rows if name is not None]


def _labels(table, target: str, reading: Reading, roles: Roles):
    """Return the labels, which rows have one, and a note on those that have none."""
    from imbalanced_nn.cli.class_labels import HEADER_LINES, header_lines, merged
    from imbalanced_nn.cli.table_columns import as_labels, check_column, check_target_column
    from imbalanced_nn.exceptions import warn

    names = [str(name) for name in table.columns]
    check_target_column(names, target)
    for option, name in _named(reading, roles):
        check_column(option, name, names, target)
    again = header_lines(table, target)
    if again.any():
        first = f"row {again.argmax() + 1:,}"
        rows = first if again.sum() == 1 else f"{again.sum():,} rows, first in {first}"
        warn("INN020", f"{target}: {HEADER_LINES} {rows}; that is no data and left out.")
    column = merged(table[target].mask(again), reading.missing)
    present = column.notna().to_numpy()
    lacking = int((~present).sum())
    labels = as_labels(column[present]).to_numpy()
    return labels, present, [f"rows without a class: {lacking}"] if lacking else []


def _without(table, names: list[str], present=None):
    """Return a table without some columns, and of its rows those that are present."""
    from imbalanced_nn.preprocessing import StoredTable

    if isinstance(table, StoredTable):
        return table.of([name for name in table.columns if name not in names], present)
    table = table.drop(columns=[name for name in names if name in table])
    return table if present is None or present.all() else table[present]


def _not_used(frame, reading: Reading, roles: Roles) -> dict[str, str]:
    """Return the columns that an option takes out of the features, each with the option."""
    told = {"": "no name"} if frame.attrs.get("nameless") else {}
    told |= dict.fromkeys(reading.drop, "--drop")
    if roles.groups is not None:
        told[roles.groups] = "--groups"
    if roles.time is not None:
        told[roles.time] = "--time"
    return told


def _told(name: str, reason: str) -> dict:
    """Return what a column was taken for that is not used."""
    return {"name": name, "kind": "left out", "categories": None, "missing": 0, "detail": reason}


def _groups(frame, name: str | None, missing: list[str]):
    """Return the group of each row, or refuse a column with gaps.

    Groups are spelled as categories are, and what stands for a missing value is no group: as one
    it would tie rows together that have nothing in common.
    """
    if name is None:
        return None
    import numpy as np
    import pandas as pd

    from imbalanced_nn.preprocessing import MISSING, Findings, convert_column, is_missing

    column = frame[name]
    spelled = convert_column(name, "text", None, column, missing, Findings())
    codes, distinct = pd.factorize(spelled)
    marks = np.array([text == MISSING or is_missing(text) for text in distinct], dtype=bool)
    _check_complete(column, pd.Series(marks[codes], column.index), "--groups")
    return codes


def _time(frame, name: str | None, missing: list[str]):
    """Return when each row was, as a number, or refuse a column that does not tell."""
    if name is None:
        return None
    from imbalanced_nn.exceptions import warn
    from imbalanced_nn.preprocessing import (
        Findings,
        convert_column,
        in_doubt,
        learn_column,
        mark_of,
    )

    column = frame[name]
    kind, form, _ = learn_column(name, column, mark_of(frame, name), missing)
    if kind == "text":
        raise UsageRefusal(f"--time {name!r} holds neither dates nor numbers.")
    if kind == "date" and form is not None and in_doubt(form):
        warn("INN020", f"{name}: no date tells days and months apart; read {form['order']}.")
    values = convert_column(name, kind, form, column, missing, Findings())
    _check_complete(column, values.isna(), "--time")
    return values.to_numpy()


def _note_telling(X, labels) -> None:
    """Tell of columns that alone tell nearly all classes."""
    from imbalanced_nn.exceptions import warn
    from imbalanced_nn.preprocessing import telling_columns

    found = telling_columns(X, labels)
    if found:
        each = ", ".join(f"{name} ({area:.3f})" for name, area in list(found.items())[:_TOLD])
        more = f" and {len(found) - _TOLD} more" if len(found) > _TOLD else ""
        these = "It alone ranks" if len(found) == 1 else "Each alone ranks"
        drop = " ".join(f"--drop {shlex.quote(name)}" for name in list(found)[:_TOLD])
        warn(
            "INN019",
            f"Too good to be true: {each}{more}. {these} nearly all rows by class (area under "
            f"the ROC curve in brackets). If what it holds is known only after the class, leave "
            f"it out: {drop}.",
        )


def _check_complete(column, gaps, option: str) -> None:
    """Refuse a column with missing values, such as marks of them."""
    if not gaps.any():
        return
    first = column[gaps].iloc[0]
    is_marked = column[gaps].notna().iloc[0] and str(first).strip()
    mark = f", {str(first).strip()!r}," if is_marked else ""
    raise DataRefusal(
        f"{option} {column.name!r}: {int(gaps.sum()):,} of its values are missing, the first"
        f"{mark} in row {gaps.idxmax() + 1:,}. Fill them in, or leave these rows out."
    )
