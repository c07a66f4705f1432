"""Losses that know about rare classes, registered with Keras."""

from collections.abc import Sequence

import keras
from keras import ops

__all__ = ["LabelWeightedCrossentropy", "is_binary_crossentropy", "resolve_loss"]


@keras.saving.register_keras_serializable(package="imbalanced_nn")
class LabelWeightedCrossentropy(keras.losses.Loss):
    """Binary crossentropy of several labels, each with weights of its own.

    A sample weight multiplies the whole row; a rare label needs a weight on its own term.

    Parameters
    ----------
    weights : sequence of shape (2, n_labels)
        Row 0 weighs the term of a label's negatives, row 1 of its positives.
    from_logits : bool, default=False
        Whether the network's outputs are log-odds.
    name : str, default="label_weighted_crossentropy"
        Name of the loss.
    **kwargs
        Further arguments of ``keras.losses.Loss``.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.losses import LabelWeightedCrossentropy
    >>> loss = LabelWeightedCrossentropy([[1.0, 1.0], [1.0, 3.0]])
    >>> y_true = np.array([[1.0, 1.0]], dtype="float32")
    >>> y_pred = np.array([[0.5, 0.5]], dtype="float32")
    >>> round(float(loss(y_true, y_pred) / np.log(2)), 3)
    2.0
    """

    def __init__(
        self,
        weights: Sequence[Sequence[float]],
        from_logits: bool = False,
        name: str = "label_weighted_crossentropy",
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        self.weights = [[float(weight) for weight in row] for row in weights]
        self.from_logits = from_logits

    def call(self, y_true, y_pred):
        """Return the loss of each row, of shape (n_samples,)."""
        y_true = ops.cast(y_true, y_pred.dtype)
        negative, positive = (ops.convert_to_tensor(row, y_pred.dtype) for row in self.weights)
        term = ops.binary_crossentropy(y_true, y_pred, from_logits=self.from_logits)
        return ops.mean(term * (y_true * positive + (1 - y_true) * negative), axis=-1)

    def get_config(self) -> dict:
        """Return the arguments that make an equal loss."""
        return {**super().get_config(), "weights": self.weights, "from_logits": self.from_logits}


def resolve_loss(loss, routed: bool):
    """Turn the names of loss classes into classes, in lists and dicts too.

    Keras answers a class name with a finished instance, to which routed ``loss__*`` parameters
    can no longer be given. Names of functions stay as they are unless parameters are routed.
    """
    if isinstance(loss, dict):
        return {key: resolve_loss(value, routed) for key, value in loss.items()}
    if isinstance(loss, list | tuple):
        return type(loss)(resolve_loss(value, routed) for value in loss)
    if not isinstance(loss, str):
        return loss
    camel_case = "".join(word.capitalize() for word in loss.split("_"))
    for name in (loss, camel_case) if routed else (loss,):
        candidate = getattr(keras.losses, name, None)
        if isinstance(candidate, type) and issubclass(candidate, keras.losses.Loss):
            return candidate
    return loss


def is_binary_crossentropy(loss) -> bool:
    """Whether a ``loss`` parameter is, or by default becomes, binary crossentropy."""
    if loss is None or isinstance(loss, keras.losses.BinaryCrossentropy):
        return True
    return loss in (
        "binary_crossentropy",
        "BinaryCrossentropy",
        keras.losses.BinaryCrossentropy,
        keras.losses.binary_crossentropy,
    )
