"""What was read holds fields of their types that fit together, or it is refused."""

import dataclasses
import math
import typing
from collections.abc import Callable
from types import NoneType, UnionType
from typing import Any

import numpy as np

from imbalanced_nn._compat.scikeras import encoder_state
from imbalanced_nn.exceptions import ModelFileError
from imbalanced_nn.fitting import FitResult, Mass
from imbalanced_nn.persistence.bounds import MOST_CLASSES
from imbalanced_nn.threshold import (
    BinaryRule,
    CostRule,
    MulticlassRule,
    MultilabelRule,
    ThresholdCurve,
)

__all__ = ["FITTED_TYPES", "check_estimator", "check_record", "conforms"]

KINDS = ("binary", "multiclass", "multilabel")
TARGETS = (
    *("binary", "multiclass", "multiclass-onehot"),
    *("multilabel-indicator", "multiclass-multioutput"),
)
CALIBRATIONS = (None, "prior", "temperature", "sigmoid", "isotonic")
LARGEST = 2**62

FITTED_TYPES: dict[str, Any] = {
    "X_dtype_": np.dtype,
    "X_shape_": tuple[int | None, ...],
    "class_weight_": dict | list | np.ndarray | None,
    "classes_": np.ndarray | None,
    "engine_": str,
    "feature_encoder_": object,
    "feature_names_in_": np.ndarray,
    "fit_result_": FitResult,
    "head_history_": dict[str, list],
    "head_n_iter_": int,
    "history_": dict[str, list],
    "model_": object,
    "n_classes_": int | None,
    "n_features_in_": int,
    "n_iter_": int,
    "n_outputs_": int,
    "n_outputs_expected_": int | None,
    "n_steps_": int,
    "sample_indices_": np.ndarray,
    "sampler_": object,
    "target_encoder_": object,
    "target_type_": str,
    "validation_indices_": np.ndarray,
    "y_dtype_": np.dtype | list | None,
    "y_ndim_": int,
}
"""Attributes of a fitted estimator that a file sets, by their types."""


def conforms(value: Any, hint: Any) -> bool:
    """Whether a value is of an annotated type; numbers are finite and no larger than 64 bits.

    Examples
    --------
    >>> from imbalanced_nn.persistence.field_checks import conforms
    >>> conforms((1, 2), tuple[int, ...]), conforms(float("nan"), float | None)
    (True, False)
    """
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return True
    if origin in (UnionType, typing.Union):
        return any(conforms(value, part) for part in parts)
    if origin is Callable or hint is Callable:
        return value is None or callable(value)
    if hint in (None, NoneType):
        return value is None
    if hint is float:
        real = isinstance(value, float | int | np.floating | np.integer)
        return real and not isinstance(value, bool) and math.isfinite(_bounded(value))
    if hint is int:
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        return whole and abs(int(value)) <= LARGEST
    if origin is tuple:
        inside = isinstance(value, tuple) and len(value) <= MOST_CLASSES
        return inside and all(conforms(each, parts[0]) for each in value)
    if origin is dict:
        pairs = value.items() if isinstance(value, dict) else [(None, None)]
        return all(conforms(k, parts[0]) and conforms(v, parts[1]) for k, v in pairs)
    return isinstance(value, origin or hint)


def _bounded(value: Any) -> float:
    """Return a number as a float, infinity where it is too large for one."""
    return math.inf if isinstance(value, int) and abs(value) > LARGEST else float(value)


def check_record(record: Any) -> Any:
    """Return a record each of whose fields is of its annotated type.

    Raises
    ------
    ModelFileError
        Naming the field.
    """
    hints = typing.get_type_hints(type(record))
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        _demand(
            conforms(value, hints[field.name]),
            f"{type(record).__name__}.{field.name} is a {type(value).__name__}",
        )
    return record


def check_estimator(estimator: Any) -> None:
    """Refuse a loaded estimator whose attributes do not fit together.

    Raises
    ------
    ModelFileError
        Naming the attribute.
    """
    state = vars(estimator)
    for name, hint in FITTED_TYPES.items():
        if name in state:
            value = state[name]
            _demand(conforms(value, hint), f"{name} is a {type(value).__name__}")
    for name, method in (
        ("feature_encoder_", "transform"),
        ("target_encoder_", "inverse_transform"),
    ):
        _demand(name not in state or hasattr(state[name], method), f"{name} has no {method}")
    for name in ("sample_indices_", "validation_indices_"):
        if name in state:
            _demand(state[name].dtype.kind in "iu", f"{name} holds no numbers of rows")
    for name in ("n_features_in_", "n_classes_", "n_outputs_", "n_steps_", "n_iter_"):
        _demand((state.get(name) or 0) >= 0, f"{name} is {state.get(name)}")
    if "target_type_" in state:
        _demand(state["target_type_"] in TARGETS, "target_type_ is none that is known")
    names = state.get("feature_names_in_")
    if names is not None:
        whole = names.shape == (state.get("n_features_in_"),) and names.dtype.kind == "O"
        _demand(whole and all(type(n) is str for n in names), "feature_names_in_ are no names")
    shape = state.get("X_shape_")
    if shape is not None and len(shape) > 1:
        _demand(shape[1] == state.get("n_features_in_"), "X_shape_ and n_features_in_ differ")
    result = state.get("fit_result_")
    if result is not None:
        _check_result(result)
        _check_network(state, result)


