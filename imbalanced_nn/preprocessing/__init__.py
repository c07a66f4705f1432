"""Tables with columns of every kind as numbers that a network takes."""

from imbalanced_nn.preprocessing.columns import convert_column, learn_column, mark_of
from imbalanced_nn.preprocessing.dates import in_doubt
from imbalanced_nn.preprocessing.encoder import ColumnEncoder
from imbalanced_nn.preprocessing.findings import Findings, row_number
from imbalanced_nn.preprocessing.notes_on_columns import telling_columns
from imbalanced_nn.preprocessing.spellings import decimal_mark, is_missing
from imbalanced_nn.preprocessing.types import MISSING, ColumnTypes, check_columns

__all__ = [
    "MISSING",
    "ColumnEncoder",
    "ColumnTypes",
    "Findings",
    "check_columns",
    "convert_column",
    "decimal_mark",
    "in_doubt",
    "is_missing",
    "learn_column",
    "mark_of",
    "row_number",
    "telling_columns",
]
