"""Calibrators: what held-out rows still say against probabilities that theory has put right."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logit
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.isotonic import IsotonicRegression

from imbalanced_nn.exceptions import warn

__all__ = ["Calibrator", "fit_calibrator"]

SMALLEST = 1e-12
FEW_ROWS = 50
# Half the width of the window that steps are averaged over, as a part of the standard deviation of
# the scores, and in log-odds: less is told by no output in float32, more would blur.
HALF, LEAST_HALF, MOST_HALF = 1 / 8, 1e-3, 1 / 4


@dataclass(frozen=True, eq=False)
class Calibrator:
    """Maps probabilities to calibrated ones. Made by `fit_calibrator`.

    Parameters
    ----------
    kind : {"binary", "multiclass", "multilabel"}
        Type of target.
    classes : tuple of int
        Columns that are calibrated; the others stay as they are.
    parts : tuple of object with ``predict_proba``
        Calibrators of scikit-learn: one, or for a multilabel target one for each column.
    floor : float
        Least probability of a class, 0 where none is needed.
    """

    kind: str
    classes: tuple[int, ...]
    parts: tuple[Any, ...]
    floor: float

    def apply(self, proba: np.ndarray) -> np.ndarray:
        """Return calibrated probabilities of shape (n_samples, n_classes); a new array."""
        out, dtype = np.array(proba, dtype=np.float64), np.result_type(proba, np.float16)
        columns = list(self.classes)
        if not columns or not len(out):
            return out.astype(dtype)
        if self.kind == "multilabel":
            for column, part in zip(columns, self.parts, strict=True):
                out[:, column] = self._bounded(part.predict_proba(_scores(out[:, [column]])))[:, 1]
            return out.astype(dtype)
        calibrated = self._bounded(self.parts[0].predict_proba(_scores_of(out[:, columns])))
        out[:, columns] = _together(out, columns) * calibrated
        return out.astype(dtype)

    def _bounded(self, proba):
        proba = np.maximum(proba, self.floor)
        return proba / proba.sum(axis=1, keepdims=True)


def fit_calibrator(
    method: str,
    proba: np.ndarray,
    codes: np.ndarray,
    sample_weight: np.ndarray,
    kind: str,
) -> Calibrator:
    """Learn a calibrator from rows that the network was not trained on.

    Parameters
    ----------
    method : {"temperature", "sigmoid", "isotonic"}
        scikit-learn's methods, on log-odds. ``"temperature"`` scales them by one number,
        ``"sigmoid"`` scales and shifts those of each class, ``"isotonic"`` fits steps, which
        makes ties; its probabilities are kept off 0 and 1 by one part in the number of rows, and
        its steps averaged over a quarter of the scores' standard deviation, from .002 to .5 units
        of log-odds: between two scores that happen to be close they would rise so steeply that
        the last digit of an output decided.
    proba : ndarray of shape (n_samples, n_classes)
        Probabilities.
    codes : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Class codes, or the 0/1 indicator of a multilabel target.
    sample_weight : ndarray of shape (n_samples,)
        Weights of the rows: one of weight 2 is a row given twice, one of weight 0 none.
    kind : {"binary", "multiclass", "multilabel"}
        Type of target; the columns of a multilabel target are calibrated each on its own.

    Returns
    -------
    Calibrator
        A class without rows, or a label with one value only, keeps its probabilities.

    Warns
    -----
    ImbalanceWarning
        INN011 if steps are fitted to fewer than 50 rows of a class.

    References
    ----------
    J. Platt, "Probabilistic outputs for support vector machines", 1999 (sigmoid).
    B. Zadrozny, C. Elkan, "Transforming classifier scores into accurate multiclass probability
    estimates", KDD 2002 (isotonic).
    C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural networks",
    ICML 2017 (temperature).

    Examples
    --------
    Half of the rows that were given 90 % are positive, half of those that were given 10 %:

    >>> import numpy as np
    >>> from imbalanced_nn.calibration import fit_calibrator
    >>> p = np.tile([0.9, 0.1], 500)
    >>> proba, codes = np.column_stack([1 - p, p]), np.repeat([0, 1], 500)
    >>> calibrator = fit_calibrator("temperature", proba, codes, np.ones(1000), "binary")
    >>> calibrator.apply(np.array([[0.1, 0.9]])).round(2).tolist()
    [[0.5, 0.5]]
    """
    told = sample_weight > 0
    proba, codes, sample_weight = proba[told], codes[told].astype(int), sample_weight[told]
    if kind == "multilabel":
        columns = [k for k in range(codes.shape[1]) if len(np.unique(codes[:, k])) > 1]
        parts = [_fit(method, _scores(proba[:, [k]]), codes[:, k], sample_weight) for k in columns]
        counts = np.minimum(codes.sum(axis=0), len(codes) - codes.sum(axis=0))[columns]
    else:
        counts = np.bincount(codes, minlength=proba.shape[1])
        columns = np.flatnonzero(counts).tolist() if len(np.unique(codes)) > 1 else []
        inside = np.searchsorted(columns, codes)
        parts = [_fit(method, _scores_of(proba[:, columns]), inside, sample_weight)][: len(columns)]
        counts = counts[columns]
    if method == "isotonic" and counts.min(initial=FEW_ROWS) < FEW_ROWS:
        warn(
            "INN011",
            f"calibration='isotonic' fits steps to {counts.min()} held-out rows of the rarest "
            f"class. Use 'sigmoid' or 'temperature', or hold out more rows.",
        )
    floor = 1 / (len(codes) + 2) if method == "isotonic" else 0.0
    return Calibrator(kind, tuple(columns), tuple(parts), floor)


def _together(proba, columns):
    """Return the probability of some classes together, exactly 1 where nothing is left for others.

    The sum of rounded numbers would move a level of steps, row by row, across the last digit.
    """
    inside = proba[:, columns].sum(axis=1, keepdims=True)
    others = np.delete(proba, columns, axis=1).sum(axis=1, keepdims=True)
    # What is small is told best by its own numbers.
    return np.where(inside < others, inside, 1 - others)


class _Scores(ClassifierMixin, BaseEstimator):
    """The classifier that has answered already: its rows are its scores."""

    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        raise NotImplementedError("asked for by the interface, but not called")

    def decision_function(self, X):
        return X[:, 0] if X.shape[1] == 1 else X


def _fit(method, scores, codes, sample_weight):
    """Fit scikit-learn's calibrator to scores."""
    rows = np.arange(len(codes))
    if len(np.unique(codes)) < 2:
        return None
    calibrated = CalibratedClassifierCV(_Scores(), method=method, cv=[(rows, rows)], ensemble=False)
    # The weights go nowhere but to the calibrator, whatever the caller's own routing is.
    with config_context(enable_metadata_routing=False):
        calibrated.fit(scores, codes, sample_weight=sample_weight)
    # The rest of it knows every row.
    (part,) = calibrated.calibrated_classifiers_
    if method == "isotonic":
        part.calibrators = [
            _eased(steps, column, sample_weight)
            for steps, column in zip(part.calibrators, scores.T, strict=True)
        ]
    return part


