"""The page of an evaluation: how good a classifier is on rows that it was not trained on."""

from imbalanced_nn import __version__
from imbalanced_nn.atomic_files import written_whole
from imbalanced_nn.describe import Markup, definitions, markup, section, table
from imbalanced_nn.metrics import MEASURES
from imbalanced_nn.report.page import html_page

__all__ = ["write_evaluation"]

_OF_A_CLASS = ("average_precision", "roc_auc", "precision", "recall", "f1", "calibration_error")


def write_evaluation(
    report, path, *, title=None, data=None, confusion=None, notes=(), overwrite=False
) -> None:
    """Write what `imbalanced_nn.imbalance_report` measured as one self-contained HTML file.

    Parameters
    ----------
    report : ImbalanceReport
        What was measured.
    path : str or path-like
        The file. It is there whole or not at all.
    title : str, optional
        Heading of the page.
    data : dict of str to str, optional
        Facts about the model and the rows.
    confusion : list of list of int, optional
        Counts, rows true and columns decided classes.
    notes : sequence of str, default=()
        What the reader should know before the numbers.
    overwrite : bool, default=False
        Whether a file that is there may be replaced.

    Raises
    ------
    FileExistsError
        If the file is there and must not be replaced.
    FileNotFoundError
        If its folder does not exist.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from imbalanced_nn import imbalance_report
    >>> from imbalanced_nn.report import write_evaluation
    >>> X, y = make_classification(n_samples=400, weights=[0.9], random_state=0)
    >>> clf = GaussianNB().fit(X[:200], y[:200])
    >>> report = imbalance_report(clf, X[200:], y[200:], random_state=0)
    >>> path = Path(tempfile.mkdtemp()) / "evaluation.html"
    >>> write_evaluation(report, path, title="Naive Bayes")
    >>> path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    True
    """
    heading = markup(title or f"{report.name} on {report.n_samples:,} rows")
    parts = [_notes(notes)] if notes else []
    parts.append(section("What was measured", _overall(report), _classes(report), _about(report)))
    if confusion is not None:
        parts.append(section("What was taken for what", _confusion(report, confusion)))
    parts.append(section("What was done", _done(report, data or {})))
    page = html_page(heading, _verdict(report, confusion), *parts)
    with written_whole(path, overwrite) as beside:
        beside.write_text(page, encoding="utf-8", errors="backslashreplace")


def _verdict(report, confusion) -> str:
    """Return the one sentence to remember."""
    if max(report.class_count) == report.n_samples:
        return "All rows are of one class, of which nothing can be told apart."
    if report.pos_label is None or confusion is None:
        return f"Balanced accuracy is {_text(report, 0, 'balanced_accuracy')}."
    positive = report.classes.index(report.pos_label)
    hits = confusion[positive][positive]
    alerts = sum(row[positive] for row in confusion)
    name = str(report.pos_label)
    right = f"{hits:,} of them" if alerts else "none"
    return (
        f"Of {report.class_count[positive]:,} rows of {name!r} {hits:,} are found: recall "
        f"{_text(report, 0, 'recall')}. {alerts:,} rows are taken for {name!r}, and {right} "
        f"rightly: precision {_text(report, 0, 'precision')}."
    )


def _overall(report) -> Markup:
    """Return the table of all classes together."""
    rows = [(False, [MEASURES[name].label, *_cells(report, 0, name)]) for name in report.names]
    level = f"{report.confidence_level:.0%} interval"
    columns = [("Measure", False), ("Value", True), (level, True)]
    return table("All classes together", columns, rows)


def _classes(report) -> Markup:
    """Return the table with a row for each class."""
    rows = [
        (
            label == report.pos_label,
            [label, f"{count:,}", *(_below(report, place, name) for name in _OF_A_CLASS)],
        )
        for place, (label, count) in enumerate(
            zip(report.classes, report.class_count, strict=True), start=1
        )
    ]
    labels = [MEASURES[name].label for name in _OF_A_CLASS]
    heads = [(label[0].upper() + label[1:], True) for label in labels]
    return table("Each class against the rest", [("Class", False), ("Rows", True), *heads], rows)


def _about(report) -> Markup:
    """Say what the intervals are of."""
    if not report.n_resamples:
        return Markup('<p class="note">Without intervals: none were asked for.</p>')
    return Markup(
        f'<p class="note">Intervals hold at {report.confidence_level:.0%} each for new rows like '
        f"these. The noise of the training is no part of them.</p>"
    )


def _confusion(report, confusion: list[list[int]]) -> Markup:
    """Return the counts of true and decided classes."""
    columns = [("True class", False), *((f"decided {label}", True) for label in report.classes)]
    rows = [
        (label == report.pos_label, [label, *(f"{count:,}" for count in counts)])
        for label, counts in zip(report.classes, confusion, strict=True)
    ]
    return table("Rows of each class, and what they were taken for", columns, rows)


def _notes(notes) -> Markup:
    """Return what the reader should know first."""
    items = "\n".join(f"<li>{markup(note)}</li>" for note in notes)
    return section("To know first", Markup(f"<ul>\n{items}\n</ul>"))


def _done(report, data: dict) -> Markup:
    """Return facts about model and rows."""
    facts = {**data, "Classifier": report.name, "Rows": f"{report.n_samples:,}"}
    if report.pos_label is not None:
        facts["Positive class"] = report.pos_label
    return definitions(facts | {"imbalanced_nn": __version__})


def _cells(report, place: int, name: str) -> list[str]:
    """Return a value and its interval as cells."""
    value, low, high = report.estimates[place, list(MEASURES).index(name)]
    return [_number(value), f"{_number(low)} to {_number(high)}" if low < high else ""]


def _below(report, place: int, name: str) -> Markup:
    """Return a value with its interval below."""
    value, interval = _cells(report, place, name)
    return Markup(value + (f'<span class="spread">{interval}</span>' if interval else ""))


def _text(report, place: int, name: str) -> str:
    """Return a value with its interval behind."""
    value, interval = _cells(report, place, name)
    return f"{value} ({interval})" if interval else value


def _number(value: float) -> str:
    """Return a number of three decimals, or of three digits where it is small or large."""
    if value != value:
        return "-"
    return f"{value:.3f}" if value == 0 or 0.01 <= abs(value) < 100 else f"{value:.3g}"
