"""What the command line shows: the data, the table, and one sentence on it."""

from collections import Counter
from textwrap import shorten

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from imbalanced_nn.cli.column_table import print_columns
from imbalanced_nn.cli.terminal import counted, plus_minus, say, say_prose, say_table, width
from imbalanced_nn.inspection import fitted, natural_width, one_line

__all__ = ["print_comparison", "print_source"]

_COLUMNS = {
    "average_precision": ("average precision", 3),
    "balanced_accuracy": ("balanced accuracy", 3),
    "f1": ("F1", 3),
    "matthews_corrcoef": ("MCC", 3),
    "log_loss": ("log loss", 3),
    "cost": ("cost per row", 3),
    "seconds": ("seconds", 1),
}
_SHOWN_CLASSES = 8
_LONGEST_REASON = 300


def print_source(source) -> None:
    """Print what was read: name, size, classes with counts and shares, what was left out."""
    counts = Counter(source.y.tolist()).most_common()
    shown = [
        f"{one_line(label)} {count:,} ({count / len(source.y):.1%})" for label, count in counts
    ]
    if len(shown) > _SHOWN_CLASSES:
        left_out = len(shown) - _SHOWN_CLASSES
        shown[_SHOWN_CLASSES - 1 : -1] = [f"... {left_out} more ..."]
    # Not wrapped: these lines may be searched by another program.
    rows = counted(len(source.y), "row")
    say(f"Data: {source.name}, {rows}, {counted(source.X.shape[1], 'feature column')}")
    say(f"Classes of {source.target}: {', '.join(shown)}")
    for note in source.left_out:
        say(f"Left out {note}")
    print_columns(source.columns)


def print_comparison(comparison) -> None:
    """Print the table of means and spreads, the key to it, and the verdict."""
    say("")
    say_table(_table(comparison, width()))
    say("")
    say_prose(f"* best of its column. Mean {plus_minus()} standard deviation over the folds.")
    if comparison.pos_label is None:
        say_prose("Average precision and F1 are unweighted means over the classes.")
    else:
        say_prose(f"Average precision and F1 are of the class {comparison.pos_label}.")
    if comparison.reference_folds:
        models = dict.fromkeys(row["strategy"] for row in comparison.reference_folds)
        say_prose(f"No networks, to compare with: {', '.join(models)}.")
    for strategy, reason in comparison.failed.items():
        say_prose(f"{strategy} {shorten(reason, _LONGEST_REASON)}")
    say("")
    say_prose(comparison.verdict_)


def _table(comparison, columns: int) -> Table:
    """Return the widest table that fits: with headers, or with mean and spread, on one line."""
    from pandas import concat

    frame = comparison.frame()
    if comparison.reference_folds:
        frame = concat([frame, comparison.references_frame()], ignore_index=True)
    names = [*dict.fromkeys(frame["strategy"]), *comparison.failed]
    for header_break, spread_break in ((" ", " "), ("\n", " "), ("\n", "\n")):

        def draw(names, header_break=header_break, spread_break=spread_break):
            return _drawn(frame, names, header_break, spread_break)

        table = draw([one_line(name) for name in names])
        if natural_width(table) <= columns:
            return table
    return fitted(draw, names, columns)


def _drawn(frame, names: list[str], header_break: str, spread_break: str) -> Table:
    """Return the table; the best mean of a column has an asterisk besides being bold.

    ``names`` are those of the strategies in the order of the frame, and of those that failed.
    """
    from imbalanced_nn.compare import GREATER_IS_BETTER

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0)
    table.add_column("strategy", no_wrap=True)
    table.add_column("threshold ", no_wrap=True)
    shown = {name: column for name, column in _COLUMNS.items() if f"mean_{name}" in frame}
    for header, _ in shown.values():
        header = header.replace(" ", header_break)
        table.add_column(header, justify="right", vertical="bottom", no_wrap=True)
    means = frame[[f"mean_{metric}" for metric in shown]]
    best = {
        metric: means[f"mean_{metric}"].agg("max" if GREATER_IS_BETTER[metric] else "min")
        for metric in shown
    }
    sign = plus_minus() + (" " if spread_break == " " else "")
    measured = frame.groupby("strategy", sort=False)
    for name, (_, rows) in zip(names, measured, strict=False):
        for position, (_, row) in enumerate(rows.iterrows()):
            cells = []
            for metric, (_, digits) in shown.items():
                # A number that rounds to zero has no sign.
                mean = round(row[f"mean_{metric}"], digits) + 0.0
                spread = row[f"std_{metric}"]
                # The mark comes before the digits, which stay aligned.
                is_best = row[f"mean_{metric}"] == best[metric]
                mark, style = ("*", "bold") if is_best else ("", "")
                cell = Text(f"{mark}{mean:,.{digits}f}", style=style)
                cell.append(f"{spread_break}{sign}{spread:,.{digits}f}", style="not bold dim")
                cells.append(cell)
            table.add_row(Text("" if position else name), row["threshold"], *cells)
        table.add_section()
    for name in names[measured.ngroups :]:
        table.add_row(Text(name), "failed")
    return table
