"""Threshold curve: the objective along every cut, and the cut that was chosen."""

import numpy as np

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.inspection.criterion import (
    constraint_of,
    curves_of,
    objective_name,
    spread_of,
    tuned_on,
    tuner_for,
)
from imbalanced_nn.inspection.display import (
    Display,
    class_name,
    legend,
    log_ticks,
    look,
    tidy,
    wrapped,
)
from imbalanced_nn.inspection.fold_rows import fold_rows
from imbalanced_nn.inspection.predictions import last_step
from imbalanced_nn.metrics import measure_label

__all__ = ["ThresholdCurveDisplay"]

RARE_CUT = 0.1
"""Cut below which the axis is logarithmic."""


class ThresholdCurveDisplay(Display):
    """The objective at every cut, with the chosen cut and its spread.

    Make it by `from_estimator`, `from_predictions` or `from_cv_results`.

    Parameters
    ----------
    thresholds, scores : ndarray of shape (n_cuts,) or list of them
        Cuts and the objective at each; NaN where a constraint is not met. Several curves are
        those of labels or folds.
    threshold : float or list of float
        Chosen cut of each curve.
    score : float or list of float, default=None
        Objective at the chosen cuts. None reads it off the curves.
    spread : (float, float), default=None
        Low and high end of where the cut may lie, such as from a bootstrap.
    objective : str, default="score"
        Name of the objective.
    name : str or list of str, default=None
        Name of each curve.
    constraint : str, default=None
        What must hold where there is a score, such as ``"precision >= 0.9"``.
    pos_label : label, default=None
        Class that is decided for from a cut on.
    spread_of : str, default="given range"
        What ``spread`` is, such as ``"95 % interval"``.

    Attributes
    ----------
    ax_, figure_ : matplotlib.axes.Axes, matplotlib.figure.Figure
        Once drawn.

    See Also
    --------
    imbalanced_nn.ThresholdTuner : Learns the cut.

    Examples
    --------
    >>> from imbalanced_nn.inspection import ThresholdCurveDisplay
    >>> y, score = [0, 0, 1, 0, 1, 1], [0.1, 0.2, 0.3, 0.4, 0.6, 0.8]
    >>> display = ThresholdCurveDisplay.from_predictions(y, score, objective="f1")
    >>> display.frame().round(2).head(3)
       threshold  score
    0       0.05   0.67
    1       0.15   0.75
    2       0.25   0.86
    >>> both = ThresholdCurveDisplay.from_predictions(y, score, objective=["f1", "f2"])
    >>> both.frame()["name"].unique().tolist()
    ['F1', 'F2']
    """

    def __init__(
        self,
        *,
        thresholds,
        scores,
        threshold,
        score=None,
        spread=None,
        objective=None,
        name=None,
        constraint=None,
        pos_label=None,
        spread_of="given range",
    ):
        self.constraint, self.pos_label, self.spread_of = constraint, pos_label, spread_of
        several = isinstance(thresholds, list | tuple) and np.ndim(thresholds[0]) == 1
        self.thresholds = list(map(np.asarray, thresholds if several else [thresholds]))
        self.scores = list(map(np.asarray, scores if several else [scores]))
        self.threshold = np.ravel(threshold).astype(float).tolist()
        self.score = [None] * len(self.thresholds) if score is None else np.ravel(score).tolist()
        self.spread = _check_spread(spread)
        self.objective = objective or "score"
        self.name = [name] if name is None or isinstance(name, str) else list(name)
        if not len(self.thresholds) == len(self.scores) == len(self.threshold) == len(self.name):
            raise ValueError(
                f"'thresholds', 'scores', 'threshold' and 'name' must describe the same curves. "
                f"Got {len(self.thresholds)}, {len(self.scores)}, {len(self.threshold)} and "
                f"{len(self.name)}."
            )
        self.score = [
            _nearest(*curve) if known is None else known
            for known, *curve in zip(
                self.score, self.thresholds, self.scores, self.threshold, strict=True
            )
        ]

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X=None,
        y=None,
        *,
        objective=None,
        constraint=None,
        sample_weight=None,
        pos_label=None,
        spread=None,
        name=None,
        ax=None,
    ):
        """Show the curve that an estimator's cut was learned on, or that of new rows.

        Parameters
        ----------
        estimator : BalancedKerasClassifier, ThresholdTuner, classifier or Pipeline
            Fitted.
        X : array-like of shape (n_samples, ...), default=None
            Rows. None shows the estimator's own ``threshold_curve_``.
        y : array-like of shape (n_samples,) or (n_samples, n_labels), default=None
            Their labels.
        objective : str, callable, ThresholdTuner or list of them, default=None
            With X: what to show, several on one picture. None is what the estimator's cut
            maximises, else balanced accuracy.
        constraint : (str, float), default=None
            With X: a bound, as of `ThresholdTuner`. Cuts that do not keep it are shaded.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights.
        pos_label : label, default=None
            Positive class; None takes the estimator's, else 1 of 0 and 1, else the rarest.
        spread : (float, float), default=None
            Where the cut may lie. Without X None is the 95 % interval of
            `BalancedKerasClassifier.bootstrap_threshold`, where there is one.
        name : str, default=None
            Name of the curve.
        ax : matplotlib.axes.Axes, default=None
            Axes to draw on.

        Returns
        -------
        ThresholdCurveDisplay
            Its cut is that of the estimator, if it has one, else the best on the rows.

        Raises
        ------
        InvalidParameterError
            If there is no curve: of several classes the cuts act jointly, and a fixed cut was
            not learned on one.
        """
        if (X is None) != (y is None):
            raise InvalidParameterError("X and y go together: pass both, or neither.")
        if X is None:
            display = cls._of_curve(last_step(estimator), name)
            if spread is None:
                spread, display.spread_of = spread_of(last_step(estimator)), "95 % interval"
        else:
            rows = (X, y, sample_weight)
            display = cls._joined(
                cls._of_rows(estimator, *rows, each, constraint, pos_label, name)
                for each in _listed(objective)
            )
        display.spread = _check_spread(spread)
        return display._shown(ax)

    @classmethod
    def from_predictions(
        cls,
        y_true,
        y_score,
        *,
        objective="balanced_accuracy",
        constraint=None,
        threshold=None,
        sample_weight=None,
        pos_label=None,
        spread=None,
        name=None,
        ax=None,
    ):
        """Show the curve of scores.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels, or the indicator of a multilabel target: a curve for each label.
        y_score : array-like of shape (n_samples,), (n_samples, 2) or (n_samples, n_labels)
            Scores of ``pos_label``, without one of the greater label, or probabilities.
        objective : str, callable, ThresholdTuner or list of them, default="balanced_accuracy"
            What to show; several are drawn on one picture, each with its own best cut.
        constraint : (str, float), default=None
            A bound, as of `ThresholdTuner`.
        threshold : float or array-like of shape (n_labels,), default=None
            Cut to mark; None is the best.
        sample_weight, pos_label, spread, name, ax
            As in `from_estimator`.

        Returns
        -------
        ThresholdCurveDisplay
        """
        displays = []
        for each in _listed(objective):
            tuner = tuner_for(each, constraint)
            tuner.fit(y_true, y_score, sample_weight=sample_weight, pos_label=pos_label)
            displays.append(cls._of_curve(tuner, name))
        display = cls._joined(displays)
        display._mark(threshold, _scores_of_curves(tuner, y_score))
        display.spread = _check_spread(spread)
        return display._shown(ax)

    @classmethod
    def from_cv_results(
        cls,
        cv_results,
        X,
        y,
        *,
        objective=None,
        constraint=None,
        sample_weight=None,
        pos_label=None,
        ax=None,
    ):
        """Show the curve of each fold's test rows, with the cut that its estimator learned.

        Parameters
        ----------
        cv_results : dict
            Of `sklearn.model_selection.cross_validate` with ``return_estimator=True`` and
            ``return_indices=True``.
        X, y : array-like
            The rows that were cross-validated.
        objective, constraint, sample_weight, pos_label, ax
            As in `from_estimator`.

        Returns
        -------
        ThresholdCurveDisplay
            Its spread is the range of the folds' cuts.
        """
        displays = [
            cls._of_rows(step, rows, labels, weight, objective, constraint, pos_label, None)
            for step, rows, labels, weight in fold_rows(cv_results, X, y, sample_weight)
        ]
        if any(len(display.threshold) > 1 for display in displays):
            raise InvalidParameterError(
                "from_cv_results shows one curve for each fold, but y is multilabel. Pass the "
                "column of one label as y, or use from_estimator fold by fold."
            )
        cuts = [display.threshold[0] for display in displays]
        return cls(
            thresholds=[display.thresholds[0] for display in displays],
            scores=[display.scores[0] for display in displays],
            threshold=cuts,
            score=[display.score[0] for display in displays],
            spread=(min(cuts), max(cuts)),
            objective=displays[0].objective,
            name=[f"fold {number}" for number in range(len(cuts))],
            constraint=displays[0].constraint,
            pos_label=displays[0].pos_label,
            spread_of="range over the folds",
        )._shown(ax)

    @classmethod
    def _of_rows(cls, estimator, X, y, sample_weight, objective, constraint, pos_label, name):
        """Return the display of rows, at the cut of the estimator."""
        tuner, proba = tuned_on(estimator, X, y, sample_weight, objective, constraint, pos_label)
        display = cls._of_curve(tuner, name)
        cut = getattr(last_step(estimator), "best_threshold_", None)
        display._mark(cut, _scores_of_curves(tuner, proba))
        return display

    @classmethod
    def _of_curve(cls, step, name):
        """Return the display of a fitted estimator's own curve."""
        curves, names = curves_of(step)
        return cls(
            thresholds=[part.thresholds for part in curves],
            scores=[part.scores for part in curves],
            threshold=step.best_threshold_,
            score=step.best_score_ if names is None else None,
            objective=objective_name(step),
            name=names if name is None else name,
            constraint=constraint_of(step),
            pos_label=getattr(step, "pos_label_", None),
        )

    @classmethod
    def _joined(cls, displays):
        """Return one display of the curves of several objectives."""
        first, *others = displays = list(displays)
        if not others:
            return first
        if any(len(display.threshold) > 1 for display in displays):
            raise InvalidParameterError(
                "The 'objective' parameter: several are shown of one label, and y is multilabel. "
                "Pass the column of one label as y, or one objective."
            )
        return cls(
            thresholds=[display.thresholds[0] for display in displays],
            scores=[display.scores[0] for display in displays],
            threshold=[display.threshold[0] for display in displays],
            score=[display.score[0] for display in displays],
            name=[measure_label(display.objective) for display in displays],
            constraint=first.constraint,
            pos_label=first.pos_label,
        )

    def _mark(self, threshold, of_rows):
        """Choose another cut, or one for each curve; None keeps it.

        Its score is that of the cut of the curve which flags as many rows.
        """
        if threshold is None:
            return
        self.threshold = np.broadcast_to(threshold, len(self.threshold)).astype(float).tolist()
        of_rows = of_rows * (len(self.threshold) // len(of_rows))
        curves = zip(self.thresholds, self.scores, self.threshold, of_rows, strict=True)
        self.score = [
            _nearest(np.searchsorted(rows, cuts), scores, np.searchsorted(rows, cut))
            for cuts, scores, cut, rows in curves
        ]

    def frame(self):
        """Return the curves.

        Returns
        -------
        DataFrame
            Columns ``threshold`` and ``score``, NaN where a constraint is not met; with several
            curves ``name`` before them.
        """
        import pandas as pd

        frames = [
            pd.DataFrame({"name": name, "threshold": cuts, "score": scores})
            for name, cuts, scores in zip(self.name, self.thresholds, self.scores, strict=True)
        ]
        frame = pd.concat(frames, ignore_index=True)
        return frame if len(frames) > 1 else frame.drop(columns="name")

    def _draw(self, own):
        ax, several = self.ax_, len(self.threshold) > 1
        label = "Value" if self.objective == "score" and several else measure_label(self.objective)
        for place, (cut, score) in enumerate(zip(self.threshold, self.score, strict=True)):
            style = {key: look(place)[key] for key in ("color", "linestyle")}
            name = (
                f"{wrapped(self.name[place])}, cut {cut:.3g}"
                if several
                else self.name[place] or label
            )
            cuts, scores = self.thresholds[place], self.scores[place]
            ax.plot(cuts, scores, drawstyle="steps-mid", label=name, **style)
            ax.plot(
                cut,
                score,
                marker=look(place)["marker"],
                color=style["color"] if several else "black",
                markeredgecolor="white",
                markersize=9,
                linestyle="none",
                zorder=3,
                label=None if several else f"chosen cut {cut:.3g}",
            )
        if self.spread is not None:
            low, high = self.spread
            ax.axvspan(
                low,
                high,
                color="0.85",
                zorder=0,
                label=f"{self.spread_of} of the cut,\n{low:.3g} to {high:.3g}",
            )
        ax.margins(y=0.08)
        self._scale()
        self._shade()
        ax.set(ylabel=label, title="Score at every threshold")
        tidy(ax)
        legend(ax, own)

    def _scale(self):
        """Make the axis logarithmic where the cut is small, from what is shown of it on."""
        ax, cut = self.ax_, max(self.threshold)
        cuts = np.concatenate(self.thresholds)
        if not (0 < cut < RARE_CUT and cuts.min() >= 0):
            margin = 0.02 * np.ptp(cuts)
            ax.set(xlabel=self._cut_label(""), xlim=(cuts.min() - margin, cuts.max() + margin))
            return
        # The lowest cuts of a rare class are many, tiny, and all the same.
        left = max(cuts[cuts > 0].min(), min(self.threshold) / 100)
        ax.set_xscale("log")
        ax.set_xlim(left, max(cuts.max(), 1.0))
        log_ticks(ax.xaxis)
        ax.set_xlabel(self._cut_label(" (log scale)"))

    def _cut_label(self, scale):
        """Return the name of the axis, with the class that is decided for."""
        of = "" if self.pos_label is None else f" for {class_name(self.pos_label)}"
        return wrapped(f"Threshold{of}{scale}", 48)

    def _shade(self):
        """Hatch where a constraint is not met."""
        label: str | None = f"{self.constraint or 'constraint'} not met"
        ends = self.ax_.get_xlim()
        for cuts, scores in zip(self.thresholds, self.scores, strict=True):
            for first, last in _runs(np.isnan(scores)):
                low = ends[0] if first == 0 else (cuts[first - 1] + cuts[first]) / 2
                high = ends[1] if last == len(cuts) - 1 else (cuts[last] + cuts[last + 1]) / 2
                self.ax_.axvspan(
                    low, high, facecolor="none", edgecolor="0.75", hatch="//", zorder=0, label=label
                )
                label = None
        self.ax_.set_xlim(ends)


def _listed(objective) -> list:
    """Return one or several objectives as a list."""
    if not isinstance(objective, list | tuple):
        return [objective]
    if not objective:
        raise InvalidParameterError(
            "The 'objective' parameter is an empty list. Name what to show, such as 'f1'."
        )
    return list(objective)


def _check_spread(spread):
    """Return the ends of the spread, or None."""
    if spread is None:
        return None
    ends = np.ravel(spread)
    if ends.shape != (2,) or not ends[0] <= ends[1]:
        raise InvalidParameterError(
            f"The 'spread' parameter must be None or a pair (low, high). Got {spread!r} instead."
        )
    return tuple(ends.tolist())


def _scores_of_curves(tuner, y_score):
    """Return the scores of rows that each curve is about, sorted."""
    y_score = np.asarray(y_score, dtype=np.float64)
    if isinstance(tuner.threshold_curve_, tuple):
        return list(np.sort(y_score, axis=0).T)
    own = y_score if y_score.ndim == 1 else y_score[:, tuner.decision_rule_.positive]
    return [np.sort(own)]


def _nearest(thresholds, scores, cut):
    """Return the score at the cut nearest to another."""
    return float(scores[np.abs(thresholds - cut).argmin()])


def _runs(mask):
    """Return first and last place of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask, [0])).astype(int)))
    return [(first, stop - 1) for first, stop in edges.reshape(-1, 2)]
