"""Crossentropies that move the logits by the shares of the classes."""

import keras
import numpy as np
from keras import ops

from imbalanced_nn.calibration import margin_posterior
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.losses.class_loss import (
    ClassLoss,
    check_at_least_zero,
    targets_and_log_probabilities,
)

__all__ = ["BalancedSoftmaxCrossentropy", "LDAMCrossentropy", "LogitAdjustedCrossentropy"]


@keras.saving.register_keras_serializable(package="imbalanced_nn")
class LogitAdjustedCrossentropy(ClassLoss):
    """Crossentropy of logits to which the log-prior was added.

    The network itself then learns what the classes look like were they equally frequent.

    Parameters
    ----------
    tau : float, default=1.0
        Strength; 0 is crossentropy.
    prior : sequence of float or None, default=None
        Shares of the classes; the estimator fills them in.
    from_logits : bool, default=False
        Whether the network's outputs are logits.
    name : str, default="logit_adjusted_crossentropy"
        Name of the loss.
    **kwargs
        Further arguments of ``keras.losses.Loss``.

    Notes
    -----
    Once the probabilities are put back, this is an output bias that starts at the log-odds of
    the prior, which `BalancedKerasClassifier` has anyway (``init_bias="prior"``).

    References
    ----------
    A. K. Menon et al., "Long-tail learning via logit adjustment", ICLR 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.losses import LogitAdjustedCrossentropy
    >>> loss = LogitAdjustedCrossentropy(prior=[0.75, 0.25])
    >>> round(float(np.exp(-loss(np.array([[1.0]]), np.array([[0.5]], dtype="float32")))), 3)
    0.25
    """

    def __init__(
        self,
        tau: float = 1.0,
        prior=None,
        from_logits=False,
        name="logit_adjusted_crossentropy",
        **kwargs,
    ):
        check_at_least_zero("tau", tau)
        self.tau = float(tau)
        super().__init__(prior, from_logits, name, **kwargs)

    def call(self, y_true, y_pred):
        """Return the loss of each row."""
        target, log_p = targets_and_log_probabilities(y_true, y_pred, self.from_logits)
        adjusted = log_p + self._statistic("shift", log_p.dtype)
        return -ops.sum(target * ops.log_softmax(adjusted, axis=-1), axis=-1)

    def posterior(self, proba):
        """Return the class posterior that outputs stand for."""
        weighed = proba.astype(np.float64) * self.shares**self.tau
        return weighed / weighed.sum(axis=-1, keepdims=True)

    def get_config(self):
        """Return the arguments that make an equal loss."""
        return {**super().get_config(), "tau": self.tau}

    def _follows_from(self, shares):
        return {"shift": self.tau * np.log(shares)}


@keras.saving.register_keras_serializable(package="imbalanced_nn")
class BalancedSoftmaxCrossentropy(LogitAdjustedCrossentropy):
    """Logit adjustment of strength 1 under the name of Ren et al.

    Parameters
    ----------
    prior : sequence of float or None, default=None
        Shares of the classes; the estimator fills them in.
    from_logits : bool, default=False
        Whether the network's outputs are logits.
    name : str, default="balanced_softmax_crossentropy"
        Name of the loss.
    **kwargs
        Further arguments of ``keras.losses.Loss``.

    References
    ----------
    J. Ren et al., "Balanced meta-softmax for long-tailed visual recognition", NeurIPS 2020.

    Examples
    --------
    >>> from imbalanced_nn.losses import BalancedSoftmaxCrossentropy
    >>> BalancedSoftmaxCrossentropy(prior=[0.9, 0.1]).tau
    1.0
    """

    def __init__(
        self, prior=None, from_logits=False, name="balanced_softmax_crossentropy", **kwargs
    ):
        super().__init__(1.0, prior, from_logits, name, **kwargs)

    def get_config(self):
        """Return the arguments that make an equal loss."""
        config = super().get_config()
        del config["tau"]
        return config


@keras.saving.register_keras_serializable(package="imbalanced_nn")
class LDAMCrossentropy(ClassLoss):
    """Label-distribution-aware margins, with class weights that come in late.

    The logit of a row's own class is lowered by a margin that is larger the rarer the class,
    in proportion to ``share ** -1/4``.

    Parameters
    ----------
    max_margin : float, default=0.5
        Margin of the rarest class, in logits.
    reweight_from : float or None, default=0.8
        Share of the epochs after which classes are weighed inversely to their shares (deferred
        re-weighting); None never does. The estimator switches it on.
    reweighted : bool, default=False
        Whether classes are weighed so from the start.
    prior : sequence of float or None, default=None
        Shares of the classes; the estimator fills them in.
    from_logits : bool, default=False
        Whether the network's outputs are logits.
    name : str, default="ldam_crossentropy"
        Name of the loss.
    **kwargs
        Further arguments of ``keras.losses.Loss``.

    References
    ----------
    K. Cao, C. Wei, A. Gaidon, N. Arechiga, T. Ma, "Learning imbalanced datasets with
    label-distribution-aware margin loss", NeurIPS 2019. They weigh by the effective number of
    rows, and scale logits of normalised features by 30, which makes margins of up to 15.

    Examples
    --------
    >>> from imbalanced_nn.losses import LDAMCrossentropy
    >>> loss = LDAMCrossentropy(prior=[0.9375, 0.0625])
    >>> loss.margins.round(3).tolist()
    [0.254, 0.5]
    """

    def __init__(
        self,
        max_margin: float = 0.5,
        reweight_from: float | None = 0.8,
        reweighted: bool = False,
        prior=None,
        from_logits=False,
        name="ldam_crossentropy",
        **kwargs,
    ):
        check_at_least_zero("max_margin", max_margin)
        if reweight_from is not None and not 0 <= reweight_from <= 1:
            raise InvalidParameterError(
                f"reweight_from must be a share of the epochs in [0, 1], or None; got "
                f"{reweight_from!r}."
            )
        self.max_margin = float(max_margin)
        self.reweight_from = reweight_from
        self.reweighted = reweighted
        super().__init__(prior, from_logits, name, **kwargs)

    @property
    def margins(self) -> np.ndarray:
        """Margin of each class."""
        return self._numbers("margins")

    def reweight(self, on: bool) -> None:
        """Weigh classes inversely to their shares from now on, or all the same."""
        self.reweighted = bool(on)
        self._statistics["late"].assign(float(on))

    def call(self, y_true, y_pred):
        """Return the loss of each row."""
        target, log_p = targets_and_log_probabilities(y_true, y_pred, self.from_logits)
        lowered = log_p - target * self._statistic("margins", log_p.dtype)
        late, weights = (self._statistic(name, log_p.dtype) for name in ("late", "weights"))
        weighed = target * (1 + late * (weights - 1))
        return -ops.sum(weighed * ops.log_softmax(lowered, axis=-1), axis=-1)

    def posterior(self, proba):
        """Return the class posterior that outputs stand for."""
        weights = self._numbers("weights") if self.reweighted else None
        return margin_posterior(proba, self.margins, weights)

    def get_config(self):
        """Return the arguments that make an equal loss."""
        own = {
            "max_margin": self.max_margin,
            "reweight_from": self.reweight_from,
            "reweighted": self.reweighted,
        }
        return {**super().get_config(), **own}

    def structure(self):
        """What shapes the computation: whether the weights are on is a variable of it."""
        return super().structure() | {"reweighted": None}

    def _follows_from(self, shares):
        margins = shares**-0.25
        return {
            "margins": self.max_margin * margins / margins.max(),
            "weights": 1 / (len(shares) * shares),
            "late": float(self.reweighted),
        }
