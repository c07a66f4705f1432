"""Notes to the user about the rows of a fit: few held out, heavy weights, balanced twice."""

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
from imblearn.under_sampling.base import BaseCleaningSampler

from imbalanced_nn.data import Rows, copies_message, counts_message, leaked_copies, row_hashes
from imbalanced_nn.exceptions import calling_frames, warn
from imbalanced_nn.weighting import class_totals, weight_span

__all__ = [
    "note_balanced_twice",
    "note_copies",
    "note_dropped_cut",
    "note_few_held_out",
    "note_heavy_weights",
    "note_resampled",
    "note_weights_of_labels",
    "note_wrong_mean",
]

FEW_ROWS = 10
WIDE_SPAN = 1000
# What a sampler leaves to be weighed by rounding, or by neighbourhoods, is no second balancing.
ALIKE = 1.1
# Meta-estimators whose predict reads probabilities, and functions that fit for one of them alone.
_DROP_CUTS = {
    "BaggingClassifier",
    "CalibratedClassifierCV",
    "OneVsRestClassifier",
    "OutputCodeClassifier",
    "StackingClassifier",
    "VotingClassifier",
}
_CALLED_BY = {
    "_fit_classifier_calibrator_pair": "CalibratedClassifierCV",
    "_parallel_build_estimators": "BaggingClassifier",
}


def note_few_held_out(judged: Rows | None, classes: np.ndarray) -> None:
    """Warn where the rarest class, or label, of the held-out rows has fewer than ten of them."""
    if judged is None:
        return
    codes = judged.selected_codes
    # What does not occur at all is not judged.
    counts = class_totals(codes, np.ones(len(codes)), len(classes)).astype(int)
    rarest = np.where(counts > 0, counts, FEW_ROWS).argmin()
    if not 0 < counts[rarest] < FEW_ROWS:
        return
    kind = "class" if codes.ndim == 1 else "positives of label"
    rows = "row" if counts[rarest] == 1 else "rows"
    warn(
        "INN001",
        f"only {counts[rarest]} held-out {rows} of {kind} {classes.tolist()[rarest]!r}, fewer "
        f"than {FEW_ROWS}: early stopping and a learned threshold rest on them. Hold out more "
        f"(validation_split, or X_val and y_val), collect more, or fix the threshold.",
    )


def note_wrong_mean(means: np.ndarray, shares: np.ndarray, target: Any, n_rows: int) -> None:
    """Tell which class's probabilities were furthest from its share, and were put right.

    Parameters
    ----------
    means, shares : ndarray of shape (n_classes,)
        Means of the probabilities of held-out rows, and what they are to be.
    target : Target
        What y asks for.
    n_rows : int
        Number of held-out decisions.
    """
    there = np.flatnonzero((means > 0) & (shares > 0))
    off = np.abs(np.log(means[there] / shares[there]))
    worst = there[off.argmax()]
    low = means[worst] < shares[worst]
    warn(
        "INN026",
        f"probabilities of {target.classes.tolist()[worst]!r} were "
        f"{np.exp(off.max()):.2g} times too {'low' if low else 'high'}: on average "
        f"{means[worst]:.2g} over {n_rows:,} held-out rows, where its share is "
        f"{shares[worst]:.2g}. Their odds were multiplied so that the mean is right; their order "
        f"is as before. With {target.class_count[worst]:,} rows of it, train "
        f"longer (epochs), or set sampler='balanced_batches'.",
    )


def note_heavy_weights(class_weight: Any, weights: np.ndarray, counts: np.ndarray) -> None:
    """Warn where used class weights span more than 1:1000.

    ``weights`` and ``counts`` are of classes, of shape (n_classes,), or of the negatives and
    positives of labels, of shape (2, n_labels).
    """
    if weights.ndim == 1:
        span = weight_span(weights, counts)
    else:
        span = max(weight_span(*sides) for sides in zip(weights.T, counts.T, strict=True))
    if span <= WIDE_SPAN:
        return
    sampler = "" if weights.ndim == 2 else ", or sampler='balanced_batches'"
    warn(
        "INN007",
        f"class_weight={class_weight!r} weighs one row as much as {span:.4g} others: a batch "
        f"that holds it moves the network as no other does. Use class_weight='balanced_sqrt'"
        f"{sampler}.",
    )


