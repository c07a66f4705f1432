"""Steps of a pipeline before the classifier, as nodes of a graph."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.feature_selection import SelectorMixin
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.export.symbols import Graph, Symbol
from imbalanced_nn.preprocessing import MISSING, ColumnEncoder, ColumnTypes

__all__ = ["after_steps", "check_steps", "encoded_columns", "inputs_of_columns", "steps_of"]


def steps_of(model: Any) -> tuple[list[tuple[str, Any]], Any]:
    """Return the named steps of a model that do something to rows, and its classifier.

    Parameters
    ----------
    model : estimator or Pipeline
        Fitted. Steps inside of steps stand in their place; samplers do nothing to new rows.
    """
    if not isinstance(model, Pipeline):
        return [], model
    steps: list[tuple[str, Any]] = []
    for name, step in model.steps[:-1]:
        if isinstance(step, Pipeline):
            inner, last = steps_of(step)
            steps += [(f"{name}: {each}", one) for each, one in [*inner, (step.steps[-1][0], last)]]
        else:
            steps.append((name, step))
    steps = [
        (name, step)
        for name, step in steps
        if step is not None and not isinstance(step, str) and not hasattr(step, "fit_resample")
    ]
    return steps, model.steps[-1][1]


def check_steps(steps: list[tuple[str, Any]]) -> None:
    """Refuse steps that cannot be written.

    Parameters
    ----------
    steps : list of (str, transformer)
        Of `steps_of`, without those of a table.
    """
    for name, step in steps:
        if not isinstance(step, (*WRITTEN, SelectorMixin)) or _is_other(step):
            known = ", ".join(kind.__name__ for kind in WRITTEN)
            raise InvalidParameterError(
                f"The step {name!r} of the pipeline, {type(step).__name__}, cannot be written in "
                f"ONNX; known are {known}, feature selectors, and the steps of imbalanced_nn for "
                f"tables. Export the classifier alone, export_onnx(pipeline[-1], path), and give "
                f"it what pipeline[:-1].transform returns."
            )


def _is_other(step: Any) -> bool:
    """Whether a subclass may do something else than the class that is known."""
    return any(isinstance(step, kind) and type(step) is not kind for kind in WRITTEN)


def after_steps(steps: list[tuple[str, Any]], values: Any) -> Any:
    """Return what numeric rows become by the steps.

    Parameters
    ----------
    steps : list of (str, transformer)
        Those of `check_steps`.
    values : Any of shape (n_samples, n_features)
        Rows in float64.
    """
    for _, step in steps:
        written = WRITTEN.get(type(step))
        values = values[:, step.get_support()] if written is None else written(step, values)
    return values


def _standardised(step: StandardScaler, values: Any) -> Any:
    values = values - step.mean_ if step.with_mean else values
    return values / step.scale_ if step.with_std else values


def _in_range(step: MinMaxScaler, values: Any) -> Any:
    values = values * step.scale_ + step.min_
    low, high = map(float, step.feature_range)
    return np.clip(values, low, high) if step.clip else values


def _by_largest(step: MaxAbsScaler, values: Any) -> Any:
    values = values / step.scale_
    return np.clip(values, -1.0, 1.0) if getattr(step, "clip", False) else values


def _robust(step: RobustScaler, values: Any) -> Any:
    values = values - step.center_ if step.with_centering else values
    return values / step.scale_ if step.with_scaling else values


def _imputed(step: SimpleImputer, values: Any) -> Any:
    marker = step.missing_values
    lacks = np.isnan(values) if marker is None or marker != marker else values == marker
    fills = np.asarray(step.statistics_, np.float64)
    there = np.ones(len(fills), bool) if step.keep_empty_features else ~np.isnan(fills)
    filled = np.where(lacks, np.nan_to_num(fills), values)[:, there]
    if step.indicator_ is None:
        return filled
    told = lacks.astype(np.float64)[:, step.indicator_.features_]
    return np.concatenate([filled, told], axis=1)


WRITTEN: dict[type, Callable[[Any, Symbol], Symbol]] = {
    MaxAbsScaler: _by_largest,
    MinMaxScaler: _in_range,
    RobustScaler: _robust,
    SimpleImputer: _imputed,
    StandardScaler: _standardised,
}


def inputs_of_columns(steps: list[tuple[str, Any]]) -> dict[str, bool] | None:
    """Return for each column of a table whether it is text, None if rows are an array.

    Parameters
    ----------
    steps : list of (str, transformer)
        Of `steps_of`.
    """
    kinds = [type(step) for _, step in steps[:2]]
    if kinds == [ColumnTypes, ColumnEncoder]:
        return {name: kind == "text" for name, kind in steps[0][1].kinds_.items()}
    if kinds[:1] == [ColumnEncoder]:
        encoder = steps[0][1]
        return dict.fromkeys(encoder.medians_, False) | dict.fromkeys(encoder.categories_, True)
    return None


def encoded_columns(encoder: ColumnEncoder, columns: dict[str, Symbol], graph: Graph) -> Any:
    """Return the matrix that an encoder makes of columns.

    Parameters
    ----------
    encoder : ColumnEncoder
        Fitted.
    columns : dict of str to Symbol of shape (n_samples, 1)
        Columns of float64 and text.
    graph : Graph
        Where it is computed.
    """
    blocks = []
    lacks = {name: np.isnan(columns[name]) for name in encoder.medians_}
    for name, median in encoder.medians_.items():
        blocks.append(np.where(lacks[name], median, columns[name]))
    blocks += [lacks[name].astype(np.float64) for name in encoder.missing_]
    for name, categories in encoder.categories_.items():
        rare = name in encoder.rare_
        codes = _looked_up(columns[name], categories, len(categories) if rare else -1)
        blocks.append((codes == np.arange(len(categories) + rare)).astype(np.float64))
    return np.concatenate(blocks, axis=1)[:, encoder.kept_]


def _looked_up(text: Any, categories: list[str], default: int) -> Any:
    """Return the codes of categories; an empty text is a missing value."""
    codes = {name: code for code, name in enumerate(categories)}
    codes.setdefault("", codes.get(MISSING, default))
    return text.graph.add(
        "LabelEncoder",
        text,
        dtype=np.int64,
        shape=text.shape,
        domain="ai.onnx.ml",
        keys_strings=list(codes),
        values_int64s=list(codes.values()),
        default_int64=default,
    )
