"""`export_onnx`: a fitted estimator, or a pipeline that ends in one, as an ONNX file."""

import logging
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from sklearn.utils.validation import check_is_fitted

from imbalanced_nn import __version__
from imbalanced_nn._compat.keras import backend_name
from imbalanced_nn._compat.scikeras import encoder_state
from imbalanced_nn.atomic_files import check_writable, written_whole
from imbalanced_nn.classifier import BalancedKerasClassifier
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.training import fixed_batch_size

if TYPE_CHECKING:
    import onnx

    from imbalanced_nn.export.symbols import Symbol

__all__ = ["check_installed", "export_onnx", "inputs_of", "onnx_bytes"]

NEEDED = ("onnx", "tf2onnx")
# The newest that tf2onnx writes.
OPSET = 18


def check_installed(*names: str) -> None:
    """Refuse what needs packages of the extra ``onnx`` that are not installed.

    Parameters
    ----------
    *names : str
        Packages; none are those that write a file.

    Raises
    ------
    ImportError
        With the line that installs them.

    Examples
    --------
    >>> from imbalanced_nn.export import check_installed
    >>> check_installed("numpy")
    """
    lacking = [name for name in names or NEEDED if find_spec(name) is None]
    if lacking:
        raise ImportError(
            f"ONNX needs {' and '.join(lacking)}: pip install 'imbalanced-nn[onnx]', or "
            f"pip install {' '.join(lacking)}."
        )


def export_onnx(clf_or_pipeline: Any, path: str | os.PathLike, *, overwrite: bool = False) -> None:
    """Write a fitted model as one ONNX graph, from rows to labels and probabilities.

    The file holds all that answers: the steps of the pipeline, the network, what undoes its loss
    and its balancing, the calibrator, the priors of deployment and the decision threshold. It
    runs wherever onnxruntime does, without Keras, TensorFlow or this package.

    Its outputs are those of skl2onnx without ``zipmap``: ``label`` of shape (n_samples,), or the
    0/1 indicator of several labels, and ``probabilities`` of shape (n_samples, n_classes), columns
    in the order of ``classes_``. Its input is ``X``: of a classifier alone in the type of its
    network, float32 mostly; behind steps of a pipeline float64, in which they compute. A model of
    a table (`ColumnEncoder`, or a file of ``imbalanced-nn fit``) has an input of shape
    (n_samples, 1) for each column, by its name: float64 for numbers, dates (days since 1970) and
    durations (days), NaN where missing, and strings for text, empty where missing.

    Parameters
    ----------
    clf_or_pipeline : BalancedKerasClassifier or Pipeline
        A fitted one. Steps before the classifier may be ``StandardScaler``, ``MinMaxScaler``,
        ``MaxAbsScaler``, ``RobustScaler``, ``SimpleImputer``, feature selectors, samplers, which
        do nothing to new rows, and the steps of this package for tables.
    path : str or path-like
        Name of the file, usually ending in ``.onnx``.
    overwrite : bool, default=False
        Whether a file that is there is replaced.

    Raises
    ------
    FileExistsError
        If there is a file and ``overwrite`` is False.
    ImportError
        If the packages of the extra ``onnx`` are not installed.
    InvalidParameterError
        If a part cannot be written: another step, a target or feature encoder of your own, a
        network of several inputs or of a fixed batch size. No file is then written.
    NotFittedError
        If the model is not fitted.

    See Also
    --------
    imbalanced_nn.save : A file that can be trained further and tuned again.

    Notes
    -----
    A network computes in float32, and another program rounds otherwise: probabilities are equal
    within about 1e-6, behind ``calibration="isotonic"`` within 1e-5.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import make_classification
    >>> from imbalanced_nn import BalancedKerasClassifier, export_onnx
    >>> X, y = make_classification(3000, weights=[0.9], random_state=0)
    >>> clf = BalancedKerasClassifier(validation_split=0.2, epochs=2, random_state=0).fit(X, y)
    >>> path = tempfile.mkdtemp() + "/fraud.onnx"
    >>> export_onnx(clf, path)
    >>> import onnxruntime
    >>> session = onnxruntime.InferenceSession(path)
    >>> label, proba = session.run(None, {"X": X[:5].astype("float32")})
    >>> bool((label == clf.predict(X[:5])).all()), proba.shape
    (True, (5, 2))
    """
    check_installed()
    check_writable(path, overwrite)
    content = onnx_bytes(clf_or_pipeline)
    with written_whole(path, overwrite) as beside:
        beside.write_bytes(content)


