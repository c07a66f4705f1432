"""`imbalance_report`: every measure of a classifier on imbalanced data, with intervals."""

import numbers

import numpy as np
from sklearn.utils import check_random_state

from imbalanced_nn._compat.sklearn import Interval, validate_params
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.inspection.estimates import affordable_resamples, estimates_of
from imbalanced_nn.inspection.imbalance_report import ImbalanceReport
from imbalanced_nn.inspection.predictions import Predictions, last_step
from imbalanced_nn.metrics import MEASURES, BinaryProblem
from imbalanced_nn.threshold import check_cost_matrix

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
    Each measure comes for each class against the rest and overall, with an interval.

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
        Positive class of a binary target. None takes the estimator's ``pos_label_``, else
        1 of the labels 0 and 1, else the rarest.
    n_resamples : int, default=1000
        Most resamples of the bootstrap; 0 for no intervals. Where rows times classes are more
        than 268,000, fewer are drawn, at least 200: the result's ``n_resamples`` says how many.
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

    ``lift`` is average precision over the prevalence, which is what scores of chance have in the
    limit of many positives; with 20 they have 1.2 to 1.5 times as much, with 5 twice.
    ``recall_at_precision`` is the highest recall of a cut with a precision of .9 or more.
    ``calibration_error`` is the expected calibration error [2]_ over 10 bins of equal mass: the
    mean distance between the share of the class and its mean probability. The Brier score of
    several classes is the sum over them, as in `sklearn.metrics.brier_score_loss`.

    Intervals are for new rows of the population that y is a random sample of, class counts
    included. Where the counts were chosen, they are wider than they need be for all that depends
    on the prevalence. Each is made for its measure:

    - recall, precision and prevalence: exact binomial [3]_;
    - balanced accuracy, F1, MCC, geometric mean, class balance accuracy, cost, and precision and
      recall of several classes: draws of the confusion matrix under Jeffreys' prior [4]_;
    - ROC AUC: Newcombe's method 5 [5]_, widened where the variance of DeLong et al. is greater;
    - average precision: the logit [6]_ with the variance of each row's influence; lift: this and
      the prevalence together;
    - Brier score and log loss: studentised bootstrap [7]_;
    - calibration error: from the squared gaps of the bins less their variances, from 0 where
      calibrated probabilities would do no better by chance;
    - break-even point and recall at precision .9: percentiles of the bootstrap, for the low end
      of the latter with one more negative above all others;
    - other means over classes or labels: the intervals of each, joined by their correlation over
      the resamples (MOVER [8]_).

    Weighted rows count as many as tell as much (Kish), so that exact intervals are approximate.
    In simulations nominal 95 % held with a median over settings of .93 to 1 for each measure. Where
    they held least it was .86 (log loss of a nearly perfect classifier, 10 rows of the rarest
    class), .88 (log loss, 50 rows) and .81 to .90 (calibration error of an overconfident
    classifier, 200 rows), with standard errors of .02 to .04: ``benchmarks/results/coverage.md``.
    The noise of the training is no part of the intervals: for that compare fits on several folds.

    References
    ----------
    .. [1] L. Mosley, "A balanced approach to the multi-class imbalance problem", PhD thesis,
       Iowa State University, 2013.
    .. [2] M. P. Naeini, G. F. Cooper, M. Hauskrecht, "Obtaining well calibrated probabilities
       using Bayesian binning", AAAI 2015.
    .. [3] C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits illustrated in
       the case of the binomial", Biometrika 26, 1934.
    .. [4] L. D. Brown, T. T. Cai, A. DasGupta, "Interval estimation for a binomial proportion",
       Statistical Science 16, 2001.
    .. [5] R. G. Newcombe, "Confidence intervals for an effect size measure based on the
       Mann-Whitney statistic. Part 2", Statistics in Medicine 25, 2006.
    .. [6] K. Boyd, K. H. Eng, C. D. Page, "Area under the precision-recall curve: point estimates
       and confidence intervals", ECML PKDD 2013.
    .. [7] B. Efron, R. J. Tibshirani, "An introduction to the bootstrap", 1993.
    .. [8] G. Y. Zou, "Toward using confidence intervals to compare correlations", Psychological
       Methods 12, 2007.

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
    costs = _checked_costs(rows, cost_matrix)
    of_row = None if costs is None else costs[rows.codes, rows.decided]
    problems = [BinaryProblem.of_class(rows, k, of_row) for k in range(len(rows.classes))]
    n_resamples = affordable_resamples(rows, n_resamples)
    seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    estimates = estimates_of(
        rows,
        problems,
        costs,
        n_resamples=n_resamples,
        confidence_level=confidence_level,
        rng=np.random.default_rng(seed),
    )
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
        names=[name for name in MEASURES if name != "cost" or costs is not None],
        estimates=estimates,
        confidence_level=confidence_level,
        n_resamples=n_resamples,
    )


def _checked_costs(rows, cost_matrix):
    """Return the costs, None without any."""
    if cost_matrix is None:
        return None
    if rows.kind == "multilabel":
        raise InvalidParameterError(
            f"The 'cost_matrix' parameter is for a binary or multiclass target. Got "
            f"{cost_matrix!r} for a multilabel target; leave it None."
        )
    return check_cost_matrix(cost_matrix, len(rows.classes))
