"""Pictures of how well probabilities find a class: precision and recall, ROC, and alerts."""

from importlib.util import find_spec
from typing import Any

import numpy as np

from imbalanced_nn.describe import Markup
from imbalanced_nn.inspection import Predictions, class_name, log_ticks, look, tidy, wrapped
from imbalanced_nn.report.pictures import MISSING, drawn, figure

__all__ = ["evaluation_pictures", "ranked"]

# Of more classes their lines cannot be told apart.
_MOST_CLASSES = 7
_HEIGHT = 3.2


def evaluation_pictures(rows: Predictions) -> list[Markup]:
    """Return figures of the positive class, or of each of a few classes against the rest.

    Parameters
    ----------
    rows : Predictions
        Labelled rows with the answers.
    """
    if find_spec("matplotlib") is None:
        return [MISSING]
    places = [rows.positive] if rows.positive is not None else range(len(rows.classes))
    curves = []
    for place in places:
        positive, decided = rows.is_class(place)
        if 0 < positive.sum() < len(positive):
            curves.append((place, ranked(positive, decided, rows.proba[:, place], rows.weight)))
    if not curves or len(curves) > _MOST_CLASSES:
        return []
    named = [(rows.classes[place], curve) for place, curve in curves]
    return [_precision_recall(named), _roc(named), _alerts(named)]


def ranked(positive, decided, score, weight) -> dict[str, Any]:
    """Return what is found and flagged at every cut, from none to all rows, and as decided.

    Parameters
    ----------
    positive, decided : ndarray of bool of shape (n_samples,)
        Rows of the class, and those decided for it.
    score : ndarray of shape (n_samples,)
        Probabilities of the class.
    weight : ndarray of shape (n_samples,)
        Weights.

    Returns
    -------
    dict
        ``hits`` and ``alerts`` at each cut, ``n_positive`` and ``n``, sums of weights;
        ``decided_hits`` and ``decided_alerts``.
    """
    order = np.argsort(-score, kind="stable")
    last = np.append(np.diff(score[order]) != 0, True)
    alerts = np.cumsum(weight[order])[last]
    hits = np.cumsum((weight * positive)[order])[last]
    return {
        "alerts": np.append(0.0, alerts),
        "hits": np.append(0.0, hits),
        "n": float(weight.sum()),
        "n_positive": float(weight @ positive),
        "decided_alerts": float(weight @ decided),
        "decided_hits": float(weight @ (positive & decided)),
    }


def _draw(named, height: float, points, axes: dict[str, Any], rest=None) -> tuple[str, list[str]]:
    """Return a drawing of a curve and the decided point for each class, and words on the points.

    ``points`` gives x and y of hits and alerts.
    """
    told = []

    def draw(shape):
        ax = shape.subplots()
        for place, (label, curve) in enumerate(named):
            style = {key: look(place)[key] for key in ("color", "linestyle")}
            x, y = points(curve, curve["hits"], curve["alerts"])
            ax.plot(x, y, drawstyle="default", label=wrapped(class_name(label)), **style)
            at_x, at_y = points(curve, curve["decided_hits"], curve["decided_alerts"])
            mark = look(place)["marker"]
            ax.plot(at_x, at_y, mark, color=style["color"], markeredgecolor="white", markersize=9)
            told.append(f"{label} {float(at_y):.3f} at {float(at_x):.3f}")
        if rest is not None:
            rest(ax)
        ax.set(**axes)
        tidy(ax)
        # The line of one class is named by the axes.
        if len(named) > 1:
            shape.legend(loc="outside lower center", ncols=3, fontsize="small", frameon=False)
        return ax

    source, _ = drawn(draw, height + 0.15 * len(named))
    return source, told


def _of(named) -> str:
    """Return the class in a sentence, if there is one."""
    return class_name(named[0][0]) if len(named) == 1 else "each class"


def _precision_recall(named) -> Markup:
    """Return the figure of precision and recall, with the decision."""

    def points(curve, hits, alerts):
        with np.errstate(invalid="ignore", divide="ignore"):
            return hits / curve["n_positive"], np.divide(hits, alerts)

    axes = {"xlabel": "Recall", "ylabel": "Precision", "xlim": (-0.02, 1.02), "ylim": (-0.02, 1.05)}
    source, told = _draw(named, _HEIGHT, points, axes)
    words = f"Precision by recall of {_of(named)} at every cut; the mark is the cut in use."
    return figure(source, f"{words} As decided, precision at recall: {'; '.join(told)}.", words)


def _roc(named) -> Markup:
    """Return the figure of the receiver operating characteristic, with the decision."""

    def points(curve, hits, alerts):
        return (alerts - hits) / (curve["n"] - curve["n_positive"]), hits / curve["n_positive"]

    axes = {
        "xlabel": "False positive rate",
        "ylabel": "Recall",
        "xlim": (-0.02, 1.02),
        "ylim": (-0.02, 1.05),
    }

    def chance(ax):
        ax.plot([0, 1], [0, 1], color="0.5", linewidth=1, zorder=1)

    source, told = _draw(named, _HEIGHT, points, axes, chance)
    words = (
        f"ROC curve of {_of(named)}; the grey line is chance, the mark the cut in use. Where a "
        f"class is rare, a small false positive rate is many false alarms: look at precision."
    )
    return figure(source, f"{words} As decided, recall at rate: {'; '.join(told)}.", words)


def _alerts(named) -> Markup:
    """Return the figure of how many rows of a thousand are flagged, and what share is found."""

    def points(curve, hits, alerts):
        return 1000 * alerts / curve["n"], hits / curve["n_positive"]

    least = min(1000 * curve["n_positive"] / curve["n"] for _, curve in named)
    log = least < 50
    axes: dict[str, Any] = {
        "xlabel": "Rows flagged of each thousand" + (" (log scale)" if log else ""),
        "ylabel": "Share found",
        "ylim": (-0.02, 1.05),
    }

    def rest(ax):
        if log:
            ax.set_xscale("log")
            ax.set_xlim(max(least / 10, 0.01), 1000)
            log_ticks(ax.xaxis)

    source, told = _draw(named, _HEIGHT, points, axes, rest)
    words = (
        f"Alerts: of a thousand rows so many are flagged, the likeliest first, and such a share of "
        f"{_of(named)} is found. The mark is the cut in use."
    )
    return figure(source, f"{words} As decided, share at rows: {'; '.join(told)}.", words)