def onnx_bytes(clf_or_pipeline: Any) -> bytes:
    """Return what `export_onnx` writes.

    Parameters
    ----------
    clf_or_pipeline : BalancedKerasClassifier or Pipeline
        As in `export_onnx`.
    """
    from imbalanced_nn.export.steps import check_steps, inputs_of_columns, steps_of

    if (backend := backend_name()) != "tensorflow":
        raise InvalidParameterError(
            f"export_onnx writes networks on TensorFlow alone, and Keras runs on {backend!r} here. "
            f"Save the model, save(clf, 'model.inn'), and write it where TensorFlow is installed: "
            f"KERAS_BACKEND=tensorflow imbalanced-nn export model.inn."
        )
    steps, classifier = steps_of(clf_or_pipeline)
    if not isinstance(classifier, BalancedKerasClassifier):
        raise InvalidParameterError(
            f"export_onnx writes a BalancedKerasClassifier, or a pipeline that ends in one. Got "
            f"{clf_or_pipeline!r}."
        )
    check_is_fitted(classifier)
    _check_classifier(classifier)
    columns = inputs_of_columns(steps)
    n_of_table = 0 if columns is None else 1 + (not hasattr(steps[0][1], "medians_"))
    check_steps(steps[n_of_table:])
    return _model(classifier, steps, columns, n_of_table).SerializeToString()


def inputs_of(path: str | os.PathLike) -> dict[str, str]:
    """Return the names of the inputs of an ONNX file, and their types: ``"double"``, ``"string"``.

    Parameters
    ----------
    path : str or path-like
        Name of the file.

    Returns
    -------
    dict of str to str
    """
    import onnx

    return {
        each.name: onnx.TensorProto.DataType.Name(each.type.tensor_type.elem_type).lower()
        for each in onnx.load(path).graph.input
    }


def _check_classifier(classifier: Any) -> None:
    """Refuse what has no translation."""
    if getattr(classifier, "fit_result_", None) is None:
        raise InvalidParameterError(
            "A target encoder of your own decides what the network's outputs mean, which cannot "
            "be written in ONNX. Export the network: clf.model_.export(path, format='onnx')."
        )
    encoder = classifier.feature_encoder_
    if getattr(encoder, "func", encoder) is not None:
        raise InvalidParameterError(
            f"The feature encoder {encoder!r} cannot be written in ONNX. Export the network, and "
            f"give it encoded rows: clf.model_.export(path, format='onnx')."
        )
    if fixed_batch_size(classifier.model_) is not None:
        raise InvalidParameterError(
            "The network has a fixed batch size, and ONNX models take any number of rows. Build it "
            "with batch_shape=(None, ...) and set_weights of this one."
        )
    if len(getattr(classifier.model_, "inputs", None) or [0]) > 1:
        raise InvalidParameterError(
            "The network has several inputs, which the rows of one X cannot be told to. Export "
            "the network: clf.model_.export(path, format='onnx')."
        )


