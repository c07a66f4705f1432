"""Crossentropies that weigh rows: focal and cost-sensitive."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from imbalanced_nn.calibration import cost_posterior, focal_posterior
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.losses.class_loss import (
    ClassLoss,
    check_at_least_zero,
    targets_and_log_probabilities,
)

__all__ = ["CostSensitiveCrossentropy", "FocalCrossentropy"]


@keras.saving.register_keras_serializable(package="imbalanced_nn")
class FocalCrossentropy(ClassLoss):
    """Crossentropy that counts rows less the better they are classified.

    Parameters
    ----------
    gamma : float, default=2.0
        Focusing parameter: each row is weighed by ``(1 - p) ** gamma``. 0 is crossentropy.
    alpha : "prior", sequence of float or None, default=None
        Weight of each class: ``"prior"`` is inverse to the shares, of mean 1 over the rows;
        None weighs all the same.
    prior : sequence of float or None, default=None
        Shares of the classes; the estimator fills them in.
    from_logits : bool, default=False
        Whether the network's outputs are logits.
    name : str, default="focal_crossentropy"
        Name of the loss.
    **kwargs
        Further arguments of ``keras.losses.Loss``.

    References
    ----------
    T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollár, "Focal loss for dense object detection",
    ICCV 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.losses import FocalCrossentropy
    >>> loss = FocalCrossentropy(gamma=2.0)
    >>> p = np.array([[0.9]], dtype="float32")
    >>> round(float(loss(np.array([[1.0]]), p) / -np.log(0.9)), 4)
    0.01
    """

    def __init__(
        self,
        gamma: float = 2.0,
        alpha: str | Sequence[float] | None = None,
        prior=None,
        from_logits=False,
        name="focal_crossentropy",
        **kwargs,
    ):
        check_at_least_zero("gamma", gamma)
        if isinstance(alpha, str) and alpha != "prior":
            raise InvalidParameterError(
                f"alpha must be 'prior', one weight for each class, or None; got {alpha!r}."
            )
        self.gamma = float(gamma)
        self.alpha = alpha if alpha is None or isinstance(alpha, str) else [*map(float, alpha)]
        weights = self.alpha if isinstance(self.alpha, list) else [1.0, 1.0]
        if not (len(weights) > 1 and np.isfinite(weights).all() and min(weights) >= 0):
            raise InvalidParameterError(
                f"alpha must hold one weight for each class, finite numbers of at least 0; got "
                f"{alpha!r}. Of two classes write loss__alpha=[0.25, 0.75]."
            )
        # Only where weights follow from the shares.
        self.needs_prior = isinstance(alpha, str)
        super().__init__(prior, from_logits, name, **kwargs)

    def call(self, y_true, y_pred):
        """Return the loss of each row."""
        target, log_p = targets_and_log_probabilities(y_true, y_pred, self.from_logits)
        term = -target * log_p
        if self.gamma:
            # 1 - p, without the difference of nearly equal numbers.
            term = term * ops.power(-ops.expm1(ops.minimum(log_p, -1e-7)), self.gamma)
        if isinstance(self.alpha, str):
            term = term * self._statistic("alpha", term.dtype)
        elif self.alpha is not None:
            term = term * ops.convert_to_tensor(self.alpha, term.dtype)
        return ops.sum(term, axis=-1)

    def posterior(self, proba):
        """Return the class posterior that outputs stand for."""
        alpha: Any = self.alpha
        if isinstance(alpha, str):
            return focal_posterior(proba, self.gamma, self._numbers("alpha"))
        return focal_posterior(proba, self.gamma, alpha)

    def get_config(self):
        """Return the arguments that make an equal loss."""
        return {**super().get_config(), "gamma": self.gamma, "alpha": self.alpha}

    def _follows_from(self, shares):
        return {"alpha": 1 / (len(shares) * shares)}


@keras.saving.register_keras_serializable(package="imbalanced_nn")
class CostSensitiveCrossentropy(ClassLoss):
    """Crossentropy whose most probable class is the decision of least expected cost.

    Each class j counts for a row of class k as much as deciding for it spares of the largest
    cost of k: ``-sum_j (max_i C[k, i] - C[k, j]) log p_j``. With costs of 0 and 1 this is
    crossentropy, with two classes it is class weights.

    Parameters
    ----------
    cost_matrix : array-like of shape (n_classes, n_classes)
        Costs, rows true and columns predicted classes, as in `sklearn.metrics.confusion_matrix`.
    prior : sequence of float or None, default=None
        Shares of the classes, by which the loss is scaled to the mean weight 1; the estimator
        fills them in, and None takes them for equal.
    from_logits : bool, default=False
        Whether the network's outputs are logits.
    name : str, default="cost_sensitive_crossentropy"
        Name of the loss.
    **kwargs
        Further arguments of ``keras.losses.Loss``.

    Notes
    -----
    ``decide argmax p`` is then Bayes-consistent: the outputs that minimise the loss are the
    posterior times the matrix of what is spared, which is also how the posterior is found
    again. A matrix for which this cannot be inverted is refused.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.losses import CostSensitiveCrossentropy
    >>> loss = CostSensitiveCrossentropy([[0, 1], [10, 0]], prior=[0.9, 0.1])
    >>> loss.gains.round(2).tolist()
    [[0.53, 0.0], [0.0, 5.26]]
    """

    needs_prior = False

    def __init__(
        self,
        cost_matrix: Any = None,
        prior=None,
        from_logits=False,
        name="cost_sensitive_crossentropy",
        **kwargs,
    ):
        costs = np.asarray(cost_matrix, dtype=np.float64)
        if costs.ndim != 2 or costs.shape[0] != costs.shape[1] or not np.isfinite(costs).all():
            raise InvalidParameterError(
                f"cost_matrix must be a square table of finite costs, rows true and columns "
                f"predicted classes; got {cost_matrix!r}. Write "
                f"loss__cost_matrix=[[0, 1], [10, 0]]."
            )
        if (costs < np.diag(costs)[:, None]).any():
            raise InvalidParameterError(
                f"In each row of cost_matrix (a true class) the right decision, on the diagonal, "
                f"must cost least. Got {costs.tolist()}; costs are positive, gains negative."
            )
        spared = costs.max(axis=1, keepdims=True) - costs
        if np.linalg.matrix_rank(spared) < len(costs):
            raise InvalidParameterError(
                f"cost_matrix={costs.tolist()} does not tell some classes apart: no decision "
                f"spares them anything of their own, and the probabilities cannot be put back. "
                f"Give each class a decision that costs it less than another, or use "
                f"ThresholdTuner(cost_matrix=...) on plain crossentropy."
            )
        self.cost_matrix = costs.tolist()
        self._spared = spared
        super().__init__(prior, from_logits, name, **kwargs)
        if prior is None:
            self.fill(np.full(len(costs), 1 / len(costs)))
            self.prior = None

    def fill(self, prior: Any) -> None:
        """Take over the shares of the classes and what follows from them."""
        if len(prior) != len(self.cost_matrix):
            raise InvalidParameterError(
                f"cost_matrix is for {len(self.cost_matrix)} classes, but there are {len(prior)}."
            )
        super().fill(prior)

    @property
    def gains(self) -> np.ndarray:
        """What each decision spares each class, scaled."""
        return self._numbers("gains")

    def call(self, y_true, y_pred):
        """Return the loss of each row."""
        target, log_p = targets_and_log_probabilities(y_true, y_pred, self.from_logits)
        counted = ops.matmul(target, self._statistic("gains", log_p.dtype))
        return -ops.sum(counted * log_p, axis=-1)

    def posterior(self, proba):
        """Return the class posterior that outputs stand for."""
        return cost_posterior(proba, self._spared)

    def start(self, prior):
        """Return the output of a network that knows nothing but the prior."""
        counted = prior @ self._spared
        return counted / counted.sum()

    def get_config(self):
        """Return the arguments that make an equal loss."""
        return {**super().get_config(), "cost_matrix": self.cost_matrix}

    def _follows_from(self, shares):
        return {"gains": self._spared / (shares @ self._spared.sum(axis=1))}
