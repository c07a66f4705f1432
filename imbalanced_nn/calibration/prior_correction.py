"""Prior correction: probabilities at another prevalence than the one trained on."""

from dataclasses import dataclass

import numpy as np

from imbalanced_nn.data import by_blocks

__all__ = ["PriorCorrection"]

SMALLEST = 1e-12


@dataclass(frozen=True)
class PriorCorrection:
    """Undo what sampling and weighting did to the probabilities.

    A network that is trained on classes in other shares than the population's learns the
    posterior of those shares. Bayes' rule gives it back in closed form:
    ``p_k`` is multiplied by ``target_k / trained_k`` and the row renormalised.

    Parameters
    ----------
    trained : tuple of float
        Share of each class (or of each label's positives) as the loss saw it.
    target : tuple of float
        The same shares in the population.
    multilabel : bool, default=False
        Whether the columns are independent labels, each corrected by its own odds.

    References
    ----------
    C. Elkan, "The foundations of cost-sensitive learning", IJCAI 2001, theorem 2.
    A. Dal Pozzolo et al., "Calibrating probability with undersampling for unbalanced
    classification", SSCI 2015.

    Examples
    --------
    A network trained on equal classes where 1 % is positive:

    >>> import numpy as np
    >>> from imbalanced_nn.calibration import PriorCorrection
    >>> correction = PriorCorrection(trained=(0.5, 0.5), target=(0.99, 0.01))
    >>> correction.apply(np.array([[0.5, 0.5]])).round(2).tolist()
    [[0.99, 0.01]]
    """

    trained: tuple[float, ...]
    target: tuple[float, ...]
    multilabel: bool = False

    def ratio(self) -> np.ndarray:
        """Factor of each class; in the multilabel case the odds ratio of each label."""
        trained, target = np.asarray(self.trained), np.asarray(self.target)
        if self.multilabel:
            trained, target = _odds(trained), _odds(target)
        # A class that was not trained on keeps no probability.
        return np.divide(target, trained, out=np.zeros_like(target), where=trained > 0)

    def times(self, factors: np.ndarray) -> "PriorCorrection":
        """Return the correction that multiplies the odds of each class by a factor, too.

        Parameters
        ----------
        factors : ndarray of shape (n_classes,)
            Above 0.
        """
        target, ratio = np.asarray(self.target), self.ratio() * factors
        odds = _odds(target) if self.multilabel else target
        trained = np.divide(odds, ratio, out=np.zeros_like(odds), where=ratio > 0)
        trained = trained / (1 + trained if self.multilabel else trained.sum())
        return PriorCorrection(tuple(trained), self.target, multilabel=self.multilabel)

    def apply(self, proba: np.ndarray) -> np.ndarray:
        """Correct probabilities of shape (n_samples, n_classes); returns a new array."""
        return by_blocks(self._applied, proba)

    def _applied(self, proba: np.ndarray) -> np.ndarray:
        """Correct probabilities of rows few enough to be there in float64."""
        ratio = self.ratio()
        scaled = proba.astype(np.float64) * ratio
        if self.multilabel:
            total, certain = 1 - proba + scaled, np.zeros_like(ratio)
        else:
            total, certain = scaled.sum(axis=1, keepdims=True), ratio / ratio.sum()
        # A network can be certain of a class that it was not trained on: then the others share.
        corrected = np.where(total > 0, scaled / np.where(total > 0, total, 1), certain)
        return corrected.astype(proba.dtype)


def _odds(shares: np.ndarray) -> np.ndarray:
    """Return shares as odds, those of a label that all rows have as very large ones."""
    shares = np.minimum(shares, 1 - SMALLEST)
    return shares / (1 - shares)
