"""Small imbalanced data sets that ship with the package."""

from imbalanced_nn.datasets._loaders import (
    load_ai4i2020,
    load_htru2,
    load_page_blocks,
    load_thyroid,
)

__all__ = ["load_ai4i2020", "load_htru2", "load_page_blocks", "load_thyroid"]
