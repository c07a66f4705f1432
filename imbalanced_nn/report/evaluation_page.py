"""The page of an evaluation: how good a classifier is on rows that it was not trained on."""

from imbalanced_nn import __version__
from imbalanced_nn.atomic_files import written_whole
from imbalanced_nn.describe import Markup, definitions, markup, section
from imbalanced_nn.inspection import Predictions, estimate_text, report_tables
from imbalanced_nn.report.alert_tables import confusion_tables
from imbalanced_nn.report.class_rows import classes_table, columns_table
from imbalanced_nn.report.evaluation_pictures import evaluation_pictures
from imbalanced_nn.report.important_columns import important_columns
from imbalanced_nn.report.page import html_page

__all__ = ["write_evaluation"]


def write_evaluation(
    report,
    path,
    *,
    title=None,
    data=None,
    confusion=None,
    cost_matrix=None,
    rows: Predictions | None = None,
    columns=None,
    importance=None,
    notes=(),
    overwrite=False,
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
    cost_matrix : list of list of float, optional
        Costs, of which those of the rows are shown beside the counts.
    rows : Predictions, optional
        The rows themselves, of which pictures are drawn: precision and recall, ROC, alerts and
        lift, with the cut in use. They need matplotlib.
    columns : tuple of (list of str, list of list of str), optional
        Headers and rows of a table of what the columns were taken for.
    importance : ColumnImportance or dict, optional
        What the columns are worth, as of `imbalanced_nn.inspection.column_importance`.
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
    parts.append(section("What was measured", *report_tables(report)))
    if rows is not None and (pictures := evaluation_pictures(rows)):
        parts.append(section("What other cuts would find", *pictures))
    if confusion is not None:
        tables = confusion_tables(confusion, report.classes, report.pos_label, cost_matrix)
        parts.append(section("What was taken for what", *tables))
    if importance is not None:
        found = importance if isinstance(importance, dict) else importance.to_dict()
        parts.append(section("The columns that matter", *important_columns(found)))
    counted = classes_table(report.classes, report.class_count, report.pos_label)
    done = [_done(report, data or {}), counted, *columns_table(columns)]
    parts.append(section("What was done", *done))
    page = html_page(heading, _verdict(report, confusion), *parts)
    with written_whole(path, overwrite) as beside:
        beside.write_text(page, encoding="utf-8", errors="backslashreplace")


def _verdict(report, confusion) -> str:
    """Return the one sentence to remember."""
    if max(report.class_count) == report.n_samples:
        return "All rows are of one class, of which nothing can be told apart."
    if report.pos_label is None or confusion is None:
        return f"Balanced accuracy is {estimate_text(report, 0, 'balanced_accuracy')}."
    positive = report.classes.index(report.pos_label)
    hits = confusion[positive][positive]
    alerts = sum(row[positive] for row in confusion)
    name = str(report.pos_label)
    right = f"{hits:,} of them" if alerts else "none"
    return (
        f"Of {report.class_count[positive]:,} rows of {name!r} {hits:,} are found: recall "
        f"{estimate_text(report, 0, 'recall')}. {alerts:,} rows are taken for {name!r}, and "
        f"{right} rightly: precision {estimate_text(report, 0, 'precision')}."
    )


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
