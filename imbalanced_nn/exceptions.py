"""Errors and warnings: every refusal and every note to the user has a type of its own."""

import difflib
import re
import sys
import threading
import time
import warnings
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

from sklearn.exceptions import NotFittedError
from sklearn.utils._param_validation import InvalidParameterError

__all__ = [
    "ImbalanceWarning",
    "InvalidParameterError",
    "ModelFileError",
    "NotFittedError",
    "TooFewRowsError",
    "calling_frames",
    "counted",
    "counted_fit",
    "nearest_name",
    "recorded_notes",
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
    "INN012": (
        "A loss bends the probabilities, and nothing undoes it. Losses of your own, and those "
        "that count classes differently, are least where the outputs are something else than "
        "the posterior. calibration='sigmoid' learns from the held-out rows how to put them "
        "right; plain crossentropy, also with smoothed labels, Keras' focal losses and those of "
        "imbalanced_nn.losses are undone in closed form."
    ),
    "INN013": (
        "Rows look resampled before they were given: held-out rows are copies of trained ones, "
        "classes have exactly equal numbers of rows, or weights are one number for each class. "
        "Scores on held-out rows are then too good, and probabilities at the resampled shares. "
        "Give the rows as they were and let sampler or class_weight balance them, which comes "
        "after the split and is undone; or keep equal rows on one side, with "
        "groups=imbalanced_nn.sampling.duplicate_groups(X)."
    ),
    "INN014": (
        "Which of two classes is the positive one has two readings. Of the labels 0 and 1, -1 and "
        "1, and booleans it is the greater, as everywhere in scikit-learn, and of others the "
        "rarer; one score per row belongs to the greater label. Where these differ and the "
        "objective depends on it, as F1, precision and recall do and balanced accuracy does not, "
        "pos_label says which is meant."
    ),
    "INN015": (
        "Scores rank in reverse: rows of the positive class have the lower ones, more often than "
        "scores that tell nothing. They may be those of the other class (pos_label), labels may "
        "be exchanged, or columns be in another order than the classes."
    ),
    "INN017": (
        "A meta-estimator drops the learned cut. Soft voting, bagging, stacking, one against the "
        "rest and CalibratedClassifierCV read the probabilities of their estimators and decide "
        "by 0.5 or the largest. Learn the cut of the whole instead, with ThresholdTuner().fit(y, "
        "proba) on rows that it was not fitted to, or with TunedThresholdClassifierCV; "
        "threshold=None says that no other is wanted."
    ),
    "INN018": (
        "The keys 0 and 1 of class_weight are labels of a multilabel target, not the values 0 "
        "and 1 of each label. A number weighs the positives of its label, next to negatives of "
        "weight 1. Give each label the weight of its positives, or use class_weight='balanced'."
    ),
    "INN019": (
        "A column alone tells nearly all classes. Few honest columns do: most are copies of the "
        "label, counts or dates that are filled in once the class is known, or numbers of rows "
        "that were sorted by class. A model that leans on it looks perfect here and fails where "
        "the column is not known yet. Leave it out unless it is known before the class is."
    ),
    "INN020": (
        "Cells of a table were read otherwise than they may look: text in a column of numbers "
        "or dates is missing, spellings of one class are one class, days and months were told "
        "apart by the whole column. Look at the cells that are named, and correct the file where "
        "the reading is wrong."
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

    @property
    def text(self) -> str:
        """The message without the code in front."""
        return str(self).removeprefix(f"[{self.code}] ")

    def __reduce__(self):
        return type(self), (self.text, self.code)


class TooFewRowsError(ValueError):
    """A class has fewer rows than a step needs."""


class ModelFileError(ValueError):
    """A file is none that `imbalanced_nn.load` reads, or is damaged."""


def warn(code: str, message: str) -> None:
    """Issue an `ImbalanceWarning` that points at the line which called the package.

    In a search each code is told once, when the search ends, with the number of its fits that
    would have said so. Filters that ask for every warning, or for errors, are obeyed at once.
    """
    if code not in CODES:
        raise KeyError(code)
    note = ImbalanceWarning(message, code)
    fits = _fits()
    if fits is None or _action(note) not in _FOLDED:
        _issue(note)
    else:
        fits.add(code, message)


def counted(number: int, fits: int, message: str) -> str:
    """Return a message with the number of the fits that it was true of, or of times if no fits."""
    if max(number, fits) == 1:
        return message
    often = f"in {number} of {fits} fits" if fits else f"{number} times"
    return f"{often}; the first: {message}"


@contextmanager
def counted_fit() -> Iterator[None]:
    """Count what is done within as one fit of the search that called it, if any."""
    _NESTED.depth += 1
    try:
        if _NESTED.depth == 1 and (fits := _fits()) is not None:
            fits.begin()
        yield
    finally:
        _NESTED.depth -= 1
        _WORKER.last = time.monotonic()


@contextmanager
def recorded_notes() -> Iterator[list[warnings.WarningMessage]]:
    """Give a list that receives the warnings of what is done within, every note among them.

    Where the caller has made errors of the notes, they are raised.
    """
    folded = _action(ImbalanceWarning("", "")) in _FOLDED
    with warnings.catch_warnings(record=True) as caught:
        if folded:
            warnings.simplefilter("always", ImbalanceWarning)
        yield caught


def calling_frames() -> Iterator[FrameType]:
    """Yield the frames that led here, the innermost first."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back


# What filters make of warnings that they show once.
_FOLDED = ("default", "module", "once")
_FITS = "__fits_of_imbalanced_nn__"
# Modules whose functions stand between a caller and one fit.
_OF_ONE_FIT = ("sklearn.base", "sklearn.pipeline", "sklearn.utils._param_validation")
_OF_ONE_FIT += ("imblearn.base", "imblearn.pipeline")
_IDLE_SECONDS = 5.0


class _Nested(threading.local):
    depth = 0


class _Fits:
    """The fits of one search so far, and in how many of them each code was noted."""

    def __init__(self):
        self.number = 0
        self._first: dict[str, str] = {}
        self._noted: Counter[str] = Counter()
        self._noted_last: dict[str, int] = {}

    def begin(self) -> None:
        """Count a fit."""
        self.number += 1

    def add(self, code: str, message: str) -> None:
        """Count a note, once in a fit."""
        self._first.setdefault(code, message)
        if not self.number or self._noted_last.get(code) != self.number:
            self._noted_last[code] = self.number
            self._noted[code] += 1

    def tell(self) -> None:
        """Issue each code once."""
        for code, message in self._first.items():
            text = counted(self._noted[code], self.number, message)
            _issue(ImbalanceWarning(text, code))


class _WorkerFits:
    """What a worker process has told of a search, of whose other fits and end it knows nothing."""

    def __init__(self):
        self.last = -float("inf")
        self._told: set[str] = set()
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Forget what was told where a pause shows that this is another search."""
        with self._lock:
            now = time.monotonic()
            if now - self.last > _IDLE_SECONDS:
                self._told.clear()
            self.last = now

    def add(self, code: str, message: str) -> None:
        """Issue a code that was not told yet."""
        with self._lock:
            is_new = code not in self._told
            self._told.add(code)
        if is_new:
            _issue(ImbalanceWarning(f"{message} (Each worker process says this once.)", code))


class _End:
    """Lies among the variables of a search's frame, and goes with it."""

    def __init__(self, fits: _Fits):
        self.fits = fits
        weakref.finalize(self, fits.tell)


_NESTED = _Nested()
_WORKER = _WorkerFits()


def _fits() -> _Fits | _WorkerFits | None:
    """Return the fits of the search that led here, of a worker process's searches, or None.

    A search is the outermost call of scikit-learn, imbalanced-learn or joblib on the stack.
    """
    outermost, is_search, is_worker = None, False, False
    for frame in calling_frames():
        module = frame.f_globals.get("__name__", "")
        if module.partition(".")[0] not in ("sklearn", "imblearn", "joblib"):
            continue
        if module.startswith("sklearn.callback"):
            continue
        outermost = frame
        is_search = is_search or module not in _OF_ONE_FIT
        owner = frame.f_code.co_qualname.partition(".")[0]
        if owner in ("BatchedCalls", "Parallel"):
            is_worker = owner == "BatchedCalls"
    if not is_search:
        return None
    if is_worker:
        return _WORKER
    variables = outermost.f_locals
    if _FITS not in variables:
        variables[_FITS] = _End(_Fits())
    return variables[_FITS].fits


def _issue(note: ImbalanceWarning) -> None:
    """Issue a warning that points at the line of the caller's code that led here."""
    warnings.warn(note, stacklevel=_outside()[0])


def _outside() -> tuple[int, FrameType | None]:
    """Return how far up the caller's code is from the function that asks, and its frame."""
    for level, frame in enumerate(calling_frames()):
        if not _is_inside(frame.f_globals.get("__name__", "")):
            return level, frame
    return level + 1, None


def _action(note: ImbalanceWarning) -> str:
    """Return what the filters in force make of a note."""
    frame = _outside()[1]
    module = "sys" if frame is None else frame.f_globals.get("__name__", "")
    for action, message, category, where, line in warnings.filters:
        if not issubclass(ImbalanceWarning, category) or line:
            continue
        if (message is None or message.match(str(note))) and (where is None or where.match(module)):
            return action
    return warnings.defaultaction


def _is_inside(module: str) -> bool:
    """Whether a module is the package's, or of those whose functions call it in between."""
    between = ("scikeras", "sklearn", "imblearn", "joblib", "weakref", "contextlib")
    return f"{module}.".startswith(tuple(f"{name}." for name in ("imbalanced_nn", *between)))


def nearest_name(name: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the closest known name, or an empty string.

    Case, separators and endings such as those of classes make no difference.
    """
    known = list(known)
    forms = {_plain(each): each for each in reversed(known)}
    plain = _plain(name)
    for form in (plain, re.sub("(score|loss|crossentropy|sampler|optimizer)$", "", plain)):
        if form in forms:
            return f" Did you mean {forms[form]!r}?"
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    close = close or [forms[f] for f in difflib.get_close_matches(plain, forms, n=1, cutoff=0.6)]
    return f" Did you mean {close[0]!r}?" if close else ""


def _plain(name: str) -> str:
    """Return a name without what people write differently: case and separators."""
    return re.sub(r"[\W_]", "", name.lower())
