"""Displays as pictures inside the page."""

import base64
import io
import warnings
from importlib.util import find_spec
from typing import Any

from imbalanced_nn.describe import Markup, markup
from imbalanced_nn.inspection import ClassCountsDisplay, ComparisonDisplay, Display
from imbalanced_nn.metrics import measure_label

__all__ = ["MISSING", "drawn", "figure", "pictures"]

MISSING = Markup("<p>The pictures need matplotlib: <code>pip install matplotlib</code>.</p>")
"""What is shown in the place of pictures."""

_WIDTH = 5.2
_MOST_CLASSES = 40
# The same page for the same comparison; text that is no formula; shapes, not fonts of the reader.
_STYLE = {
    "svg.hashsalt": "imbalanced_nn",
    "text.parse_math": False,
    "svg.fonttype": "path",
    # Layouts are ours.
    "figure.autolayout": False,
    "figure.constrained_layout.use": False,
}


def pictures(comparison) -> list[Markup]:
    """Return figures of the differences and of the classes, each with a text that stands for it.

    Parameters
    ----------
    comparison : StrategyComparison
        What was measured.
    """
    if find_spec("matplotlib") is None:
        return [MISSING]
    made = []
    if len(comparison.strategies) > 1:
        metrics = dict.fromkeys((comparison.scoring, "log_loss"))
        made += [_differences(comparison, metric) for metric in metrics]
    if len(comparison.classes) <= _MOST_CLASSES:
        made.append(_classes(comparison))
    return made


def _differences(comparison, metric: str) -> Markup:
    """Return the figure of the differences from the baseline in a measure."""
    from matplotlib.figure import Figure

    def draw(figure: Figure):
        return ComparisonDisplay.from_comparison(
            comparison, metric=metric, baseline=comparison.baseline_, ax=figure.subplots()
        )

    height = 1.4 + 0.3 * len(comparison.strategies)
    source, display = drawn(draw, height)
    rows = display.frame()
    told = "; ".join(
        f"{row.strategy} {row.difference:+.3f} ({row.low:+.3f} to {row.high:+.3f})"
        for row in rows.itertuples()
        if row.strategy != comparison.baseline_
    )
    name = measure_label(metric)
    if comparison.n_splits == 1:
        caption = "The one fold has no intervals."
    else:
        caption = (
            "With intervals that hold together at 95 %. One that crosses the line leaves open "
            "which is better."
        )
    return figure(
        source,
        f"{name}, difference of each strategy from {comparison.baseline_}: {told}.",
        f"{name}: difference of each strategy from {comparison.baseline_!r}. {caption}",
    )


def _classes(comparison) -> Markup:
    """Return the figure of the rows of each class."""
    classes = [str(label) for label in comparison.classes]
    counts = {"all rows": comparison.class_count}

    def draw(figure):
        return ClassCountsDisplay(counts=counts, classes=classes).plot(figure.subplots())

    source, _ = drawn(draw, max(3.0, 1.2 + 0.22 * len(classes)))
    told = ", ".join(f"{c} {n:,}" for c, n in zip(classes, comparison.class_count, strict=True))
    return figure(source, f"Rows of each class: {told}.", "Rows of each class.")


def drawn(draw, height: float):
    """Return a drawing as the source of an image, and its display."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    content, style = io.BytesIO(), dict[Any, Any](_STYLE)
    with rc_context(style), warnings.catch_warnings():
        # A label may have letters that the font lacks; the tables have them.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        canvas = Figure(figsize=(_WIDTH, height), layout="constrained")
        made = draw(canvas)
        if isinstance(made, Display):
            _give_room(made)
        canvas.savefig(content, format="svg", metadata={"Date": None})
    packed = base64.b64encode(content.getvalue()).decode("ascii")
    return f"data:image/svg+xml;base64,{packed}", made


def _give_room(display) -> None:
    """Put the legend below, and leave out the title, which the caption repeats."""
    axes = display.ax_
    axes.set_title("")
    axes.xaxis.label.set_fontsize("small")
    axes.get_legend().remove()
    display.figure_.legend(loc="outside lower center", ncols=3, fontsize="small", frameon=False)


def figure(source: str, text: str, caption: str) -> Markup:
    """Return an image with its text and caption."""
    return Markup(
        f'<figure>\n<img src="{source}" alt="{markup(text)}">\n'
        f"<figcaption>{markup(caption)}</figcaption>\n</figure>"
    )
