"""The columns of a table: class labels, and features."""

from imbalanced_nn.cli.refusals import DataRefusal, UsageRefusal
from imbalanced_nn.exceptions import nearest_name

__all__ = ["as_features", "as_labels", "check_target", "left_out"]

# Above this many distinct fractions a column is no set of classes.
_MAX_FRACTIONS = 20


def as_labels(column):
    """Return a column of classes, or refuse it.

    Whole numbers are integers, where they are no larger than 64 bits hold, and the rest is text.
    """
    import pandas as pd

    distinct = column.nunique()
    if distinct == 0:
        raise DataRefusal(f"Column {column.name!r} is empty.")
    if distinct == 1:
        raise DataRefusal(
            f"Column {column.name!r} holds the one value {str(column.iloc[0])!r}; "
            "at least two classes are needed."
        )
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    values = column.unique() if numeric else []
    whole = numeric and all(float(value).is_integer() for value in values)
    if distinct > (_MAX_FRACTIONS if numeric and not whole else max(50, len(column) // 20)):
        raise DataRefusal(
            f"Column {column.name!r} has {distinct} distinct values in {len(column)} rows, so it "
            "looks continuous or like an identifier; choose a column of classes, or cut it into "
            "classes first."
        )
    fits = whole and all(-(2**63) <= value < 2**63 for value in values)
    return column.astype("int64") if fits else column.astype(str)


def check_target(frame, target: str) -> None:
    """Refuse a target that is no column of the table, or its only one."""
    names = [str(name) for name in frame.columns]
    if target not in names:
        shown = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
        raise UsageRefusal(
            f"There is no column {target!r}; the columns are {shown}." + nearest_name(target, names)
        )
    if len(names) < 2:
        raise DataRefusal(f"Column {target!r} is the only one; there is nothing to learn from.")


def as_features(frame):
    """Return a frame of float and text columns, and a note on each kind of column left out."""
    from imbalanced_nn.tables import ColumnTypes

    types = ColumnTypes()
    try:
        features = types.fit_transform(frame)
    except ValueError as error:
        raise DataRefusal(str(error)) from error
    return features, left_out(types)


def left_out(types) -> list[str]:
    """Return a note on each kind of column that is not used."""
    notes = {
        "columns with one value": types.constant_,
        "columns of text that hardly repeats": types.unique_,
    }
    return [f"{note}: {', '.join(names)}" for note, names in notes.items() if names]
