"""Calibration before and after a correction, legible where the class is rare."""

import numbers

import numpy as np
from scipy.stats import norm

from imbalanced_nn._compat.sklearn import Interval, StrOptions, validate_params
from imbalanced_nn.data import class_probabilities
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.inspection.display import (
    Display,
    class_name,
    legend,
    log_ticks,
    look,
    tidy,
    wrapped,
)
from imbalanced_nn.inspection.predictions import Predictions, last_input, last_step
from imbalanced_nn.metrics import BinaryProblem, binary_measures, equal_mass_bins
from imbalanced_nn.threshold import check_rows, checked_positive_code, encode_labels, scored_code

__all__ = ["CalibrationComparisonDisplay"]

RARE = 0.1
"""Prevalence below which the axes are logarithmic."""
ROWS_IN_BIN = 5
_OPTIONS = {
    "n_bins": [Interval(numbers.Integral, 1, None, closed="left")],
    "strategy": [StrOptions({"positives", "quantile"})],
    "confidence_level": [Interval(numbers.Real, 0, 1, closed="neither")],
}


class CalibrationComparisonDisplay(Display):
    """Observed against predicted shares of a class, for several sets of probabilities.

    Points on the diagonal are calibrated, those below it are probabilities that are too high.
    Each bin holds as many rows of the class as any other, so that a rare class has no bin
    without one; for a class of less than 10 % of the rows both axes are logarithmic.

    Parameters
    ----------
    curves : dict of str to DataFrame
        Of each set of probabilities a row for each bin, as in `frame`.
    calibration_error : dict of str to float
        That of each set, as in `imbalance_report`.
    prevalence : float
        Share of the class.
    pos_label : label, default=None
        The class.

    Attributes
    ----------
    ax_, figure_ : matplotlib.axes.Axes, matplotlib.figure.Figure
        Once drawn.

    See Also
    --------
    sklearn.calibration.CalibrationDisplay : One curve, bins of equal width or of equal rows.

    References
    ----------
    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA
    22, 1927 (the intervals of the observed shares).

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.inspection import CalibrationComparisonDisplay
    >>> rng = np.random.default_rng(0)
    >>> p = rng.beta(1, 30, size=5000)
    >>> y = rng.random(5000) < p
    >>> balanced = p / (p + (1 - p) / 30)
    >>> display = CalibrationComparisonDisplay.from_predictions(
    ...     y, {"balanced": balanced, "corrected": p}, n_bins=4
    ... )
    >>> display.frame().columns.tolist()
    ['name', 'bin', 'predicted', 'observed', 'low', 'high', 'rows', 'positives']
    """

    _figsize = (6.8, 4.6)

    def __init__(self, *, curves, calibration_error, prevalence, pos_label=None):
        self.curves = curves
        self.calibration_error = calibration_error
        self.prevalence = prevalence
        self.pos_label = pos_label

    @classmethod
    @validate_params(_OPTIONS, prefer_skip_nested_validation=False)
    def from_estimator(
        cls,
        estimator,
        X,
        y,
        *,
        n_bins=8,
        strategy="positives",
        confidence_level=0.95,
        sample_weight=None,
        pos_label=None,
        ax=None,
    ):
        """Show a fitted classifier, of a `BalancedKerasClassifier` also the network's outputs.

        Parameters
        ----------
        estimator : classifier or Pipeline
            Fitted, with ``predict_proba``.
        X : array-like of shape (n_samples, ...)
            Rows it was not trained on.
        y : array-like of shape (n_samples,)
            Their labels.
        n_bins : int, default=8
            Bins at most; fewer where one would hold less than 5 rows of the class.
        strategy : {"positives", "quantile"}, default="positives"
            Whether bins hold equal weight of the class, or of all rows as in
            `sklearn.calibration.calibration_curve`.
        confidence_level : float in (0, 1), default=0.95
            Of the Wilson interval of each observed share.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights.
        pos_label : label, default=None
            Class to show against the rest; None is the positive one, of several the rarest.
        ax : matplotlib.axes.Axes, default=None
            Axes to draw on.

        Returns
        -------
        CalibrationComparisonDisplay

        Raises
        ------
        InvalidParameterError
            If a parameter cannot be used, or y is multilabel.
        """
        rows = Predictions.from_estimator(estimator, X, y, sample_weight=sample_weight)
        if rows.kind == "multilabel":
            raise InvalidParameterError(
                "A calibration comparison is of one label per row, but y is multilabel. Show one "
                "label by from_predictions, with the columns of that label."
            )
        place = rows.place_of(pos_label)
        named = {"predict_proba": rows.proba[:, place]}
        outputs = _network_outputs(estimator, X)
        if outputs is not None:
            kept = slice(None) if sample_weight is None else np.asarray(sample_weight) > 0
            outputs = outputs[kept][:, place]
            if not np.allclose(outputs, named["predict_proba"]):
                named = {"network's outputs": outputs, **named}
        positive, _ = rows.is_class(place)
        label, options = rows.classes[place], (n_bins, strategy, confidence_level)
        return cls._of_scores(positive, named, rows.weight, label, *options)._shown(ax)

    @classmethod
    @validate_params(_OPTIONS, prefer_skip_nested_validation=False)
    def from_predictions(
        cls,
        y_true,
        probabilities,
        *,
        n_bins=8,
        strategy="positives",
        confidence_level=0.95,
        sample_weight=None,
        pos_label=None,
        ax=None,
    ):
        """Show sets of probabilities.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            Labels.
        probabilities : dict of str to array-like of shape (n_samples,) or (n_samples, n_classes)
            Probabilities of the class, of two without ``pos_label`` of the greater label, or of
            all with columns in sorted class order, by name.
        n_bins, strategy, confidence_level, sample_weight, pos_label, ax
            As in `from_estimator`.

        Returns
        -------
        CalibrationComparisonDisplay
        """
        if not isinstance(probabilities, dict) or not probabilities:
            raise InvalidParameterError(
                f"The 'probabilities' parameter must be a dict of names to probabilities. Got "
                f"{type(probabilities).__name__}; write {{'my classifier': proba}}."
            )
        named = {}
        for name, proba in probabilities.items():
            labels, proba, weight = check_rows(y_true, proba, sample_weight)
            classes = np.unique(labels)
            place = _place(labels, classes, pos_label)
            if proba.ndim == 2:
                encode_labels(labels, proba, classes)
                proba = proba[:, place]
            elif len(classes) == 2 and scored_code(classes, place, pos_label) != place:
                proba = 1 - proba
            named[name] = proba
        options = (n_bins, strategy, confidence_level)
        positive, label = labels == classes[place], classes.tolist()[place]
        return cls._of_scores(positive, named, weight, label, *options)._shown(ax)

    @classmethod
    def _of_scores(cls, positive, named, weight, pos_label, n_bins, strategy, confidence_level):
        """Return the display of checked rows, which is not drawn."""
        for name, proba in named.items():
            if proba.min() < 0 or proba.max() > 1:
                raise ValueError(
                    f"Probabilities lie between 0 and 1. Got values from {proba.min():g} to "
                    f"{proba.max():g} for {name!r}."
                )
        n_bins = max(1, min(n_bins, positive.sum() // ROWS_IN_BIN))
        curves, errors = {}, {}
        for name, proba in named.items():
            problem = BinaryProblem(positive, proba, proba >= 0.5, weight)
            errors[name] = float(
                binary_measures(problem.sums(weight[None]))["calibration_error"][0]
            )
            curves[name] = _bins(positive, proba, weight, n_bins, strategy, confidence_level)
        prevalence = float(np.average(positive, weights=weight))
        return cls(
            curves=curves, calibration_error=errors, prevalence=prevalence, pos_label=pos_label
        )

    def frame(self):
        """Return a row for each set of probabilities and bin.

        Returns
        -------
        DataFrame
            Columns ``name``, ``bin`` (lowest probabilities first), ``predicted`` (mean
            probability), ``observed`` (share of the class), ``low`` and ``high`` (its
            interval), ``rows`` and ``positives`` (weights).
        """
        import pandas as pd

        frames = [
            pd.DataFrame({"name": name, "bin": np.arange(len(curve["rows"])), **curve})
            for name, curve in self.curves.items()
        ]
        return pd.concat(frames, ignore_index=True)

    def _draw(self, own):
        ax = self.ax_
        log = self.prevalence < RARE
        if log:
            ax.set(xscale="log", yscale="log")
        (left, right), (bottom, top) = self._ends(log)
        diagonal = [max(left, bottom), right]
        ax.plot(diagonal, diagonal, color="0.5", linewidth=1, label="calibrated", zorder=1)
        for place, (name, curve) in enumerate(self.curves.items()):
            none = log & (curve["observed"] == 0)
            label = f"{wrapped(name)}\n(calibration error {self.calibration_error[name]:.3g})"
            observed = curve["observed"]
            self._draw_curve(curve, np.where(none, np.nan, observed), look(place), label)
            # A share of 0 has no place on a logarithmic axis but its edge, and joins no line.
            style = look(place) | {"linestyle": "none", "markerfacecolor": "white"}
            self._draw_curve(curve, np.where(none, bottom, np.nan), style, None)
        ax.set(xlim=(left, right), ylim=(bottom, top))
        if log:
            log_ticks(ax.xaxis)
            log_ticks(ax.yaxis)
        of = class_name(self.pos_label)
        scale = " (log scale)" if log else ""
        ax.set(
            xlabel=wrapped(f"Mean predicted probability of {of}{scale}", 52),
            ylabel=wrapped(f"Observed share of {of}{scale}", 42),
            title="Calibration",
        )
        tidy(ax)
        legend(ax, own)

    def _draw_curve(self, curve, y, style, label):
        """Draw observed shares, as they are shown, with their intervals."""
        self.ax_.errorbar(
            curve["predicted"],
            y,
            yerr=np.maximum([y - curve["low"], curve["high"] - y], 0),
            capsize=2,
            elinewidth=0.8,
            markersize=6,
            label=label,
            **style,
        )

    def _ends(self, log):
        """Return the ranges of both axes."""
        if not log:
            return ((-0.03, 1.03), (-0.03, 1.03))
        ends = []
        for key in ("predicted", "observed"):
            shown = np.concatenate([curve[key] for curve in self.curves.values()])
            ends.append((shown[shown > 0].min(initial=1.0) / 2, 1.5))
        return tuple(ends)


def _place(labels, classes, pos_label):
    """Return the place of the class to show; None is the positive one, of several the rarest."""
    return checked_positive_code(np.searchsorted(classes, labels), classes, pos_label)


def _network_outputs(estimator, X):
    """Return the probabilities as the network gives them, None of any other classifier."""
    step = last_step(estimator)
    result = getattr(step, "fit_result_", None)
    if result is None or result.target.kind == "multilabel" or result.posterior.offset_is_free:
        return None
    outputs = step.network_outputs(last_input(estimator, X))
    return class_probabilities(outputs, result.target.kind, result.posterior.logits)


def _bins(positive, proba, weight, n_bins, strategy, confidence_level):
    """Return the bins of a set of probabilities, the lowest first."""
    order = np.argsort(-proba, kind="stable")
    positive, proba, weight = positive[order], proba[order], weight[order]
    starts = equal_mass_bins(
        proba, weight * positive if strategy == "positives" else weight, n_bins
    )
    parts = (weight, weight * positive, weight * proba, weight**2)
    total, hits, sums, squares = (np.add.reduceat(part, starts)[::-1] for part in parts)
    low, high = _wilson(hits / total, total**2 / squares, confidence_level)
    return {
        "predicted": sums / total,
        "observed": hits / total,
        "low": low,
        "high": high,
        "rows": total,
        "positives": hits,
    }


def _wilson(share, n, confidence_level):
    """Return Wilson's interval of a share among n rows, of weighted ones their effective number."""
    z2 = norm.ppf((1 + confidence_level) / 2) ** 2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n**2))) / (1 + z2 / n)
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)
