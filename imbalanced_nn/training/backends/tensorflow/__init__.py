"""TensorFlow: whole epochs and passes in one graph, in float32 what ``Model.fit`` does."""

__all__ = ["epochs", "passes", "tensors"]
