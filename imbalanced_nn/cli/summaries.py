"""What the commands on one model show: what was learned, and how good its answers are."""

import os

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from imbalanced_nn.inspection import ImbalanceReport
from imbalanced_nn.representation import cut_sentence, cut_summary

__all__ = [
    "fit_summary",
    "print_costs",
    "print_evaluation",
    "print_fit",
    "print_notes",
    "print_saved",
    "print_tuned",
]

_LARGEST_CONFUSION = 8


def print_notes(notes: list[str]) -> None:
    """Print what the package warned of, on stderr."""
    for note in notes:
        click.echo(f"Note: {note}", err=True)


def fit_summary(source, classifier, output: str) -> dict:
    """Return what was read and learned, as JSON's types."""
    return {
        "model": os.fspath(output),
        "data": source.as_json(),
        "classes": classifier.classes_.tolist(),
        "epochs": int(classifier.n_iter_),
        "held_out_rows": len(classifier.validation_indices_),
        "threshold": cut_summary(classifier),
    }


def print_fit(content: dict) -> None:
    """Print what was learned and where it was saved."""
    rows = f"{content['held_out_rows']:,} held-out rows"
    epochs = f"{content['epochs']} epoch{'' if content['epochs'] == 1 else 's'}"
    _print(f"Trained for {epochs}, judged by {rows}")
    _print(cut_sentence(content["threshold"], f"on the {rows}"))
    print_saved(content["model"])


def print_tuned(content: dict) -> None:
    """Print the old cut, the new one, and where it was saved."""
    _print(f"Before: {cut_sentence(content['before'], 'on the rows it was learned on')}")
    rows = f"on these {content['rows']:,} rows"
    _print(f"Now: {cut_sentence(content['threshold'], rows)}")
    print_saved(content["model"])


def print_saved(path: str) -> None:
    """Print where a file was written, on a line of its own that is not wrapped."""
    click.echo(f"Saved {path}")


def print_costs(costs: list[list[float]] | None, classes: list) -> None:
    """Print which error costs what, in words: the order of the classes is easily mistaken."""
    if costs is None:
        return
    parts = [
        f"{true} decided as {decided} {cost:g}"
        for true, row in zip(classes, costs, strict=True)
        for decided, cost in zip(classes, row, strict=True)
        if cost
    ]
    _print(f"Costs: {', '.join(parts)}")


def print_evaluation(
    about: dict,
    report: ImbalanceReport,
    confusion: list[list[int]],
    costs: list[list[float]] | None,
) -> None:
    """Print what was measured, the report, and what was taken for what."""
    click.echo(f"Model: {about['model']}")
    click.echo(f"Data: {about['data']['name']}, {report.n_samples:,} rows")
    for note in about["data"]["left_out"]:
        click.echo(f"Left out {note}")
    _print(cut_sentence(about["threshold"], "on the rows it was learned on"))
    print_costs(costs, report.classes)
    console = Console(highlight=False)
    console.print()
    console.print(report)
    if len(confusion) <= _LARGEST_CONFUSION:
        console.print()
        console.print(_confusion_table(report.classes, confusion))


def _confusion_table(classes: list, confusion: list[list[int]]) -> Table:
    """Return the counts of true and decided classes."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1))
    # Names of the user's are no markup.
    table.add_column("true class", vertical="bottom")
    for label in classes:
        table.add_column(Text(f"decided\n{label}"), justify="right", vertical="bottom")
    for label, counts in zip(classes, confusion, strict=True):
        table.add_row(Text(str(label)), *(f"{count:,}" for count in counts))
    return table


def _print(line: str) -> None:
    """Print one line of plain text, wrapped by words and not read as markup."""
    Console(highlight=False).print(Text(line))
