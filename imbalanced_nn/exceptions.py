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
from typing import TYPE_CHECKING

from imbalanced_nn._compat.callers import OF_ONE_FIT
from imbalanced_nn.codes import CODES

if TYPE_CHECKING:
    from sklearn.exceptions import NotFittedError

    from imbalanced_nn._compat.sklearn import InvalidParameterError

__all__ = [
    "CODES",
    "ImbalanceWarning",
    "InvalidParameterError",
    "ModelFileError",
    "NotFittedError",
    "TooFewRowsError",
    "calling_frames",
    "came_of_interrupt",
    "counted_fit",
    "how_often",
    "nearest_name",
    "recorded_notes",
    "warn",
]


def __getattr__(name):
    """Import scikit-learn's errors on first use: it takes a second, and refusals do without."""
    if name == "InvalidParameterError":
        from imbalanced_nn._compat.sklearn import InvalidParameterError as found
    elif name == "NotFittedError":
        from sklearn.exceptions import NotFittedError as found
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    globals()[name] = found
    return found


class ImbalanceWarning(UserWarning):
    """A note to the user about what a step did or could not do.

    Parameters
    ----------
    message : str
        What happened and what to do about it.
    code : str
        Stable code of the note, a key of ``imbalanced_nn.exceptions.CODES``. The page
        ``docs/notes/CODE.md`` says what was seen, why it matters, and what to do.

    Examples
    --------
    >>> import warnings
    >>> from imbalanced_nn.exceptions import ImbalanceWarning, warn
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn("INN002", "SMOTE on sequences.")
    >>> caught[0].message.code
    'INN002'
    >>> print(caught[0].message)
    [INN002] SMOTE on sequences. See docs/notes/INN002.md.
    """

    def __init__(self, message: str, code: str):
        super().__init__(f"[{code}] {message}")
        self.code = code

    def __str__(self) -> str:
        return f"{self.told} See docs/notes/{self.code}.md."

    @property
    def told(self) -> str:
        """Code and message, without the page that explains the code."""
        return self.args[0]

    @property
    def text(self) -> str:
        """The message alone."""
        return self.told.removeprefix(f"[{self.code}] ")

    def __reduce__(self):
        return type(self), (self.text, self.code)


class TooFewRowsError(ValueError):
    """A class has fewer rows than a step needs.

    Examples
    --------
    >>> from imbalanced_nn import BalancedKerasClassifier
    >>> from imbalanced_nn.exceptions import TooFewRowsError
    >>> try:
    ...     BalancedKerasClassifier(validation_split=0.2).fit([[0.0], [1.0], [2.0]], [0, 0, 1])
    ... except TooFewRowsError as error:
    ...     print(str(error).partition(", but ")[2].partition(".")[0])
    class 1 has 1 row and needs at least 2
    """


class ModelFileError(ValueError):
    """A file is none that `imbalanced_nn.load` reads, or is damaged.

    Examples
    --------
    >>> import tempfile
    >>> from imbalanced_nn import load
    >>> from imbalanced_nn.exceptions import ModelFileError
    >>> with tempfile.NamedTemporaryFile(suffix=".inn") as file:
    ...     try:
    ...         load(file.name)
    ...     except ModelFileError as error:
    ...         print("no model in this file")
    no model in this file
    """


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


def how_often(number: int, fits: int, message: str) -> str:
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


def came_of_interrupt(error: BaseException | None) -> bool:
    """Whether an error is what became of a ``KeyboardInterrupt`` on its way through a library.

    Parameters
    ----------
    error : BaseException or None
        What was caught.

    Examples
    --------
    >>> from imbalanced_nn.exceptions import came_of_interrupt
    >>> try:
    ...     try:
    ...         raise KeyboardInterrupt
    ...     except KeyboardInterrupt as interrupt:
    ...         raise SystemError("a call returned with an exception set") from interrupt
    ... except SystemError as error:
    ...     came_of_interrupt(error), came_of_interrupt(ValueError())
    (True, False)
    """
    waiting, seen = [error], set()
    while waiting:
        error = waiting.pop()
        if error is None or id(error) in seen:
            continue
        if isinstance(error, KeyboardInterrupt):
            return True
        seen.add(id(error))
        waiting += [error.__cause__, error.__context__]
    return False


def calling_frames() -> Iterator[FrameType]:
    """Yield the frames that led here, the innermost first."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back


# What filters make of warnings that they show once.
_FOLDED = ("default", "module", "once")
_FITS = "__fits_of_imbalanced_nn__"
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
            text = how_often(self._noted[code], self.number, message)
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
        is_search = is_search or module not in OF_ONE_FIT
        owner = frame.f_code.co_qualname.partition(".")[0]
        if owner in ("BatchedCalls", "Parallel"):
            is_worker = owner == "BatchedCalls"
    if not is_search or outermost is None:
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
    return getattr(warnings, "defaultaction", "default")


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
