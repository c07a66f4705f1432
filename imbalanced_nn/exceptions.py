"""Errors and warnings: every refusal and every note to the user has a type of its own."""

import difflib
import sys
import warnings
from collections.abc import Iterable

from sklearn.exceptions import NotFittedError
from sklearn.utils._param_validation import InvalidParameterError

__all__ = [
    "ImbalanceWarning",
    "InvalidParameterError",
    "ModelFileError",
    "NotFittedError",
    "TooFewRowsError",
    "nearest_name",
    "warn",
]

CODES = {
    "INN001": (
        "Few rows of the rarest class are held out. Early stopping, the learned cut and every "
        "score of these rows rest on them: with 10 positives the standard error of recall is up "
        "to .16. Hold out more (validation_split), collect more, or fix the threshold."
    ),
    "INN002": (
        "Synthetic rows are made from sequences or images. A blend of two of them is rarely one: "
        "waves cancel and outlines double. Prefer samplers that pick rows, such as "
        "'balanced_batches' or 'random_over', or class weights."
    ),
    "INN003": (
        "A sampler balances the classes and class_weight does so again. That corrects twice: the "
        "loss then sees the rare class as the common one. Use one of them. The probabilities are "
        "put back all the same."
    ),
    "INN004": (
        "A threshold is tuned on rows that the network was trained on. It knows their labels, so "
        "their scores lie further apart than those of new rows: the cut is wrong and its score "
        "too high. Tune on other rows, or on those that the fit held out (tune_threshold())."
    ),
    "INN005": (
        "The threshold search looked at a bounded number of candidates only. A metric that is a "
        "function of the caller's is evaluated cut by cut; a named objective is searched over "
        "every cut at once."
    ),
    "INN006": (
        "A class or label lacks tuning rows: its threshold is not learned. Hold out rows of it, "
        "or decide by the cut that follows from its prior."
    ),
    "INN007": (
        "Class weights span more than 1:1000. A batch with one heavy row then moves the network "
        "as no other batch does, and training gets noisy. Use class_weight='balanced_sqrt', or "
        "sampler='balanced_batches', which shows the rare rows as often as the weight would "
        "have counted them."
    ),
    "INN008": (
        "A class has too few rows for the neighbours that a sampler asks for; it was given as "
        "many as there are. Blends of two or three rows add little: compare with "
        "'balanced_batches'."
    ),
    "INN009": (
        "Rows of a rare class are left out of epochs. A sampler with a fixed number of batches, "
        "or one that cuts rare classes, does not show every rare row once an epoch. Raise "
        "steps_per_epoch or the share of the class."
    ),
    "INN010": (
        "A cut rests on few positives. With fewer than fifty held out, each label counts for a "
        "share where cuts are compared and the row's probability for the rest, so that the cut "
        "is drawn towards the one that the probabilities alone call for, such as the prior for "
        "balanced accuracy. threshold=ThresholdTuner(...) takes the best cut of the rows as it "
        "is; more rows (validation_split=5) make both the same."
    ),
    "INN011": (
        "Isotonic calibration fits steps to few rows of a class, and follows their noise. Below "
        "a thousand rows sigmoid or temperature calibration, of one or two numbers, does better."
    ),
}
"""What each code means and what to do about it."""


class ImbalanceWarning(UserWarning):
    """A note to the user about what a step did or could not do.

    Parameters
    ----------
    message : str
        What happened and what to do about it.
    code : str
        Stable code of the note, a key of ``imbalanced_nn.exceptions.CODES``.

    Examples
    --------
    >>> import warnings
    >>> from imbalanced_nn.exceptions import ImbalanceWarning, warn
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn("INN002", "SMOTE on sequences.")
    >>> caught[0].message.code
    'INN002'
    """

    def __init__(self, message: str, code: str):
        super().__init__(f"[{code}] {message}")
        self.code = code

    def __reduce__(self):
        prefix = len(self.code) + 3
        return type(self), (str(self)[prefix:], self.code)


class TooFewRowsError(ValueError):
    """A class has fewer rows than a step needs."""


class ModelFileError(ValueError):
    """A file is none that `imbalanced_nn.load` reads, or is damaged."""


def warn(code: str, message: str) -> None:
    """Issue an `ImbalanceWarning` that points at the line which called the package."""
    if code not in CODES:
        raise KeyError(code)
    level, frame = 1, sys._getframe()
    while frame is not None and _is_inside(frame.f_globals.get("__name__", "")):
        level, frame = level + 1, frame.f_back
    warnings.warn(ImbalanceWarning(message, code), stacklevel=level)


def _is_inside(module: str) -> bool:
    """Whether a module is the package's, or of those whose functions call it in between."""
    between = ("scikeras", "sklearn.callback")
    return f"{module}.".startswith(tuple(f"{name}." for name in ("imbalanced_nn", *between)))


def nearest_name(name: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the closest known name, or an empty string."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""
