"""What happens to outputs: undone, calibrated, and brought to the prevalence of deployment."""

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, logit

from imbalanced_nn.calibration import (
    PriorCorrection,
    check_priors,
    estimate_priors,
    fit_calibrator,
    matching_offset,
)
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.losses import posterior_of
from imbalanced_nn.targets import class_probabilities
from imbalanced_nn.training import forward
from imbalanced_nn.validation import check_weights
from imbalanced_nn.weighting import class_totals

__all__ = ["Judged", "ProbabilitySteps"]

SMALLEST = 1e-12


@dataclass(frozen=True)
class Judged:
    """Decisions on rows that the network was not trained on.

    Parameters
    ----------
    codes : ndarray of shape (n_decisions,) or (n_decisions, n_labels)
        Class codes, or the 0/1 indicator of a multilabel target.
    proba : ndarray of shape (n_decisions, n_classes)
        Probabilities at the training prevalence, before any calibrator.
    weight : ndarray of shape (n_decisions,)
        Weights.
    fold : ndarray of int of shape (n_decisions,) or None
        Fold of cross-fitting whose network the probabilities are from.
    later : bool
        Whether the rows came after the fit, to learn a threshold on.
    """

    codes: np.ndarray
    proba: np.ndarray
    weight: np.ndarray
    fold: np.ndarray | None = None
    later: bool = False

    def counts(self, n_classes: int) -> dict[str, Any]:
        """Return the number of decisions, of those of each class or label, and of folds."""
        ones = np.ones(len(self.codes))
        return {
            "decisions": len(self.codes),
            "class_count": class_totals(self.codes, ones, n_classes).astype(int),
            "folds": 1 if self.fold is None else int(self.fold.max()) + 1,
        }


