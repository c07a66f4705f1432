"""What the columns of a saved model were taken for, and what they are worth on other rows."""

from typing import Any

from imbalanced_nn.cli.column_table import column_rows

__all__ = ["RowSample", "importance_in", "kinds_of"]

_MOST_ROWS = 20_000


class RowSample:
    """Some rows of each class of a table that is read in chunks, each as likely as any other of it.

    Parameters
    ----------
    seed : int
        Draws them.
    """

    def __init__(self, seed: int):
        import numpy as np

        self._rng = np.random.default_rng(seed)
        self._kept: Any = None
        self._counts = np.zeros(0, int)

    def add(self, typed, codes) -> None:
        """Take rows of a chunk, as `Model.typed` gives them, and the codes of their labels."""
        import numpy as np
        import pandas as pd

        n_classes = max(len(self._counts), int(max(codes, default=-1)) + 1)
        counts = np.bincount(codes, minlength=n_classes)
        counts[: len(self._counts)] += self._counts
        self._counts = counts
        keys = self._rng.random(len(codes))
        if self._kept is not None:
            before, known, older = self._kept
            typed = pd.concat([before, typed], ignore_index=True)
            codes, keys = np.concatenate([known, codes]), np.concatenate([older, keys])
        # Always so many of a class, or the last rows would be likelier than those before them.
        order, each = np.argsort(keys), _MOST_ROWS // max(int((counts > 0).sum()), 1)
        kept = [order[codes[order] == code][:each] for code in np.flatnonzero(counts)]
        rows = np.sort(np.concatenate([np.zeros(0, int), *kept]))
        typed, codes, keys = typed.iloc[rows], codes[rows], keys[rows]
        self._kept = typed, codes, keys

    @property
    def rows(self) -> tuple[Any, Any, Any]:
        """The rows, the codes of their labels, and how many of each class were read."""
        typed, codes, _ = self._kept
        return typed, codes, self._counts


def importance_in(model, sample: RowSample, seed: int) -> dict:
    """Return what each column is worth to a model, or why that was not measured.

    Parameters
    ----------
    model : Model
        The saved model.
    sample : RowSample
        Rows that it was not trained on.
    seed : int
        Draws values.
    """
    from imbalanced_nn.exceptions import came_of_interrupt
    from imbalanced_nn.inspection import affordable, column_importance

    typed, codes, counts = sample.rows
    limits = affordable(typed.shape[1])
    if limits is None:
        return {"reason": f"of {typed.shape[1]:,} columns each would take a minute or more."}
    told = {"of": model.path, "rows": "rows of the table"}
    try:
        found = column_importance(
            *(model.of_typed, typed, model.labels[codes]),
            class_count=counts,
            random_state=seed,
            **limits,
        )
    except Exception as error:
        # The answers are worth more than what the columns are.
        if came_of_interrupt(error):
            raise KeyboardInterrupt from error
        return told | {"reason": f"{type(error).__name__}: {error}"}
    return told | found.to_dict()


def kinds_of(model) -> tuple[list[str], list[list[str]]] | None:
    """Return headers and rows of what the columns were taken for when the model was fitted.

    Parameters
    ----------
    model : Model
        The saved model.
    """
    kinds = model.column_kinds
    if not kinds:
        return None
    # What is missing now is another number.
    headers, rows = column_rows([column | {"missing": 0} for column in kinds])
    return headers[:-1], [row[:-1] for row in rows]
