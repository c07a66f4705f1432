"""The result of a comparison: tables of means and folds, and differences with intervals."""

from dataclasses import dataclass, field

import numpy as np

from imbalanced_nn.compare.held_out_rankings import combined_ranking
from imbalanced_nn.compare.intervals import corrected_intervals
from imbalanced_nn.compare.strategies import baseline_of
from imbalanced_nn.compare.tables import as_frame, as_text, by_fold, json_value, records, summary
from imbalanced_nn.compare.verdict import better_reference, standing, verdict
from imbalanced_nn.exceptions import InvalidParameterError, nearest_name

__all__ = ["StrategyComparison"]

# What makes a comparison; all else follows from it, and files may lack what came later.
_KEPT = (
    *("folds", "classes", "class_count", "pos_label", "train_sizes", "test_sizes"),
    *("scoring", "dropped", "settings"),
)
_LATER = ("failed", "notes", "reference_folds", "rankings", "importance")


@dataclass(frozen=True, repr=False)
class StrategyComparison:
    """What `compare_strategies` found.

    Parameters
    ----------
    folds : list of dict
        One entry for every strategy, fold and threshold, with its measures.
    classes : list
        Class labels.
    class_count : list of int
        Rows of every class.
    pos_label : object or None
        Positive class of average precision and F1; None for more than two classes.
    train_sizes, test_sizes : list of int
        Rows of every fold.
    scoring : str, default="average_precision"
        The measure that ranks the strategies, each at its own cut.
    dropped : dict of str to int, default={}
        Strategies that halving dropped, and the folds they were fitted on.
    estimators : dict of str to estimator, default={}
        Every strategy's configured estimator.
    settings : dict, default={}
        What was asked for, in words, for the report.
    failed : dict of str to str, default={}
        Strategies that failed, and how: the fold and the error. Nothing else speaks of them.
    notes : list of dict, default=[]
        What the fits warned of: the first ``text``, and ``where``, with ``folds`` by strategy.
    reference_folds : list of dict, default=[]
        Entries as of ``folds``, of the reference models, which no strategy is chosen by.
    rankings : list of dict, default=[]
        How each fit ranked and decided its held-out rows, for curves and tables of the report.
    importance : dict or None, default=None
        How much the columns matter to what is recommended, if that was asked for.

    Attributes
    ----------
    n_splits : int
        Number of folds.
    strategies : list of str
        Names of those that were measured, in the order given.
    baseline_ : str
        The strategy that the others are compared with: ``"none"``, or else the first that was
        measured.
    best_strategy_ : str
        The strategy with the best mean of ``scoring`` that was fitted on every fold.
    best_estimator_ : estimator
        That of ``best_strategy_``: as in `GridSearchCV` the best mean decides, and it is fitted
        on all rows with ``refit=True``; else it is configured and unfitted.
    recommended_strategy_ : str
        The best of those that beat the baseline, or the baseline where none does.
    better_reference_ : str or None
        The reference model that is shown to beat the best strategy, if one is.
    level_reference_ : str or None
        Where none is, the best reference model that is not shown to be worse, if there is one.
    standing_ : dict of str to str
        ``"baseline"``, or how each strategy compares with it: ``"better"``, ``"tied"``,
        ``"worse"``, ``"dropped"``, ``"failed"`` or, of one fold, ``"unknown"``.
    verdict_ : str
        What works, in plain words, by intervals at 95 %: strategies, and reference models.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from imbalanced_nn.compare import StrategyComparison, compare_strategies
    >>> X, y = make_classification(n_samples=400, weights=[0.9], random_state=0)
    >>> comparison = compare_strategies(
    ...     GaussianNB(), X, y, random_state=0, cv=3, baselines=False,
    ...     strategies={"as it is": {}, "even": {"priors": [0.5, 0.5]}},
    ... )
    >>> comparison.folds_frame().shape
    (12, 9)
    >>> comparison.verdict_[:31]
    "No strategy beats 'as it is' he"
    >>> list(comparison.to_dict())[:5]
    ['verdict', 'scoring', 'baseline', 'best_strategy', 'recommended_strategy']
    >>> StrategyComparison.from_dict(comparison.to_dict()).verdict_ == comparison.verdict_
    True
    >>> int(comparison.ranking("even")["confusion"].sum())
    400
    """

    folds: list[dict]
    classes: list
    class_count: list[int]
    pos_label: object
    train_sizes: list[int]
    test_sizes: list[int]
    scoring: str = "average_precision"
    dropped: dict[str, int] = field(default_factory=dict)
    estimators: dict[str, object] = field(default_factory=dict)
    settings: dict[str, object] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    notes: list[dict] = field(default_factory=list)
    reference_folds: list[dict] = field(default_factory=list)
    rankings: list[dict] = field(default_factory=list)
    importance: dict | None = None

    @property
    def n_splits(self) -> int:
        """Number of folds."""
        return len(self.test_sizes)

    @property
    def best_strategy_(self) -> str:
        """The strategy with the best mean of the measure, of those fitted on every fold."""
        return self.frame()["strategy"].iloc[0]

    @property
    def strategies(self) -> list[str]:
        """Names of the strategies that were measured, in the order given."""
        return list(dict.fromkeys(row["strategy"] for row in self.folds))

    @property
    def baseline_(self) -> str:
        """The strategy that the others are compared with."""
        return baseline_of(self.strategies)

    @property
    def best_estimator_(self):
        """The estimator of the best strategy, fitted on all rows if that was asked for."""
        if self.best_strategy_ not in self.estimators:
            raise AttributeError("This comparison was made from measures and has no estimators.")
        return self.estimators[self.best_strategy_]

    @property
    def recommended_strategy_(self) -> str:
        """The best strategy that is shown to beat the baseline, else the baseline."""
        if len(self.strategies) == 1:
            return self.baseline_
        return next(iter(standing(self).better), self.baseline_)

    @property
    def better_reference_(self) -> str | None:
        """The reference model that is shown to beat the best strategy, if one is."""
        name, is_better = better_reference(self)
        return name if is_better else None

    @property
    def level_reference_(self) -> str | None:
        """Where none is better, the best that is not shown to be worse, if there is one."""
        name, is_better = better_reference(self)
        return None if is_better else name

    @property
    def standing_(self) -> dict[str, str]:
        """How each strategy compares with the baseline."""
        found = standing(self)
        groups = ("better", "tied", "worse", "dropped", "unknown")
        measured = {name: group for group in groups for name in getattr(found, group)}
        return {self.baseline_: "baseline"} | measured | dict.fromkeys(self.failed, "failed")

    @property
    def verdict_(self) -> str:
        """Which strategy works, in plain words."""
        return verdict(self)

    def frame(self):
        """Return means and standard deviations over the folds.

        Returns
        -------
        DataFrame
            One row per strategy and threshold, with columns ``mean_*`` and ``std_*`` for every
            measure (``std`` divides by folds - 1). The strategies with the best ``scoring`` at
            their own cuts come first, then those with the highest balanced accuracy; those that
            were dropped, whose means are of fewer folds, come last. ``threshold`` is
            ``"learned"``, or ``"predict"`` for a classifier that has no learned rule; and
            ``"0.5"``, or ``"argmax"`` for more than two classes.

        Examples
        --------
        See `StrategyComparison`.
        """
        return summary(self.folds_frame(), self.scoring, self.dropped)

    def folds_frame(self):
        """Return one row per strategy, fold and threshold, with the measures as columns."""
        return as_frame(self.folds)

    def references_frame(self):
        """Return the table of `frame` for the reference models, empty where there are none."""
        folds = self.reference_folds
        return summary(as_frame(folds), self.scoring, ()) if folds else self.frame().iloc[:0]

    def ranking(self, name: str) -> dict | None:
        """Return how all held-out rows are ranked and decided, by the fits of all folds.

        Parameters
        ----------
        name : str
            A strategy or a reference model.

        Returns
        -------
        dict or None
            ``confusion``, an array of true and decided classes, summed over the folds; and
            ``curves``, by position of the class, what is found and flagged where the same share
            of the rows is flagged in every fold. None where not every fit kept it.

        Examples
        --------
        See `StrategyComparison`.
        """
        kept = [each for each in self.rankings if each["strategy"] == name]
        rows = [*self.folds, *self.reference_folds]
        n_folds = len({row["fold"] for row in rows if row["strategy"] == name})
        if len(kept) < max(n_folds, 1):
            return None
        return combined_ranking(kept, len(self.classes))

    def reference_differences(self, *, confidence_level: float = 0.95):
        """Return how far every reference model is from the best strategy, fold by fold.

        Parameters
        ----------
        confidence_level : float, default=0.95
            Probability that all the intervals hold together.

        Returns
        -------
        DataFrame
            As of `differences`, in ``scoring``, each at its own cut.

        Examples
        --------
        See `compare_strategies`.
        """
        values = by_fold([*self.folds, *self.reference_folds], self.scoring, None)
        others = [name for name in self.strategies if name != self.best_strategy_]
        return self._paired(values.drop(columns=others), self.best_strategy_, confidence_level)

    def differences(
        self,
        baseline: str = "none",
        metric: str | None = None,
        *,
        threshold: str | None = None,
        confidence_level: float = 0.95,
    ):
        """Return how far every other strategy is from a baseline, fold by fold.

        Parameters
        ----------
        baseline : str, default="none"
            The strategy the others are compared with.
        metric : str or None, default=None
            The measure, as in the columns of `folds_frame`; None is ``scoring``.
        threshold : {"0.5", "argmax"} or None, default=None
            The cut; None is every strategy's own.
        confidence_level : float, default=0.95
            Probability that all the intervals hold together.

        Returns
        -------
        DataFrame
            Columns ``strategy``, ``mean``, ``low`` and ``high``: the mean difference to the
            baseline and its interval, largest mean first. A strategy that was dropped is
            compared on the folds that it was fitted on.

        Raises
        ------
        InvalidParameterError
            If the baseline, the metric or the threshold is unknown.

        Notes
        -----
        Training sets of different folds overlap, so their differences vary less than those of
        independent data would. The intervals are of the corrected resampled t-test [1]_, which
        multiplies the variance by ``1 / folds + test rows / training rows``, with Bonferroni's
        correction for the number of strategies.

        References
        ----------
        .. [1] C. Nadeau and Y. Bengio, "Inference for the Generalization Error", Machine
           Learning 52, 239-281, 2003.

        Examples
        --------
        See `compare_strategies`.
        """
        values = by_fold(self.folds, metric or self.scoring, threshold)
        if baseline not in values:
            raise InvalidParameterError(
                f"baseline: got {baseline!r}; compared were {', '.join(map(repr, values))}."
                + nearest_name(baseline, values)
            )
        return self._paired(values, baseline, confidence_level)

    def _paired(self, values, baseline: str, confidence_level: float):
        """Return the differences of the columns from one of them, with intervals."""
        paired = values.drop(columns=baseline).sub(values[baseline], axis=0)
        ratios = np.divide(self.test_sizes, self.train_sizes)[paired.index]
        return (
            corrected_intervals(paired, ratios, confidence_level, paired.shape[1])
            .rename_axis("strategy")
            .reset_index()
            .sort_values("mean", ascending=False, kind="stable", ignore_index=True)
        )

    def plot(self, *, metric=None, threshold=None, confidence_level=0.95, ax=None):
        """Draw how far every strategy is from the baseline, with intervals.

        Parameters
        ----------
        metric : str or None, default=None
            The measure; None is ``scoring``.
        threshold : {"0.5", "argmax"} or None, default=None
            The cut; None is every strategy's own.
        confidence_level : float, default=0.95
            Probability that all the intervals hold together.
        ax : matplotlib.axes.Axes, optional
            Axes to draw on.

        Returns
        -------
        ComparisonDisplay

        Examples
        --------
        See `imbalanced_nn.inspection.ComparisonDisplay`.
        """
        from imbalanced_nn.inspection import ComparisonDisplay

        return ComparisonDisplay.from_comparison(
            self,
            metric=metric or self.scoring,
            baseline=self.baseline_,
            threshold=threshold,
            confidence_level=confidence_level,
            ax=ax,
        )

    def to_html(self, path=None, *, title=None, overwrite=False):
        """Return the report as one self-contained HTML page, or write it to a file.

        Parameters
        ----------
        path : str or path-like, optional
            Where to write the page. None returns it.
        title : str, optional
            Heading of the page.
        overwrite : bool, default=False
            Whether a file that is there may be replaced.

        Returns
        -------
        str or None
            The page, if no path is given.

        Raises
        ------
        FileExistsError
            If the file is there and must not be replaced.

        See Also
        --------
        imbalanced_nn.report.write_report : Does the work.

        Examples
        --------
        See `imbalanced_nn.report.write_report`.
        """
        from imbalanced_nn.report import render_report, write_report

        if path is None:
            return render_report(self, title=title)
        write_report(self, path, title=title, overwrite=overwrite)
        return None

    @classmethod
    def from_dict(cls, content: dict) -> "StrategyComparison":
        """Return the comparison that `to_dict` was called on, without its estimators.

        Parameters
        ----------
        content : dict
            What `to_dict` returned, also if it was written as JSON and read again. Further keys
            are left alone.

        Raises
        ------
        InvalidParameterError
            If something is missing.

        Examples
        --------
        See `StrategyComparison`.
        """
        missing = [name for name in _KEPT if name not in content]
        if missing:
            raise InvalidParameterError(
                f"content: lacks {missing[0]!r}; give what StrategyComparison.to_dict() returns."
            )
        return cls(**{name: content[name] for name in (*_KEPT, *_LATER) if name in content})

    def to_dict(self) -> dict:
        """Return everything as JSON's types; what is not a number is None.

        Examples
        --------
        See `StrategyComparison`.
        """
        return {
            "verdict": self.verdict_,
            "scoring": self.scoring,
            "baseline": self.baseline_,
            "best_strategy": self.best_strategy_,
            "recommended_strategy": self.recommended_strategy_,
            "better_reference": self.better_reference_,
            "level_reference": self.level_reference_,
            "dropped": dict(self.dropped),
            "failed": dict(self.failed),
            "notes": self.notes,
            "classes": [json_value(label) for label in self.classes],
            "class_count": self.class_count,
            "pos_label": json_value(self.pos_label),
            "n_splits": self.n_splits,
            "train_sizes": self.train_sizes,
            "test_sizes": self.test_sizes,
            "settings": self.settings,
            "results": records(self.frame()),
            "folds": records(self.folds_frame()),
            "reference_results": records(self.references_frame()),
            "reference_folds": records(as_frame(self.reference_folds)),
            "rankings": self.rankings,
            "importance": self.importance,
        }

    def __repr__(self) -> str:
        return as_text(self)
