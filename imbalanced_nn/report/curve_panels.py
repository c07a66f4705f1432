"""Curves of each of many strategies, a small panel for each, drawn on one pair of axes.

Axes of their own for each panel would take seconds to lay out and draw.
"""

from typing import Any

import numpy as np

from imbalanced_nn.describe import Markup
from imbalanced_nn.inspection import look, shortened_middle
from imbalanced_nn.report.curve_pictures import CurveKind, curve_kinds, decided_point, told_of
from imbalanced_nn.report.pictures import drawn, figure

__all__ = ["curve_panels"]

# In widths and heights of a panel, between the corners of neighbours.
_STEP_X, _STEP_Y = 1.1, 1.3
_LONGEST_TITLE = 30


def curve_panels(groups: dict[str, list[tuple[str, dict]]], of: str) -> list[Markup]:
    """Return a figure of each kind with a panel for each group of curves.

    Parameters
    ----------
    groups : dict of str to list of (str, dict)
        Named curves of each panel, by its title.
    of : str
        What is found, in words.
    """
    curves = [curve for named in groups.values() for _, curve in named]
    n_lines = -(-len(groups) // 2)
    made = []
    for kind in curve_kinds(curves, of):
        height = 0.9 + 1.8 * n_lines + 0.2 * _legend_lines(groups)
        source, _ = drawn(lambda shape, kind=kind: _draw(shape, kind, groups), height)
        told = "; ".join(
            f"{title}, {name} {told_of(kind, curve)}"
            for title, named in groups.items()
            for name, curve in named
        )
        made.append(figure(source, f"{kind.caption} {kind.told}: {told}.", kind.caption))
    return made


def _draw(shape, kind: CurveKind, groups) -> None:
    """Draw all panels."""
    shape.set_layout_engine(None)
    ax = shape.add_axes((0, 0, 1, 1))
    ax.set_axis_off()
    across, upward = _scales(kind, [curve for named in groups.values() for _, curve in named])
    n_lines = -(-len(groups) // 2)
    for place, (title, named) in enumerate(groups.items()):
        corner = np.array([place % 2 * _STEP_X, -(place // 2) * _STEP_Y])
        _frame(ax, corner, title, across, upward, place >= len(groups) - 2)
        for number, (name, curve) in enumerate(named):
            style = look(number)
            x, y = kind.points(curve, curve["hits"], curve["alerts"])
            line = {"color": style["color"], "linestyle": style["linestyle"]}
            label = name if place == 0 else None
            ax.plot(corner[0] + across.of(x), corner[1] + upward.of(y), label=label, **line)
            x, y = kind.points(curve, *decided_point(curve))
            mark = {"color": style["color"], "markeredgecolor": "white", "markersize": 8}
            ax.plot(corner[0] + across.of(x), corner[1] + upward.of(y), style["marker"], **mark)
    lowest = -(n_lines - 1) * _STEP_Y
    below = 0.4 + 0.15 * _legend_lines(groups)
    ax.set(xlim=(-0.36, _STEP_X + 1.06), ylim=(lowest - below, 1.25))
    ax.text((_STEP_X + 1) / 2, lowest - 0.2, kind.axes["xlabel"], ha="center", va="top")
    middle = (lowest + 1) / 2
    ax.text(-0.3, middle, kind.axes["ylabel"], ha="center", va="center", rotation="vertical")
    if _legend_lines(groups):
        shape.legend(loc="lower center", ncols=2, fontsize="small", frameon=False)


def _legend_lines(groups) -> int:
    """Return the lines of a legend of two columns, 0 where one curve needs none."""
    n = len(next(iter(groups.values())))
    return -(-n // 2) if n > 1 else 0


class _Scale:
    """Where values lie on a side of a panel, from 0 to 1, and its ticks."""

    def __init__(self, low: float, high: float, ticks: list[float], is_log: bool):
        self._bend = np.log10 if is_log else np.asarray
        self._low, self._high = self._bend(low), self._bend(high)
        self.ticks = [tick for tick in ticks if low <= tick <= high]

    def of(self, values: Any) -> np.ndarray:
        """Return where values lie; those beyond the ends are not drawn."""
        with np.errstate(divide="ignore", invalid="ignore"):
            places = (self._bend(values) - self._low) / (self._high - self._low)
        return np.where((places >= -0.001) & (places <= 1.001), places, np.nan)


def _scales(kind: CurveKind, curves: list[dict]) -> tuple[_Scale, _Scale]:
    """Return what all panels share: the scales of both sides."""
    highest, widest = 1.0, 1.0
    if "Lift" in kind.axes["ylabel"]:
        drawn_y = [kind.points(each, each["hits"], each["alerts"])[1] for each in curves]
        highest = max(1.0, *(float(np.nanmax(y)) for y in drawn_y))
    if kind.is_by_thousand:
        widest = 1000.0
    upward = _Scale(0.0, highest, [0.0, *_nice(highest)], is_log=False)
    if kind.log_from is not None:
        decades = [10.0**power for power in range(-2, 4)]
        return _Scale(kind.log_from, widest, decades, is_log=True), upward
    return _Scale(0.0, widest, [0.0, *_nice(widest)], is_log=False), upward


def _nice(highest: float) -> list[float]:
    """Return the middle and the end of a scale in round numbers."""
    end = float(f"{highest:.1g}")
    end = end if end <= highest else end - 10.0 ** np.floor(np.log10(highest))
    return [end / 2, end]


def _frame(ax, corner, title: str, across: _Scale, upward: _Scale, is_lowest: bool) -> None:
    """Draw the sides, the grid and the title of a panel, and numbers at the outer panels."""
    x, y = corner
    faint = {"color": "0.9", "linewidth": 0.8, "zorder": 0}
    small = {"fontsize": "small"}
    for tick in across.ticks:
        at = x + float(across.of(tick))
        ax.plot([at, at], [y, y + 1], **faint)
        if is_lowest:
            ax.text(at, y - 0.06, f"{tick:,g}", ha="center", va="top", **small)
    for tick in upward.ticks:
        at = y + float(upward.of(tick))
        ax.plot([x, x + 1], [at, at], **faint)
        if x == 0:
            ax.text(x - 0.03, at, f"{tick:,g}", ha="right", va="center", **small)
    ax.plot([x, x, x + 1], [y + 1, y, y], color="black", linewidth=0.8)
    ax.text(x, y + 1.05, shortened_middle(title, _LONGEST_TITLE), va="bottom", **small)
