"""The threshold tuner: learns the decision rule that maximises an objective."""

from dataclasses import replace
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_array, check_is_fitted

from imbalanced_nn._compat.sklearn import Interval, validate_parameters
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.threshold.constraints import get_constraint
from imbalanced_nn.threshold.costs import check_combination, check_cost_matrix, cost_objective
from imbalanced_nn.threshold.learner import Aim, Learned, learn, note_few_positives
from imbalanced_nn.threshold.objectives import get_objective
from imbalanced_nn.threshold.orientation import mirror_of, note_positive, note_reversed
from imbalanced_nn.threshold.rules import BinaryRule, MultilabelRule
from imbalanced_nn.threshold.spread import bootstrap_rule
from imbalanced_nn.threshold.tuning_rows import note_absent, row_counts, tuning_rows

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
        drawn from: the one-sided exact binomial bound [2]_ of the rate must keep it. It covers
        the choice among thresholds: a bound on precision is proved cut by cut in a fixed order
        [4]_; all other rates are monotone in the threshold. Rows must have equal weights, be
        drawn independently, so none of groups or of time steps, and have had no part in the
        model: neither in its training nor, as for early stopping, in a choice by its scores.
        The confidence is that of all samples, those in which no cut is found included: where
        scores hardly reach the bound few cuts are found, and most of these may break it.
    cost_matrix : array-like of shape (n_classes, n_classes) or None, default=None
        Costs, rows true and columns predicted classes in class order, as in
        `sklearn.metrics.confusion_matrix`. The mean cost of the rows is minimised in place of
        `objective`, which must be left at its default.
    calibrated : bool, default=False
        Whether the scores are calibrated probabilities. With `cost_matrix` the rule is then the
        decision of least expected cost (Bayes rule [3]_), without a search; for three or more
        classes it has no thresholds. With a `constraint` on precision at a `confidence` the
        probabilities tell which cut to prove first, so that fewer rows are enough.
    min_positives : int, default=0
        For scores that are probabilities of a binary or multilabel target: with n positives,
        fewer than this, each label counts for a share of n / `min_positives` where cuts are
        compared, and the row's probability for the rest, so that the noise of a few rows moves
        the cut less. Probabilities that the rows clearly contradict are first put right, on the
        logit scale by an intercept, a slope or both. For balanced accuracy the score that means
        the share of positives is taken where it scores as much on the rows; of several classes
        the search must beat the cuts that mean their shares by two standard errors. Micro and
        samples averages and metric callables are searched by the labels alone, as everything is
        with 0.

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
    .. [4] A. N. Angelopoulos et al., "Learn then test: calibrating predictive algorithms to
       achieve risk control", arXiv:2110.01052, 2021.

    Examples
    --------
    >>> from imbalanced_nn.threshold import ThresholdTuner
    >>> y = ["ok", "ok", "ok", "ok", "fraud"]
    >>> scores = [0.01, 0.02, 0.05, 0.08, 0.3]
    >>> tuner = ThresholdTuner("f1").fit(y, scores, pos_label="fraud")
    >>> round(tuner.best_threshold_, 2), tuner.best_score_
    (0.19, 1.0)
    >>> tuner.predict([0.1, 0.2])
    array(['ok', 'fraud'], dtype='<U5')

    At most 60 % of the rows may be flagged, and a missed fraud costs ten false alarms:

    >>> scores = [0.01, 0.5, 0.05, 0.4, 0.3]
    >>> tuner = ThresholdTuner("recall", constraint=("alert_rate", 0.6))
    >>> round(tuner.fit(y, scores, pos_label="fraud").best_threshold_, 3)
    0.175
    >>> tuner = ThresholdTuner(cost_matrix=[[0, 10], [1, 0]]).fit(y, scores, pos_label="fraud")
    >>> round(tuner.best_threshold_, 3), tuner.best_score_
    (0.175, -0.4)
    """

    _parameter_constraints: ClassVar[dict] = {
        "objective": [str, callable],
        "constraint": "no_validation",  # by get_constraint
        "confidence": [Interval(Real, 0, 1, closed="neither"), None],
        "cost_matrix": ["array-like", None],
        "calibrated": ["boolean"],
        "min_positives": [Interval(Integral, 0, None, closed="left")],
    }

    def __init__(
        self,
        objective="balanced_accuracy",
        *,
        constraint=None,
        confidence=None,
        cost_matrix=None,
        calibrated=False,
        min_positives=0,
    ):
        self.objective = objective
        self.constraint = constraint
        self.confidence = confidence
        self.cost_matrix = cost_matrix
        self.calibrated = calibrated
        self.min_positives = min_positives

    def fit(
        self,
        y_true,
        y_score,
        *,
        sample_weight=None,
        sample_cost=None,
        pos_label=None,
        classes=None,
    ):
        """Learn the decision rule.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,) or (n_samples, n_labels)
            True labels, or the 0/1 indicator of a multilabel target. Use rows that the
            classifier was not trained on.
        y_score : array-like of shape (n_samples,), (n_samples, n_classes) or \
