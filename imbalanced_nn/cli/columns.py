"""The columns of a table: class labels, and features that a network can take."""

from imbalanced_nn.cli.refusals import DataRefusal, UsageRefusal
from imbalanced_nn.exceptions import nearest_name

__all__ = ["as_features", "as_labels", "check_target", "preprocessor"]

# Above this many distinct fractions a column is no set of classes.
_MAX_FRACTIONS = 20
_MAX_CATEGORIES = 100
_MIN_FREQUENCY = 5


def as_labels(column):
    """Return a column of classes, whole numbers as integers and the rest as text, or refuse it."""
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
    whole = numeric and all(float(value).is_integer() for value in column.unique())
    if distinct > (_MAX_FRACTIONS if numeric and not whole else max(50, len(column) // 20)):
        raise DataRefusal(
            f"Column {column.name!r} has {distinct} distinct values in {len(column)} rows, so it "
            "looks continuous or like an identifier; choose a column of classes, or cut it into "
            "classes first."
        )
    return column.astype("int64") if whole else column.astype(str)


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
    """Return a frame of float and text columns, and a note on each kind of column left out.

    True and false become 1 and 0, dates become days since 1970, infinite values are missing. A
    column without two different values is left out, and text that hardly ever repeats.
    """
    import pandas as pd

    kept, constant, unique = {}, [], []
    for name in frame.columns:
        column = _converted(name, frame[name])
        distinct = column.nunique(dropna=False)
        if distinct < 2:
            constant.append(str(name))
        elif column.dtype != "float64" and distinct > len(column) / 2:
            unique.append(str(name))
        else:
            kept[str(name)] = column
    if not kept:
        raise DataRefusal(
            "Every column but the target is constant or text that hardly repeats; there is "
            "nothing to learn from."
        )
    notes = []
    if constant:
        notes.append(f"columns with one value: {', '.join(constant)}")
    if unique:
        notes.append(f"columns of text that hardly repeats: {', '.join(unique)}")
    return pd.DataFrame(kept, index=frame.index), notes


def _converted(name, column):
    """Return a column as floats, or as text in which a missing value is a category."""
    import numpy as np
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        kind = "string"
    else:
        kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind == "string" and column.astype("str").str.match(r"\d{4}-\d\d-\d\d").any():
        dates = pd.to_datetime(column, format="ISO8601", utc=True, errors="coerce")
        if dates.isna().sum() == column.isna().sum():
            column, kind = dates, "datetime"
    if kind in ("datetime64", "datetime", "date"):
        since = pd.to_datetime(column, utc=True) - pd.Timestamp(0, tz="utc")
        return since / pd.Timedelta(days=1)
    if kind in ("timedelta64", "timedelta"):
        return pd.to_timedelta(column) / pd.Timedelta(days=1)
    if kind in ("integer", "floating", "mixed-integer-float", "decimal", "boolean", "empty"):
        numbers = pd.to_numeric(column).astype("float64")
        return numbers.where(np.isfinite(numbers))
    if kind in ("string", "mixed-integer"):
        return column.astype("object").where(column.notna(), "(missing)").astype(str)
    raise DataRefusal(
        f"Column {str(name)!r} holds values that are no numbers, dates or text ({kind}); "
        "leave it out."
    )


def preprocessor(features):
    """Return the steps between a table and a network, to be fitted inside every fold.

    Numbers: the median in place of missing values, with an indicator. Text: one-hot, rare and
    unseen categories in one column. What is constant in the rows at hand is left out.
    """
    from sklearn.compose import make_column_transformer
    from sklearn.feature_selection import VarianceThreshold
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import OneHotEncoder

    numeric = [name for name in features if features[name].dtype == "float64"]
    text = [name for name in features if features[name].dtype != "float64"]
    transformer = make_column_transformer(
        # A column that is empty in one fold is kept, so that no fold warns of it.
        (
            SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
            numeric,
        ),
        (
            OneHotEncoder(
                handle_unknown="infrequent_if_exist",
                min_frequency=_MIN_FREQUENCY,
                max_categories=_MAX_CATEGORIES,
                sparse_output=False,
            ),
            text,
        ),
    )
    return [("columns", transformer), ("not_constant", VarianceThreshold())]
