"""The result of a report: frame, JSON, and table."""

from dataclasses import dataclass

import numpy as np

from imbalanced_nn.inspection.report_html import report_tables
from imbalanced_nn.inspection.report_table import report_parts, report_text
from imbalanced_nn.metrics import MEASURES

__all__ = ["ImbalanceReport"]


@dataclass(frozen=True, repr=False, eq=False)
class ImbalanceReport:
    """What `imbalance_report` measured.

    Parameters
    ----------
    name : str
        Name of the classifier.
    kind : {"binary", "multiclass", "multilabel"}
        Type of target.
    classes : list
        Class labels, or those of a multilabel target.
    class_count : list of int
        Rows of each class.
    n_samples : int
        Rows in all.
    pos_label : label or None
        Positive class of a binary target.
    names : list of str
        Names of the measures, keys of `imbalanced_nn.inspection.MEASURES`.
    estimates : ndarray of shape (1 + n_classes, n_measures, 3)
        Value, low and high end; overall comes first.
    confidence_level : float
        That of the intervals.
    n_resamples : int
        Resamples behind the intervals.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.inspection import MEASURES, ImbalanceReport
    >>> report = ImbalanceReport(
    ...     "clf", "binary", classes=[0, 1], class_count=[90, 10], n_samples=100, pos_label=1,
    ...     names=["f1"], estimates=np.full((3, len(MEASURES), 3), 0.5), confidence_level=0.95,
    ...     n_resamples=0,
    ... )
    >>> report.to_dict()["overall"]["f1"]["value"]
    0.5
    >>> report.frame().columns.tolist()
    ['scope', 'class', 'measure', 'value', 'low', 'high']
    """

    name: str
    kind: str
    classes: list
    class_count: list
    n_samples: int
    pos_label: object
    names: list
    estimates: np.ndarray
    confidence_level: float
    n_resamples: int

    def frame(self, per_class=True):
        """Return one row for each measure, overall and of each class.

        Parameters
        ----------
        per_class : bool, default=True
            Whether to return the rows of the classes, too.

        Returns
        -------
        DataFrame
            Columns ``scope`` ("overall" or "class"), ``class`` (the label; None overall),
            ``measure``, ``value``, ``low`` and ``high``.
        """
        import pandas as pd

        chosen = [list(MEASURES).index(name) for name in self.names]
        labels = [None, *self.classes][: None if per_class else 1]
        frame = pd.DataFrame(
            self.estimates[: len(labels), chosen].reshape(-1, 3), columns=["value", "low", "high"]
        )
        each = np.repeat(np.arange(len(labels)), len(chosen))
        # Of type object, in which None stays None.
        label = pd.Series([labels[place] for place in each], dtype=object)
        frame.insert(0, "scope", np.where(each == 0, "overall", "class"))
        frame.insert(1, "class", label)
        frame.insert(2, "measure", self.names * len(labels))
        return frame

    def to_dict(self):
        """Return everything as JSON's types; what is undefined is None."""
        overall, *classes = (
            {name: _record(part[list(MEASURES).index(name)]) for name in self.names}
            for part in self.estimates
        )
        return {
            "estimator": self.name,
            "kind": self.kind,
            "n_samples": self.n_samples,
            "pos_label": _plain(self.pos_label),
            "confidence_level": self.confidence_level,
            "n_resamples": self.n_resamples,
            "overall": overall,
            "classes": [
                {"class": _plain(label), "count": count, "measures": measures}
                for label, count, measures in zip(
                    self.classes, self.class_count, classes, strict=True
                )
            ],
        }

    def _repr_html_(self):
        """Return the tables in HTML, as notebooks show them."""
        return "\n".join(report_tables(self))

    def __rich_console__(self, console, options):
        yield from report_parts(self, options.max_width)

    def __str__(self):
        return report_text(self)

    __repr__ = __str__


def _record(estimate):
    """Return value, low and high end under their names."""
    return {n: _plain(v) for n, v in zip(("value", "low", "high"), estimate, strict=True)}


def _plain(value):
    """Return a value as one of JSON's types."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value if isinstance(value, str | bool | int | None) else str(value)
