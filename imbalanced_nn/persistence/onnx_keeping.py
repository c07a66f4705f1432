"""Making the copy in ONNX that a saved model of tables keeps."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from imbalanced_nn.classifier import BalancedKerasClassifier
from imbalanced_nn.exceptions import InvalidParameterError, came_of_interrupt
from imbalanced_nn.export import check_installed, onnx_bytes
from imbalanced_nn.persistence import onnx_copy
from imbalanced_nn.persistence.graph_bounds import check_graph
from imbalanced_nn.persistence.onnx_copy import CLOSE, OnnxCopy
from imbalanced_nn.preprocessing import MISSING, ColumnEncoder, ColumnTypes
from imbalanced_nn.threshold import BinaryRule, CostRule, MulticlassRule

__all__ = ["copy_for"]

_PROBES = 64


def copy_for(estimator: Any, onnx: bool | str) -> OnnxCopy | None:
    """Return the copy to keep, None where none is wanted or, by ``"auto"``, possible.

    Parameters
    ----------
    estimator : BalancedKerasClassifier or Pipeline
        Fitted.
    onnx : {"auto", True, False}
        As in `save`.

    Raises
    ------
    ImportError
        If a copy is wanted and the packages of the extra ``onnx`` are not installed.
    InvalidParameterError
        If a copy is wanted and cannot be made, or ``onnx`` is none of the three.
    """
    if onnx is False:
        return None
    if onnx is not True and onnx != "auto":
        raise InvalidParameterError(f"onnx must be 'auto', True or False; got {onnx!r}.")
    try:
        return _copy(estimator)
    except Exception as error:
        if onnx is True or came_of_interrupt(error):
            raise
        # What cannot be copied answers as it always did.
        return None


def _copy(estimator: Any) -> OnnxCopy:
    """Return the copy of an estimator, or refuse it."""
    check_installed(*onnx_copy.NEEDED)
    columns = _columns(estimator)
    classifier = estimator[-1]
    scores = _scores(classifier)
    graph = onnx_bytes(estimator)
    check_graph(graph)
    classes = classifier.classes_
    copy = OnnxCopy(
        graph=graph, classes=classes.tolist(), dtype=classes.dtype.str, scores=scores, **columns
    )
    copy.check()
    _check_answers(estimator, copy)
    return copy


def _columns(estimator: Any) -> dict[str, Any]:
    """Return what a model of tables takes, or refuse another model."""
    first = estimator.steps[0][1] if isinstance(estimator, Pipeline) else None
    known: dict[str, Any] = {} if first is None else vars(first)
    if type(first) is ColumnTypes:
        return {
            "kinds": dict(first.kinds_),
            "forms": known.get("forms_", {}),
            "categories": known.get("categories_", {}),
            "missing": list(known.get("missing", ())),
            "decimal": known.get("decimal_"),
            "typed": True,
        }
    if type(first) is ColumnEncoder:
        kinds = {**known.get("typed_", dict.fromkeys(first.medians_, "number"))}
        kinds |= dict.fromkeys(first.categories_, "text")
        names = [str(name) for name in known.get("feature_names_in_", kinds)]
        return {
            "kinds": {name: kinds[name] for name in names},
            "forms": {},
            "categories": {name: list(each) for name, each in first.categories_.items()},
            "missing": [],
            "decimal": None,
            "typed": False,
        }
    raise InvalidParameterError(
        "A copy in ONNX is kept of models of tables: a pipeline that starts with a ColumnEncoder, "
        "or that 'imbalanced-nn fit' made. Leave onnx='auto', or write the graph by export_onnx."
    )


def _scores(classifier: BalancedKerasClassifier) -> list[list[float]]:
    """Return the matrix by which the largest score decides, or refuse a rule without one."""
    rule: Any = classifier.decision_rule_
    n = len(classifier.fit_result_.target.classes)
    if classifier.fit_result_.target.kind == "multilabel" or classifier.y_ndim_ != 1:
        raise InvalidParameterError("A copy in ONNX answers with one label for each row.")
    if isinstance(rule, BinaryRule):
        cuts = np.full(2, 1 - rule.threshold)
        cuts[1 - rule.positive] = rule.threshold
        scores = np.diag(cuts)
    elif isinstance(rule, MulticlassRule):
        scores = np.diag(1 / np.asarray(rule.thresholds_))
    elif isinstance(rule, CostRule):
        scores = -np.array(rule.costs, dtype=np.float64)
    else:
        raise InvalidParameterError(f"A copy in ONNX does not decide by {rule!r}.")
    if scores.shape != (n, n) or not np.isfinite(scores).all():
        raise InvalidParameterError(f"A copy in ONNX does not decide by {rule!r}.")
    return scores.tolist()


def _check_answers(estimator: Pipeline, copy: OnnxCopy) -> None:
    """Refuse a copy whose probabilities of some made-up rows are not those of the estimator."""
    import onnxruntime

    start = 1 if copy.typed else 0
    rows = _made_up(estimator.steps[start][1], copy.kinds)
    session = onnxruntime.InferenceSession(copy.graph)
    given = {
        name: rows[name].to_numpy(object if kind == "text" else np.float64).reshape(-1, 1)
        for name, kind in copy.kinds.items()
    }
    (proba,) = session.run(["probabilities"], given)
    encoded: Any = rows
    for _, step in estimator.steps[start:-1]:
        encoded = step.transform(encoded)
    expected = estimator[-1].predict_proba(encoded)
    furthest = float(np.max(np.abs(proba - expected)))
    if not furthest <= CLOSE:
        raise InvalidParameterError(
            f"The copy in ONNX gives probabilities that are {furthest:.1g} from those of the "
            f"estimator. Leave onnx='auto', or False."
        )


def _made_up(encoder: ColumnEncoder, kinds: dict[str, str]) -> pd.DataFrame:
    """Return rows of numbers around the medians, of categories, and with missing values."""
    rng = np.random.default_rng(0)
    columns: dict[str, Any] = {}
    for name, kind in kinds.items():
        if kind == "text":
            known = [*encoder.categories_[name], MISSING, "not there in training"]
            columns[name] = pd.Series(rng.choice(known, _PROBES), dtype=object)
            continue
        median = encoder.medians_[name]
        wide = np.where(rng.random(_PROBES) < 0.5, 1.0, abs(median))
        values = median + rng.standard_cauchy(_PROBES) * wide
        columns[name] = np.where(rng.random(_PROBES) < 0.1, np.nan, values)
    return pd.DataFrame(columns)
