"""What the command line shows: the data, a progress bar, the table, and one sentence on it."""

from collections import Counter
from contextlib import contextmanager
from textwrap import shorten

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

__all__ = ["print_comparison", "print_source", "progress_bar"]

_COLUMNS = {
    "average_precision": ("average precision", 3),
    "balanced_accuracy": ("balanced accuracy", 3),
    "f1": ("F1", 3),
    "matthews_corrcoef": ("MCC", 3),
    "log_loss": ("log loss", 3),
    "seconds": ("seconds", 1),
}
_SHOWN_CLASSES = 8
_LONGEST_REASON = 300
# Mean and spread fit on one line from this width on; else the spread goes below.
_WIDE = 132


def print_source(source) -> None:
    """Print what was read: name, size, classes with counts and shares, what was left out."""
    counts = Counter(source.y.tolist()).most_common()
    shown = [f"{label} {count:,} ({count / len(source.y):.1%})" for label, count in counts]
    if len(shown) > _SHOWN_CLASSES:
        left_out = len(shown) - _SHOWN_CLASSES
        shown[_SHOWN_CLASSES - 1 : -1] = [f"... {left_out} more ..."]
    # Not wrapped: these lines may be searched by another program.
    click.echo(f"Data: {source.name}, {len(source.y):,} rows, {source.X.shape[1]} feature columns")
    click.echo(f"Classes of {source.target}: {', '.join(shown)}")
    for note in source.left_out:
        click.echo(f"Left out {note}")


@contextmanager
def progress_bar(what: str, unit: str):
    """Give a function of (done, total) that moves a bar on a terminal's stderr."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(f"{unit}, time left"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
        # A fit can take minutes, and the estimate needs a few of them.
        speed_estimate_period=3600,
    )
    with bar:
        task = bar.add_task(what, total=None)

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield advance


def print_comparison(comparison) -> None:
    """Print the table of means and spreads, the key to it, and the verdict."""
    console = Console(highlight=False)
    console.print()
    console.print(_table(comparison, wide=console.width >= _WIDE))
    console.print()
    _print("* best of its column. Mean ± standard deviation over the folds.")
    if comparison.pos_label is None:
        _print("Average precision and F1 are unweighted means over the classes.")
    else:
        _print(f"Average precision and F1 are of the class {comparison.pos_label}.")
    for strategy, reason in comparison.failed.items():
        _print(f"{strategy} {shorten(reason, _LONGEST_REASON)}")
    console.print()
    _print(comparison.verdict_)


def _table(comparison, wide: bool) -> Table:
    """Return the table; the best mean of a column has an asterisk besides being bold."""
    from imbalanced_nn.compare.evaluation import GREATER_IS_BETTER

    frame = comparison.frame()
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0)
    table.add_column("strategy", no_wrap=True)
    table.add_column("threshold ", no_wrap=True)
    for header, _ in _COLUMNS.values():
        table.add_column(header if wide else header.replace(" ", "\n"), justify="right")
    means = frame[[f"mean_{metric}" for metric in _COLUMNS]]
    best = {
        metric: means[f"mean_{metric}"].agg("max" if GREATER_IS_BETTER[metric] else "min")
        for metric in _COLUMNS
    }
    for strategy, rows in frame.groupby("strategy", sort=False):
        for position, (_, row) in enumerate(rows.iterrows()):
            cells = [
                _cell(row[f"mean_{metric}"], row[f"std_{metric}"], best[metric], digits, wide)
                for metric, (_, digits) in _COLUMNS.items()
            ]
            table.add_row(Text("" if position else strategy), row["threshold"], *cells)
        table.add_section()
    for strategy in comparison.failed:
        table.add_row(Text(strategy), "failed")
    return table


def _cell(mean: float, std: float, best: float, digits: int, wide: bool) -> Text:
    """Return mean and spread as text; the mark comes before the digits, which stay aligned."""
    mark, style = ("*", "bold") if mean == best else ("", "")
    cell = Text(f"{mark}{mean:.{digits}f}", style=style)
    cell.append(f"{' ± ' if wide else chr(10) + '±'}{std:.{digits}f}", style="not bold dim")
    return cell


def _print(line: str) -> None:
    """Print one line of plain text, wrapped by words and not read as markup."""
    Console(highlight=False).print(Text(line))
