"""What a fitted estimator learned, as sentences and as a table of its classes."""

import numpy as np

from imbalanced_nn.describe.cut import cut_summary, is_plain, score_words
from imbalanced_nn.describe.text import quoted

__all__ = ["fitted_facts"]

_MONITORS = {
    "val_average_precision": "held-out average precision",
    "val_loss": "held-out loss",
    "val_log_loss": "held-out log loss",
}
_GRAPH = "whole epochs in one traced program"


def fitted_facts(estimator) -> dict[str, str]:
    """Return what a fitted estimator learned, in words.

    Parameters
    ----------
    estimator : BalancedKerasClassifier
        Fitted or not.

    Returns
    -------
    dict of str to str
        Sentences by what they are about, in the order of the steps of a fit. Empty of an
        estimator that is not fitted, and of one that does not know its classes.
    """
    if not hasattr(estimator, "fit_result_") or not hasattr(estimator, "history_"):
        return {}
    facts = {
        "Held out": _held_out(estimator),
        "Sampler": _sampler(estimator),
        "Class weights": _class_weights(estimator),
        "Training": _training(estimator),
        "Last layer": _last_layer(estimator),
        "Engine": _engine(estimator),
        "Probabilities": _probabilities(estimator),
        "Decision": _decision(estimator),
        "Cut": _cut(estimator),
    }
    return {name: words for name, words in facts.items() if words}


def _held_out(estimator) -> str:
    """Say which rows judged the network."""
    held_out, target = estimator.fit_result_.judged_by, estimator.fit_result_.target
    if held_out is None:
        return "no rows"
    n_rows, counts = len(estimator.validation_indices_), held_out.class_count
    labels = estimator.classes_.tolist()
    code = target.positive if target.kind == "binary" else int(np.argmin(counts))
    of = "with label" if target.kind == "multilabel" else "of class"
    label = quoted(labels[code])
    rarest = f"{counts[code]:,} {of} {label}"
    if target.kind != "binary":
        rarest += ", the rarest"
    words = f"{_decisions(estimator, held_out.decisions)}, {rarest}"
    if target.steps and n_rows:
        words = f"{n_rows:,} sequences: {words}"
    if held_out.folds > 1:
        return f"{words}; {held_out.folds} folds, each judged by a network that did not see it"
    return words if n_rows else f"{words}; given as X_val"


def _sampler(estimator) -> str:
    """Say what was resampled, and to how many rows."""
    sampler = getattr(estimator, "sampler_", estimator.sampler)
    if sampler in (None, "passthrough"):
        return ""
    after = estimator.sample_indices_
    words = f"{_name(sampler)}: {len(after):,} rows in an epoch"
    if synthetic := int((after < 0).sum()):
        words += f", {synthetic:,} of them synthetic"
    return words + _of_last_fold(estimator)


def _class_weights(estimator) -> str:
    """Say how far apart the weights of classes, or of labels' two sides, are."""
    if estimator.class_weight_ is None:
        return ""
    weights = np.array(list(estimator.class_weight_.values()))
    low, high = f"{weights.min():.4g}", f"{weights.max():.4g}"
    span = f"all {low}" if low == high else f"from {low} to {high}"
    return span + _of_last_fold(estimator)


def _training(estimator) -> str:
    """Say how many epochs were trained, and which is the one that ships."""
    folds, n_iter = _n_folds(estimator), estimator.n_iter_
    epochs = f"{n_iter:,} epoch{'' if n_iter == 1 else 's'}"
    if folds > 1 and estimator.fit_result_.is_refitted:
        return f"one network on all rows for {epochs}, the mean best of {folds} networks"
    if folds > 1:
        return f"{folds} networks, whose average ships; {epochs} in the mean"
    return _best_epoch(estimator.history_, n_iter, _monitor(estimator)) or epochs


def _last_layer(estimator) -> str:
    """Say how the last layer was trained anew."""
    if not hasattr(estimator, "head_history_"):
        return ""
    best = _best_epoch(estimator.head_history_, estimator.head_n_iter_, _monitor(estimator))
    return f"trained anew, {best}" if best and _n_folds(estimator) == 1 else "trained anew"


