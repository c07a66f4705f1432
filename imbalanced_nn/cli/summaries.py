"""What the commands on one model show: what was learned, and how good its answers are."""

import os

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from imbalanced_nn.cli.terminal import counted, print_saved, say, say_prose, say_table, width
from imbalanced_nn.describe import cut_sentence, cut_summary, fitted_facts
from imbalanced_nn.inspection import ImbalanceReport, fitted, natural_width, one_line, report_parts

__all__ = [
    "fit_summary",
    "print_costs",
    "print_evaluation",
    "print_fit",
    "print_tuned",
]

_LARGEST_CONFUSION = 8


def fit_summary(source, classifier, output: str) -> dict:
    """Return what was read and learned, as JSON's types."""
    return {
        "model": os.fspath(output),
        "data": source.as_json(),
        "classes": classifier.classes_.tolist(),
        "epochs": _epochs(classifier),
        "best_epoch": int(classifier.n_iter_),
        "training": _training(classifier),
        "held_out_rows": len(classifier.validation_indices_),
        "threshold": cut_summary(classifier),
    }


def _epochs(classifier) -> int:
    """Return how many epochs were trained, of several networks in the mean."""
    logged = max(map(len, classifier.history_.values()), default=0)
    return max(logged, int(classifier.n_iter_))


def _training(classifier) -> str:
    """Say how many epochs were trained, and which of them is kept."""
    words = fitted_facts(classifier).get("Training", "")
    epochs, kept = _epochs(classifier), int(classifier.n_iter_)
    if words and not words.startswith("epoch "):
        return words
    best = "" if kept == epochs else f" (the best, epoch {kept:,}, is kept)"
    return f"for {counted(epochs, 'epoch')}{best}"


def print_fit(content: dict) -> None:
    """Print what was learned and where it was saved."""
    rows = counted(content["held_out_rows"], "held-out row")
    say_prose(f"Trained {content['training']}, judged by {rows}")
    say_prose(cut_sentence(content["threshold"], f"on the {rows}"))
    print_saved(content["model"])


def print_tuned(content: dict) -> None:
    """Print the old cut, the new one, and where it was saved."""
    say_prose(f"Before: {cut_sentence(content['before'], 'on the rows it was learned on')}")
    rows = f"on these {counted(content['rows'], 'row')}"
    say_prose(f"Now: {cut_sentence(content['threshold'], rows)}")
    print_saved(content["model"])


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
    say_prose(f"Costs: {', '.join(parts)}")


def print_evaluation(
    about: dict,
    report: ImbalanceReport,
    confusion: list[list[int]],
    costs: list[list[float]] | None,
) -> None:
    """Print what was measured, the report, and what was taken for what."""
    say(f"Model: {about['model']}")
    say(f"Data: {about['data']['name']}, {counted(report.n_samples, 'row')}")
    for note in about["data"]["left_out"]:
        say(f"Left out {note}")
    say_prose(cut_sentence(about["threshold"], "on the rows it was learned on"))
    print_costs(costs, report.classes)
    say("")
    for part in report_parts(report, width()):
        if isinstance(part, Table):
            say_table(part)
        else:
            say_prose(part.plain)
    if len(confusion) <= _LARGEST_CONFUSION:
        say("")
        say_table(_confusion_table(report.classes, confusion, width()))


def _confusion_table(classes: list, confusion: list[list[int]], columns: int) -> Table:
    """Return the counts of true and decided classes."""
    table = _counts([one_line(label) for label in classes], confusion, space=1)
    if natural_width(table) <= columns:
        return table
    return fitted(lambda names: _counts(names, confusion, space=0), classes, columns)


def _counts(names: list[str], confusion: list[list[int]], space: int) -> Table:
    """Return the counts under names of the classes."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, space))
    # Names of the user's are no markup.
    table.add_column("true\nclass", vertical="bottom", no_wrap=True)
    for name in names:
        table.add_column(Text(f"decided\n{name}"), justify="right", no_wrap=True)
    for name, counts in zip(names, confusion, strict=True):
        table.add_row(Text(name), *(f"{count:,}" for count in counts))
    return table
