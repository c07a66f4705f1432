"""Prevalence curve: the measures, were the positives rarer or more common."""

import numpy as np
from sklearn.utils import check_random_state

from imbalanced_nn.exceptions import InvalidParameterError, nearest_name
from imbalanced_nn.inspection.display import (
    Display,
    class_name,
    legend,
    log_ticks,
    look,
    tidy,
    wrapped,
)
from imbalanced_nn.inspection.predictions import Predictions
from imbalanced_nn.metrics import (
    MEASURES,
    BinaryProblem,
    bootstrap_interval,
    measure_label,
    resampled_weights,
    two_class_measures,
)

__all__ = ["PrevalenceCurveDisplay"]

DEFAULT_METRICS = ("average_precision", "f1", "matthews_corrcoef", "balanced_accuracy")
N_POINTS = 41


class PrevalenceCurveDisplay(Display):
    """How each measure changes with the share of positives, with intervals.

    The classifier and its cut stay as they are, and the rows of each class look as they do now;
    only the classes' weights change (prior shift). The curve is then exact: every measure is
    computed from the rows weighed to the other prevalence, the calibration error in the bins of
    the probabilities as they are.

    A measure that is flat, such as balanced accuracy, can be carried over to other prevalences;
    precision, F1 and average precision fall as positives get rarer, though the classifier is the
    same. Of several classes one is shown against the rest, whose shares of each other stay.

    Parameters
    ----------
    prevalences : ndarray of shape (n_points,)
        Shares of positives, rising.
    values, low, high : dict of str to ndarray of shape (n_points,)
        Each measure and the ends of its interval.
    present : float
        Share of positives in the rows.
    pos_label : label, default=None
        Positive class.
    confidence_level : float, default=0.95
        That of the intervals.

    Attributes
    ----------
    ax_, figure_ : matplotlib.axes.Axes, matplotlib.figure.Figure
        Once drawn.

    References
    ----------
    M. Saerens, P. Latinne, C. Decaestecker, "Adjusting the outputs of a classifier to new a
    priori probabilities", Neural Computation 14, 2002 (prior shift).

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from imbalanced_nn.inspection import PrevalenceCurveDisplay
    >>> X, y = make_classification(1000, weights=[0.9], random_state=0)
    >>> clf = LogisticRegression().fit(X[:500], y[:500])
    >>> display = PrevalenceCurveDisplay.from_estimator(
    ...     clf, X[500:], y[500:], metrics=["f1"], prevalences=[0.01, 0.1, 0.5], random_state=0
    ... )
    >>> display.frame().columns.tolist()
    ['measure', 'prevalence', 'value', 'low', 'high']
    """

    def __init__(
        self, *, prevalences, values, low, high, present, pos_label=None, confidence_level=0.95
    ):
        self.prevalences = prevalences
        self.values, self.low, self.high = values, low, high
        self.present = present
        self.pos_label = pos_label
        self.confidence_level = confidence_level

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y,
        *,
        metrics=DEFAULT_METRICS,
        prevalences=None,
        sample_weight=None,
        pos_label=None,
        n_resamples=200,
        confidence_level=0.95,
        random_state=None,
        ax=None,
    ):
        """Show the curves of a fitted classifier.

        Parameters
        ----------
        estimator : classifier or Pipeline
            Fitted, with ``predict`` and ``predict_proba``.
        X : array-like of shape (n_samples, ...)
            Rows it was not trained on.
        y : array-like of shape (n_samples,)
            Their labels.
        metrics : sequence of str, default=("average_precision", "f1", "matthews_corrcoef", \
"balanced_accuracy")
            Keys of `imbalanced_nn.inspection.MEASURES` but ``"cost"``.
        prevalences : array-like of float in (0, 1), default=None
            Shares of positives. None takes 41 from a hundredth of the present one to .5.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights.
        pos_label : label, default=None
            Positive class; None takes the estimator's, else 1 of 0 and 1, else the rarest.
        n_resamples : int, default=200
            Resamples of the stratified bootstrap; 0 for no intervals.
        confidence_level : float in (0, 1), default=0.95
            Of the interval at each prevalence.
        random_state : int, RandomState or None, default=None
            Seeds the resamples.
        ax : matplotlib.axes.Axes, default=None
            Axes to draw on.

        Returns
        -------
        PrevalenceCurveDisplay

        Raises
        ------
        InvalidParameterError
            If a parameter cannot be used, or y is multilabel.
        """
        rows = Predictions.from_estimator(estimator, X, y, sample_weight=sample_weight)
        return cls._of_rows(
            rows, metrics, prevalences, pos_label, n_resamples, confidence_level, random_state
        )._shown(ax)

    @classmethod
    def from_predictions(
        cls,
        y_true,
        y_pred,
        y_proba,
        *,
        metrics=DEFAULT_METRICS,
        prevalences=None,
        sample_weight=None,
        pos_label=None,
        n_resamples=200,
        confidence_level=0.95,
        random_state=None,
        ax=None,
    ):
        """Show the curves of decisions and probabilities.

        Parameters
        ----------
        y_true, y_pred : array-like of shape (n_samples,)
            True and predicted labels.
        y_proba : array-like of shape (n_samples, n_classes) or (n_samples,)
            Probabilities, columns in sorted class order, or those of ``pos_label``, without one
            those of the greater label.
        metrics, prevalences, sample_weight, pos_label, n_resamples, confidence_level, \
random_state, ax
            As in `from_estimator`.

        Returns
        -------
        PrevalenceCurveDisplay
        """
        rows = Predictions.from_labels(
            y_true, y_pred, y_proba, sample_weight=sample_weight, pos_label=pos_label
        )
        return cls._of_rows(
            rows, metrics, prevalences, pos_label, n_resamples, confidence_level, random_state
        )._shown(ax)

    @classmethod
    def _of_rows(
        cls, rows, metrics, prevalences, pos_label, n_resamples, confidence_level, random_state
    ):
        """Return the display of rows, which is not drawn."""
        metrics = _check_metrics(metrics)
        if rows.kind == "multilabel":
            raise InvalidParameterError(
                "A prevalence curve is of one label per row, but y is multilabel. Show one label "
                "by from_predictions, with the columns of that label."
            )
        place = rows.place_of(pos_label)
        present = float(np.average(rows.is_class(place)[0], weights=rows.weight))
        prevalences = _check_prevalences(prevalences, present)
        problem = BinaryProblem.of_class(rows, place)
        value = _curves(problem, rows.weight[None], metrics, prevalences)[..., 0]
        seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
        blocks = resampled_weights(
            rows.codes, rows.weight, n_resamples, np.random.default_rng(seed)
        )
        parts = [_curves(problem, block, metrics, prevalences) for block in blocks]
        resampled = np.concatenate(parts, axis=-1) if parts else np.empty((*value.shape, 0))
        low, high = bootstrap_interval(value, np.moveaxis(resampled, -1, 0), confidence_level)
        named = [dict(zip(metrics, part, strict=True)) for part in (value, low, high)]
        return cls(
            prevalences=prevalences,
            values=named[0],
            low=named[1],
            high=named[2],
            present=present,
            pos_label=rows.classes[place],
            confidence_level=confidence_level,
        )

    def frame(self):
        """Return one row for each measure and prevalence.

        Returns
        -------
        DataFrame
            Columns ``measure``, ``prevalence``, ``value``, ``low`` and ``high``.
        """
        import pandas as pd

        frames = [
            pd.DataFrame(
                {
                    "measure": name,
                    "prevalence": self.prevalences,
                    "value": values,
                    "low": self.low[name],
                    "high": self.high[name],
                }
            )
            for name, values in self.values.items()
        ]
        return pd.concat(frames, ignore_index=True)

    def _draw(self, own):
        ax = self.ax_
        ax.set_xscale("log")
        for place, (name, values) in enumerate(self.values.items()):
            style = look(place)
            ax.plot(
                self.prevalences,
                values,
                label=measure_label(name),
                markersize=6,
                markevery=(2 * place, 10),
                **style,
            )
            ax.fill_between(
                self.prevalences,
                self.low[name],
                self.high[name],
                color=style["color"],
                alpha=0.15,
                linewidth=0,
            )
        ax.axvline(
            self.present,
            color="black",
            linewidth=1,
            linestyle=(0, (1, 1)),
            label=f"present, {self.present:.2%}",
        )
        if len(self.prevalences) > 1:
            ax.set_xlim(self.prevalences[0], self.prevalences[-1])
        log_ticks(ax.xaxis, percent=True)
        positives = "positives" if self.pos_label is None else class_name(self.pos_label)
        ax.set(
            xlabel=wrapped(f"Share of {positives} (log scale)", 48),
            ylabel="Value",
            title="Measures at other prevalences",
        )
        tidy(ax)
        legend(ax, own)


