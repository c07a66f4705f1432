"""Calibrators as the numbers that they learned."""

from typing import Any

import numpy as np
from sklearn.isotonic import IsotonicRegression

from imbalanced_nn.calibration import Calibrator, fit_calibrator
from imbalanced_nn.persistence.values import Form

__all__ = ["CALIBRATORS"]


def _method(calibrator: Calibrator) -> str:
    """Return the name of the method, which the parts tell by what they learned."""
    first = calibrator.parts[0].calibrators[0]
    if isinstance(first, IsotonicRegression):
        return "isotonic"
    return "temperature" if hasattr(first, "beta_") else "sigmoid"


def _numbers(method: str, part: Any) -> list[Any]:
    """Return what scikit-learn's calibrators of one part learned."""
    if method == "isotonic":
        return [[each.X_thresholds_, each.y_thresholds_] for each in part.calibrators]
    names = ("beta_",) if method == "temperature" else ("a_", "b_")
    return [[float(getattr(each, name)) for name in names] for each in part.calibrators]


def _reduce(calibrator: Calibrator) -> dict[str, Any]:
    # Without a class to calibrate it keeps the probabilities as they are.
    method = _method(calibrator) if calibrator.parts else None
    return {
        "kind": calibrator.kind,
        "classes": list(calibrator.classes),
        "floor": float(calibrator.floor),
        "method": method,
        "parts": [_numbers(method, part) for part in calibrator.parts],
    }


def _restore(content: dict[str, Any]) -> Calibrator:
    """Make a calibrator of the same kind from rows that mean nothing, and give it the numbers."""
    classes, kind = tuple(content["classes"]), content["kind"]
    parts = ()
    if content["parts"]:
        parts = _blank(content["method"], len(classes), kind).parts
        for part, numbers in zip(parts, content["parts"], strict=True):
            _take(content["method"], part, numbers)
    return Calibrator(kind, classes, parts, content["floor"])


def _blank(method: str, n_columns: int, kind: str) -> Calibrator:
    """Fit a calibrator to rows of every class."""
    shares = np.full((100 * n_columns, n_columns), 0.4 / n_columns)
    codes = np.arange(len(shares)) % n_columns
    shares[np.arange(len(shares)), codes] += 0.6
    if kind == "multilabel":
        shares = np.tile([[0.2], [0.8]], (100, n_columns))
        codes = np.tile([[0], [1]], (100, n_columns))
    return fit_calibrator(method, shares, codes, np.ones(len(shares)), kind)


def _take(method: str, part: Any, numbers: list[Any]) -> None:
    """Put numbers in the place of what a part learned."""
    for position, learned in enumerate(numbers):
        calibrator = part.calibrators[position]
        if method == "isotonic":
            # Its steps go through its thresholds, so that a fit to them learns the same.
            part.calibrators[position] = calibrator.fit(*learned)
        elif method == "temperature":
            calibrator.beta_ = learned[0]
        else:
            calibrator.a_, calibrator.b_ = learned


CALIBRATORS = [Form("calibrator", lambda value: type(value) is Calibrator, _reduce, _restore)]
"""The form of `imbalanced_nn.calibration.Calibrator`."""
