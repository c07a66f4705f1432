"""What a fitted estimator knows of each class, as a table."""

import numpy as np

from imbalanced_nn.describe.counts import class_counts
from imbalanced_nn.describe.cut import is_plain
from imbalanced_nn.describe.text import percent, shortened

__all__ = ["class_table"]

_MOST = 12


def class_table(estimator) -> tuple[str, list[str], list[tuple[bool, list[str]]]]:
    """Return what a fitted estimator knows of each class.

    Parameters
    ----------
    estimator : BalancedKerasClassifier
        Fitted, with facts.

    Returns
    -------
    caption : str
        What is shown; of more than 12 classes the rarest.
    columns : list of str
        The class; its rows after each step; what else was learned of it.
    rows : list of (bool, list of str)
        Whether it is the positive class of two, and its cells.
    """
    target = estimator.fit_result_.target
    columns = {**_count_columns(estimator), **_learned_columns(estimator)}
    labels = estimator.classes_.tolist()
    shown = np.arange(len(labels))
    caption = "Positives of each label" if target.kind == "multilabel" else "Classes"
    if target.steps:
        caption += ", counted in time steps"
    if len(labels) > _MOST:
        shown = np.sort(np.argsort(estimator.class_count_, kind="stable")[:_MOST])
        caption += f", the {_MOST} rarest of {len(labels)}"
    positive = target.positive if target.kind == "binary" else None
    rows = []
    for code in shown:
        name = shortened(str(labels[code])) + (" (positive)" if code == positive else "")
        cells = [name, *(column[code] for column in columns.values())]
        rows.append((bool(code == positive), cells))
    kind = "Label" if target.kind == "multilabel" else "Class"
    return caption, [kind, *columns], rows


def _count_columns(estimator) -> dict[str, list[str]]:
    """Return the rows of each class after each step, with their shares where they sum to all."""
    counts = class_counts(estimator)
    if (held_out := estimator.fit_result_.judged_by) is not None:
        # Beside all rows, since what follows is of the others.
        first = {"all rows": counts.pop("all rows"), "held out": held_out.class_count}
        counts = first | counts
    shares = estimator.fit_result_.target.kind != "multilabel"
    return {
        step: [
            f"{round(count):,}" + (f" ({percent(count / row.sum())})" if shares else "")
            for count in row.tolist()
        ]
        for step, row in counts.items()
    }


def _learned_columns(estimator) -> dict[str, list[str]]:
    """Return weights, priors and cuts of each class, of those that there are."""
    columns = {}
    if estimator.class_weight_ is not None:
        weights = list(estimator.class_weight_.values())
        if estimator.fit_result_.target.kind == "multilabel":
            absent, present = zip(*weights, strict=True)
            columns["weight, absent"] = [f"{weight:.4g}" for weight in absent]
            columns["weight, present"] = [f"{weight:.4g}" for weight in present]
        else:
            columns["class weight"] = [f"{weight:.4g}" for weight in weights]
    if (priors := estimator.fit_result_.posterior.priors) is not None:
        columns["prior"] = [percent(prior) for prior in priors]
    # Of two classes the decision is one sentence, equal cuts are none.
    if np.ndim(cuts := estimator.best_threshold_) and not is_plain(estimator):
        columns["cut"] = [f"{cut:.4g}" for cut in cuts]
    return columns
