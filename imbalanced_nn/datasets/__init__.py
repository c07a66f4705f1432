"""Small imbalanced data sets that ship with the package, and files larger than memory."""

from imbalanced_nn.datasets._loaders import (
    load_ai4i2020,
    load_htru2,
    load_page_blocks,
    load_thyroid,
)
from imbalanced_nn.datasets._parquet import encoded_matrix, open_parquet

__all__ = [
    "encoded_matrix",
    "load_ai4i2020",
    "load_htru2",
    "load_page_blocks",
    "load_thyroid",
    "open_parquet",
]
