"""Forms of the objects that an estimator holds, each by its name and its numbers."""

import dataclasses
from typing import Any

import numpy as np
from sklearn import compose, decomposition, feature_selection, impute, pipeline, preprocessing

from imbalanced_nn._compat.scikeras import (
    ClassifierLabelEncoder,
    EncoderState,
    encoder_state,
    set_encoder_state,
)
from imbalanced_nn.calibration import PriorCorrection
from imbalanced_nn.exceptions import ModelFileError
from imbalanced_nn.fitting import (
    Decision,
    FitResult,
    HeldOutCounts,
    HeldOutScores,
    Mass,
    Posterior,
    SeenRows,
    Shares,
    Target,
)
from imbalanced_nn.losses import takes_one_hot
from imbalanced_nn.persistence.bounds import MOST_CLASSES
from imbalanced_nn.persistence.field_checks import check_record, conforms
from imbalanced_nn.persistence.values import Form
from imbalanced_nn.preprocessing import ColumnEncoder, ColumnTypes
from imbalanced_nn.sampling import SAMPLERS
from imbalanced_nn.threshold import (
    BinaryRule,
    CostRule,
    MulticlassRule,
    MultilabelRule,
    ThresholdCurve,
    ThresholdTuner,
    name_of_metric,
)
from imbalanced_nn.wrapper import NotKept, TimestepLabelEncoder

__all__ = ["OBJECTS", "TRANSFORMERS"]

_RECORDS = {
    cls.__name__: cls
    for cls in (
        BinaryRule,
        CostRule,
        Decision,
        FitResult,
        HeldOutCounts,
        HeldOutScores,
        MulticlassRule,
        MultilabelRule,
        NotKept,
        Posterior,
        PriorCorrection,
        SeenRows,
        Shares,
        Target,
        ThresholdCurve,
    )
}
"""Dataclasses, written as their fields."""

_SAMPLER_NAMES = {cls: name for name, cls in SAMPLERS.items()}

_LABEL_ENCODERS = {cls.__name__: cls for cls in (ClassifierLabelEncoder, TimestepLabelEncoder)}

TRANSFORMERS = {
    cls.__name__: cls
    for cls in (
        ColumnEncoder,
        ColumnTypes,
        compose.ColumnTransformer,
        decomposition.PCA,
        decomposition.TruncatedSVD,
        feature_selection.SelectKBest,
        feature_selection.VarianceThreshold,
        impute.MissingIndicator,
        impute.SimpleImputer,
        pipeline.FeatureUnion,
        pipeline.Pipeline,
        preprocessing.FunctionTransformer,
        preprocessing.KBinsDiscretizer,
        preprocessing.MaxAbsScaler,
        preprocessing.MinMaxScaler,
        preprocessing.Normalizer,
        preprocessing.OneHotEncoder,
        preprocessing.OrdinalEncoder,
        preprocessing.PolynomialFeatures,
        preprocessing.PowerTransformer,
        preprocessing.QuantileTransformer,
        preprocessing.RobustScaler,
        preprocessing.StandardScaler,
    )
}
"""Transformers that are nothing but their parameters and what they learned."""


_FOLLOW = {Posterior: ("undo",)}
"""Fields that follow from others: what undoes a loss follows from the loss."""


def _fields(record: Any) -> dict[str, Any]:
    names = [field.name for field in dataclasses.fields(record)]
    values = {n: getattr(record, n) for n in names if n not in _FOLLOW.get(type(record), ())}
    return {"class": type(record).__name__, "fields": values}


def _label_encoder(encoder: ClassifierLabelEncoder) -> dict[str, Any]:
    # All that it asks of a loss, which may be code, is whether labels are to be one-hot.
    loss = "categorical_crossentropy" if takes_one_hot(encoder.loss) else None
    loss = encoder.loss if isinstance(encoder.loss, str) else loss
    return {
        "class": type(encoder).__name__,
        "parameters": encoder.get_params(deep=False) | {"loss": loss},
        "classes": encoder.classes_,
        **encoder_state(encoder)._asdict(),
        "n_steps": getattr(encoder, "n_steps_", None),
    }


