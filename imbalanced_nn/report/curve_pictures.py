"""Pictures of how well probabilities find a class: precision and recall, ROC, alerts and lift."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from imbalanced_nn.describe import Markup
from imbalanced_nn.inspection import log_ticks, look, tidy, wrapped
from imbalanced_nn.report.pictures import drawn, figure

__all__ = ["CurveKind", "curve_kinds", "curve_pictures", "decided_point", "told_of"]

_HEIGHT = 3.2
_LOG_BELOW = 50  # rows of a class in each thousand
_SHARE_AXIS = (-0.02, 1.05)


@dataclass(frozen=True)
class CurveKind:
    """A picture: where hits and alerts lie on it, its axes, and its caption.

    Parameters
    ----------
    points : callable
        Gives x and y of a curve's hits and alerts.
    axes : dict
        What the axes are set to.
    caption, told : str
        Under the picture; and what the numbers of a decision are, for those who cannot see it.
    chance : list of two lists, optional
        A line from x to x and y to y, of rows at random.
    log_from : float, optional
        Where a logarithmic axis of rows of each thousand begins.
    """

    points: Callable
    axes: dict[str, Any]
    caption: str
    told: str
    chance: list[list[float]] | None = None
    log_from: float | None = None

    @property
    def is_by_thousand(self) -> bool:
        """Whether x is rows of each thousand."""
        return "thousand" in self.axes["xlabel"]


def curve_pictures(named: list[tuple[str, dict]], of: str) -> list[Markup]:
    """Return a figure of each kind, with a curve and a mark for each name.

    Parameters
    ----------
    named : list of (str, dict)
        Names in the legend, and curves as of `imbalanced_nn.inspection.ranked`.
    of : str
        What is found, in words.
    """
    made = []
    for kind in curve_kinds([curve for _, curve in named], of):
        source = drawn(lambda shape, kind=kind: _alone(shape, kind, named), _height(named))[0]
        told = "; ".join(f"{name} {told_of(kind, curve)}" for name, curve in named)
        made.append(figure(source, f"{kind.caption} {kind.told}: {told}.", kind.caption))
    return made


def curve_kinds(curves: list[dict], of: str) -> list[CurveKind]:
    """Return the pictures; few rows of a class are spread out on a logarithmic axis."""
    least = min(1000 * curve["n_positive"] / curve["n"] for curve in curves)
    rate = {"ylabel": "Recall", "ylim": _SHARE_AXIS}
    flagged = {"xlabel": "Rows flagged of each thousand"}
    log_from = None
    if least < _LOG_BELOW:
        flagged["xlabel"] += " (log scale)"
        log_from = max(least / 10, 0.01)
    return [
        CurveKind(
            _precision_by_recall,
            {"xlabel": "Recall", "ylabel": "Precision", "xlim": (-0.02, 1.02), "ylim": _SHARE_AXIS},
            f"Precision by recall of {of} at every cut; the mark is the cut in use.",
            "As decided, precision at recall",
        ),
        CurveKind(
            _recall_by_false_rate,
            {"xlabel": "False positive rate", "xlim": (-0.02, 1.02), **rate},
            f"ROC curve of {of}; the grey line is chance, the mark the cut in use. Where a class "
            f"is rare, a small false positive rate is many false alarms: look at precision.",
            "As decided, recall at rate",
            chance=[[0, 1], [0, 1]],
        ),
        CurveKind(
            _found_by_flagged,
            {**flagged, "ylabel": "Share found", "ylim": _SHARE_AXIS},
            f"Alerts: of a thousand rows so many are flagged, the likeliest first, and such a "
            f"share of {of} is found. The mark is the cut in use.",
            "As decided, share at rows",
            log_from=log_from,
        ),
        CurveKind(
            _lift_by_flagged,
            {**flagged, "ylabel": "Lift"},
            f"Lift: how many times as many of {of} are among the flagged rows as among as many "
            f"rows at random, which is the grey line. The mark is the cut in use.",
            "As decided, lift at rows",
            chance=[[0, 1000], [1, 1]],
            log_from=log_from,
        ),
    ]


def _precision_by_recall(curve, hits, alerts):
    with np.errstate(invalid="ignore", divide="ignore"):
        return hits / curve["n_positive"], np.divide(hits, alerts)


def _recall_by_false_rate(curve, hits, alerts):
    return (alerts - hits) / (curve["n"] - curve["n_positive"]), hits / curve["n_positive"]


def _found_by_flagged(curve, hits, alerts):
    return 1000 * alerts / curve["n"], hits / curve["n_positive"]


def _lift_by_flagged(curve, hits, alerts):
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.divide(hits, alerts)
    return 1000 * alerts / curve["n"], precision / (curve["n_positive"] / curve["n"])


def told_of(kind: CurveKind, curve: dict) -> str:
    """Return the decision in numbers."""
    x, y = kind.points(curve, *decided_point(curve))
    return f"{float(y):.3f} at {float(x):.3f}"


def decided_point(curve: dict) -> tuple[Any, Any]:
    """Return hits and alerts of the cut in use."""
    return np.float64(curve["decided_hits"]), np.float64(curve["decided_alerts"])


def _height(named) -> float:
    return _HEIGHT + 0.15 * len(named)


def _alone(shape, kind: CurveKind, named) -> Any:
    """Draw one picture."""
    ax = shape.subplots()
    _curves(ax, kind, named)
    ax.set(**kind.axes)
    tidy(ax)
    # The line of one class is named by the caption.
    if len(named) > 1:
        shape.legend(loc="outside lower center", ncols=2, fontsize="small", frameon=False)
    return ax


def _curves(ax, kind: CurveKind, named) -> None:
    """Draw a curve and the decided point for each name."""
    if kind.chance is not None:
        ax.plot(*kind.chance, color="0.5", linewidth=1, zorder=1)
    for place, (name, curve) in enumerate(named):
        style = look(place)
        line = {key: style[key] for key in ("color", "linestyle")}
        ax.plot(*kind.points(curve, curve["hits"], curve["alerts"]), label=wrapped(name), **line)
        ax.plot(
            *kind.points(curve, *decided_point(curve)),
            style["marker"],
            color=style["color"],
            markeredgecolor="white",
            markersize=9,
        )
    if kind.log_from is not None:
        ax.set_xscale("log")
        ax.set_xlim(kind.log_from, 1000)
        log_ticks(ax.xaxis)
