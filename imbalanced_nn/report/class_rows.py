"""Tables of the data as they were read: rows of each class, and what the columns were taken for."""

from imbalanced_nn.describe import Markup, table

__all__ = ["classes_table", "columns_table"]


def classes_table(classes, class_count, pos_label) -> Markup:
    """Return the table of the rows of each class.

    Parameters
    ----------
    classes : list
        Labels.
    class_count : list of int
        Rows of each.
    pos_label : label or None
        The positive class of two.
    """
    n_rows = sum(class_count)
    rows = []
    for label, count in zip(classes, class_count, strict=True):
        is_positive = pos_label is not None and label == pos_label
        name = f"{label} (positive class)" if is_positive else label
        rows.append((is_positive, [name, f"{count:,}", f"{count / n_rows:.2%}"]))
    return table("Classes", [("Class", False), ("Rows", True), ("Share", True)], rows)


def columns_table(columns) -> list[Markup]:
    """Return the table of what the columns were taken for, if that is known.

    Parameters
    ----------
    columns : tuple of (list of str, list of list of str) or None
        Headers and rows.
    """
    if columns is None:
        return []
    headers, rows = columns
    heads = [(header.capitalize(), header in ("missing", "columns")) for header in headers]
    return [table("What the columns were taken for", heads, ((False, row) for row in rows))]