def _model(
    classifier: Any, steps: list, columns: dict | None, n_of_table: int
) -> "onnx.ModelProto":
    """Return the whole graph as a model."""
    from onnx import helper

    from imbalanced_nn.export.answers import codes_of, labels_of, probabilities_of
    from imbalanced_nn.export.network_nodes import with_choices, without_erfinv
    from imbalanced_nn.export.steps import after_steps, encoded_columns
    from imbalanced_nn.export.symbols import Graph, Symbol

    given = classifier.X_shape_[1:]
    network = _network(classifier.model_, given)
    kind = helper.tensor_dtype_to_np_dtype(network.graph.input[0].type.tensor_type.elem_type)
    before, after = Graph("rows"), Graph("answer")
    if columns is not None:
        inputs = {
            name: Symbol(before, name, object if is_text else np.float64, (None, 1))
            for name, is_text in columns.items()
        }
        rows = encoded_columns(steps[n_of_table - 1][1], inputs, before)
    else:
        first = np.float64 if steps else kind
        shape = (None, steps[0][1].n_features_in_) if steps else (None, *given)
        rows = Symbol(before, "X", first, shape)
        inputs = {"X": rows}
    _named(after_steps(steps[n_of_table:], rows).astype(kind), network.graph.input[0].name)

    output = network.graph.output[0]
    units = classifier.model_.output_shape[1:]
    kind = helper.tensor_dtype_to_np_dtype(output.type.tensor_type.elem_type)
    result = classifier.fit_result_
    proba = probabilities_of(result.posterior, Symbol(after, output.name, kind, (None, *units)))
    encoder = encoder_state(classifier.target_encoder_)
    one_hot = encoder.target_type == "multiclass-onehot"
    label = labels_of(result, codes_of(result.decision.rule, proba), one_hot)
    label = label.reshape(-1, *encoder.row_shape)
    proba = proba.reshape(-1, *result.target.steps, result.target.n_classes)
    outputs = [_named(label, "label"), _named(proba, "probabilities")]

    within = Graph("network")
    nodes = [*before.nodes, *without_erfinv(with_choices(network.graph.node), within), *after.nodes]
    constants = [part for each in (before, within, after) for part in each.constants]
    constants += network.graph.initializer
    graph = helper.make_graph(
        nodes,
        "imbalanced_nn",
        [_value(values, name) for name, values in inputs.items()],
        outputs,
        constants,
    )
    return helper.make_model(
        graph,
        producer_name="imbalanced_nn",
        producer_version=__version__,
        ir_version=network.ir_version,
        functions=network.functions,
        opset_imports=[
            *(each for each in network.opset_import if each.domain != "ai.onnx.ml"),
            helper.make_opsetid("ai.onnx.ml", 3),
        ],
    )


def _named(value: "Symbol", name: str) -> "onnx.ValueInfoProto":
    """Give a value a name of its own; return its description."""
    from onnx import helper

    value.graph.nodes.append(helper.make_node("Identity", [value.name], [name], name=f"to {name}"))
    return _value(value, name)


def _value(value: "Symbol", name: str) -> "onnx.ValueInfoProto":
    """Return the description of an input or output."""
    import onnx
    from onnx import helper

    text = value.dtype.kind in "UO"
    kind = onnx.TensorProto.STRING if text else helper.np_dtype_to_tensor_dtype(value.dtype)
    shape = ["n_samples" if size is None else size for size in value.shape]
    return helper.make_tensor_value_info(name, kind, shape)


def _network(network: keras.Model, shape: tuple[int, ...]) -> "onnx.ModelProto":
    """Return what Keras exports of a network."""
    import onnx

    known = getattr(network, "inputs", None)
    kind = known[0].dtype if known else keras.config.floatx()
    signature = [keras.InputSpec(shape=(None, *shape), dtype=kind, name="network_input")]
    with tempfile.TemporaryDirectory() as folder, _quiet():
        file = Path(folder) / "network.onnx"
        try:
            network.export(
                file, "onnx", verbose=False, input_signature=signature, opset_version=OPSET
            )
        except (NotImplementedError, RuntimeError, TypeError, ValueError) as error:
            raise InvalidParameterError(
                f"Keras cannot write the network in ONNX: {error} Save it by imbalanced_nn.save, "
                f"or build it of other layers."
            ) from error
        model = onnx.load(file)
    unknown = _unknown_operators(model)
    if unknown:
        raise InvalidParameterError(
            f"The network computes {', '.join(unknown)}, for which ONNX has no operator. Save it "
            f"by imbalanced_nn.save, or build it of other layers."
        )
    return model


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep to itself what the converter logs and warns of, on which the caller cannot act."""
    logger = logging.getLogger("tf2onnx")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _unknown_operators(model: "onnx.ModelProto") -> list[str]:
    """Return the operators that no ONNX runtime knows."""
    import onnx

    own = {function.name for function in model.functions}
    kinds = {node.op_type for node in model.graph.node if node.domain in ("", "ai.onnx")}
    return sorted(k for k in kinds - own - {"Erfinv"} if not onnx.defs.has(k))
