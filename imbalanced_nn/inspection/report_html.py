"""The tables of a report in HTML."""

from imbalanced_nn.describe import Markup, table
from imbalanced_nn.metrics import MEASURES

__all__ = ["estimate_text", "report_tables"]

_OF_A_CLASS = ("average_precision", "roc_auc", "precision", "recall", "f1", "calibration_error")


def report_tables(report) -> list[Markup]:
    """Return the table of all classes together, that of each class, and what the intervals are.

    Parameters
    ----------
    report : ImbalanceReport
        What was measured.
    """
    return [_overall(report), _classes(report), _about(report)]


def estimate_text(report, place: int, name: str) -> str:
    """Return a value with its interval behind.

    Parameters
    ----------
    report : ImbalanceReport
        What was measured.
    place : int
        0 is overall, then each class.
    name : str
        Of the measure.
    """
    value, interval = _cells(report, place, name)
    return f"{value} ({interval})" if interval else value


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


def _cells(report, place: int, name: str) -> list[str]:
    """Return a value and its interval as cells."""
    value, low, high = report.estimates[place, list(MEASURES).index(name)]
    return [_number(value), f"{_number(low)} to {_number(high)}" if low < high else ""]


def _below(report, place: int, name: str) -> Markup:
    """Return a value with its interval below."""
    value, interval = _cells(report, place, name)
    return Markup(value + (f'<span class="spread">{interval}</span>' if interval else ""))


def _number(value: float) -> str:
    """Return a number of three decimals, or of three digits where it is small or large."""
    if value != value:
        return "-"
    return f"{value:.3f}" if value == 0 or 0.01 <= abs(value) < 100 else f"{value:.3g}"
