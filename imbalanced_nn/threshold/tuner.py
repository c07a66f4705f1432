"""The threshold tuner: learns the decision rule that maximises an objective."""

from numbers import Real
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_array, check_is_fitted

from imbalanced_nn.exceptions import InvalidParameterError, warn
from imbalanced_nn.threshold.constraints import get_constraint
from imbalanced_nn.threshold.coordinate_ascent import search_multiclass, search_multilabel
from imbalanced_nn.threshold.costs import bayes_rule, check_cost_matrix, cost_objective
from imbalanced_nn.threshold.objectives import get_objective
from imbalanced_nn.threshold.rows import check_rows, encode, positive_code
from imbalanced_nn.threshold.rules import BinaryRule, MulticlassRule, MultilabelRule
from imbalanced_nn.threshold.search import search_binary

__all__ = ["ThresholdTuner"]


class ThresholdTuner(BaseEstimator):
    """Learn the decision threshold that maximises an objective, from any classifier's scores.

    For a binary target the threshold is the exact optimum over every distinct score, not the
    best point of a grid. A multiclass target gets one cut per class (predict the largest
    ``proba[:, k] / cut[k]``), a multilabel target one cut per label.

    Parameters
    ----------
    objective : str, callable or scorer, default="balanced_accuracy"
        What to maximise: a name of `objective_names`, a metric ``f(y_true, y_pred) -> float``
        or a scorer of `sklearn.metrics.make_scorer` for ``predict``. A callable is evaluated
        at a bounded number of cuts. "precision" and "recall" need a constraint.
    constraint : tuple of (str, float) or None, default=None
        Bound that the decisions must keep on the rows of `fit`, binary targets only:
        ``("precision", 0.9)``, ``("recall", 0.8)`` and ``("specificity", 0.95)`` at least,
        ``("false_positive_rate", 0.01)``, ``("alert_rate", 0.02)`` (share of rows flagged) and
        ``("alert_count", 100)`` (weight of the rows flagged) at most.
    confidence : float in (0, 1) or None, default=None
        With it the constraint is to hold, with this confidence, in the population the rows are
        drawn from: the one-sided exact binomial bound [2]_ of the rate must keep it. For all
        rates but precision the confidence covers the choice among thresholds, as they are
        monotone in the threshold; for precision it is that of the chosen threshold taken alone.
        Rows must have equal weights.
    cost_matrix : array-like of shape (n_classes, n_classes) or None, default=None
        Costs, rows true and columns predicted classes in class order, as in
        `sklearn.metrics.confusion_matrix`. The mean cost of the rows is minimised in place of
        `objective`, which must be left at its default.
    calibrated : bool, default=False
        With `cost_matrix`: take the scores for calibrated probabilities and decide for the least
        expected cost (Bayes rule [3]_), without a search. For three or more classes the rule
        then has no thresholds.

    Attributes
    ----------
    best_threshold_ : float, ndarray of shape (n_classes,) or None
        The cut, or one per class (summing to 1, so that argmax is 1 / K each) or label.
    best_score_ : float
        Objective at the best threshold on the rows of `fit`; the negative mean cost with a
        `cost_matrix`.
    threshold_curve_ : ThresholdCurve, tuple of ThresholdCurve or None
        Objective at every cut, NaN where the constraint is not met; one curve per label of a
        multilabel target; None for a multiclass target, whose cuts act jointly.
    decision_rule_ : BinaryRule, MulticlassRule, MultilabelRule or CostRule
        The rule, on class codes.
    objective_ : Objective
        The objective; its ``score`` takes class codes.
    classes_ : ndarray of shape (n_classes,)
        Class labels, or label indices of a multilabel target.
    pos_label_ : label or None
        The positive class of a binary target.

    See Also
    --------
    sklearn.model_selection.TunedThresholdClassifierCV : Binary, on a grid of 100 cuts, wraps
        the classifier.

    References
    ----------
    .. [1] Z. C. Lipton, C. Elkan and B. Naryanaswamy, "Optimal thresholding of classifiers to
       maximize F1 measure", ECML PKDD 2014.
    .. [2] C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits illustrated
       in the case of the binomial", Biometrika 26, 1934.
    .. [3] C. Elkan, "The foundations of cost-sensitive learning", IJCAI 2001.

    Examples
    --------
    >>> from imbalanced_nn.threshold import ThresholdTuner
    >>> y = ["ok", "ok", "ok", "ok", "fraud"]
    >>> tuner = ThresholdTuner("f1").fit(y, [0.01, 0.02, 0.05, 0.08, 0.3])
    >>> round(tuner.best_threshold_, 2), tuner.best_score_
    (0.19, 1.0)
    >>> tuner.predict([0.1, 0.2])
    array(['ok', 'fraud'], dtype='<U5')

    At most 60 % of the rows may be flagged, and a missed fraud costs ten false alarms:

    >>> scores = [0.01, 0.5, 0.05, 0.4, 0.3]
    >>> tuner = ThresholdTuner("recall", constraint=("alert_rate", 0.6)).fit(y, scores)
    >>> round(tuner.best_threshold_, 3)
    0.175
    >>> tuner = ThresholdTuner(cost_matrix=[[0, 10], [1, 0]]).fit(y, scores)
    >>> round(tuner.best_threshold_, 3), tuner.best_score_
    (0.175, -0.4)
    """

    _parameter_constraints: ClassVar[dict] = {
        "objective": [str, callable],
        "constraint": "no_validation",  # by get_constraint
        "confidence": [Interval(Real, 0, 1, closed="neither"), None],
        "cost_matrix": ["array-like", None],
        "calibrated": ["boolean"],
    }

    def __init__(
        self,
        objective="balanced_accuracy",
        *,
        constraint=None,
        confidence=None,
        cost_matrix=None,
        calibrated=False,
    ):
        self.objective = objective
        self.constraint = constraint
        self.confidence = confidence
        self.cost_matrix = cost_matrix
        self.calibrated = calibrated

    def fit(self, y_true, y_score, *, sample_weight=None, pos_label=None, classes=None):
        """Learn the decision rule.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,) or (n_samples, n_labels)
            True labels, or the 0/1 indicator of a multilabel target. Use rows that the
            classifier was not trained on.
        y_score : array-like of shape (n_samples,), (n_samples, n_classes) or \
(n_samples, n_labels)
            Scores of the positive class, or probabilities with columns in sorted class order.
        sample_weight : array-like of shape (n_samples,), default=None
            Row weights; rows of weight 0 are left out.
        pos_label : label, default=None
            Positive class of a binary target. None is the class with the fewest rows.
        classes : array-like of shape (n_classes,), default=None
            All class labels, in the order of the columns. None takes the sorted labels of
            `y_true`.

        Returns
        -------
        self : ThresholdTuner

        Raises
        ------
        ValueError
            If the target holds one class only, the rows, scores or weights do not fit, or no
            threshold meets the constraint.
        InvalidParameterError
            If a parameter cannot be used for the type of target.
        """
        self._validate_params()
        self._check_combination()
        y_true, y_score, weight = check_rows(y_true, y_score, sample_weight)
        if y_true.ndim == 2:
            self._fit_multilabel(y_true, y_score, weight, pos_label, classes)
            return self
        self.classes_, codes = encode(y_true, y_score, classes)
        present = np.unique(codes)
        if len(present) < 2:
            raise ValueError(
                f"A threshold needs rows of at least two classes. Got only class "
                f"{self.classes_[present].tolist()[0]!r}. Hold out more rows, stratified by class."
            )
        if len(self.classes_) == 2:
            self._fit_binary(codes, y_score, weight, pos_label)
        else:
            self._fit_multiclass(codes, y_score, weight, pos_label)
        return self

    def check(self, kind, classes):
        """Refuse parameters that `fit` would refuse, before there are rows to fit to.

        Parameters
        ----------
        kind : {"binary", "multiclass", "multilabel"}
            Type of target.
        classes : array-like of shape (n_classes,)
            Class labels, or labels of a multilabel target.

        Raises
        ------
        InvalidParameterError
            If a parameter cannot be used for the type of target.
        """
        self._validate_params()
        self._check_combination()
        constraint = get_constraint(self.constraint, self.confidence)
        if kind != "binary":
            self._refuse_constraint(kind)
        if self.cost_matrix is None:
            get_objective(self.objective, kind, constraint=constraint, classes=classes)
        elif kind == "multilabel":
            self._refuse_costs()
        else:
            check_cost_matrix(self.cost_matrix, len(classes))

    def _refuse_costs(self):
        raise InvalidParameterError(
            "The 'cost_matrix' parameter is for a binary or multiclass target. "
            f"Got {self.cost_matrix!r} for a multilabel target; leave it None."
        )

    def _check_combination(self):
        """Refuse parameters that another one makes void."""
        if self.cost_matrix is not None and self.objective != "balanced_accuracy":
            raise InvalidParameterError(
                f"The 'cost_matrix' parameter takes the place of 'objective'. "
                f"Got objective={self.objective!r} as well; give one of them."
            )
        if self.confidence is not None and self.constraint is None:
            raise InvalidParameterError(
                f"The 'confidence' parameter is that of a constraint. Got {self.confidence!r} "
                f"without one; give constraint=(metric, bound)."
            )
        if self.calibrated and (self.cost_matrix is None or self.constraint is not None):
            raise InvalidParameterError(
                "The 'calibrated' parameter is for a 'cost_matrix' without a constraint. "
                f"Got cost_matrix={self.cost_matrix!r} and constraint={self.constraint!r}."
            )

    def _fit_binary(self, codes, y_score, weight, pos_label):
        positive = positive_code(codes, self.classes_, pos_label)
        self.pos_label_ = self.classes_[positive]
        constraint = get_constraint(self.constraint, self.confidence)
        if self.confidence is not None:
            weight = _row_counts(weight)
        if self.cost_matrix is None:
            self.objective_ = get_objective(
                self.objective, "binary", constraint=constraint, classes=self.classes_
            )
        else:
            costs = check_cost_matrix(self.cost_matrix, 2)
            self.objective_ = cost_objective(costs, positive)
        score = y_score if y_score.ndim == 1 else y_score[:, positive]
        indicator = (codes == positive).astype(int)
        cut, self.best_score_, self.threshold_curve_ = search_binary(
            self.objective_, indicator, score, weight, positive, constraint
        )
        self._set_rule(BinaryRule(cut, positive))
        if self.calibrated:
            self._take_bayes_rule(costs, codes, y_score, weight, positive)

    def _take_bayes_rule(self, costs, codes, y_score, weight, positive=1):
        """Put the Bayes rule in the place of the one that was searched."""
        if y_score.min() < 0 or y_score.max() > 1:
            raise ValueError(
                f"With calibrated=True 'y_score' must hold probabilities. Got values between "
                f"{y_score.min():g} and {y_score.max():g}."
            )
        self._set_rule(bayes_rule(costs, positive))
        decided = self._codes(y_score)
        self.best_score_ = self.objective_.score(codes, decided, weight, positive)

    def _refuse_constraint(self, kind):
        if self.constraint is not None:
            raise InvalidParameterError(
                f"The 'constraint' parameter is for a binary target. "
                f"Got {self.constraint!r} for a {kind} target; leave it None."
            )

    def _fit_multiclass(self, codes, y_score, weight, pos_label):
        self._refuse_constraint("multiclass")
        if pos_label is not None:
            raise InvalidParameterError(
                f"The 'pos_label' parameter is for a binary target. Got {pos_label!r} for "
                f"{len(self.classes_)} classes; leave it None."
            )
        if (y_score < 0).any():
            raise ValueError(
                "The 'y_score' of a multiclass target must be probabilities. "
                f"Got negative values, down to {y_score.min():g}."
            )
        absent = np.setdiff1d(np.arange(len(self.classes_)), codes)
        if len(absent) and not self.calibrated:
            warn(
                "INN006",
                f"The tuning rows hold no row of {self.classes_[absent].tolist()}: the cut of "
                f"such a class is not learned.",
            )
        self.pos_label_ = None
        self.threshold_curve_ = None
        if self.cost_matrix is None:
            self.objective_ = get_objective(self.objective, "multiclass", classes=self.classes_)
        else:
            costs = check_cost_matrix(self.cost_matrix, len(self.classes_))
            self.objective_ = cost_objective(costs)
        if self.calibrated:
            self._take_bayes_rule(costs, codes, y_score, weight)
            return
        cuts, self.best_score_ = search_multiclass(self.objective_, codes, y_score, weight)
        self._set_rule(MulticlassRule(cuts))

    def _fit_multilabel(self, y_true, y_score, weight, pos_label, classes):
        self._refuse_constraint("multilabel")
        if self.cost_matrix is not None:
            self._refuse_costs()
        if pos_label is not None:
            raise InvalidParameterError(
                f"The 'pos_label' parameter is for a binary target. Got {pos_label!r} for a "
                f"multilabel target; leave it None."
            )
        if y_score.shape != y_true.shape:
            raise ValueError(
                f"A multilabel 'y_score' must have one column per label. Got shape "
                f"{y_score.shape} for 'y_true' of shape {y_true.shape}."
            )
        self.classes_ = np.arange(y_true.shape[1]) if classes is None else np.asarray(classes)
        constant = np.flatnonzero((y_true == y_true[0]).all(axis=0))
        if len(constant) == y_true.shape[1]:
            raise ValueError("A threshold needs a label with both values. Every label is constant.")
        if len(constant):
            warn(
                "INN006",
                f"The tuning rows hold one value only of label "
                f"{self.classes_[constant].tolist()}: its cut stays 0.5.",
            )
        self.pos_label_ = None
        self.objective_ = get_objective(self.objective, "multilabel")
        cuts, self.best_score_, self.threshold_curve_ = search_multilabel(
            self.objective_, y_true, y_score, weight
        )
        self._set_rule(MultilabelRule(cuts))

    def _set_rule(self, rule):
        self.decision_rule_ = rule
        self.best_threshold_ = rule.thresholds_

    def predict(self, y_score):
        """Return the label of each row.

        Parameters
        ----------
        y_score : array-like
            Scores as in `fit`.

        Returns
        -------
        y_pred : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Labels, or the 0/1 indicator of a multilabel target.
        """
        check_is_fitted(self, "decision_rule_")
        y_score = check_array(y_score, ensure_2d=False, dtype=np.float64, input_name="y_score")
        codes = self._codes(y_score)
        return codes if isinstance(self.decision_rule_, MultilabelRule) else self.classes_[codes]

    def _codes(self, y_score):
        """Return the class codes, of a binary target also from the positive class's scores."""
        if isinstance(self.decision_rule_, BinaryRule) and y_score.ndim == 1:
            return self.decision_rule_.decide_scores(y_score)
        return self.decision_rule_.decide(y_score)


def _row_counts(weight):
    """Return a weight of 1 per row; a confidence bound counts rows."""
    if np.ptp(weight) > 0:
        raise InvalidParameterError(
            "The 'confidence' parameter needs rows of equal weight, as its bound counts rows. "
            f"Got weights between {weight.min():g} and {weight.max():g}."
        )
    return np.ones_like(weight)
