"""Which of two classes is the positive one, and which of them scores belong to."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.stats import rankdata

from imbalanced_nn.exceptions import warn
from imbalanced_nn.threshold.rules import BinaryRule
from imbalanced_nn.threshold.search import ThresholdCurve

__all__ = ["Mirror", "mirror_of", "note_positive", "note_reversed", "scored_code"]

LOOKED_AT = 2000
"""Rows of a class that are looked at to tell which way scores rank."""

ONE_SIDED_95 = 1.645


def scored_code(classes: np.ndarray, positive: int, pos_label: Any) -> int:
    """Return the code of the class that one score per row belongs to.

    It is that of ``pos_label``, and without one the greater label, as of scikit-learn's
    ``decision_function``.
    """
    return int(np.argsort(classes)[-1]) if pos_label is None else positive


@dataclass(frozen=True)
class Mirror:
    """Turns scores of the other class into scores of the positive one, and their cuts back.

    Parameters
    ----------
    scored : {0, 1}
        Code of the class that the scores belong to.
    offset : {0, 1}
        Sum of the two scores of a row: 1 where they must be probabilities, which costs the last
        bits of the smallest, else 0.
    proba : bool
        Whether the scores lie between 0 and 1.
    """

    scored: int
    offset: int
    proba: bool

    def turned(self, rows: Any) -> Any:
        """Return rows with scores of the positive class."""
        return replace(rows, score=self.offset - rows.score)

    def cuts(self, thresholds: Any) -> np.ndarray:
        """Return cuts of the positive class's scores as cuts of the scores that were given."""
        cuts = self._other_side(thresholds)
        return np.clip(cuts, 0, np.nextafter(1, 2)) if self.proba else cuts

    def rule(self, rule: BinaryRule) -> BinaryRule:
        """Return a rule of the positive class's scores as one of the scores that were given."""
        return BinaryRule(float(self.cuts(rule.threshold)), self.scored)

    def turned_rule(self, rule: BinaryRule) -> BinaryRule:
        """Return a rule of the scores that were given as one of the positive class's."""
        return BinaryRule(self._other_side(rule.threshold), 1 - self.scored)

    def curve(self, curve: ThresholdCurve | None) -> ThresholdCurve | None:
        """Return a curve of the positive class's scores along the scores that were given."""
        if curve is None:
            return None
        return ThresholdCurve(self.cuts(curve.thresholds)[::-1], curve.scores[::-1])

    def _other_side(self, thresholds):
        """Return cuts at which the other score of a row decides alike."""
        # A score at its cut is of its own class, so that the other's cut lies just above.
        return np.nextafter(self.offset - np.asarray(thresholds, dtype=float), np.inf)


def mirror_of(rows: Any, takes_proba: bool) -> Mirror | None:
    """Return what turns the scores of rows, None if they are those of the positive class."""
    if rows.scored in (None, rows.positive) or rows.score.ndim == 2:
        return None
    proba = rows.score.min() >= 0 and rows.score.max() <= 1
    return Mirror(rows.scored, int(takes_proba), bool(proba))


def note_positive(
    classes: np.ndarray, counts: np.ndarray, positive: int, what: str, scored: int | None = None
) -> None:
    """Tell which class was taken as the positive one where it could have been the other.

    Parameters
    ----------
    classes : ndarray of shape (2,)
        Labels.
    counts : ndarray of shape (2,)
        Rows of each.
    positive : {0, 1}
        Code of the positive class, which the caller did not name.
    what : str
        What depends on it.
    scored : {0, 1} or None, default=None
        Code of the class whose scores are decided on, where they are of one class only.
    """
    labels = np.asarray(classes).tolist()
    name, other = labels[positive], labels[1 - positive]
    why = None
    if counts[positive] > counts[1 - positive]:
        why = f"as everywhere in scikit-learn, although {other!r} is the rarer one"
    elif scored == 1 - positive:
        why = f"as the rarer one, although the scores are those of {other!r}, the greater label"
    if why is not None:
        warn(
            "INN014",
            f"{name!r} is taken as the positive class, {why}. {what} depends on which it is: "
            f"choose by pos_label={name!r} or pos_label={other!r}.",
        )


def note_reversed(rows: Any) -> None:
    """Tell that scores of two classes rank in reverse, where that is no chance.

    The area under the ROC curve is then below .5 by more than 95 % of the areas of scores that
    tell nothing.
    """
    if rows.kind != "binary":
        return
    sides = [rows.positive_score[rows.y == code] for code in (rows.positive, 1 - rows.positive)]
    positive, negative = (side[:: -(-len(side) // LOOKED_AT)] for side in sides)
    n, m = len(positive), len(negative)
    ranks = rankdata(np.concatenate([positive, negative]))[:n]
    area = (ranks.sum() - n * (n + 1) / 2) / (n * m)
    if area >= 0.5 - ONE_SIDED_95 * np.sqrt((n + m + 1) / (12 * n * m)):
        return
    labels = rows.classes.tolist()
    name, other = labels[rows.positive], labels[1 - rows.positive]
    if rows.score.ndim == 2:
        cure = "Check that the columns are in the order of the classes, and the labels"
    elif rows.scored == rows.positive:
        cure = f"If they are those of {other!r}, pass them with a minus"
    else:
        cure = f"If they are those of {name!r}, and not of the greater label {other!r}, pass "
        cure += f"pos_label={name!r} to fit"
    warn(
        "INN015",
        f"The scores rank in reverse: the area under the ROC curve of {name!r} is {area:.2f}, "
        f"below 0.5. {cure}.",
    )
