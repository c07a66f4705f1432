"""The columns that matter, as a picture and a table."""

from importlib.util import find_spec

from imbalanced_nn.describe import Markup, markup, table
from imbalanced_nn.inspection import look, tidy, wrapped
from imbalanced_nn.report.pictures import MISSING, drawn, figure

__all__ = ["important_columns"]

_MOST_DRAWN = 15
_MOST_ROWS = 30


def important_columns(importance: dict) -> list[Markup]:
    """Return the picture and the table of what the columns are worth, and how it was measured.

    Parameters
    ----------
    importance : dict
        ``log_loss``, ``columns``, ``n_rows`` and ``n_repeats`` as of
        `imbalanced_nn.inspection.ColumnImportance`; ``of``, whose columns they are; or
        ``reason``, why they were not measured.
    """
    of = importance.get("of", "the model")
    if "reason" in importance:
        return [Markup(f"<p>Not measured: {markup(importance['reason'])}</p>")]
    columns = importance["columns"]
    shown = columns[:_MOST_ROWS]
    rest = f", the first {_MOST_ROWS} of {len(columns):,}" if len(columns) > _MOST_ROWS else ""
    rows = [
        (False, [c["name"], f"{c['rise']:+.4f}", f"{c['low']:+.4f} to {c['high']:+.4f}"])
        for c in shown
    ]
    heads = [("Column", False), ("Log loss rises by", True), ("95 % interval", True)]
    times = "once" if importance["n_repeats"] == 1 else f"{importance['n_repeats']} times"
    about = (
        f"What the log loss of {of}, {importance['log_loss']:.4f}, rises by where a column's "
        f"values are those of other rows, drawn {times}, on {importance['n_rows']:,} "
        f"{importance.get('rows', 'rows')}, rare classes first. Columns that tell the same "
        f"share what they are worth. Every row counts once, whatever weights were given. Intervals "
        f"are of other rows, for the same model."
    )
    picture = MISSING if find_spec("matplotlib") is None else _picture(columns[:_MOST_DRAWN], of)
    return [
        picture,
        table(f"What each column is worth{rest}", heads, rows),
        Markup(f'<p class="note">{markup(about)}</p>'),
    ]


def _picture(columns: list[dict], of: str) -> Markup:
    """Return the figure of the columns that matter most."""
    names = [wrapped(column["name"], 24) for column in columns]

    def draw(shape):
        ax = shape.subplots()
        places = range(len(columns))
        rises = [column["rise"] for column in columns]
        ends = [
            [column["rise"] - column["low"] for column in columns],
            [column["high"] - column["rise"] for column in columns],
        ]
        style = look(0)
        ax.axvline(0, color="0.5", linewidth=1)
        ax.errorbar(rises, places, xerr=ends, fmt=style["marker"], color=style["color"], capsize=3)
        ax.set_yticks(places, names)
        ax.invert_yaxis()
        ax.set_xlabel("Rise of the log loss without the column")
        tidy(ax, "x")
        return ax

    n_lines = sum(1 + name.count("\n") for name in names)
    source, _ = drawn(draw, 1.0 + 0.24 * n_lines)
    told = "; ".join(
        f"{c['name']} {c['rise']:+.4f} ({c['low']:+.4f} to {c['high']:+.4f})" for c in columns
    )
    words = f"Rise of the log loss of {of} without what each column tells, with 95 % intervals."
    return figure(source, f"{words} {told}.", words)
