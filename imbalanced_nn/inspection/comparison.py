"""Comparison of strategies: differences from a baseline, with intervals."""

import numpy as np

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.inspection.display import Display, fit_labels, legend, look, tidy, wrapped
from imbalanced_nn.metrics import MEASURES, measure_label

__all__ = ["ComparisonDisplay"]


class ComparisonDisplay(Display):
    """How far each strategy is from a baseline, with intervals that hold together.

    An interval on one side of the line shows that the strategy is better, or worse, than the
    baseline; one across the line shows neither.

    Parameters
    ----------
    strategies : sequence of str
        Names, the baseline among them.
    means : array-like of shape (n_strategies,)
        Mean of the measure over the folds.
    difference, low, high : array-like of shape (n_strategies,)
        Mean difference to the baseline and its interval; 0 for the baseline itself.
    folds : array-like of shape (n_strategies, n_folds)
        Difference in each fold.
    baseline : str
        Name of the baseline.
    metric : str
        Name of the measure.
    confidence_level : float, default=0.95
        That of all intervals together.

    Attributes
    ----------
    ax_, figure_ : matplotlib.axes.Axes, matplotlib.figure.Figure
        Once drawn.

    See Also
    --------
    imbalanced_nn.compare_strategies : Makes the comparison.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from imbalanced_nn import compare_strategies
    >>> from imbalanced_nn.inspection import ComparisonDisplay
    >>> X, y = make_classification(n_samples=400, weights=[0.9], random_state=0)
    >>> comparison = compare_strategies(
    ...     GaussianNB(), X, y, random_state=0, cv=3, baselines=False,
    ...     strategies={"none": {}, "even": {"priors": [0.5, 0.5]}},
    ... )
    >>> ComparisonDisplay.from_comparison(comparison).frame()["strategy"].tolist()
    ['even', 'none']
    """

    def __init__(
        self,
        *,
        strategies,
        means,
        difference,
        low,
        high,
        folds,
        baseline,
        metric,
        confidence_level=0.95,
    ):
        self.strategies = list(strategies)
        self.means, self.difference = np.asarray(means), np.asarray(difference)
        self.low, self.high = np.asarray(low), np.asarray(high)
        self.folds = np.asarray(folds)
        self.baseline = baseline
        self.metric = metric
        self.confidence_level = confidence_level

    @classmethod
    def from_comparison(
        cls,
        comparison,
        *,
        metric="average_precision",
        baseline=None,
        threshold=None,
        confidence_level=0.95,
        ax=None,
    ):
        """Show what `imbalanced_nn.compare_strategies` found.

        Parameters
        ----------
        comparison : StrategyComparison
            The result.
        metric : str, default="average_precision"
            Measure of its folds.
        baseline : str, default=None
            Strategy that the others are compared with. None is that of the verdict: ``"none"``,
            or the first where that was not compared.
        threshold : {"0.5", "argmax"} or None, default=None
            The cut; None is every strategy's own.
        confidence_level : float, default=0.95
            Probability that all intervals hold together.
        ax : matplotlib.axes.Axes, default=None
            Axes to draw on.

        Returns
        -------
        ComparisonDisplay
            Best strategy first.

        Raises
        ------
        InvalidParameterError
            If the comparison knows no such measure, baseline or threshold, or holds a single
            strategy.
        """
        folds = comparison.folds_frame()
        compared = list(dict.fromkeys(folds["strategy"]))
        if len(compared) < 2:
            raise InvalidParameterError(
                f"A comparison shows differences between strategies. Got only {compared}; "
                f"compare two or more."
            )
        if baseline is None:
            baseline = comparison.baseline_
        table = comparison.differences(
            baseline, metric, threshold=threshold, confidence_level=confidence_level
        ).set_index("strategy")
        plain = folds["threshold"].isin(["0.5", "argmax"])
        chosen = ~plain if threshold is None else folds["threshold"] == threshold
        by_fold = folds[chosen].pivot(index="strategy", columns="fold", values=metric)
        table.loc[baseline] = 0.0
        table = table.sort_values("mean", ascending=_lower_is_better(metric), kind="stable")
        by_fold = by_fold.loc[table.index]
        return cls(
            strategies=table.index.tolist(),
            means=by_fold.mean(axis=1).to_numpy(),
            difference=table["mean"].to_numpy(),
            low=table["low"].to_numpy(),
            high=table["high"].to_numpy(),
            folds=(by_fold - by_fold.loc[baseline]).to_numpy(),
            baseline=baseline,
            metric=metric,
            confidence_level=confidence_level,
        )._shown(ax)

    def frame(self):
        """Return one row for each strategy, the best first.

        Returns
        -------
        DataFrame
            Columns ``strategy``, ``mean`` (of the measure), ``difference``, ``low`` and
            ``high``.
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "strategy": self.strategies,
                "mean": self.means,
                "difference": self.difference,
                "low": self.low,
                "high": self.high,
            }
        )

    def _draw(self, own):
        from matplotlib.ticker import MaxNLocator

        ax = self.ax_
        if own:
            self.figure_.set_figheight(1.8 + 0.38 * len(self.strategies))
        places = np.arange(len(self.strategies))[::-1]
        others = np.array([name != self.baseline for name in self.strategies])
        color = look(0)["color"]
        label: str | None = "each fold"
        for place, values in zip(places[others], self.folds[others], strict=True):
            ax.plot(
                values,
                np.full(len(values), place - 0.22),
                linestyle="none",
                marker="|",
                color="0.6",
                markersize=8,
                label=label,
            )
            label = None
        middle = self.difference[others]
        errors = [middle - self.low[others], self.high[others] - middle]
        ax.errorbar(
            middle,
            places[others],
            xerr=errors,
            fmt="o",
            color=color,
            capsize=3,
            markersize=7,
            label=f"mean, {self.confidence_level:.0%} interval",
        )
        ax.axvline(0, color="black", linewidth=1, linestyle="--", zorder=1)
        ax.plot(0, places[~others][0], "D", color="black", markersize=7, label="baseline")
        names = [
            f"{wrapped(name)}  ({mean:.3f})"
            for name, mean in zip(self.strategies, self.means, strict=True)
        ]
        ax.set_yticks(places, names)
        # A legend that cannot lie beside gets a place above.
        fit_labels(ax, 1.3 * sum(1 + name.count("\n") for name in names))
        ax.set_ylim(-0.6, len(names) - 0.4 + (0 if own else 0.12 * len(names)))
        measure = measure_label(self.metric)
        if _lower_is_better(self.metric):
            measure += " (lower is better)"
        ax.set(
            xlabel=wrapped(f"{measure}, difference from {self.baseline!r}", 52),
            title="Strategies compared (mean in brackets)",
        )
        # Beside long names there is room for few.
        ax.xaxis.set_major_locator(MaxNLocator(4))
        tidy(ax, grid="x")
        if own:
            legend(ax, own)
        else:
            ax.legend(loc="upper center", ncols=3, fontsize="small", columnspacing=1.0)


def _lower_is_better(metric):
    """Whether small values of a measure are good, as of times and losses."""
    return metric == "seconds" or (metric in MEASURES and not MEASURES[metric].greater_is_better)