def note_weights_of_labels(class_weight: Any, labels: np.ndarray) -> None:
    """Tell how a dict for several labels was read whose keys look like the values of one label."""
    if not isinstance(class_weight, Mapping) or set(class_weight) != {0, 1}:
        return
    ratio = class_weight[1] / class_weight[0] if class_weight[0] else 10
    others = f", and those of the other {len(labels) - 2} weigh 1" if len(labels) > 2 else ""
    warn(
        "INN018",
        f"class_weight={class_weight!r} was read as weights of the positives of two labels: those "
        f"of label 0 weigh {class_weight[0]:g}, those of label 1 {class_weight[1]:g}{others}. If "
        f"0 and 1 are the values of each label, write {{label: {ratio:g} for label in "
        f"range({len(labels)})}}, or class_weight='balanced'.",
    )


def note_dropped_cut(threshold: Any) -> None:
    """Tell where a meta-estimator that is fitting this one will not use its cut.

    In a worker process the meta-estimator itself is not on the stack, but for some of them a
    function that nobody else calls.
    """
    if threshold is None or (name := _drops_cuts()) is None:
        return
    warn(
        "INN017",
        f"{name} decides by the probabilities of its estimators: threshold={threshold!r} and the "
        f"cut that is learned have no effect on its predict. Learn the cut of the whole, with "
        f"ThresholdTuner().fit(y_new, proba_new) or TunedThresholdClassifierCV, or set "
        f"threshold=None.",
    )


def _drops_cuts() -> str | None:
    """Return the name of the meta-estimator on the stack that drops its estimators' cuts."""
    fitted = found = fallback = None
    for frame in calling_frames():
        module, function = frame.f_globals.get("__name__", ""), frame.f_code.co_name
        if not module.startswith(("sklearn.", "imblearn.")):
            continue
        variables = frame.f_locals
        if function == "_fit_single_estimator":
            fitted = variables["estimator"]
        elif function == "_fit_ovo_binary":
            # Pairs of classes vote by what each of them predicts.
            return None
        fallback = fallback or _CALLED_BY.get(function)
        owner: Any = variables.get("self")
        bases = {base.__name__ for base in type(owner).__mro__}
        if function == "fit" and "TunedThresholdClassifierCV" in bases:
            # It learns a cut of the whole.
            return None
        names = bases & _DROP_CUTS
        if function != "fit" or not names:
            continue
        votes = "VotingClassifier" in names and owner.voting == "hard"
        votes = votes or getattr(owner, "stack_method", None) == "predict"
        last = fitted is not None and fitted is getattr(owner, "final_estimator_", None)
        if not (votes or last):
            found = found or type(owner).__name__
    return found or fallback


def note_trained_network(n_steps: int) -> None:
    """Tell that a network which was given has been trained, so that the fit goes on from there.

    Parameters
    ----------
    n_steps : int
        How often its optimizer has updated it.

    Warns
    -----
    ImbalanceWarning
        INN029.
    """
    if n_steps:
        warn(
            "INN029",
            f"model is a network that has been trained for {n_steps:,} steps, and goes on from its "
            f"weights. It knows rows that it was trained on: held out now, or in a "
            f"cross-validation, they are none. Give the function that builds it, or set "
            f"warm_start=True where it is meant to go on.",
        )


