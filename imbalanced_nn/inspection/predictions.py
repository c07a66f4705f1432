"""What a fitted classifier says of labelled rows, in one form for every type of target."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.utils import check_consistent_length

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.threshold import check_rows, checked_positive_code, encode_labels, scored_code

__all__ = ["Predictions", "last_input", "last_step", "probabilities"]


@dataclass(frozen=True, eq=False)
class Predictions:
    """Labelled rows of positive weight with the decisions and probabilities of a classifier.

    Parameters
    ----------
    kind : {"binary", "multiclass", "multilabel"}
        Type of target.
    classes : list
        Labels in the order of the columns.
    codes, decided : ndarray of shape (n_samples,) or (n_samples, n_labels)
        True and predicted class codes, or 0/1 indicators of a multilabel target.
    proba : ndarray of shape (n_samples, n_classes) or (n_samples, n_labels)
        Probabilities.
    weight : ndarray of shape (n_samples,)
        Weights.
    positive : {0, 1} or None
        Code of the positive class; only of a binary target.
    smallest : float
        Least likelihood that the type of the probabilities can tell from 0.
    """

    kind: str
    classes: list
    codes: np.ndarray
    decided: np.ndarray
    proba: np.ndarray
    weight: np.ndarray
    positive: int | None
    smallest: float

    @classmethod
    def from_estimator(cls, estimator, X, y, *, sample_weight=None, pos_label=None):
        """Ask a fitted classifier for its decisions and probabilities.

        Parameters
        ----------
        estimator : classifier or Pipeline
            Fitted, with ``predict`` and ``predict_proba``.
        X : array-like of shape (n_samples, ...)
            Rows it was not trained on.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Their labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights; rows of weight 0 are left out.
        pos_label : label, default=None
            Positive class of a binary target. None takes the estimator's ``pos_label_``, else
            1 of the labels 0 and 1, else the rarest.

        Returns
        -------
        Predictions

        Raises
        ------
        InvalidParameterError
            If the estimator has no probabilities, or ``pos_label`` is no class of a binary y.
        ValueError
            If y cannot be used, or holds labels that the estimator does not know.
        """
        for method in ("predict", "predict_proba"):
            if not hasattr(estimator, method):
                raise InvalidParameterError(
                    f"The 'estimator' parameter must have predict and predict_proba. Got "
                    f"{type(estimator).__name__}, which has no {method}. Use a classifier with "
                    f"probabilities, or wrap it in sklearn.calibration.CalibratedClassifierCV."
                )
        if np.ndim(y) == 3:
            raise InvalidParameterError(
                f"The 'y' parameter must hold one label, or one set of labels, for each row. Got "
                f"shape {np.shape(y)}, with labels of time steps, which do not vary on their own. "
                f"Use the estimator's score."
            )
        labels = list(getattr(y, "columns", [])) or None
        proba = probabilities(estimator, X)
        decided = estimator.predict(X)
        decided = decided.toarray() if sparse.issparse(decided) else np.asarray(decided)
        if pos_label is None:
            pos_label = getattr(last_step(estimator), "pos_label_", None)
        classes = estimator.classes_
        if isinstance(classes, list) or decided.ndim == 2:
            classes = labels
        return cls._checked(y, decided, proba, sample_weight, classes, pos_label)

    @classmethod
    def from_labels(cls, y_true, y_pred, y_proba, *, sample_weight=None, pos_label=None):
        """Take decisions and probabilities of one label per row.

        Parameters
        ----------
        y_true, y_pred : array-like of shape (n_samples,)
            True and predicted labels.
        y_proba : array-like of shape (n_samples, n_classes) or (n_samples,)
            Probabilities, columns in sorted class order, or those of ``pos_label``, without one
            those of the greater label.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights.
        pos_label : label, default=None
            Positive class of two; None is 1 of 0 and 1, and the rarest of other labels.

        Returns
        -------
        Predictions
        """
        proba, decided = np.asarray(y_proba), np.asarray(y_pred)
        check_consistent_length(y_true, proba, decided)
        if proba.ndim == 1:
            classes, codes = np.unique(np.asarray(y_true), return_inverse=True)
            if len(classes) != 2:
                raise ValueError(
                    f"'y_proba' of shape {proba.shape} is for two classes. Got {len(classes)} in "
                    f"'y_true'; pass one column for each."
                )
            scored = scored_code(
                classes, checked_positive_code(codes, classes, pos_label), pos_label
            )
            proba = np.column_stack([1 - proba, proba][:: 1 if scored else -1])
        return cls._checked(y_true, decided, proba, sample_weight, None, pos_label)

    @classmethod
    def from_codes(cls, codes, decided, proba, classes, positive=None):
        """Take codes of true and predicted classes; unlike elsewhere, all may be of one class.

        Parameters
        ----------
        codes, decided : ndarray of int of shape (n_samples,)
            Places in ``classes`` of true and predicted labels.
        proba : ndarray of float of shape (n_samples, n_classes)
            Probabilities.
        classes : list
            Labels.
        positive : {0, 1} or None, default=None
            Code of the positive class of two.

        Returns
        -------
        Predictions
        """
        kind = "multiclass" if positive is None else "binary"
        smallest = float(np.finfo(proba.dtype).eps)
        weight, proba = np.ones(len(codes)), proba.astype(np.float64)
        return cls(kind, classes, codes, decided, proba, weight, positive, smallest)

    @classmethod
    def _checked(cls, y, decided, proba, sample_weight, classes, pos_label):
        """Return predictions of checked rows."""
        kind_of_float = proba.dtype if proba.dtype.kind == "f" else np.float64
        smallest = float(np.finfo(kind_of_float).eps)
        codes, proba, weight = check_rows(y, proba, sample_weight)
        if sample_weight is not None:
            decided = decided[np.asarray(sample_weight) > 0]
        if codes.ndim == 2:
            if codes.shape != proba.shape:
                raise ValueError(
                    f"'y' is multilabel of shape {codes.shape}, but the estimator gives "
                    f"probabilities of shape {proba.shape}. Pass the labels it was fitted on."
                )
            classes = range(codes.shape[1]) if classes is None else classes
            decided = decided.astype(int)
            return cls("multilabel", list(classes), codes, decided, proba, weight, None, smallest)
        classes, codes = encode_labels(codes, proba, classes)
        _, decided = encode_labels(decided.reshape(-1), proba, classes)
        if len(np.unique(codes)) < 2:
            raise ValueError(
                f"'y' must hold at least two classes. Got only "
                f"{classes[codes[:1]].tolist()[0]!r}, of which nothing can be told apart."
            )
        positive = checked_positive_code(codes, classes, pos_label) if len(classes) == 2 else None
        kind = "multiclass" if positive is None else "binary"
        return cls(kind, classes.tolist(), codes, decided, proba, weight, positive, smallest)

    @property
    def pos_label(self):
        """The positive class, None unless the target is binary."""
        return None if self.positive is None else self.classes[self.positive]

    def place_of(self, label):
        """Return the column of a label; None is the positive class, of several the rarest.

        Raises
        ------
        InvalidParameterError
            If the label does not exist.
        """
        if label is None:
            counts = np.stack([self.is_class(k)[0].sum() for k in range(len(self.classes))])
            rarest = np.where(counts > 0, counts, np.inf).argmin()
            return int(rarest if self.positive is None else self.positive)
        if label not in self.classes:
            raise InvalidParameterError(
                f"The 'pos_label' parameter must be one of {self.classes}. Got {label!r} instead."
            )
        return self.classes.index(label)

    def is_class(self, k):
        """Return which rows are of a class, and which were predicted so."""
        if self.codes.ndim == 2:
            return self.codes[:, k] == 1, self.decided[:, k] == 1
        return self.codes == k, self.decided == k


def last_step(estimator):
    """Return the classifier at the end of pipelines and searches."""
    if hasattr(estimator, "best_estimator_"):
        return last_step(estimator.best_estimator_)
    steps = getattr(estimator, "steps", None)
    return last_step(steps[-1][1]) if steps else estimator


def last_input(estimator, X):
    """Return what the `last_step` is given of X."""
    if hasattr(estimator, "best_estimator_"):
        return last_input(estimator.best_estimator_, X)
    steps = getattr(estimator, "steps", None)
    return last_input(steps[-1][1], estimator[:-1].transform(X)) if steps else X


def probabilities(estimator, X):
    """Return probabilities as one array; scikit-learn's forests give a list for several labels.

    Parameters
    ----------
    estimator : classifier or Pipeline
        Fitted.
    X : array-like of shape (n_samples, ...)
        Rows.

    Returns
    -------
    ndarray of shape (n_samples, n_classes) or (n_samples, n_labels)
    """
    proba = estimator.predict_proba(X)
    if not isinstance(proba, list):
        return np.asarray(proba)
    return np.column_stack(
        [
            part[:, list(known).index(1)] if 1 in known else np.zeros(len(part))
            for part, known in zip(proba, estimator.classes_, strict=True)
        ]
    )