def _eased(steps, scores, sample_weight):
    """Return steps averaged over a window, which bounds how steeply they rise.

    The last digits of an output in float32 differ between backends, machines and sizes of batches;
    with at most 1 / (2 * half) of them in a probability, that stays below what anybody reads.
    """
    spread = np.sqrt(np.cov(scores, aweights=sample_weight, ddof=0))
    half = np.clip(HALF * spread, LEAST_HALF, MOST_HALF)
    x, y = steps.X_thresholds_, steps.y_thresholds_
    # Beyond its ends the curve is level.
    x, y = np.pad(x, 1, constant_values=(x[0] - 2 * half, x[-1] + 2 * half)), np.pad(y, 1, "edge")
    area = np.append(0, np.cumsum(np.diff(x) * (y[:-1] + y[1:]) / 2))

    def area_to(ends):
        before = np.clip(np.searchsorted(x, ends, "right") - 1, 0, len(x) - 1)
        return area[before] + (ends - x[before]) * (y[before] + np.interp(ends, x, y)) / 2

    inner = x[1:-1]
    knots = np.unique(np.concatenate([inner - half, inner + half]))
    first, last = (np.interp(knots + side, x, y) for side in (-half, half))
    mean = (area_to(knots + half) - area_to(knots - half)) / (2 * half)
    # What is level stays so to the last digit, as rows that are tied.
    mean = np.clip(mean, first, last)
    return IsotonicRegression(out_of_bounds="clip").fit(knots, mean)


def _scores(positive):
    """Return probabilities of positives, of shape (n_samples, 1), as log-odds."""
    return logit(np.clip(positive.astype(np.float64), SMALLEST, 1 - SMALLEST))


def _scores_of(proba):
    """Return probabilities of classes as scores: log-odds of two, logarithms of several."""
    proba = np.clip(proba.astype(np.float64), SMALLEST, 1)
    if proba.shape[1] == 2:
        return np.log(proba[:, [1]]) - np.log(proba[:, [0]])
    return np.log(proba / proba.sum(axis=1, keepdims=True))
