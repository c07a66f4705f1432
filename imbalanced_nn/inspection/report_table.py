"""The report as a table for a terminal."""

import io

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from imbalanced_nn.inspection.widths import fitted, natural_width, one_line
from imbalanced_nn.metrics import MEASURES

__all__ = ["report_parts", "report_text"]

WIDTH = 80
HELD = {
    10: {"log loss": 86},
    20: {},
    50: {"log loss": 88, "calibration error": 86},
    200: {"calibration error": 81},
}
"""Per cent of simulated samples in which intervals at 95 % held, in the setting where they held
least, by the rows of the rarest class; of measures more than three standard errors below 95. From
benchmarks/results/coverage.md, which `benchmarks.coverage` writes."""
_PER_CLASS = {
    "average_precision": "average\nprecision",
    "lift": "lift",
    "roc_auc": "ROC\nAUC",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "calibration_error": "calibr.\nerror",
}


def report_parts(report, width):
    """Return the report as tables and texts that rich shows.

    Parameters
    ----------
    report : ImbalanceReport
        What was measured.
    width : int
        Columns of the terminal.

    Returns
    -------
    list of rich.table.Table or rich.text.Text
    """
    about = f"{report.name} on {report.n_samples:,} row{'' if report.n_samples == 1 else 's'}"
    if report.pos_label is not None:
        about += f", positive class {report.pos_label!r}"
    notes = "Each class is measured against the rest."
    if report.n_resamples:
        notes += f" Intervals hold at {report.confidence_level:.0%} each for new rows"
        notes += _doubt(report)
    classes = _classes(report, list(map(one_line, report.classes)), space=1)
    if natural_width(classes) > width:
        classes = fitted(lambda names: _classes(report, names, space=0), report.classes, width)
    return [Text(about), Text(), _overall(report), Text(), classes, Text(notes)]


def _doubt(report):
    """Say which intervals were found to hold less often than they should of so few rows."""
    fewest = min((count for count in report.class_count if count > 0), default=0)
    measured = max((count for count in HELD if count <= fewest), default=min(HELD))
    if not HELD[measured]:
        return "."
    held = ", ".join(f"{label} {share}%" for label, share in HELD[measured].items())
    few = f"{measured} rows of the rarest class"
    at_most = " at most" if fewest < measured else ""
    return f"; least often in simulations at 95%, with {few}: {held}{at_most}."


def report_text(report):
    """Return the report as plain text.

    Parameters
    ----------
    report : ImbalanceReport
        What was measured.

    Returns
    -------
    str
        Lines of at most 80 characters.
    """
    # In a notebook rich would display the table and write nothing to the file.
    text = io.StringIO()
    console = Console(
        file=text, width=WIDTH, color_system=None, highlight=False, force_jupyter=False
    )
    for part in report_parts(report, WIDTH):
        console.print(part)
    lines = text.getvalue().splitlines()
    return "\n".join(line.rstrip() for line in lines)


def _overall(report):
    """Return the table of all classes together."""
    table = _table("overall", space=2)
    table.add_column("value", justify="right")
    table.add_column("")
    for name in report.names:
        value, low, high = _estimate(report, 0, name)
        # Of several classes the mean prevalence is fixed.
        between = f"[{_number(low)}, {_number(high)}]" if low < high else ""
        table.add_row(MEASURES[name].label, _number(value), Text(between, style="dim"))
    return table


def _classes(report, names, space):
    """Return the table with a row for each class under its name, its intervals below."""
    table = _table("class", space)
    table.add_column("rows", justify="right", no_wrap=True)
    for header in _PER_CLASS.values():
        table.add_column(header, justify="right", no_wrap=True)
    for place, (name, count) in enumerate(zip(names, report.class_count, strict=True), start=1):
        cells = []
        for measure in _PER_CLASS:
            value, low, high = _estimate(report, place, measure)
            cell = Text(_number(value))
            if low == low:
                digits = 3 if measure == "calibration_error" else 2
                cell.append(f"\n{_short(low, digits)}-{_short(high, digits)}", style="dim")
            cells.append(cell)
        table.add_row(Text(name), f"{count:,}", *cells)
    return table


def _table(header, space):
    """Return a table without columns but the first."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, space, 0, 0))
    table.add_column(header, no_wrap=True)
    return table


def _estimate(report, place, name):
    """Return value, low and high end of a measure."""
    return report.estimates[place, list(MEASURES).index(name)]


def _number(value):
    """Return a number of three decimals, or of three digits where it is small or large."""
    if value != value:
        return "-"
    return f"{value:.3f}" if value == 0 or 0.01 <= abs(value) < 100 else f"{value:.3g}"


def _short(value, digits):
    """Return a number in little space: .93, 1, 12."""
    text = f"{value:.{digits}f}" if abs(value) < 9.5 else f"{value:.0f}"
    text = text.rstrip("0").rstrip(".") if float(text).is_integer() and "." in text else text
    return text.removeprefix("0") or "0"
