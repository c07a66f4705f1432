"""Errors and warnings: every refusal and every note to the user has a type of its own."""

import difflib
import warnings
from collections.abc import Iterable

from sklearn.exceptions import NotFittedError
from sklearn.utils._param_validation import InvalidParameterError

__all__ = [
    "ImbalanceWarning",
    "InvalidParameterError",
    "NotFittedError",
    "TooFewRowsError",
    "nearest_name",
    "warn",
]

CODES = {
    "INN002": "Synthetic rows are made from sequences or images.",
    "INN005": "The threshold search looked at a bounded number of candidates only.",
    "INN006": "A class or label lacks tuning rows: its threshold is not learned.",
}


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


def warn(code: str, message: str, stacklevel: int = 2) -> None:
    """Issue an `ImbalanceWarning` that carries ``code``."""
    if code not in CODES:
        raise KeyError(code)
    warnings.warn(ImbalanceWarning(message, code), stacklevel=stacklevel + 1)


def nearest_name(name: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the closest known name, or an empty string."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""
