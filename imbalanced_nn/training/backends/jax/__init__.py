"""JAX: whole epochs and passes compiled as one program of values, none of which it changes."""

__all__ = ["epochs", "passes", "tensors"]
