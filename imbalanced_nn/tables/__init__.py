"""Tables with columns of every kind as numbers that a network takes."""

from imbalanced_nn.tables.encoder import ColumnEncoder
from imbalanced_nn.tables.types import ColumnTypes

__all__ = ["ColumnEncoder", "ColumnTypes"]
