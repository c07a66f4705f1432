"""`imbalance_report`: every measure of a classifier on imbalanced data, with intervals."""

import numbers
from dataclasses import dataclass

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.inspection.bootstrap import interval, resampled_weights, strata_of
from imbalanced_nn.inspection.measures import MEASURES, binary_measures, overall_measures
from imbalanced_nn.inspection.predictions import Predictions, last_step
from imbalanced_nn.inspection.sums import BinaryProblem
from imbalanced_nn.inspection.tables import report_table, report_text
from imbalanced_nn.threshold.costs import check_cost_matrix

__all__ = ["ImbalanceReport", "imbalance_report"]


@validate_params(
    {
        "n_resamples": [Interval(numbers.Integral, 0, None, closed="left")],
        "confidence_level": [Interval(numbers.Real, 0, 1, closed="neither")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=False,
)
def imbalance_report(
    estimator,
    X,
    y,
    *,
    sample_weight=None,
    cost_matrix=None,
    pos_label=None,
    n_resamples=1000,
    confidence_level=0.95,
    random_state=None,
):
    """Measure a fitted classifier on rows that it was not trained on.

    Decisions are those of ``predict``, rankings and probabilities those of ``predict_proba``.
    Each measure comes for each class against the rest and overall, with a bootstrap interval.

    Parameters
    ----------
    estimator : classifier or Pipeline
        Fitted, with ``predict`` and ``predict_proba``: a `BalancedKerasClassifier` or any other.
    X : array-like of shape (n_samples, ...)
        Rows.
    y : array-like of shape (n_samples,) or (n_samples, n_labels)
        Their labels, or the 0/1 indicator of a multilabel target.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights; rows of weight 0 are left out.
    cost_matrix : array-like of shape (n_classes, n_classes), default=None
        Costs, rows true and columns predicted classes in class order. None leaves ``cost`` out.
    pos_label : label, default=None
        Positive class of a binary target. None takes the estimator's ``pos_label_``, else the
        rarest.
    n_resamples : int, default=1000
        Resamples of the bootstrap; 0 for no intervals.
    confidence_level : float in (0, 1), default=0.95
        Probability that an interval holds the true value, each taken alone.
    random_state : int, RandomState or None, default=None
        Seeds the resamples.

    Returns
    -------
    ImbalanceReport
        Print it for a table; ``frame()`` and ``to_dict()`` hold the numbers.

    Raises
    ------
    InvalidParameterError
        If the estimator gives no probabilities or a parameter cannot be used.
    ValueError
        If y holds a single class, or labels that the estimator does not know.

    Notes
    -----
    Overall, a binary target has the measures of its positive class, but for balanced accuracy,
    MCC, the geometric mean, class balance accuracy [1]_ and the cost, which are of both. For
    several classes average precision, its prevalence, ROC AUC, precision, recall, F1, the
    break-even point, recall at precision .9 and the calibration error are unweighted means over
    the classes; for a multilabel target all are means over the labels. Classes without rows
    in y are left out of means over ranks and probabilities.

    ``lift`` is average precision over the prevalence, which is what scores of chance have.
    ``recall_at_precision`` is the highest recall of a cut with a precision of .9 or more.
    ``calibration_error`` is the expected calibration error [2]_ over 10 bins of equal mass: the
    mean distance between the share of the class and its mean probability. The Brier score of
    several classes is the sum over them, as in `sklearn.metrics.brier_score_loss`.

    A resample draws as many rows of each class as y has [3]_ (of a multilabel target, of each
    rarest label of a row), so intervals are given these counts. They are the percentiles of
    the resamples. Those of the calibration error are reflected at its value, since resampling
    can only raise it, and start at 0 where calibrated probabilities would do no better by
    chance; its bins stay those of the rows themselves. With some twenty rows of a class all
    are a little too narrow, and so is recall at precision .9 wherever it rests on few rows.
    The noise of the training is no part of them: for that compare fits on several folds.

    References
    ----------
    .. [1] L. Mosley, "A balanced approach to the multi-class imbalance problem", PhD thesis,
       Iowa State University, 2013.
    .. [2] M. P. Naeini, G. F. Cooper, M. Hauskrecht, "Obtaining well calibrated probabilities
       using Bayesian binning", AAAI 2015.
    .. [3] A. C. Davison, D. V. Hinkley, "Bootstrap methods and their application", 1997.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from imbalanced_nn import imbalance_report
    >>> X, y = make_classification(2000, weights=[0.95], class_sep=2.0, random_state=0)
    >>> clf = LogisticRegression().fit(X[:1000], y[:1000])
    >>> report = imbalance_report(clf, X[1000:], y[1000:], random_state=0)
    >>> overall = report.frame(per_class=False).set_index("measure")
    >>> overall.loc["lift", "value"] > 10
    np.True_
    >>> report.to_dict()["overall"]["average_precision"].keys()
    dict_keys(['value', 'low', 'high'])
    """
    rows = Predictions.from_estimator(
        estimator, X, y, sample_weight=sample_weight, pos_label=pos_label
    )
    cost = _row_costs(rows, cost_matrix)
    problems = [
        BinaryProblem(*_class_columns(rows, k), rows.weight, cost) for k in range(len(rows.classes))
    ]
    value = _measure(rows, problems, rows.weight[None])[:, :, 0]
    seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    blocks = resampled_weights(
        strata_of(rows.codes), rows.weight, n_resamples, np.random.default_rng(seed)
    )
    parts = [_measure(rows, problems, block) for block in blocks]
    resampled = np.concatenate(parts, axis=2) if parts else np.empty((*value.shape, 0))
    estimates = np.stack([value, *_intervals(value, resampled, confidence_level)], axis=-1)
    _reach_zero(estimates, rows, problems, confidence_level)
    counts = rows.codes.sum(axis=0) if rows.codes.ndim == 2 else _bincount(rows)
    return ImbalanceReport(
        name=type(last_step(estimator)).__name__,
        kind=rows.kind,
        classes=rows.classes,
        class_count=counts.tolist(),
        n_samples=len(rows.codes),
        pos_label=rows.pos_label,
        names=[name for name in MEASURES if name != "cost" or cost is not None],
        estimates=estimates,
        confidence_level=confidence_level,
        n_resamples=n_resamples,
    )


@dataclass(frozen=True, repr=False, eq=False)
class ImbalanceReport:
    """What `imbalance_report` measured.

    Parameters
    ----------
    name : str
        Name of the classifier.
    kind : {"binary", "multiclass", "multilabel"}
        Type of target.
    classes : list
        Class labels, or those of a multilabel target.
    class_count : list of int
        Rows of each class.
    n_samples : int
        Rows in all.
    pos_label : label or None
        Positive class of a binary target.
    names : list of str
        Names of the measures, keys of `imbalanced_nn.inspection.MEASURES`.
    estimates : ndarray of shape (1 + n_classes, n_measures, 3)
        Value, low and high end; overall comes first.
    confidence_level : float
        That of the intervals.
    n_resamples : int
        Resamples behind the intervals.

    Examples
    --------
    See `imbalance_report`.
    """

    name: str
    kind: str
    classes: list
    class_count: list
    n_samples: int
    pos_label: object
    names: list
    estimates: np.ndarray
    confidence_level: float
    n_resamples: int

    def frame(self, per_class=True):
        """Return one row for each measure, overall and of each class.

        Parameters
        ----------
        per_class : bool, default=True
            Whether to return the rows of the classes, too.

        Returns
        -------
        DataFrame
            Columns ``scope`` ("overall" or "class"), ``class`` (the label; None overall),
            ``measure``, ``value``, ``low`` and ``high``.
        """
        import pandas as pd

        chosen = [list(MEASURES).index(name) for name in self.names]
        labels = [None, *self.classes][: None if per_class else 1]
        frame = pd.DataFrame(
            self.estimates[: len(labels), chosen].reshape(-1, 3), columns=["value", "low", "high"]
        )
        each = np.repeat(np.arange(len(labels)), len(chosen))
        # Of type object, in which None stays None.
        label = pd.Series([labels[place] for place in each], dtype=object)
        frame.insert(0, "scope", np.where(each == 0, "overall", "class"))
        frame.insert(1, "class", label)
        frame.insert(2, "measure", self.names * len(labels))
        return frame

    def to_dict(self):
        """Return everything as JSON's types; what is undefined is None."""
        overall, *classes = (
            {name: _record(part[list(MEASURES).index(name)]) for name in self.names}
            for part in self.estimates
        )
        return {
            "estimator": self.name,
            "kind": self.kind,
            "n_samples": self.n_samples,
            "pos_label": _plain(self.pos_label),
            "confidence_level": self.confidence_level,
            "n_resamples": self.n_resamples,
            "overall": overall,
            "classes": [
                {"class": _plain(label), "count": count, "measures": measures}
                for label, count, measures in zip(
                    self.classes, self.class_count, classes, strict=True
                )
            ],
        }

    def __rich__(self):
        return report_table(self)

    def __str__(self):
        return report_text(self)

    __repr__ = __str__


def _class_columns(rows, k):
    """Return truth, probability and decision of one class."""
    positive, flagged = rows.is_class(k)
    return positive, rows.proba[:, k], flagged


def _row_costs(rows, cost_matrix):
    """Return the cost of each decision, None without costs."""
    if cost_matrix is None:
        return None
    if rows.kind == "multilabel":
        raise InvalidParameterError(
            f"The 'cost_matrix' parameter is for a binary or multiclass target. Got "
            f"{cost_matrix!r} for a multilabel target; leave it None."
        )
    return check_cost_matrix(cost_matrix, len(rows.classes))[rows.codes, rows.decided]


def _measure(rows, problems, weights):
    """Return the measures, overall and of each class, under each set of weights."""
    sums = [problem.sums(weights) for problem in problems]
    per_class = [binary_measures(part) for part in sums]
    overall = overall_measures(rows.kind, sums, per_class, rows.positive)
    return np.array([list(values.values()) for values in (overall, *per_class)])


def _intervals(value, resampled, confidence_level):
    """Return the low and high ends of all measures."""
    low, high = np.empty_like(value), np.empty_like(value)
    for place, (name, measure) in enumerate(MEASURES.items()):
        low[:, place], high[:, place] = interval(
            value[:, place],
            resampled[:, place].T,
            confidence_level,
            pivotal=name == "calibration_error",
            bounds=measure.bounds,
        )
    return low, high


def _reach_zero(estimates, rows, problems, confidence_level):
    """Let the interval of a calibration error start at 0 where chance alone explains the error."""
    of_class = [problem.calibration_noise(rows.weight, confidence_level) for problem in problems]
    overall = np.mean(of_class) if rows.positive is None else of_class[rows.positive]
    value, low, _ = estimates[:, list(MEASURES).index("calibration_error")].T
    low[(value <= np.array([overall, *of_class])) & ~np.isnan(low)] = 0.0


def _bincount(rows):
    return np.bincount(rows.codes, minlength=len(rows.classes))


def _record(estimate):
    """Return value, low and high end under their names."""
    return {n: _plain(v) for n, v in zip(("value", "low", "high"), estimate, strict=True)}


def _plain(value):
    """Return a value as one of JSON's types."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value if isinstance(value, str | bool | int | None) else str(value)
