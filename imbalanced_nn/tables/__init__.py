"""Tables with columns of every kind as numbers that a network takes."""

from imbalanced_nn.tables.encoder import ColumnEncoder
from imbalanced_nn.tables.findings import Findings, row_number
from imbalanced_nn.tables.spellings import decimal_mark, is_missing
from imbalanced_nn.tables.telling import telling_columns
from imbalanced_nn.tables.types import ColumnTypes, check_columns

__all__ = [
    "ColumnEncoder",
    "ColumnTypes",
    "Findings",
    "check_columns",
    "decimal_mark",
    "is_missing",
    "row_number",
    "telling_columns",
]
