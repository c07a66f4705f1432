"""Samplers that compute with labels, given the codes of labels."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from imblearn.pipeline import Pipeline
from imblearn.under_sampling import (
    AllKNN,
    EditedNearestNeighbours,
    InstanceHardnessThreshold,
    NeighbourhoodCleaningRule,
    RepeatedEditedNearestNeighbours,
)
from sklearn.base import BaseEstimator

__all__ = ["on_codes"]

# These compute with the labels, some as positions in an array: right for 0 ... K - 1 only.
COMPUTE_WITH_LABELS = (
    AllKNN,
    EditedNearestNeighbours,
    InstanceHardnessThreshold,
    NeighbourhoodCleaningRule,
    RepeatedEditedNearestNeighbours,
)


def on_codes(sampler: Any, classes: np.ndarray) -> Any:
    """Return what resamples labels of any kind as a sampler would their codes.

    Samplers that treat labels as labels, and those of a class of the user's that can compute with
    these, are returned as they are; the steps of a pipeline are each taken by itself.

    Parameters
    ----------
    sampler : object with ``fit_resample``
        It is fitted in place.
    classes : ndarray of shape (n_classes,)
        Original labels, rising.

    Returns
    -------
    object with ``fit_resample``

    Examples
    --------
    >>> import numpy as np
    >>> from imblearn.under_sampling import EditedNearestNeighbours
    >>> from imbalanced_nn.sampling.on_codes import on_codes
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0], [20.0], [19.0], [21.0], [22.0]])
    >>> y = np.repeat(["no", "yes"], [5, 3])
    >>> cleaner = EditedNearestNeighbours(n_neighbors=2, kind_sel="mode")
    >>> on_codes(cleaner, np.unique(y)).fit_resample(X, y)[1].tolist()
    ['no', 'no', 'no', 'no', 'yes', 'yes', 'yes']
    """
    if isinstance(sampler, Pipeline):
        steps = [(name, on_codes(step, classes)) for name, step in sampler.steps]
        if all(new is old for (_, new), (_, old) in zip(steps, sampler.steps, strict=True)):
            return sampler
        pipeline = copy.copy(sampler)
        pipeline.steps = steps
        return pipeline
    parts = [sampler]
    if type(sampler).__module__.startswith("imblearn."):
        parts += sampler.get_params().values()
    computes = any(_needs_codes(part, classes) for part in parts)
    return _OnCodes(sampler, classes) if computes else sampler


def _needs_codes(sampler: Any, classes: np.ndarray) -> bool:
    """Whether a sampler computes with labels; a class of the user's may know them by itself."""
    if type(sampler) in COMPUTE_WITH_LABELS or isinstance(sampler, InstanceHardnessThreshold):
        return True
    return isinstance(sampler, COMPUTE_WITH_LABELS) and classes.dtype.kind not in "iuf"


class _OnCodes(BaseEstimator):
    """A sampler that is given codes, and parameters that name codes in place of labels."""

    def __init__(self, sampler: Any, classes: np.ndarray):
        self.sampler = sampler
        self.classes = classes

    def fit(self, X: Any, y: Any = None) -> "_OnCodes":
        """Do nothing: pipelines ask for it."""
        return self

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, np.ndarray]:
        """Resample rows and their labels."""
        given = self.sampler.get_params()
        code_of = {label: code for code, label in enumerate(self.classes.tolist())}
        translated = {
            name: _translated(value, code_of, self.classes)
            for name, value in given.items()
            if name.rpartition("__")[2] in ("class_weight", "sampling_strategy")
        }
        try:
            self.sampler.set_params(**translated)
            X, codes = self.sampler.fit_resample(X, np.searchsorted(self.classes, y))
        finally:
            self.sampler.set_params(**{name: given[name] for name in translated})
        return X, self.classes[codes]


def _translated(value: Any, code_of: dict[Any, int], classes: np.ndarray) -> Any:
    """Return a parameter that may name labels with their codes."""

    def code(label: Any) -> int:
        if label not in code_of:
            raise ValueError(
                f"{value!r} names the label {label!r}, which is not among {[*code_of]}."
            )
        return code_of[label]

    if isinstance(value, Mapping):
        return {code(label): part for label, part in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [code(label) for label in np.asarray(value).tolist()]
    return _on_labels(value, code_of, classes) if callable(value) else value


def _on_labels(strategy: Callable, code_of: dict[Any, int], classes: np.ndarray) -> Callable:
    """Return a strategy that is asked with codes, and asks another with their labels."""
    return lambda codes: _translated(strategy(classes[codes]), code_of, classes)
