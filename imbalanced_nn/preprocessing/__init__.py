"""Tables with columns of every kind as numbers that a network takes."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imbalanced_nn.preprocessing.columns import (
        convert_column,
        learn_column,
        mark_of,
        with_text_names,
    )
    from imbalanced_nn.preprocessing.dates import in_doubt
    from imbalanced_nn.preprocessing.doubts import read_by_others
    from imbalanced_nn.preprocessing.encoder import ColumnEncoder
    from imbalanced_nn.preprocessing.findings import Findings, row_number
    from imbalanced_nn.preprocessing.notes_on_columns import telling_columns
    from imbalanced_nn.preprocessing.spellings import ambiguous_number, decimal_mark, is_missing
    from imbalanced_nn.preprocessing.stored_tables import (
        StoredTable,
        mapped_matrix,
        open_stored,
    )
    from imbalanced_nn.preprocessing.typed_columns import check_columns, read_columns
    from imbalanced_nn.preprocessing.types import MISSING, ColumnTypes

# Imported on first use: files are looked at without pandas, and read without scikit-learn.
_MODULE_OF = {
    "MISSING": "types",
    "ColumnEncoder": "encoder",
    "ColumnTypes": "types",
    "Findings": "findings",
    "StoredTable": "stored_tables",
    "ambiguous_number": "spellings",
    "check_columns": "typed_columns",
    "convert_column": "columns",
    "decimal_mark": "spellings",
    "in_doubt": "dates",
    "is_missing": "spellings",
    "learn_column": "columns",
    "mapped_matrix": "stored_tables",
    "mark_of": "columns",
    "open_stored": "stored_tables",
    "read_by_others": "doubts",
    "read_columns": "typed_columns",
    "row_number": "findings",
    "telling_columns": "notes_on_columns",
    "with_text_names": "columns",
}

__all__ = [
    "MISSING",
    "ColumnEncoder",
    "ColumnTypes",
    "Findings",
    "StoredTable",
    "ambiguous_number",
    "check_columns",
    "convert_column",
    "decimal_mark",
    "in_doubt",
    "is_missing",
    "learn_column",
    "mapped_matrix",
    "mark_of",
    "open_stored",
    "read_by_others",
    "read_columns",
    "row_number",
    "telling_columns",
    "with_text_names",
]


def __getattr__(name):
    """Import a name on first use."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value