def _curves(problem, weights, metrics, prevalences):
    """Return measures of shape (n_metrics, n_points, n_weights)."""
    sums = problem.sums(weights)
    negative, positive = (sums.count / sums.count.sum(axis=1, keepdims=True)).T
    curves = []
    for prevalence in prevalences:
        part = sums.reweighted((1 - prevalence) / negative, prevalence / positive)
        values = two_class_measures(part)
        curves.append([values[name] for name in metrics])
    return np.array(curves).swapaxes(0, 1)


def _check_metrics(metrics):
    """Return the names of measures that a prevalence curve can have."""
    known = [name for name in MEASURES if name != "cost"]
    metrics = [metrics] if isinstance(metrics, str) else list(metrics)
    for name in metrics:
        if name not in known:
            raise InvalidParameterError(
                f"The 'metrics' parameter must hold names of {known}. Got {name!r} instead."
                f"{nearest_name(str(name), known)}"
            )
    return metrics


def _check_prevalences(prevalences, present):
    """Return rising shares of positives."""
    if prevalences is None:
        return np.geomspace(present / 100, max(0.5, min(2 * present, 0.99)), N_POINTS)
    shares = np.sort(np.ravel(np.asarray(prevalences, dtype=np.float64)))
    if not len(shares) or not (shares[0] > 0 and shares[-1] < 1):
        raise InvalidParameterError(
            f"The 'prevalences' parameter must hold shares between 0 and 1. Got {prevalences!r}."
        )
    return shares
