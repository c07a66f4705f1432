"""Losses of several labels per row."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from imbalanced_nn.calibration import asymmetric_posterior
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.losses.class_loss import ClassLoss, log_odds

__all__ = ["AsymmetricCrossentropy", "LabelWeightedCrossentropy"]


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
    label_smoothing : float, default=0.0
        How far labels are drawn to 0.5, as in `keras.losses.BinaryCrossentropy`.
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
        label_smoothing: float = 0.0,
        name: str = "label_weighted_crossentropy",
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        self.weights = [[float(weight) for weight in row] for row in weights]
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.statistics = [
            keras.Variable(np.asarray(row, dtype=keras.config.floatx()), trainable=False)
            for row in self.weights
        ]

    def structure(self) -> dict:
        """What shapes the computation: the configuration, of the weights only their number."""
        return self.get_config() | {"weights": len(self.weights[0])}

    def call(self, y_true, y_pred):
        """Return the loss of each row, of shape (n_samples,)."""
        y_true = ops.cast(y_true, y_pred.dtype)
        negative, positive = (ops.cast(row, y_pred.dtype) for row in self.statistics)
        smoothed = y_true * (1 - self.label_smoothing) + self.label_smoothing / 2
        term = ops.binary_crossentropy(smoothed, y_pred, from_logits=self.from_logits)
        return ops.mean(term * (y_true * positive + (1 - y_true) * negative), axis=-1)

    def get_config(self) -> dict:
        """Return the arguments that make an equal loss."""
        own = ("weights", "from_logits", "label_smoothing")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}


@keras.saving.register_keras_serializable(package="imbalanced_nn")
class AsymmetricCrossentropy(ClassLoss):
    """Binary crossentropy of labels that focuses negatives and positives differently.

    Parameters
    ----------
    gamma_positive : float, default=0.0
        A positive of probability p is weighed by ``(1 - p) ** gamma_positive``.
    gamma_negative : float, default=4.0
        A negative is weighed by ``p ** gamma_negative``.
    margin : float, default=0.0
        What is taken off the probability of a negative first. Ridnik et al. take .05. Below
        it the loss is flat: outputs there stand for a posterior of 0, and their order is lost.
        At the other end the output 1 is least for every posterior near 1 unless
        ``gamma_positive`` is above 0; probabilities then end at the least of these, .964 with a
        margin of .05 and a ``gamma_negative`` of 4.
    prior : sequence of float or None, default=None
        Not used; taken so that all losses are alike.
    from_logits : bool, default=False
        Whether the network's outputs are logits.
    name : str, default="asymmetric_crossentropy"
        Name of the loss.
    **kwargs
        Further arguments of ``keras.losses.Loss``.

    References
    ----------
    T. Ridnik et al., "Asymmetric loss for multi-label classification", ICCV 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.losses import AsymmetricCrossentropy
    >>> loss = AsymmetricCrossentropy(gamma_negative=2.0)
    >>> p = np.array([[0.5, 0.5]], dtype="float32")
    >>> round(float(loss(np.array([[0.0, 0.0]]), p) / np.log(2)), 3)
    0.25
    """

    needs_prior = False
    multilabel = True

    def __init__(
        self,
        gamma_positive: float = 0.0,
        gamma_negative: float = 4.0,
        margin: float = 0.0,
        prior=None,
        from_logits=False,
        name="asymmetric_crossentropy",
        **kwargs,
    ):
        given = {"gamma_positive": gamma_positive, "gamma_negative": gamma_negative}
        for argument, value in given.items():
            if not value >= 0:
                raise InvalidParameterError(f"{argument} must be at least 0; got {value!r}.")
        if not 0 <= margin < 1:
            raise InvalidParameterError(f"margin must be in [0, 1); got {margin!r}.")
        self.gamma_positive, self.gamma_negative = float(gamma_positive), float(gamma_negative)
        self.margin = float(margin)
        super().__init__(None, from_logits, name, **kwargs)

    def fill(self, prior) -> None:
        """Do nothing: the loss does not depend on the shares."""

    def call(self, y_true, y_pred):
        """Return the mean loss of the labels of each row."""
        if len(y_true.shape) == len(y_pred.shape) - 1:
            y_true = ops.expand_dims(y_true, -1)
        y_true = ops.cast(y_true, y_pred.dtype)
        z = log_odds(y_pred, self.from_logits)
        log_p, log_q = -ops.softplus(-z), -ops.softplus(z)
        positive = -log_p
        if self.gamma_positive:
            positive = positive * ops.exp(self.gamma_positive * log_q)
        if self.margin:
            # A margin cuts where p is not near 1, or nothing needs an exact logarithm.
            p = ops.clip(ops.sigmoid(z) - self.margin, 1e-7, 1 - 1e-7)
            log_p, log_q = ops.log(p), ops.log1p(-p)
        negative = -log_q
        if self.gamma_negative:
            negative = negative * ops.exp(self.gamma_negative * log_p)
        return ops.mean(y_true * positive + (1 - y_true) * negative, axis=-1)

    def posterior(self, proba):
        """Return the posterior of each label that outputs stand for."""
        bent = (self.gamma_positive, self.gamma_negative, self.margin)
        return asymmetric_posterior(proba, *bent)

    def get_config(self):
        """Return the arguments that make an equal loss."""
        own = {
            "gamma_positive": self.gamma_positive,
            "gamma_negative": self.gamma_negative,
            "margin": self.margin,
        }
        return {**super().get_config(), **own}