def _check_network(state: dict[str, Any], result: FitResult) -> None:
    """Refuse a network of other inputs, outputs or labels than the result."""
    target = result.target
    network: Any = state.get("model_")
    _demand(hasattr(network, "output_shape"), "it has no network")
    outputs = network.output_shape
    _demand(isinstance(outputs, tuple) and len(outputs) > 1, "its network has several outputs")
    units = outputs[-1]
    fits = (target.n_classes, 1) if target.kind == "binary" else (target.n_classes,)
    _demand(units in fits, f"its network has {units} outputs for {target.n_classes} classes")
    for variable in network.weights:
        values = np.asarray(variable)
        # Knots of ranks end in infinity.
        known = values.dtype.kind not in "fV" or not np.isnan(values.astype(np.float64)).any()
        _demand(known, f"the weights {variable.path} are not a number")
    classes = state.get("classes_")
    same = classes is None or np.array_equal(np.asarray(classes), target.classes)
    _demand(same, "classes_ are not those of its result")
    encoder = getattr(state.get("target_encoder_"), "classes_", target.classes)
    _demand(np.array_equal(np.asarray(encoder), target.classes), "its encoder has other classes")
    remembered = encoder_state(state.get("target_encoder_"))
    if remembered.y_shape is not None:
        several = target.kind == "multilabel" or remembered.target_type == "multiclass-onehot"
        labels = math.prod(target.steps) * (target.n_classes if several else 1)
        alike = len(remembered.y_shape) > 0 and math.prod(remembered.y_shape[1:]) == labels
        _demand(alike, f"its y was of shape {remembered.y_shape}")
    _demand(state.get("n_classes_") in (None, target.n_classes), "n_classes_ is another number")
    if target.steps:
        _demand(state.get("n_steps_") == target.steps[0], "n_steps_ is another number")
    # Two rows of the network's shape go the way to a decision, which looks at every field.
    rows = np.full((2, *target.steps, units), 1 / max(units, 2), dtype=np.float32)
    proba = result.posterior(rows)
    n_rows = 2 * math.prod(target.steps)
    _demand(np.shape(proba) == (n_rows, target.n_classes), "its probabilities have another shape")
    _demand(np.isfinite(proba).all() and (proba >= 0).all(), "its probabilities are not finite")
    decided = np.asarray(result.decision.rule.decide(proba))
    shape = (n_rows, target.n_classes) if target.kind == "multilabel" else (n_rows,)
    _demand(decided.shape == shape and decided.dtype.kind in "iu", "its rule decides nothing")
    _demand(decided.min() >= 0 and decided.max() < max(target.n_classes, 2), "its rule is off")


def _check_result(result: FitResult) -> None:
    """Refuse a result whose parts are of other numbers of classes, or out of range."""
    target, posterior, n = result.target, result.posterior, result.target.n_classes
    _demand(target.kind in KINDS and posterior.kind == target.kind, "its kinds of target differ")
    _demand(0 < n <= MOST_CLASSES and target.classes.ndim == 1, f"it has {n} classes")
    _demand(len(np.unique(target.classes.astype(str))) == n, "classes of it are the same")
    _demand(target.kind != "binary" or n == 2, "it is binary, and has not two classes")
    _demand(target.kind != "binary" or target.positive in (0, 1), "its positive class is none")
    _demand(target.steps == posterior.steps, "its numbers of time steps differ")
    _demand(len(target.steps) <= 1 and all(0 < s < 2**20 for s in target.steps), "steps are off")
    _demand(_whole(target.class_count, n), "class_count is no number for each class")
    for name in ("rows", "loss"):
        mass = getattr(result.shares, name)
        _demand(isinstance(mass, Mass), f"shares.{name} is no mass")
        for part in mass:
            _demand(_numbers(part, n) and (part >= 0).all(), f"shares.{name} is off")
        _demand((mass.whole > 0).all(), f"shares.{name} is nothing")
    shown: list[Any] = [result.shares.shown, posterior.natural, posterior.in_loss, posterior.priors]
    for shares in shown:
        within = shares is None or (_numbers(shares, n) and (shares >= 0).all())
        _demand(within and (shares is None or (shares <= 1 + 1e-6).all()), "its shares are off")
    _demand(posterior.calibration in CALIBRATIONS, "its calibration is none that is known")
    free = posterior.offset is None or (target.kind == "binary" and abs(posterior.offset) < 1e6)
    _demand(free, "its offset is out of range")
    correction = posterior.correction
    if correction is not None:
        for part in (correction.trained, correction.target):
            _demand(len(part) == n and all(0 <= s <= 1 + 1e-6 for s in part), "shares are off")
        _demand(correction.multilabel == (target.kind == "multilabel"), "its correction is off")
    if posterior.calibrator is not None:
        calibrator = posterior.calibrator
        within = calibrator.kind == target.kind and all(c < n for c in calibrator.classes)
        _demand(within, "its calibrator is of other classes")
    _check_decision(result)
    _check_rows(result, n)