(n_samples, n_labels)
            One score per row belongs to `pos_label`, and without one to the greater label, as
            those of scikit-learn's ``decision_function`` and ``predict_proba(X)[:, 1]`` do; or
            probabilities with columns in sorted class order.
        sample_weight : array-like of shape (n_samples,), default=None
            Row weights; rows of weight 0 are left out.
        sample_cost : array-like of shape (n_samples, n_classes), default=None
            Cost of deciding for each class, row by row, such as the amount that a missed fraud
            loses; columns in class order. The mean cost is minimised in place of `objective`,
            which must be left at its default. Binary and multiclass targets.
        pos_label : label, default=None
            Positive class of a binary target. None is 1 of the labels 0 and 1 or -1 and 1,
            True of booleans, and otherwise the class with the fewest rows.
        classes : array-like of shape (n_classes,), default=None
            All class labels, in the order of the columns. None takes the sorted labels of
            `y_true`.

        Returns
        -------
        self : ThresholdTuner
            The tuner itself.

        Raises
        ------
        ValueError
            If the target holds one class only, the rows, scores, weights or costs do not fit, or
            no threshold meets the constraint.
        InvalidParameterError
            If a parameter cannot be used for the type of target.

        Warns
        -----
        ImbalanceWarning
            INN005 where a callable is tried on some cuts only, INN006 where a class has no row,
            INN010 where few positives moved a cut (`min_positives`), INN014 where the positive
            class is not the only one it could be, INN015 where scores rank in reverse (not said
            of columns whose `classes` are named).
        """
        rows, aim = self._checked(y_true, y_score, sample_weight, sample_cost, pos_label, classes)
        if (mirror := self._mirror(rows)) is not None:
            rows = mirror.turned(rows)
        if not aim.bayes:
            note_absent(rows)
        if rows.score.ndim == 1 or classes is None:
            note_reversed(rows)
        # Scores in reverse may be why there is no cut; what else is told is of one that there is.
        learned = learn(rows, aim)
        if pos_label is None and rows.kind == "binary" and aim.knows_positive(rows):
            counts = np.bincount(rows.y, minlength=2)
            scored = None if rows.score.ndim == 2 else rows.scored
            what = f"The objective {aim.objective.name!r}, or its constraint,"
            note_positive(rows.classes, counts, rows.positive, what, scored)
        note_few_positives(rows, aim, learned)
        if mirror is not None:
            rule, curve = mirror.rule(learned.rule), mirror.curve(learned.curve)
            learned = Learned(rule, learned.score, curve)
        self.classes_, self.objective_ = rows.classes, aim.objective
        self.pos_label_ = rows.classes[rows.positive] if rows.kind == "binary" else None
        self.decision_rule_, self.best_score_, self.threshold_curve_ = learned
        self.best_threshold_ = learned.rule.thresholds_
        return self

    def bootstrap(
        self,
        y_true,
        y_score,
        *,
        sample_weight=None,
        sample_cost=None,
        n_resamples=1000,
        random_state=None,
    ):
        """Tell how far the learned cut and its score would move with other rows.

        The rows are drawn again with replacement, class by class, and the rule learned anew from
        each resample. A binary target takes a few seconds for 1,000 resamples of 100,000 rows;
        several classes or labels take a search each.

        Parameters
        ----------
        y_true, y_score, sample_weight, sample_cost
            The rows that `fit` was given.
        n_resamples : int, default=1000
            Number of resamples.
        random_state : int, RandomState or None, default=None
            Seeds the draws.

        Returns
        -------
        ThresholdBootstrap
            Thresholds and scores of the resamples.

        Raises
        ------
        InvalidParameterError
            If the objective is a metric callable.

        Examples
        --------
        >>> import numpy as np
        >>> from imbalanced_nn import ThresholdTuner
        >>> generator = np.random.default_rng(0)
        >>> y = np.repeat([0, 1], [980, 20])
        >>> score = generator.normal(size=1000) + 2 * y
        >>> tuner = ThresholdTuner("f1").fit(y, score)
        >>> spread = tuner.bootstrap(y, score, random_state=0)
        >>> bool(np.ptp(spread.threshold_interval()) > 0.5)
        True
        """
        check_is_fitted(self, "decision_rule_")
        rule = self.decision_rule_
        classes = None if isinstance(rule, MultilabelRule) else self.classes_
        rows, aim = self._checked(
            y_true,
            y_score,
            sample_weight,
            sample_cost,
            self.pos_label_,
            classes,
            rule.positive if isinstance(rule, BinaryRule) else None,
        )
        if (mirror := self._mirror(rows)) is not None:
            rows, rule = mirror.turned(rows), mirror.turned_rule(rule)
        seed = check_random_state(random_state).randint(2**31 - 1)
        spread = bootstrap_rule(rows, aim, rule, n_resamples, np.random.default_rng(seed))
        if mirror is None:
            return spread
        return replace(spread, thresholds=mirror.cuts(spread.thresholds))

    def check(self, kind, classes, positive=1):
        """Refuse parameters that `fit` would refuse, before there are rows to fit to.

        Parameters
        ----------
        kind : {"binary", "multiclass", "multilabel"}
            Type of target.
        classes : array-like of shape (n_classes,)
            Class labels, or labels of a multilabel target.
        positive : {0, 1}, default=1
            Code of the positive class of a binary target.

        Returns
        -------
        Objective
            What will be maximised.

        Raises
        ------
        InvalidParameterError
            If a parameter cannot be used for the type of target.
        """
        validate_parameters(self)
        check_combination(self, None)
        return self._aim(kind, np.asarray(classes), positive).objective

    def _checked(
        self, y_true, y_score, sample_weight, sample_cost, pos_label, classes, scored=None
    ):
        """Return checked rows and what to learn from them."""
        validate_parameters(self)
        check_combination(self, sample_cost)
        rows = tuning_rows(y_true, y_score, sample_weight, sample_cost, pos_label, classes, scored)
        for name in ("calibrated", "min_positives"):
            low, high = rows.score.min(), rows.score.max()
            if getattr(self, name) and (low < 0 or high > 1):
                raise ValueError(
                    f"With {name}={getattr(self, name)!r} 'y_score' must hold probabilities. Got "
                    f"values between {low:g} and {high:g}. Calibrate the scores, or leave {name} "
                    f"at its default."
                )
        aim = self._aim(rows.kind, rows.classes, rows.positive)
        if self.confidence is not None:
            rows = replace(rows, weight=row_counts(rows.weight))
        return rows, aim

    def _mirror(self, rows):
        """Return what turns scores of the other class into those of the positive one, if any."""
        return mirror_of(rows, takes_proba=bool(self.calibrated or self.min_positives))

    def _aim(self, kind, classes, positive=1):
        """Return what the parameters ask for, or refuse it for the type of target."""
        constraint = get_constraint(self.constraint, self.confidence, self.calibrated)
        if kind != "binary" and constraint is not None:
            raise InvalidParameterError(
                f"The 'constraint' parameter is for a binary target. "
                f"Got {self.constraint!r} for a {kind} target; leave it None."
            )
        costs = None
        if self.cost_matrix is None:
            labels = None if kind == "multilabel" else classes
            objective = get_objective(self.objective, kind, constraint=constraint, classes=labels)
        elif kind == "multilabel":
            raise InvalidParameterError(
                f"The 'cost_matrix' parameter is for a binary or multiclass target. "
                f"Got {self.cost_matrix!r} for a multilabel target; leave it None."
            )
        else:
            costs = check_cost_matrix(self.cost_matrix, len(classes))
            objective = cost_objective(costs, positive)
        bayes = self.calibrated and costs is not None
        return Aim(objective, constraint, costs, bayes, self.min_positives)

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
