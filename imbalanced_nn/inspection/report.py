"""`imbalance_report`: every measure of a classifier on imbalanced data, with intervals."""

import numbers

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.inspection.bootstrap import interval, resampled_weights, strata_of
from imbalanced_nn.inspection.measures import MEASURES, binary_measures, overall_measures
from imbalanced_nn.inspection.predictions import Predictions, last_step
from imbalanced_nn.inspection.result import ImbalanceReport
from imbalanced_nn.inspection.sums import BinaryProblem
from imbalanced_nn.threshold.costs import check_cost_matrix

__all__ = ["imbalance_report", "report_on"]


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
    chance; its bins stay those of the rows themselves. With some twenty rows of a class they
    are too narrow, most of all for a ROC AUC near 1, and recall at precision .9 has too narrow
    ones wherever it rests on few rows.
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
    return report_on(
        rows,
        type(last_step(estimator)).__name__,
        cost_matrix=cost_matrix,
        n_resamples=n_resamples,
        confidence_level=confidence_level,
        random_state=random_state,
    )


def report_on(rows, name, *, cost_matrix, n_resamples, confidence_level=0.95, random_state=None):
    """Measure the decisions and probabilities of a classifier.

    Parameters
    ----------
    rows : Predictions
        Labelled rows and what the classifier says of them. Where all are of one class, its
        measures are NaN.
    name : str
        Name of the classifier.
    cost_matrix, n_resamples, confidence_level, random_state
        As in `imbalance_report`.

    Returns
    -------
    ImbalanceReport
    """
    cost = _row_costs(rows, cost_matrix)
    problems = [BinaryProblem.of_class(rows, k, cost) for k in range(len(rows.classes))]
    value = _measure(rows, problems, rows.weight[None])[:, :, 0]
    seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    blocks = resampled_weights(
        strata_of(rows.codes), rows.weight, n_resamples, np.random.default_rng(seed)
    )
    parts = [_measure(rows, problems, block) for block in blocks]
    resampled = np.concatenate(parts, axis=2) if parts else np.empty((*value.shape, 0))
    estimates = np.stack([value, *_intervals(value, resampled, confidence_level)], axis=-1)
    _reach_zero(estimates, rows, problems, confidence_level)
    if rows.kind != "multilabel" and (rows.codes == rows.codes[0]).all():
        # Some have a value that says nothing.
        estimates[:] = np.nan
    return ImbalanceReport(
        name=name,
        kind=rows.kind,
        classes=rows.classes,
        class_count=[int(rows.is_class(k)[0].sum()) for k in range(len(rows.classes))],
        n_samples=len(rows.codes),
        pos_label=rows.pos_label,
        names=[name for name in MEASURES if name != "cost" or cost is not None],
        estimates=estimates,
        confidence_level=confidence_level,
        n_resamples=n_resamples,
    )


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
