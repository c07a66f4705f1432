"""What the commands on one model show: what was learned, and how good its answers are."""

import os

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from imbalanced_nn.representation import cut_sentence, cut_summary

__all__ = [
    "fit_summary",
    "print_evaluation",
    "print_fit",
    "print_notes",
    "print_saved",
    "print_tuned",
]

_NAMES = {
    "average_precision": "average precision",
    "roc_auc": "ROC AUC",
    "break_even_point": "break-even point",
    "log_loss": "log loss",
    "brier_score": "Brier score",
    "balanced_accuracy": "balanced accuracy",
    "f1": "F1",
    "matthews_corrcoef": "MCC",
    "geometric_mean": "G-mean",
    "class_balance_accuracy": "class balance accuracy",
    "accuracy": "accuracy",
}
_OF_PROBABILITIES = 5
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


def print_evaluation(content: dict) -> None:
    """Print what was measured, and tables: of all rows, of each class, of what was confused."""
    click.echo(f"Model: {content['model']}")
    click.echo(f"Data: {content['data']['name']}, {content['data']['n_samples']:,} rows")
    for note in content["data"]["left_out"]:
        click.echo(f"Left out {note}")
    _print(cut_sentence(content["threshold"], "on the rows it was learned on"))
    console = Console(highlight=False)
    console.print()
    console.print(_overall_table(content["overall"], content["prevalence"]))
    console.print()
    console.print(_class_table(content["classes"]))
    if len(content["classes"]) <= _LARGEST_CONFUSION:
        console.print()
        console.print(_confusion_table(content["classes"], content["confusion"]))
    console.print()
    if content["positive_class"] is None:
        _print("Average precision, ROC AUC and F1 are unweighted means over the classes.")
    else:
        _print(
            f"Average precision, ROC AUC, F1 and the break-even point are of the class "
            f"{content['positive_class']}. A guess has an average precision of "
            f"{content['prevalence']:.3f}."
        )


def _overall_table(overall: dict, prevalence: float | None) -> Table:
    """Return the measures of all rows, those of probabilities first."""
    table = _table("of the probabilities", "")
    table.add_column("of the decisions")
    table.add_column(justify="right")
    names = [name for name in _NAMES if name in overall]
    first = [name for name in names if name in list(_NAMES)[:_OF_PROBABILITIES]]
    second = [name for name in names if name not in first]
    for position in range(max(len(first), len(second))):
        cells = []
        for column in (first, second):
            name = column[position] if position < len(column) else None
            cells += ["", ""] if name is None else [_NAMES[name], _number(overall[name])]
        table.add_row(*cells)
    return table


def _class_table(classes: list[dict]) -> Table:
    """Return the measures of each class."""
    table = _table("class", "rows", "precision", "recall", "F1", "average\nprecision")
    for row in classes:
        numbers = [_number(row[name]) for name in ("precision", "recall", "f1")]
        table.add_row(
            Text(str(row["class"])),
            f"{row['rows']:,}",
            *numbers,
            _number(row["average_precision"]),
        )
    return table


def _confusion_table(classes: list[dict], confusion: list[list[int]]) -> Table:
    """Return the counts of true and decided classes."""
    labels = [str(row["class"]) for row in classes]
    table = _table("true class", *(f"decided\n{label}" for label in labels))
    for label, counts in zip(labels, confusion, strict=True):
        table.add_row(Text(label), *(f"{count:,}" for count in counts))
    return table


def _table(first: str, *numbers: str) -> Table:
    """Return an empty table with a column of words, and columns of numbers."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1))
    # Names of the user's are no markup.
    table.add_column(Text(first), vertical="bottom")
    for header in numbers:
        table.add_column(Text(header), justify="right", vertical="bottom")
    return table


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _print(line: str) -> None:
    """Print one line of plain text, wrapped by words and not read as markup."""
    Console(highlight=False).print(Text(line))
