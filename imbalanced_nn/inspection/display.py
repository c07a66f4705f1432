"""What all displays share: axes, a look that needs no colour, and numbers without matplotlib."""

import re
from importlib.util import find_spec

import numpy as np

__all__ = [
    "Display",
    "class_name",
    "fill",
    "fit_labels",
    "legend",
    "log_ticks",
    "look",
    "shortened_middle",
    "tidy",
    "wrapped",
]

# Okabe and Ito's colours but the yellow, which is faint on white; dark and light take turns, so
# that neighbours differ in greyscale, too.
_COLORS = ("#0072B2", "#E69F00", "#000000", "#56B4E9", "#D55E00", "#009E73", "#CC79A7")
_LINES = ("-", "--", "-.", ":", (0, (6, 2, 1, 2, 1, 2)), (0, (8, 3)), (0, (3, 1)))
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_HATCHES = ("", "////", "....", "xxxx", "----", "++++", "oooo")


class Display:
    """Base of the displays: computed first, drawn by `plot`.

    Subclasses draw in ``_draw`` onto ``ax_``.

    References
    ----------
    M. Okabe, K. Ito, "Color universal design", 2008: colours that colour-blind eyes tell apart.
    """

    _figsize = (6.4, 4.2)

    def plot(self, ax=None):
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Axes to draw on. None makes a figure.

        Returns
        -------
        Display
            The display itself, with ``ax_`` and ``figure_``.

        Raises
        ------
        ImportError
            If matplotlib is not installed. `frame` works without it.
        """
        if find_spec("matplotlib") is None:
            raise ImportError(
                f"{type(self).__name__}.plot needs matplotlib, which is not installed. Install "
                f"it with: pip install matplotlib. frame() has the numbers without it."
            )
        own = ax is None
        if own:
            from matplotlib import pyplot

            _, ax = pyplot.subplots(figsize=self._figsize, layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        self._draw(own)
        return self

    def _draw(self, own):
        """Draw onto ``ax_``, which is alone on its figure if it is our own."""
        raise NotImplementedError

    def _shown(self, ax):
        """Draw at once, as scikit-learn's displays do; without matplotlib keep the numbers."""
        if ax is not None or find_spec("matplotlib") is not None:
            self.plot(ax)
        return self

    def __repr__(self):
        name = type(self).__name__
        if hasattr(self, "ax_"):
            return f"<{name}, drawn; frame() has its numbers>"
        return f"<{name}, not drawn; frame() has its numbers, plot() needs matplotlib>"


def wrapped(text, width=30):
    """Return a text on lines of so many characters, broken at spaces and behind underscores.

    A word that is longer than a line is cut.
    """
    lines = [""]
    for part in re.split(r"(?<=[\s_/.-])", str(text)):
        while len(lines[-1]) + len(part.rstrip()) > width:
            room = 0 if lines[-1] else width
            lines[-1] += part[:room]
            part = part[room:]
            lines.append("")
        lines[-1] += part
    return "\n".join(line.rstrip() for line in lines if line.strip()) or str(text)


def shortened_middle(text, width=30):
    """Return a text without its middle where it is longer than so many characters.

    Names that begin alike are still told apart by their ends.
    """
    text = str(text)
    if len(text) <= width:
        return text
    return f"{text[: width // 2 - 1]}...{text[-(width - width // 2 - 2) :]}"


def class_name(label):
    """Return what a class is called within a sentence: text in quotes, numbers as classes."""
    if label is None:
        return "the class"
    return repr(str(label)) if isinstance(label, str) else f"class {label}"


def look(place):
    """Return colour, line and marker of one of several curves, which differ in all three."""
    return {
        "color": _COLORS[place % len(_COLORS)],
        "linestyle": _LINES[place % len(_LINES)],
        "marker": _MARKERS[place % len(_MARKERS)],
    }


def fill(place):
    """Return colour and hatch of one of several areas."""
    return {
        "facecolor": _COLORS[place % len(_COLORS)],
        "hatch": _HATCHES[place % len(_HATCHES)],
        "edgecolor": "white",
    }


def tidy(ax, grid="both"):
    """Take away what carries no number, and lay a faint grid behind the data."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_axisbelow(True)
    ax.grid(visible=True, axis=grid, color="0.9", linewidth=0.8)


def legend(ax, own, n_columns=1):
    """Place the legend beside axes of a figure of our own, else where it hides least."""
    if own:
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, ncols=n_columns)
    else:
        ax.legend(loc="best", ncols=n_columns, fontsize="small")


def fit_labels(ax, n_lines):
    """Make the labels at the side small enough for so many lines, where they are not already.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Axes whose labels are set.
    n_lines : float
        Lines of all labels, and of what else lies beside them.
    """
    room = 72 * ax.get_position().height * ax.figure.get_figheight()
    for label in ax.get_yticklabels():
        label.set_fontsize(min(label.get_fontsize(), room / (1.15 * n_lines)))


def log_ticks(axis, *, percent=False):
    """Label a logarithmic axis in plain numbers, 1, 2 and 5 of each decade where there is room."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = sorted(axis.get_view_interval())
    decades = np.log10(high / low)
    steps = (1.0, 2.0, 5.0) if decades < 2 else (1.0, 3.0) if decades < 3.5 else (1.0,)
    axis.set_major_locator(LogLocator(subs=steps, numticks=20))
    axis.set_major_formatter(FuncFormatter(lambda value, _: _number(value, percent)))
    axis.set_minor_formatter(NullFormatter())


def _number(value, percent):
    """Return a plain number, or a power of ten where that has many zeros."""
    if percent:
        return f"{100 * value:,.6g}%"
    power = np.log10(value)
    if value < 1e-3 and np.isclose(power, round(power)):
        return f"$10^{{{round(power)}}}$"
    return f"{value:,.6g}"