class ProbabilitySteps:
    """Steps of `BalancedKerasClassifier` between the network's outputs and probabilities."""

    def predict_proba(self, X, **kwargs):
        """Predict the probability of each class, at the training prevalence or at ``priors``.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, ...)
            Rows of the shape, and with the column names, that `fit` was given.
        **kwargs
            Arguments of ``Model.predict``, as in scikeras.

        Returns
        -------
        ndarray of shape (n_samples, n_classes) or (n_samples, n_steps, n_classes)
            Columns in the order of ``classes_``; for a multilabel target the probability of
            each label.
        """
        outputs = self._predict_raw(X, **kwargs)
        if self._kind is None:
            return self.target_encoder_.inverse_transform(outputs, return_proba=True)
        proba = self._probabilities(outputs)
        return proba.reshape(-1, *self._steps, proba.shape[-1])

    def decision_function(self, X):
        """Return log-odds, of which the threshold is no part.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, ...)
            Rows of the shape, and with the column names, that `fit` was given.

        Returns
        -------
        ndarray of shape (n_samples,), (n_samples, n_classes) or (n_samples, n_steps[, n_classes])
            The logit of `predict_proba`: of the second of two classes, of each class against
            all others, or of each label. Natural logarithms.
        """
        proba = self.predict_proba(X).astype(np.float64)
        odds = logit(np.clip(proba, SMALLEST, 1 - SMALLEST))
        # A target encoder of the user's own hides the classes, but not that there are two.
        hidden = self._kind is None and self.target_type_ == "binary"
        two = self._kind == "binary" or (hidden and odds.shape[1:] == (2,))
        return odds[..., 1] if two else odds

    def adapt_priors(self, X, *, sample_weight=None):
        """Return a copy for rows in which the classes have other shares.

        The shares are estimated from the rows alone, without their labels, by the EM algorithm
        of Saerens et al. [1]_; it takes that the rows of each class look as they did in training.
        Probabilities follow, and so does a learned threshold: its objective is maximised on the
        held-out scores, weighed to the new shares.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, ...)
            Unlabelled rows of the new kind, hundreds at least.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_steps), default=None
            Weights of the rows, or of their time steps: 0 where padded.

        Returns
        -------
        BalancedKerasClassifier
            A copy with ``priors`` set to the estimate. The original is unchanged.

        Raises
        ------
        InvalidParameterError
            If y was multilabel, ``calibration=None``, or the threshold has a ``confidence``.

        References
        ----------
        .. [1] M. Saerens, P. Latinne, C. Decaestecker, "Adjusting the outputs of a classifier
           to new a priori probabilities: a simple procedure", Neural Computation 14, 2002.

        Examples
        --------
        >>> from sklearn.datasets import make_classification
        >>> from imbalanced_nn import BalancedKerasClassifier
        >>> X, y = make_classification(4000, weights=[0.9], class_sep=2.0, random_state=0)
        >>> clf = BalancedKerasClassifier(epochs=5, random_state=0).fit(X[:3000], y[:3000])
        >>> often = clf.adapt_priors(X[3000:][y[3000:] == 1])
        >>> bool(often.priors[1] > 0.8)
        True
        """
        known = self.predict_proba(X)
        self._check_priors_allowed("adapt_priors")
        self._check_proof("adapt_priors")
        weight = check_weights(sample_weight, known, steps=self._steps).ravel()
        shares = estimate_priors(
            known.reshape(-1, known.shape[-1]), self._proba_prior(), sample_weight=weight
        )
        twin = copy.deepcopy(self)
        twin.priors = twin._deployed_prior = shares
        twin._learn_rule(getattr(twin, "_judged", None))
        return twin

    def _check_priors_allowed(self, what):
        """Refuse another prevalence where the probabilities have none to start from."""
        if self._kind in (None, "multilabel"):
            raise InvalidParameterError(
                f"{what} is for one label per row, whose classes share a prior; y is "
                f"{self._kind or 'encoded by a target encoder of your own'}. Leave priors=None."
            )
        if self._calibration is None:
            raise InvalidParameterError(
                f"{what} starts from probabilities at the training prevalence, which "
                f"calibration=None does not give. Set calibration='prior'."
            )

    def _check_priors(self):
        """Refuse before training a prevalence that is none; fix the one that holds from now on."""
        self._fitted_calibration, self._deployed_prior = self.calibration, None
        if self.priors is not None:
            self._check_priors_allowed(f"priors={self.priors!r}")
            self._deployed_prior = check_priors(self.priors, self.classes_)

    @property
    def _calibration(self):
        """The parameter ``calibration`` as it was when the estimator was fitted."""
        return getattr(self, "_fitted_calibration", self.calibration)

    def _proba_prior(self):
        """Return the class shares that the probabilities refer to."""
        if self._calibration is None:
            return self._trained_prior
        return self.class_prior_ if self._deployed_prior is None else self._deployed_prior

    def _offset_is_free(self) -> bool:
        """Whether the network's log-odds are only known up to a constant."""
        free = getattr(self._loss, "offset_is_free", False)
        return free and self._calibration is not None

    def _match_scores(self, outputs, weight):
        """Find the constant at which rows at natural prevalence have the prior on average."""
        if self._offset_is_free():
            prior = float(self.class_prior_[1])
            self._score_offset = matching_offset(self._log_odds(outputs), prior, weight)

    def _log_odds(self, outputs):
        """Return the log-odds of the second of two classes."""
        proba = class_probabilities(outputs, self._kind, self._logits()).astype(np.float64)
        # Float32 knows no number between 1 - 6e-8 and 1.
        return logit(np.clip(proba[:, 1], SMALLEST, 1 - SMALLEST))

    def _natural(self, outputs: Any) -> np.ndarray:
        """Return outputs as probabilities at the training prevalence, a row for each decision."""
        if self._steps:
            outputs = outputs.reshape(-1, outputs.shape[-1])
        if hasattr(self, "_score_offset"):
            positive = expit(self._log_odds(outputs) + self._score_offset)
            return np.column_stack([1 - positive, positive]).astype(outputs.dtype)
        proba = class_probabilities(outputs, self._kind, self._logits())
        if self._calibration is None or not hasattr(self, "_trained_prior"):
            return proba
        bent = posterior_of(self._loss, self.n_classes_, self._kind, self._trained_prior)
        if bent is not None:
            proba = bent(proba).astype(proba.dtype)
        correction = getattr(self, "_prior_correction", None)
        return proba if correction is None else correction.apply(proba)

    def _probabilities(self, outputs: Any) -> np.ndarray:
        """Return outputs as the probabilities that users get, a row for each decision."""
        proba = self._natural(outputs)
        calibrator = getattr(self, "calibrator_", None)
        return self._deployed(proba if calibrator is None else calibrator.apply(proba))

    def _deployed(self, proba: np.ndarray) -> np.ndarray:
        """Bring probabilities from the training prevalence to that of deployment."""
        if getattr(self, "_deployed_prior", None) is None:
            return proba
        return PriorCorrection(tuple(self.class_prior_), tuple(self._proba_prior())).apply(proba)

    def _judge(self, rows):
        """Return the network's probabilities of the rows that judge it, None without any."""
        if rows is None:
            return None
        outputs = self._check_values(forward(self.model_, rows.X, rows.index))
        proba = rows.decisions(self._natural(outputs))
        return Judged(rows.selected_codes, proba, rows.selected_weight)

    def _calibrates(self) -> bool:
        """Whether a calibrator is learned from held-out rows."""
        return self._calibration not in (None, "prior")

    def _check_calibration(self, held_out, online):
        """Refuse before training a calibrator without rows to learn it from."""
        if self._calibrates() and online and not hasattr(self, "calibrator_"):
            raise InvalidParameterError(
                f"calibration={self.calibration!r} is learned on held-out rows, but initialize "
                f"and partial_fit hold none out. Call fit first, or set calibration='prior'."
            )
        if self._calibrates() and not held_out and not online:
            raise InvalidParameterError(
                f"calibration={self.calibration!r} is learned on held-out rows, but "
                f"validation_split=0 holds none out. Set validation_split, pass X_val and y_val, "
                f"or set calibration='prior'."
            )

    def _calibrate(self, judged):
        """Learn the calibrator from the rows that judge the network."""
        if self._calibrates():
            self.calibrator_ = self._new_calibrator(judged, slice(None))

    def _new_calibrator(self, judged, rows):
        """Return a calibrator learned from some of the rows."""
        return fit_calibrator(
            self._calibration,
            judged.proba[rows],
            judged.codes[rows],
            judged.weight[rows],
            self._kind,
        )

    def _calibrated(self, judged):
        """Return held-out probabilities through calibrators that were not learned on them.

        Without folds there is but one calibrator, learned on the same rows.
        """
        if getattr(self, "calibrator_", None) is None:
            return judged.proba
        if judged.fold is None:
            return self.calibrator_.apply(judged.proba)
        proba = np.empty_like(judged.proba)
        for fold in np.unique(judged.fold):
            inside = judged.fold == fold
            proba[inside] = self._new_calibrator(judged, ~inside).apply(judged.proba[inside])
        return proba
