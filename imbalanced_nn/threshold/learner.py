"""Learn a decision rule from checked rows: what `ThresholdTuner.fit` does behind its checks."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from imbalanced_nn.exceptions import warn
from imbalanced_nn.threshold.closed_form import prefer_closed_form
from imbalanced_nn.threshold.constraints import Constraint
from imbalanced_nn.threshold.coordinate_ascent import search_multiclass, search_multilabel
from imbalanced_nn.threshold.costs import bayes_rule
from imbalanced_nn.threshold.objectives import CUT_AT_PRIOR, Objective
from imbalanced_nn.threshold.recalibration import Recalibration, logits, recalibrate
from imbalanced_nn.threshold.rules import BinaryRule, MulticlassRule, MultilabelRule
from imbalanced_nn.threshold.search import best_candidate, search_binary
from imbalanced_nn.threshold.tuning_rows import TuningRows

__all__ = ["Aim", "Learned", "has_theory", "labels_share", "learn", "note_few_positives"]


@dataclass(frozen=True, eq=False)
class Aim:
    """What a rule is to achieve.

    Parameters
    ----------
    objective : Objective
        What to maximise.
    constraint : Constraint or None
        Bound to keep, binary targets only.
    costs : ndarray of shape (n_classes, n_classes) or None
        Costs whose negative mean the objective is.
    bayes : bool
        Whether to decide by Bayes' rule for these costs, without a search.
    min_positives : int
        Rows of the rarer class from which on the rows alone decide.
    """

    objective: Objective
    constraint: Constraint | None
    costs: np.ndarray | None
    bayes: bool
    min_positives: int

    def knows_positive(self, rows: TuningRows) -> bool:
        """Whether it is another one where the other of two classes is the positive one."""
        if self.constraint is not None:
            return True
        return rows.sample_cost is None and not self.objective.is_symmetric


class Learned(NamedTuple):
    """A rule and how it does on the rows that it was learned on.

    Parameters
    ----------
    rule : BinaryRule, MulticlassRule, MultilabelRule, CostRule or None
        Turns scores into codes; None before Bayes' rule is known.
    score : float
        Value of the objective.
    curve : ThresholdCurve, tuple of ThresholdCurve or None
        The objective at every cut, one curve for each label; None where cuts act jointly.
    """

    rule: Any
    score: float
    curve: Any


def learn(rows: TuningRows, aim: Aim) -> Learned:
    """Return the best rule for the rows."""
    if rows.kind == "multilabel":
        columns = zip(rows.y.T, rows.score.T, strict=True)
        belief = [_leaning(*column, rows.weight, aim)[0] for column in columns]
        cuts, value, curves = search_multilabel(
            aim.objective, rows.y, rows.score, rows.weight, belief
        )
        return Learned(MultilabelRule(cuts), value, curves)
    if rows.kind == "binary":
        found = _learn_binary(rows, aim)
    elif aim.bayes:
        found = Learned(None, np.nan, None)
    else:
        cuts, value = search_multiclass(
            aim.objective, rows.y, rows.score, rows.weight, rows.sample_cost
        )
        found = Learned(MulticlassRule(cuts), value, None)
        if has_theory(rows, aim):
            found = _unless_theory_does(rows, aim, found)
    if not aim.bayes:
        return found
    rule = bayes_rule(aim.costs, rows.positive)
    return Learned(rule, rows.value(aim.objective, rows.decide(rule)), found.curve)


def _learn_binary(rows, aim):
    indicator, score = rows.indicator, rows.positive_score
    belief, line = _leaning(indicator, score, rows.weight, aim)
    cut, value, curve = search_binary(
        aim.objective,
        indicator,
        score,
        rows.weight,
        rows.positive,
        aim.constraint,
        None if rows.sample_cost is not None else belief,
        rows.binary_cost,
    )
    learned = Learned(BinaryRule(cut, rows.positive), value, curve)
    if not has_theory(rows, aim):
        return learned
    at_prior = line.score_of(rows.weight @ indicator / rows.weight.sum())
    if at_prior is None:
        return learned
    at_prior = BinaryRule(at_prior, rows.positive)
    worth = rows.value(aim.objective, rows.decide(at_prior))
    return Learned(at_prior, worth, curve) if worth >= value else learned


def has_theory(rows, aim):
    """Whether calibrated probabilities alone tell the best cuts in closed form."""
    by_labels = aim.constraint is None and rows.sample_cost is None
    return bool(aim.min_positives) and by_labels and aim.objective.name in CUT_AT_PRIOR


def _unless_theory_does(rows, aim, learned):
    """Keep the closed-form cuts where the rows cannot tell that they are worse."""
    share = np.bincount(rows.y, rows.weight, minlength=len(rows.classes)) / rows.weight.sum()
    prior = np.where(share > 0, share, share[share > 0].min())
    rule, value = prefer_closed_form(
        learned.rule, rows.y, rows.score, prior / prior.sum(), aim.objective, rows.weight
    )
    return Learned(rule, value, None)


def labels_share(y: np.ndarray, aim: Aim) -> float:
    """Return what labels count for where cuts are compared; probabilities count for the rest.

    With n rows of the rarer class it is n / ``min_positives``, at most 1.
    """
    return min(_rarer(y) / aim.min_positives, 1.0) if aim.min_positives else 1.0


def _leaning(y, score, weight, aim):
    """Return labels that lean on the probabilities where positives are few, else None.

    With the labels alone the best cut follows the noise of a few rows; by the probabilities alone
    it is the cut that theory calls for, such as the prior for balanced accuracy. That is wrong
    where the probabilities are, so that they are put right first as far as the rows can tell.
    The line that did it comes second.
    """
    share = labels_share(y, aim)
    if share == 1:
        return None, Recalibration()
    logit = logits(score)
    line = recalibrate(y, logit, weight)
    believed = score if line.is_neutral else line.of_logits(logit)
    return share * y + (1 - share) * believed, line


def _rarer(y):
    """Number of rows of the rarer of two classes."""
    return min(y.sum(), len(y) - y.sum())


def note_few_positives(rows: TuningRows, aim: Aim, learned: Learned) -> None:
    """Tell where few positives moved a cut away from the best one on the rows."""
    if not aim.min_positives or rows.kind == "multiclass" or aim.bayes:
        return
    if not aim.objective.exact or rows.sample_cost is not None:
        return
    if rows.kind == "binary":
        columns: list[Any] = [(rows.indicator, learned.curve)]
        names = [rows.classes.tolist()[rows.positive]]
    else:
        joint = aim.objective.average not in ("macro", "weighted")
        columns = [] if joint else list(zip(rows.y.T, learned.curve or (), strict=True))
        names = rows.classes.tolist()
    cuts = np.atleast_1d(learned.rule.thresholds_)
    for name, (y, curve), cut in zip(names, columns, cuts, strict=False):
        n = _rarer(y)
        if not 0 < n < aim.min_positives:
            continue
        best = curve.thresholds[::-1][best_candidate(curve.scores[::-1])]
        if best != cut:
            warn(
                "INN010",
                f"The cut of {name!r} rests on {n} positive{'' if n == 1 else 's'}, fewer than "
                f"{aim.min_positives}: it is {cut:.4g}, drawn from {best:.4g}, the best on these "
                f"rows, towards what the probabilities alone call for. More rows of it tell more: "
                f"cross-fitting (validation_split=5) holds all of them out.",
            )