def _monitor(estimator) -> str:
    """Return what to say of an epoch: a measure that is known in place of a ratio."""
    by_rule = estimator.monitor in ("auto", "val_average_precision_by_log_loss")
    return "val_average_precision" if by_rule else estimator.monitor


def _best_epoch(history, n_iter: int, monitor: str) -> str:
    """Say which epoch of a history ships; nothing if it is not of this history."""
    logged = max(map(len, history.values()), default=0)
    if not 0 < n_iter <= logged:
        return ""
    words = f"epoch {n_iter:,} of {logged:,}"
    values = history.get(monitor, [])
    if len(values) == logged:
        words += f", with {_MONITORS.get(monitor, monitor)} {values[n_iter - 1]:.3f}"
    return words


def _engine(estimator) -> str:
    """Say which engine trained the network, and why not the other."""
    return estimator.engine_ if estimator.engine_ != "graph" else f"graph: {_GRAPH}"


def _probabilities(estimator) -> str:
    """Say which shares of the classes the probabilities are at, and how they got there."""
    calibration = estimator.fit_result_.posterior.calibration
    if calibration is None:
        return "as the network gives them, at the shares of the classes in its loss"
    words = "at the training prevalence"
    sampler = getattr(estimator, "sampler_", estimator.sampler)
    balanced = sampler not in (None, "passthrough") or estimator.class_weight_ is not None
    if balanced or hasattr(estimator, "head_history_"):
        words += ", put back from the shares of the classes in the loss"
    if hasattr(estimator, "calibrator_"):
        words += f", then calibrated by {calibration}"
    if estimator.fit_result_.posterior.priors is not None:
        words += "; brought to the priors"
    return words


def _decision(estimator) -> str:
    """Say how probabilities become decisions."""
    cut = cut_summary(estimator)
    if cut["cuts"] is None:
        return "the class of least expected cost"
    if is_plain(estimator):
        multilabel = estimator.fit_result_.target.kind == "multilabel"
        return "each label from 0.5 on" if multilabel else "the class of highest probability"
    if cut["positive_class"] is not None:
        (value,) = cut["cuts"].values()
        return f"{quoted(cut['positive_class'])} from a probability of {value:.4g} on"
    if estimator.fit_result_.target.kind == "multilabel":
        return "each label from its cut on"
    return "the class of largest ratio of probability to cut"


def _cut(estimator) -> str:
    """Say what the cut was chosen by, and how good it was."""
    cut = cut_summary(estimator)
    if cut["score"] is not None:
        return f"learned: {score_words(cut, _learned_on(estimator))}"
    criterion = estimator.criterion_
    if not criterion.is_learned:
        return "not learned: " + ("threshold=None" if criterion.threshold is None else "as given")
    if is_plain(estimator):
        return "not learned: there were no rows to learn it on"
    return "the prevalence, best for balanced accuracy: there were no rows to learn it on"


def _learned_on(estimator) -> str:
    """Name the rows that a cut was learned on."""
    result = estimator.fit_result_
    judged = result.held_out
    # A further training, and costs of single rows, have kept none.
    if judged is None or result.decision.objective is None:
        return "on the rows it was learned on"
    rows = _decisions(estimator, len(judged.codes))
    return f"on {rows} given to tune_threshold" if judged.later else f"on the {rows} held out"


def _decisions(estimator, number: int) -> str:
    """Return a number of rows, or of the time steps that are decided."""
    unit = "time step" if estimator.fit_result_.target.steps else "row"
    return f"{number:,} {unit}{'' if number == 1 else 's'}"


def _n_folds(estimator) -> int:
    """Return the number of folds of cross-fitting, 1 without."""
    held_out = estimator.fit_result_.judged_by
    return 1 if held_out is None else held_out.folds


def _of_last_fold(estimator) -> str:
    """Say that numbers are of one of several networks."""
    averaged = _n_folds(estimator) > 1 and not estimator.fit_result_.is_refitted
    return " (of the last fold)" if averaged else ""


def _name(sampler) -> str:
    """Return the name of a sampler, or what it was before it was saved."""
    if isinstance(sampler, str):
        return sampler
    return getattr(sampler, "was", type(sampler).__name__)
