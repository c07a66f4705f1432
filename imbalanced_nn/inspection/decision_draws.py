"""What measures of decisions take of confusion matrices that might have been seen as well."""

from dataclasses import dataclass

import numpy as np

from imbalanced_nn.inspection.confidence import confusion_draws, totals_of_draws

__all__ = ["MANY_CLASSES", "DrawnTotals", "against_the_rest", "draw_totals", "drawn_totals"]

MANY_CLASSES = 100
"""Classes up to which every cell of a confusion matrix is drawn."""
BLOCK_CELLS = 2**22
"""Cells of drawn confusion matrices that are in memory at a time, or one matrix."""


@dataclass(frozen=True)
class DrawnTotals:
    """What formulas take of drawn confusion matrices, each of shape (n_draws, n_classes).

    Parameters
    ----------
    hit, true, predicted : ndarray
        Weight of the rows of a class that were predicted as it, of all its rows, and of all that
        were predicted as it.
    paid : ndarray
        Cost of the rows of a class.
    """

    hit: np.ndarray
    true: np.ndarray
    predicted: np.ndarray
    paid: np.ndarray

    def __iter__(self):
        """Yield the three that formulas take."""
        return iter((self.hit, self.true, self.predicted))


def draw_totals(rows, costs, n_draws, rng):
    """Return totals of drawn confusion matrices: of all classes, or of each label."""
    if rows.kind == "multilabel":
        pairs = zip(rows.codes.T, rows.decided.T, strict=True)
        return [drawn_totals(*pair, rows.weight, np.zeros((2, 2)), n_draws, rng) for pair in pairs]
    return drawn_totals(rows.codes, rows.decided, rows.weight, costs, n_draws, rng)


def drawn_totals(true, decided, weight, costs, n_draws, rng):
    """Return totals of matrices, of which some are in memory at a time."""
    n_classes = len(costs)
    cells, squares = (
        np.bincount(true * n_classes + decided, part, minlength=n_classes**2).reshape(costs.shape)
        for part in (weight, weight**2)
    )
    is_large = n_classes > MANY_CLASSES
    n_cells = np.count_nonzero(cells) + n_classes if is_large else n_classes**2
    step = max(1, BLOCK_CELLS // n_cells)
    parts = []
    for start in range(0, n_draws, step):
        n = min(step, n_draws - start)
        if is_large:
            parts.append(totals_of_draws(cells, squares, costs, n, rng))
            continue
        drawn = confusion_draws(cells, squares, n, rng)
        hit = np.diagonal(drawn, axis1=1, axis2=2).copy()
        paid = np.einsum("nij,ij->ni", drawn, costs)
        parts.append((hit, drawn.sum(axis=2), drawn.sum(axis=1), paid))
    return DrawnTotals(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def against_the_rest(totals, k):
    """Return the totals of the rest and a class, in this order."""
    hit, true, predicted = (part[:, k] for part in totals)
    whole = totals.true.sum(axis=1)
    of_rest = whole - true - predicted + hit, whole - true, whole - predicted
    pairs = zip(of_rest, (hit, true, predicted), strict=True)
    return tuple(np.stack(pair, axis=-1) for pair in pairs)
