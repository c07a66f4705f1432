"""The result of a comparison: tables of means and folds, and differences with intervals."""

import math
from dataclasses import dataclass

import numpy as np

from imbalanced_nn.compare.evaluation import GREATER_IS_BETTER
from imbalanced_nn.exceptions import InvalidParameterError, nearest_name

__all__ = ["StrategyComparison"]


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

    Attributes
    ----------
    n_splits : int
        Number of folds.
    best_strategy_ : str
        The strategy with the highest mean average precision.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from imbalanced_nn import compare_strategies
    >>> X, y = make_classification(n_samples=400, weights=[0.9], random_state=0)
    >>> comparison = compare_strategies(
    ...     GaussianNB(), X, y, random_state=0, cv=3,
    ...     strategies={"as it is": {}, "even": {"priors": [0.5, 0.5]}},
    ... )
    >>> comparison.folds_frame().shape
    (12, 9)
    >>> list(comparison.to_dict())
    ['classes', 'class_count', 'pos_label', 'n_splits', 'best_strategy', 'results', 'folds']
    """

    folds: list[dict]
    classes: list
    class_count: list[int]
    pos_label: object
    train_sizes: list[int]
    test_sizes: list[int]

    @property
    def n_splits(self) -> int:
        """Number of folds."""
        return len(self.test_sizes)

    @property
    def best_strategy_(self) -> str:
        """The strategy with the highest mean average precision."""
        return self.frame()["strategy"].iloc[0]

    def frame(self):
        """Return means and standard deviations over the folds.

        Returns
        -------
        DataFrame
            One row per strategy and threshold, with columns ``mean_*`` and ``std_*`` for every
            measure (``std`` divides by folds - 1); the highest average precision comes first,
            then the highest balanced accuracy. ``threshold`` is ``"learned"``, or ``"predict"``
            for a classifier that has no learned rule; and ``"0.5"``, or ``"argmax"`` for more
            than two classes.

        Examples
        --------
        See `StrategyComparison`.
        """
        folds = self.folds_frame()
        groups = folds.groupby(["strategy", "threshold"], sort=False)[list(GREATER_IS_BETTER)]
        mean, std = groups.mean(), groups.std(ddof=1)
        columns = {}
        for metric in GREATER_IS_BETTER:
            columns[f"mean_{metric}"], columns[f"std_{metric}"] = mean[metric], std[metric]
        return (
            mean.assign(**columns)[list(columns)]
            .reset_index()
            .sort_values(
                ["mean_average_precision", "mean_balanced_accuracy"],
                ascending=False,
                kind="stable",
                ignore_index=True,
            )
        )

    def folds_frame(self):
        """Return one row per strategy, fold and threshold, with the measures as columns."""
        import pandas as pd

        return pd.DataFrame(
            self.folds, columns=["strategy", "fold", "threshold", *GREATER_IS_BETTER]
        )

    def differences(
        self,
        baseline: str = "none",
        metric: str = "average_precision",
        *,
        threshold: str | None = None,
        confidence_level: float = 0.95,
    ):
        """Return how far every other strategy is from a baseline, fold by fold.

        Parameters
        ----------
        baseline : str, default="none"
            The strategy the others are compared with.
        metric : str, default="average_precision"
            The measure, as in the columns of `folds_frame`.
        threshold : {"0.5", "argmax"} or None, default=None
            The cut; None is every strategy's own.
        confidence_level : float, default=0.95
            Probability that all the intervals hold together.

        Returns
        -------
        DataFrame
            Columns ``strategy``, ``mean``, ``low`` and ``high``: the mean difference to the
            baseline and its interval, largest mean first.

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
        import pandas as pd
        from scipy.stats import t

        values = self._by_fold(metric, threshold)
        if baseline not in values:
            raise InvalidParameterError(
                f"baseline: got {baseline!r}; compared were {', '.join(map(repr, values))}."
                + nearest_name(baseline, values)
            )
        paired = values.drop(columns=baseline).sub(values[baseline], axis=0)
        n_splits = len(paired)
        ratio = np.mean(np.divide(self.test_sizes, self.train_sizes))
        tail = (1 - confidence_level) / 2 / max(1, paired.shape[1])
        margin = t.isf(tail, n_splits - 1) * paired.std(ddof=1) * math.sqrt(1 / n_splits + ratio)
        mean = paired.mean()
        table = pd.DataFrame({"mean": mean, "low": mean - margin, "high": mean + margin})
        return (
            table.rename_axis("strategy")
            .reset_index()
            .sort_values("mean", ascending=False, kind="stable", ignore_index=True)
        )

    def to_dict(self) -> dict:
        """Return everything as JSON's types; what is not a number is None.

        Examples
        --------
        See `StrategyComparison`.
        """
        return {
            "classes": [_plain(label) for label in self.classes],
            "class_count": self.class_count,
            "pos_label": _plain(self.pos_label),
            "n_splits": self.n_splits,
            "best_strategy": self.best_strategy_,
            "results": _records(self.frame()),
            "folds": _records(self.folds_frame()),
        }

    def __repr__(self) -> str:
        frame = self.frame()
        shown = frame[["strategy", "threshold"]].copy()
        for metric in GREATER_IS_BETTER:
            shown[metric] = [
                f"{mean:.3f} ± {std:.3f}"
                for mean, std in zip(frame[f"mean_{metric}"], frame[f"std_{metric}"], strict=True)
            ]
        positive = "" if self.pos_label is None else f", positive class {self.pos_label!r}"
        return (
            f"StrategyComparison: {frame['strategy'].nunique()} strategies, "
            f"{self.n_splits} folds, {sum(self.class_count)} rows{positive}\n"
            + shown.to_string(index=False)
        )

    def _by_fold(self, metric: str, threshold: str | None):
        """Return one measure with folds as rows and strategies as columns, at one kind of cut."""
        if metric not in GREATER_IS_BETTER:
            raise InvalidParameterError(
                f"metric: got {metric!r}; known are {', '.join(map(repr, GREATER_IS_BETTER))}."
                + nearest_name(metric, GREATER_IS_BETTER)
            )
        folds = self.folds_frame()
        if threshold is None:
            chosen = ~folds["threshold"].isin(["0.5", "argmax"])
        else:
            chosen = folds["threshold"] == threshold
        if not chosen.any():
            measured = ", ".join(map(repr, sorted(set(folds["threshold"]))))
            raise InvalidParameterError(
                f"threshold: got {threshold!r}; measured were {measured}, and None is every "
                "strategy's own."
            )
        return folds[chosen].pivot(index="fold", columns="strategy", values=metric)


def _records(frame) -> list[dict]:
    """Return the rows of a frame as dictionaries of plain values."""
    return [
        {name: _plain(value) for name, value in row.items()}
        for row in frame.to_dict(orient="records")
    ]


def _plain(value):
    """Return a value as one of JSON's types."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, str | bool | int | None) else str(value)