def note_idle_settings(names: list[str]) -> None:
    """Tell of parameters that nothing reads, as the network comes compiled.

    Parameters
    ----------
    names : list of str
        Of the parameters.

    Warns
    -----
    ImbalanceWarning
        INN030.
    """
    if names:
        warn(
            "INN030",
            f"{', '.join(names)} {'have' if len(names) > 1 else 'has'} no effect: the network "
            f"comes compiled. Leave compile() out of the function that builds it, or let the "
            f"function take compile_kwargs and hand them to compile().",
        )


def note_balanced_twice(
    sampler: Any,
    class_weight: Any,
    classes: np.ndarray,
    before: np.ndarray,
    after: np.ndarray,
    weights: np.ndarray,
) -> None:
    """Warn where class weights go on in the direction in which a sampler has balanced.

    Parameters
    ----------
    sampler : object
        The fitted sampler. One that cleans is none that balances.
    class_weight : str, dict or callable
        The parameter.
    classes : ndarray of shape (n_classes,)
        Original labels.
    before, after : ndarray of shape (n_classes,)
        Rows of each class that the sampler was given and gave.
    weights : ndarray of shape (n_classes,)
        Class weights.
    """
    if isinstance(sampler, BaseCleaningSampler):
        return
    there = np.flatnonzero(before)
    rare, common = there[before[there].argmin()], there[before[there].argmax()]
    natural = before[common] / before[rare]
    resampled = after[there].max() / after[there].min()
    if resampled > natural / 2 or weights[rare] <= ALIKE * weights[common]:
        return
    labels = classes.tolist()
    mass = after * weights
    share = mass[rare] / (mass[rare] + mass[common])
    warn(
        "INN003",
        f"{type(sampler).__name__} has brought the classes from 1:{natural:.3g} to "
        f"1:{resampled:.3g}, and class_weight={class_weight!r} weighs {labels[rare]!r} more "
        f"than {labels[common]!r} once again: of the two, the loss sees {share:.0%} "
        f"{labels[rare]!r}. Use one of them.",
    )


def note_copies(rows: Rows, hashes: np.ndarray, judged: Rows | None) -> None:
    """Warn where many held-out rows are copies of trained ones; ``hashes`` are of ``rows``."""
    if judged is None:
        return
    both = hashes, row_hashes(judged.X, judged.index)
    codes = rows.codes[rows.index], judged.codes[judged.index]
    copies = leaked_copies(judged.X, codes, both)
    if copies:
        warn("INN013", copies_message(copies, len(judged.index), "held-out"))


def note_resampled(codes: Any, given: Any, weight: np.ndarray, classes: np.ndarray) -> None:
    """Warn where the classes, or the weights given of rows, look balanced already.

    Parameters
    ----------
    codes : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Class codes; indicators of labels tell nothing.
    given : array-like or None
        Weights as they were given.
    weight : ndarray of shape (n_samples,)
        The same, checked.
    classes : ndarray of shape (n_classes,)
        Original labels.
    """
    if codes.ndim > 1:
        return
    if message := counts_message(codes):
        warn("INN013", message)
    if given is None or isinstance(given, Real):
        return
    codes, weight = codes[weight > 0], weight[weight > 0]
    counts = np.bincount(codes, minlength=len(classes))
    there = np.flatnonzero(counts)
    spans = [np.ptp(weight[codes == code]) for code in there]
    of_class = np.array([weight[codes == code].mean() for code in there])
    rare, common = counts[there].argmin(), counts[there].argmax()
    if max(spans) > 1e-6 * weight.max() or of_class[rare] <= ALIKE * of_class[common]:
        return
    mass = (counts[there] * of_class)[rare] / (counts[there] * of_class).sum()
    warn(
        "INN013",
        f"sample_weight is one number for each class and weighs {classes.tolist()[there[rare]]!r} "
        f"most: predict_proba is at the weighted shares, {mass:.1%} of it, not at the "
        f"{counts[there][rare] / counts.sum():.1%} of y. To balance classes set "
        f"class_weight='balanced', whose effect on the probabilities is undone; weights that bring "
        f"y to the shares of the population are right as they are.",
    )