def _check_decision(result: FitResult) -> None:
    """Refuse a rule of another kind or number of classes, and curves that are none."""
    rule, kind, n = result.decision.rule, result.target.kind, result.target.n_classes
    kinds = {
        "binary": (BinaryRule, CostRule),
        "multiclass": (MulticlassRule, CostRule),
        "multilabel": (MultilabelRule,),
    }
    _demand(isinstance(rule, kinds[kind]), f"its rule is a {type(rule).__name__}")
    if isinstance(rule, CostRule):
        costs = np.array(rule.costs)
        _demand(costs.shape == (n, n) and np.isfinite(costs).all(), "its costs are off")
    elif isinstance(rule, BinaryRule):
        fits = rule.positive in (0, 1) and not math.isnan(rule.threshold)
        _demand(fits, "its threshold is off")
    else:
        cuts = np.array(rule.thresholds)
        _demand(len(cuts) == n and not np.isnan(cuts).any(), "it has not a cut for each class")
    curves = result.decision.curve
    _demand(curves is None or isinstance(curves, ThresholdCurve | tuple), "its curve is none")
    for curve in curves if isinstance(curves, tuple) else [c for c in [curves] if c is not None]:
        _demand(isinstance(curve, ThresholdCurve), "its curve is none")
        sizes = curve.thresholds.shape == curve.scores.shape and curve.scores.ndim == 1
        floats = curve.thresholds.dtype.kind == curve.scores.dtype.kind == "f"
        _demand(sizes and floats and len(curve.scores) > 0, "its curve is none")


def _check_rows(result: FitResult, n: int) -> None:
    """Refuse held-out scores, their counts and traces of training rows that do not fit."""
    held_out, judged_by, seen = result.held_out, result.judged_by, result.seen
    if held_out is not None:
        codes, rows = held_out.codes, len(held_out.codes)
        shape = (rows, n) if result.target.kind == "multilabel" else (rows,)
        inside: Any = codes.shape == shape and codes.dtype.kind in "iufb" and rows > 0
        inside = inside and ((codes >= 0) & (codes < max(n, 2))).all()
        whole = inside and (codes == codes.astype(np.int64)).all()
        _demand(whole, "its held-out codes are no codes")
        finite: Any = held_out.proba.shape == (rows, n) and held_out.proba.dtype.kind == "f"
        finite = finite and ((held_out.proba >= 0) & (held_out.proba <= 1 + 1e-3)).all()
        _demand(finite, "its held-out probabilities are none")
        weighed: Any = held_out.weight.shape == (rows,) and held_out.weight.dtype.kind in "iuf"
        weighed = weighed and np.isfinite(held_out.weight).all() and (held_out.weight >= 0).all()
        _demand(weighed and held_out.weight.sum() > 0, "its held-out weights are none")
        fold = held_out.fold
        folded = fold is None or (fold.shape == (rows,) and fold.dtype.kind in "iu")
        folded = folded and (fold is None or (fold.min() >= 0 and fold.max() < rows))
        _demand(folded, "its folds are none")
    if judged_by is not None:
        fits = _whole(judged_by.class_count, n) and judged_by.decisions >= 0 < judged_by.folds
        _demand(fits, "its numbers of held-out rows are off")
    traces = seen.numbers.ndim == 1 and seen.numbers.dtype == np.uint32
    power = 0 < seen.every <= 2**32 and seen.every & (seen.every - 1) == 0
    _demand(traces and power, "its traces of training rows are off")
    _demand(result.split_seed is None or 0 <= result.split_seed < 2**32, "its seed is off")


def _numbers(values: Any, n: int) -> bool:
    """Whether these are finite numbers, one for each class."""
    inside = isinstance(values, np.ndarray) and values.shape == (n,) and values.dtype.kind in "iuf"
    return inside and bool(np.isfinite(values).all())


def _whole(values: Any, n: int) -> bool:
    """Whether these are counts, one for each class."""
    return _numbers(values, n) and values.dtype.kind in "iu" and bool((values >= 0).all())


def _demand(holds: Any, otherwise: str) -> None:
    """Refuse a file unless something holds."""
    if not holds:
        raise ModelFileError(f"its fields do not fit together: {otherwise}")
