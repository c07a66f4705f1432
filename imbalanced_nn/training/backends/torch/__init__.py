"""PyTorch: one pass over many rows; epochs are trained by ``Model.fit``."""

__all__ = ["passes", "tensors"]
