"""An optimizer that tells by its configuration which weights it lets decay."""

import keras

from imbalanced_nn._compat.adam import FusedAdamW

__all__ = ["KernelAdamW"]


@keras.saving.register_keras_serializable(package="imbalanced_nn")
class KernelAdamW(FusedAdamW):
    """AdamW whose weight decay is for kernels alone: not for biases, factors and embeddings.

    As `keras.optimizers.AdamW` after its ``exclude_from_weight_decay``, which no configuration
    keeps.

    Parameters
    ----------
    learning_rate : float, default=0.006
        Rate.
    weight_decay : float, default=0.1
        Share of the rate by which weights decay in each step.
    **kwargs
        Further arguments of `keras.optimizers.AdamW`.

    Examples
    --------
    >>> import keras
    >>> from imbalanced_nn.networks import KernelAdamW
    >>> optimizer = KernelAdamW(weight_decay=1.0, learning_rate=0.5)
    >>> kernel, bias = (keras.Variable([1.0], name=name) for name in ("kernel", "bias"))
    >>> optimizer.build([kernel, bias])
    >>> optimizer.apply([keras.ops.zeros(1), keras.ops.zeros(1)])
    >>> float(kernel[0]), float(bias[0])
    (0.5, 1.0)
    """

    def __init__(self, learning_rate=0.006, weight_decay=0.1, **kwargs):
        super().__init__(learning_rate, weight_decay, **kwargs)

    def build(self, variables):
        """Create what it remembers of variables, and look which of them are kernels."""
        if not self.built:
            self.exclude_from_weight_decay([v for v in variables if v.name != "kernel"])
        super().build(variables)
