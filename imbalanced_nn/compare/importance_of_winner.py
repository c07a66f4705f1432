"""Which columns matter to what a comparison recommends."""

from typing import Any

import numpy as np

from imbalanced_nn._compat.sklearn import take
from imbalanced_nn.compare.single_fit import Data, Task, fitted_on_fold
from imbalanced_nn.compare.strategy_comparison import StrategyComparison
from imbalanced_nn.exceptions import came_of_interrupt, recorded_notes
from imbalanced_nn.inspection import affordable, column_importance
from imbalanced_nn.report import winner

__all__ = ["importance_of_winner"]


def importance_of_winner(comparison: StrategyComparison, tasks: list[Task], data: Data) -> dict:
    """Fit what is recommended on the last fold once more, and measure what its columns are worth.

    Parameters
    ----------
    comparison : StrategyComparison
        What was measured.
    tasks : list of Task
        All that were run, fold by fold.
    data : Data
        What they drew their rows from.

    Returns
    -------
    dict
        ``strategy``, ``of``, what it is in words, and `ColumnImportance` as JSON's types; or
        ``reason``, why nothing was measured.
    """
    name = winner(comparison)
    told = {"strategy": name, "of": repr(name), "rows": "held-out rows of the last fold"}
    rows: Any = data.X
    shape = np.shape(rows)
    if len(shape) != 2:
        return told | {"reason": "the rows are no table."}
    limits = affordable(shape[1])
    if limits is None:
        return told | {"reason": f"of {shape[1]:,} columns each would take a minute or more."}
    # In the order of time the last fold trains on most rows.
    task = [each for each in tasks if each.strategy == name][-1]
    try:
        # What the fit warns of was told of the same fit before.
        with recorded_notes():
            found = column_importance(
                fitted_on_fold(task, data),
                take(data.X, task.test),
                data.classes[data.codes[task.test]],
                random_state=task.seed,
                **limits,
            )
    except Exception as error:
        if came_of_interrupt(error):
            raise KeyboardInterrupt from error
        return told | {"reason": f"{type(error).__name__}: {error}"}
    return told | found.to_dict()
