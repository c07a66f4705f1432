"""Tables of decisions: what so many alerts find, and what was taken for what, and at which cost."""

import numpy as np

from imbalanced_nn.describe import Markup, table
from imbalanced_nn.inspection import rarest

__all__ = ["alert_levels", "confusion_tables", "decisions_of_each"]

_LEVELS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_FEW_LEVELS = (10, 100)
_MOST_COLUMNS = 8
_MOST_MISTAKES = 3


def alert_levels(named: list[tuple[object, dict]]) -> Markup:
    """Return the table of how many are found where so many rows are flagged.

    Parameters
    ----------
    named : list of (label, dict)
        Classes, and curves as of `imbalanced_nn.inspection.ranked`.
    """
    rows = []
    levels = _LEVELS if len(named) == 1 else _FEW_LEVELS
    for label, curve in named:
        lines = [(False, f"{level:,}", *_at(curve, level * curve["n"] / 1000)) for level in levels]
        own = curve["decided_alerts"]
        decided = (True, f"{_short(1000 * own / curve['n'])}, as decided", own)
        lines.append((*decided, curve["decided_hits"]))
        lines.sort(key=lambda line: line[2])
        for stands_out, words, alerts, hits in lines:
            # Less than a row tells nothing.
            if alerts * curve["n_rows"] >= curve["n"] or stands_out:
                cells = [words, _short(1000 * hits / curve["n"]), *_rates(curve, alerts, hits)]
                rows.append((stands_out, [label, *cells] if len(named) > 1 else cells))
    heads = ["Flagged of a thousand", "Found among them", "Recall", "Precision", "Lift"]
    columns = [(head, True) for head in heads]
    if len(named) > 1:
        return table("What so many alerts find", [("Class", False), *columns], rows)
    return table(f"What so many alerts find of {_quoted(named[0][0])}", columns, rows)


def confusion_tables(confusion, classes, pos_label, cost_matrix=None) -> list[Markup]:
    """Return what the rows of each class were taken for, in counts and, where known, in costs.

    Parameters
    ----------
    confusion : array-like of shape (n_classes, n_classes)
        Counts, or weights, of true and decided classes.
    classes : list
        Labels.
    pos_label : label or None
        The positive class of two.
    cost_matrix : array-like of shape (n_classes, n_classes), optional
        Costs of true and decided classes.
    """
    confusion = np.asarray(confusion)
    of_rows = [("Rows of each class, and what they were taken for", confusion)]
    if cost_matrix is not None:
        costs = confusion * np.asarray(cost_matrix, float)
        of_rows.append((f"Costs of the same rows, {costs.sum():,.6g} in all", costs))
    if len(classes) > _MOST_COLUMNS:
        return [_mistakes(caption, values, classes) for caption, values in of_rows]
    return [_matrix(caption, values, classes, pos_label) for caption, values in of_rows]


def decisions_of_each(named, classes, pos_label, chosen, cost_matrix=None) -> Markup:
    """Return a table of the decisions of each of several strategies, a row for each.

    Parameters
    ----------
    named : dict of str to ndarray of shape (n_classes, n_classes)
        Confusions by strategy.
    classes : list
        Labels.
    pos_label : label or None
        The positive class of two.
    chosen : str
        The row that stands out.
    cost_matrix : array-like of shape (n_classes, n_classes), optional
        Costs of true and decided classes.
    """
    if pos_label is None:
        shown = rarest(next(iter(named.values())).sum(axis=1))
        heads = ["Right", *(f"found of {classes[k]}" for k in shown)]
        cells = {
            name: [
                _short(np.trace(each)),
                *(f"{_short(each[k, k])} of {_short(each[k].sum())}" for k in shown),
            ]
            for name, each in named.items()
        }
    else:
        heads = ["Flagged of a thousand", "Found", "Missed", "False alarms", "Rightly left", "Lift"]
        at = classes.index(pos_label)
        cells = {name: _of_positive(each, at) for name, each in named.items()}
    if cost_matrix is not None:
        heads.append("Cost")
        costs = np.asarray(cost_matrix, float)
        for name, each in named.items():
            cells[name].append(f"{(each * costs).sum():,.6g}")
    columns = [("Strategy", False), *((head, True) for head in heads)]
    rows = [(name == chosen, [name, *cells[name]]) for name in named]
    return table("Held-out rows of all folds, as decided", columns, rows)


def _of_positive(confusion, at: int) -> list[str]:
    """Return the four counts, and what the alerts are worth."""
    n, n_positive = confusion.sum(), confusion[at].sum()
    alerts, hits = confusion[:, at].sum(), confusion[at, at]
    counts = (hits, n_positive - hits, alerts - hits, n - n_positive - alerts + hits)
    lift = _ratio(hits * n, alerts * n_positive)
    return [_short(1000 * alerts / n), *map(_short, counts), lift]


def _at(curve: dict, alerts: float) -> tuple[float, float]:
    """Return alerts, and the hits that are expected of them."""
    return alerts, float(np.interp(alerts, curve["alerts"], curve["hits"]))


def _rates(curve: dict, alerts: float, hits: float) -> list[str]:
    """Return recall, precision and lift."""
    return [
        f"{hits / curve['n_positive']:.3f}",
        _ratio(hits, alerts, ".3f"),
        _ratio(hits * curve["n"], alerts * curve["n_positive"]),
    ]


def _ratio(value: float, of: float, form: str = ".3g") -> str:
    return f"{value / of:{form}}" if of > 0 else "-"


def _short(value: float) -> str:
    """Return a whole number as it is, another with three digits."""
    if value == round(value):
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def _quoted(label) -> str:
    return repr(str(label)) if isinstance(label, str) else f"class {label}"


def _matrix(caption: str, values, classes, pos_label) -> Markup:
    """Return true classes as rows and decided ones as columns."""
    columns = [("True class", False), *((f"decided {label}", True) for label in classes)]
    rows = [
        (label == pos_label and pos_label is not None, [label, *(f"{each:,.6g}" for each in line)])
        for label, line in zip(classes, values, strict=True)
    ]
    return table(caption, columns, rows)


def _mistakes(caption: str, values, classes) -> Markup:
    """Return, of many classes, what is right and the mistakes that weigh most."""
    columns = [
        ("True class", False),
        ("All", True),
        ("Decided so", True),
        ("Else most often", False),
    ]
    rows = []
    for place, (label, line) in enumerate(zip(classes, values, strict=True)):
        others = [k for k in np.argsort(-line, kind="stable") if k != place and line[k] > 0]
        said = ", ".join(f"{classes[k]} ({line[k]:,.6g})" for k in others[:_MOST_MISTAKES])
        rows.append((False, [label, f"{line.sum():,.6g}", f"{line[place]:,.6g}", said]))
    return table(caption, columns, rows)
