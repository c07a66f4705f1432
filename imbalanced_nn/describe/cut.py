"""How an estimator decides, and what it chose its cut by."""

import numpy as np

__all__ = ["cut_sentence", "cut_summary", "is_plain", "score_words"]

_COST = "neg_mean_cost"


def cut_summary(estimator) -> dict:
    """Return the decision rule of an estimator, as JSON's types.

    Parameters
    ----------
    estimator : BalancedKerasClassifier
        Fitted, to a target whose classes it knows.

    Returns
    -------
    dict
        ``rule``, the name of its kind; ``cuts``, of the positive class or of each class, None
        where costs decide; ``positive_class``, None with several; ``objective``, ``constraint``
        and ``score``, None where the cut was not learned or has none.
    """
    rule, cuts = estimator.decision_rule_, estimator.best_threshold_
    labels = estimator.classes_.tolist()
    result = estimator.fit_result_
    binary = result.target.kind == "binary" and hasattr(rule, "positive")
    positive = rule.positive if binary else None
    if binary:
        # At one half, where no cut was chosen, either class may be the one that is spoken of.
        positive = result.target.positive if cuts == 0.5 else positive
        cuts = {str(labels[positive]): cuts}
    elif cuts is not None:
        cuts = {str(label): float(cut) for label, cut in zip(labels, cuts, strict=True)}
    learned = result.decision.score is not None
    # After costs of single rows, and where a file has not kept it, there is no objective.
    objective = result.decision.objective
    constraint = estimator.criterion_.tuner(None).constraint if learned else None
    return {
        "rule": type(rule).__name__,
        "cuts": cuts,
        "positive_class": labels[positive] if binary else None,
        "objective": objective.name if learned and objective is not None else None,
        "constraint": None if constraint is None else list(constraint),
        "score": float(estimator.best_score_) if learned else None,
    }


def cut_sentence(cut: dict, where: str) -> str:
    """Say how decisions are made, and how good that was.

    Parameters
    ----------
    cut : dict
        As from `cut_summary`.
    where : str
        The rows that the score is of, such as "on the 200 held-out rows".

    Returns
    -------
    str
    """
    if cut["cuts"] is None:
        sentence = "decided for the least expected cost"
    elif cut["positive_class"] is not None:
        ((label, value),) = cut["cuts"].items()
        sentence = f"decided for {label} from a probability of {value:.4g}"
    elif len(set(cut["cuts"].values())) == 1:
        sentence = "decided for the most probable class"
    else:
        listed = ", ".join(f"{label} {value:.3g}" for label, value in cut["cuts"].items())
        sentence = f"decided for the largest ratio of probability to cut: {listed}"
    if cut["score"] is not None:
        sentence += f"; {score_words(cut, where)}"
    return sentence[0].upper() + sentence[1:]


def score_words(cut: dict, where: str) -> str:
    """Say what a learned cut was chosen by, and how good it was.

    Parameters
    ----------
    cut : dict
        As from `cut_summary`, of a cut that was learned.
    where : str
        The rows that the score is of.

    Returns
    -------
    str
    """
    name, score = cut["objective"] or "score", cut["score"]
    name, score = ("mean cost", -score) if name == _COST else (name.replace("_", " "), score)
    words = f"{name} {score:.3f} {where}"
    if cut["constraint"] is not None:
        rate, bound = cut["constraint"]
        words += f", where {rate.replace('_', ' ')} keeps its bound of {bound:g}"
    return words


def is_plain(estimator) -> bool:
    """Whether decisions are those without any cut: 0.5, or the class of highest probability."""
    cuts = estimator.best_threshold_
    if cuts is None:
        return False
    kind = estimator.fit_result_.target.kind
    if kind == "binary":
        return cuts == 0.5
    if kind == "multilabel":
        return bool(np.all(cuts == 0.5))
    return bool(np.ptp(cuts) == 0)
