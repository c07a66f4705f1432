"""Class counts before and after each step of a fit."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from imbalanced_nn.describe import class_counts
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.inspection.display import (
    Display,
    fill,
    fit_labels,
    legend,
    log_ticks,
    look,
    shortened_middle,
    tidy,
    wrapped,
)
from imbalanced_nn.inspection.predictions import last_step

__all__ = ["ClassCountsDisplay"]

_RATIO = 20
"""How many times the rows of another a class has where the axis is logarithmic."""

_MOST_BARS = 7
"""Classes whose bars can be told apart without colour."""

_WIDE, _NARROW = 8, 32
"""Bars up to which their numbers lie flat, and stand upright; of more they have none."""


class ClassCountsDisplay(Display):
    """Rows of each class before and after each step.

    The axis is logarithmic where one class has twenty times the rows of another, or more.

    Parameters
    ----------
    counts : dict of str to array-like of shape (n_classes,)
        Rows, or weight, of each class after each step, in order.
    classes : sequence of shape (n_classes,)
        Class labels.

    Attributes
    ----------
    ax_, figure_ : matplotlib.axes.Axes, matplotlib.figure.Figure
        Once drawn.

    Examples
    --------
    >>> from imbalanced_nn.inspection import ClassCountsDisplay
    >>> counts = {"all rows": [900, 100], "after the sampler": [900, 900]}
    >>> ClassCountsDisplay(counts=counts, classes=["ok", "fraud"]).frame()
                    step  class  count  share
    0           all rows     ok  900.0    0.9
    1           all rows  fraud  100.0    0.1
    2  after the sampler     ok  900.0    0.5
    3  after the sampler  fraud  900.0    0.5
    """

    _figsize = (7.2, 4.2)

    def __init__(self, *, counts, classes):
        self.counts = {step: np.asarray(row, dtype=float) for step, row in counts.items()}
        self.classes = list(classes)
        for step, row in self.counts.items():
            if row.shape != (len(self.classes),):
                raise InvalidParameterError(
                    f"The 'counts' parameter must hold one number for each of the "
                    f"{len(self.classes)} classes. Got shape {row.shape} for {step!r}."
                )

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        """Show what a fitted estimator did to the classes.

        Parameters
        ----------
        estimator : BalancedKerasClassifier or Pipeline
            Fitted.
        ax : matplotlib.axes.Axes, default=None
            Axes to draw on.

        Returns
        -------
        ClassCountsDisplay
            All rows; the training rows, where others were held out; the rows of an epoch after
            the sampler; and the weight of each class in the loss, at as many rows. With
            ``sample_weight``, and with samplers that draw anew, the last two are those of an
            epoch on average. Of a multilabel target the positives of each label are counted.

        Raises
        ------
        InvalidParameterError
            If the estimator is not a `BalancedKerasClassifier` that knows its classes.
        """
        step = last_step(estimator)
        check_is_fitted(step)
        if not hasattr(step, "class_count_") or not hasattr(step, "fit_result_"):
            raise InvalidParameterError(
                f"The 'estimator' parameter must be a fitted BalancedKerasClassifier. Got "
                f"{type(step).__name__}; count the classes yourself and write "
                f"ClassCountsDisplay(counts=..., classes=...)."
            )
        return cls(counts=class_counts(step), classes=np.asarray(step.classes_).tolist())._shown(ax)

    def frame(self):
        """Return one row for each step and class.

        Returns
        -------
        DataFrame
            Columns ``step``, ``class``, ``count`` and ``share`` (of all classes).
        """
        import pandas as pd

        steps, counts = list(self.counts), np.array(list(self.counts.values()))
        shares = counts / counts.sum(axis=1, keepdims=True)
        return pd.DataFrame(
            {
                "step": np.repeat(steps, len(self.classes)),
                "class": pd.Series(self.classes * len(steps), dtype=object),
                "count": counts.ravel(),
                "share": shares.ravel(),
            }
        ).infer_objects()

    def _draw(self, own):
        from matplotlib.ticker import StrMethodFormatter

        if len(self.classes) > _MOST_BARS:
            self._draw_points(own)
            return
        ax = self.ax_
        steps = list(self.counts)
        counts = np.array(list(self.counts.values()))
        width = 0.8 / len(self.classes)
        upright = counts.size > _WIDE
        for place, label in enumerate(self.classes):
            at = np.arange(len(steps)) + (place - (len(self.classes) - 1) / 2) * width
            bars = ax.bar(at, counts[:, place], width=width, label=wrapped(label), **fill(place))
            if counts.size <= _NARROW:
                numbers = [f"{count:,.0f}" for count in counts[:, place]]
                ax.bar_label(
                    bars, numbers, padding=2, fontsize="small", rotation=90 if upright else 0
                )
        # Above the bars there is room for their numbers, and for a legend that cannot lie beside.
        free = 1.0 if own else 1 - self._legend_share()
        log = counts.max() >= _RATIO * counts[counts > 0].min()
        if log:
            ax.set_yscale("log")
            # A single row is where a logarithmic bar can start.
            low = min(1.0, counts[counts > 0].min())
            filled = counts.max() * (8 if upright else 2) / low
            ax.set_ylim(low, low * filled ** (1 / free))
            log_ticks(ax.yaxis)
        else:
            # Bars from 0 on are as long as the rows are many.
            ax.set_ylim(0, counts.max() * (1.3 if upright else 1.12) / free)
            ax.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        ax.set_xticks(range(len(steps)), [step.replace(" ", "\n", 1) for step in steps])
        ax.set(
            ylabel="Rows (log scale)" if log else "Rows", title="Rows of each class, step by step"
        )
        tidy(ax, grid="y")
        if own:
            legend(ax, own)
        else:
            ax.legend(loc="upper right", fontsize="small")

    def _legend_share(self):
        """Return how much of the height of the axes a legend of the classes takes."""
        n_lines = sum(1 + wrapped(label).count("\n") for label in self.classes)
        height = 72 * self.ax_.get_position().height * self.figure_.get_figheight()
        return min((12.5 * n_lines + 15) / height, 0.6)

    def _draw_points(self, own):
        """Draw a line for each class, with a point for each step."""
        ax, counts = self.ax_, np.array(list(self.counts.values()))
        places = np.arange(len(self.classes))[::-1]
        if own:
            self.figure_.set_figheight(1.4 + 0.24 * len(self.classes))
        for place, (step, row) in enumerate(self.counts.items()):
            style = look(place) | {"linestyle": "none"}
            ax.plot(np.where(row > 0, row, np.nan), places, markersize=6, label=step, **style)
        log = counts.max() >= _RATIO * counts[counts > 0].min()
        if log:
            ax.set_xscale("log")
            ax.set_xlim(counts[counts > 0].min() / 2, counts.max() * 2)
            log_ticks(ax.xaxis)
        else:
            ax.set_xlim(0, counts.max() * 1.08)
        ax.set_yticks(places, [shortened_middle(label) for label in self.classes])
        fit_labels(ax, len(places))
        ax.set_ylim(-0.6, len(places) - 0.4)
        label = "Rows (log scale)" if log else "Rows"
        ax.set(xlabel=label, title="Rows of each class, step by step")
        tidy(ax)
        legend(ax, own)