def _fitted_label_encoder(content: dict[str, Any]) -> ClassifierLabelEncoder:
    """Fit an encoder to the labels alone; it then knows what the old one knew."""
    encoder = _LABEL_ENCODERS[content["class"]](**content["parameters"])
    classes, target_type = content["classes"], content["target_type"]
    n_steps, shape, dtype = (content[name] for name in ("n_steps", "y_shape", "y_dtype"))
    fits = isinstance(classes, np.ndarray) and classes.ndim == 1
    fits = fits and 0 < len(classes) <= MOST_CLASSES
    fits = fits and conforms(target_type, str | None) and conforms(n_steps, int | None)
    fits = fits and conforms(shape, tuple[int, ...] | None) and conforms(dtype, np.dtype | None)
    if not fits:
        raise ModelFileError("its label encoder has fields of other types")
    if target_type == "multilabel-indicator":
        y = np.tile([[0], [1]], len(classes))
    elif target_type == "multiclass-onehot":
        y = np.eye(len(classes), dtype=np.int8)
    else:
        y = classes
    # A label encoder of steps takes three dimensions, and looks at its rows alone.
    steps = n_steps is not None
    encoder.fit(y.reshape(len(y), 1, -1) if steps else y)
    remembered = EncoderState(target_type, shape, dtype)
    set_encoder_state(encoder, remembered)
    if steps:
        encoder.n_steps_ = n_steps
    return encoder


def _tuner(tuner: ThresholdTuner) -> dict[str, Any]:
    objective = tuner.objective
    if not isinstance(objective, str):
        objective = name_of_metric(objective) or objective
    return tuner.get_params(deep=False) | {"objective": objective}


def _transformer(transformer: Any) -> dict[str, Any]:
    return {"class": type(transformer).__name__, "state": transformer.__getstate__()}


def _restored_transformer(content: dict[str, Any]) -> Any:
    cls = TRANSFORMERS[content["class"]]
    transformer = cls.__new__(cls)
    # scikit-learn warns here if another version of it wrote the state.
    transformer.__setstate__(content["state"])
    return transformer


def _is_named_metric(value: Any) -> bool:
    named = callable(value) and not isinstance(value, type | ThresholdTuner)
    return named and name_of_metric(value) is not None


OBJECTS = [
    Form(
        "record",
        lambda value: type(value) is _RECORDS.get(type(value).__name__),
        _fields,
        lambda content: check_record(_RECORDS[content["class"]](**content["fields"])),
    ),
    Form("mass", lambda value: type(value) is Mass, list, lambda parts: Mass(*parts)),
    Form(
        "label_encoder",
        lambda value: type(value) is _LABEL_ENCODERS.get(type(value).__name__),
        _label_encoder,
        _fitted_label_encoder,
    ),
    Form(
        "sampler",
        lambda value: type(value) in _SAMPLER_NAMES,
        lambda value: {
            "name": _SAMPLER_NAMES[type(value)],
            "parameters": value.get_params(deep=False),
        },
        lambda content: SAMPLERS[content["name"]](**content["parameters"]),
    ),
    Form(
        "threshold_tuner",
        lambda value: type(value) is ThresholdTuner,
        _tuner,
        lambda parameters: ThresholdTuner(**parameters),
    ),
    Form(
        "column_selector",
        lambda value: type(value) is compose.make_column_selector,
        vars,
        lambda parameters: compose.make_column_selector(**parameters),
    ),
    # A metric of scikit-learn's that has a name here means the same by its name.
    Form("metric", _is_named_metric, name_of_metric, str),
    Form(
        "transformer",
        lambda value: type(value) is TRANSFORMERS.get(type(value).__name__),
        _transformer,
        _restored_transformer,
        shared=True,
    ),
]
"""Forms of rules, encoders, samplers and transformers."""
