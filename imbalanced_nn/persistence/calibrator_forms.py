"""Calibrators as the numbers that they learned."""

import copy
import math
from typing import Any

import numpy as np
from sklearn.isotonic import IsotonicRegression

from imbalanced_nn.calibration import Calibrator, fit_calibrator
from imbalanced_nn.exceptions import ModelFileError
from imbalanced_nn.persistence.bounds import MOST_CLASSES
from imbalanced_nn.persistence.values import Form

__all__ = ["CALIBRATORS"]

_KINDS = ("binary", "multiclass", "multilabel")
_NUMBERS = {"isotonic": (), "temperature": ("beta_",), "sigmoid": ("a_", "b_")}


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
    names = _NUMBERS[method]
    return [[float(getattr(each, name)) for name in names] for each in part.calibrators]


def _reduce(calibrator: Calibrator) -> dict[str, Any]:
    # Without a class to calibrate it keeps the probabilities as they are.
    method = _method(calibrator) if calibrator.parts else None
    return {
        "kind": calibrator.kind,
        "classes": list(calibrator.classes),
        "floor": float(calibrator.floor),
        "method": method,
        "parts": [_numbers(str(method), part) for part in calibrator.parts],
    }


def _restore(content: dict[str, Any]) -> Calibrator:
    """Make a calibrator of the same kind from rows that mean nothing, and give it the numbers."""
    classes, kind, floor = content["classes"], content["kind"], content["floor"]
    method, numbers = content["method"], content["parts"]
    whole = all(type(each) is int and 0 <= each < MOST_CLASSES for each in classes)
    fits = whole and len(set(classes)) == len(classes) and kind in _KINDS
    fits = fits and method in (None, *_NUMBERS) and type(floor) is float and 0 <= floor <= 0.5
    expected = 0 if method is None else len(classes) if kind == "multilabel" else 1
    if not fits or len(numbers) != expected:
        raise ModelFileError("its calibrator is none that was learned")
    parts = [_blank(method, len(classes), kind) for _ in numbers]
    for part, learned in zip(parts, numbers, strict=True):
        _take(method, part, learned)
    return Calibrator(kind, tuple(classes), tuple(parts), floor)


def _blank(method: str, n_columns: int, kind: str) -> Any:
    """Fit a calibrator to a few rows and classes, and widen it."""
    few = 2 if kind == "multilabel" else min(n_columns, 3)
    shares = np.full((100 * few, few), 0.4 / few)
    codes = np.arange(len(shares)) % few
    shares[np.arange(len(shares)), codes] += 0.6
    as_kind = "binary" if few == 2 else "multiclass"
    (part,) = fit_calibrator(method, shares, codes, np.ones(len(shares)), as_kind).parts
    if n_columns > few and kind != "multilabel":
        part.classes = part.estimator.fit(None, np.arange(n_columns)).classes_
        if method != "temperature":
            part.calibrators = [copy.copy(part.calibrators[0]) for _ in range(n_columns)]
    return part


def _take(method: str, part: Any, numbers: list[Any]) -> None:
    """Put numbers in the place of what a part learned."""
    if len(numbers) != len(part.calibrators):
        raise ModelFileError("its calibrator is of another number of classes")
    for position, learned in enumerate(numbers):
        calibrator = part.calibrators[position]
        if method == "isotonic":
            _check_steps(*learned)
            # Its steps go through its thresholds, so that a fit to them learns the same.
            part.calibrators[position] = calibrator.fit(*learned)
            continue
        finite = all(type(each) is float and math.isfinite(each) for each in learned)
        if not finite or len(learned) != len(_NUMBERS[method]):
            raise ModelFileError("its calibrator has numbers that are none")
        for name, each in zip(_NUMBERS[method], learned, strict=True):
            setattr(calibrator, name, each)


def _check_steps(at: Any, heights: Any) -> None:
    """Refuse steps that do not rise from probability to probability."""
    arrays = all(isinstance(a, np.ndarray) and a.dtype.kind == "f" for a in (at, heights))
    fits = arrays and at.ndim == 1 and at.shape == heights.shape and len(at) > 0
    fits = fits and bool(np.isfinite(at).all() and (np.diff(at) >= 0).all())
    if not fits or not ((heights >= 0) & (heights <= 1)).all() or (np.diff(heights) < 0).any():
        raise ModelFileError("its calibrator has steps that do not rise")


CALIBRATORS = [Form("calibrator", lambda value: type(value) is Calibrator, _reduce, _restore)]
"""The form of `imbalanced_nn.calibration.Calibrator`."""
