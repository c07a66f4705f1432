"""Saved models that answer by their copy in ONNX, without Keras, TensorFlow and scikit-learn."""

from importlib.util import find_spec
from typing import Any

__all__ = ["OnnxModel", "quick_model"]


def quick_model(path: str):
    """Return a model that answers by its copy, or the model itself where it has none.

    Parameters
    ----------
    path : str
        Name of the file.
    """
    if _knows("onnxruntime"):
        from imbalanced_nn.persistence import read_onnx_copy

        copy = read_onnx_copy(path)
        if copy is not None:
            return OnnxModel(path, copy)
    from imbalanced_nn.cli.models import Model

    return Model(path)


def _knows(name: str) -> bool:
    """Whether a package is installed."""
    return find_spec(name) is not None


class OnnxModel:
    """A model as far as ``predict`` needs it; see `Model`, which decides what is in doubt.

    Parameters
    ----------
    path : str
        Name of the file.
    copy : OnnxCopy
        What it holds.
    """

    def __init__(self, path: str, copy):
        import onnxruntime

        from imbalanced_nn.cli.refusals import DataRefusal
        from imbalanced_nn.preprocessing import Findings

        self.path, self.copy = path, copy
        self.labels = copy.labels()
        self._places = {label: code for code, label in enumerate(copy.classes)}
        self._findings = Findings()
        self._itself: Any = None
        self._n_doubtful = 0
        options = onnxruntime.SessionOptions()
        # What is computed ahead of rows would be made room for as a file declares it.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(
                copy.graph, options, providers=["CPUExecutionProvider"]
            )
            found = {each.name for each in self._session.get_inputs()}
        except Exception as error:
            found = set()
            reason: BaseException | None = error
        else:
            reason = None
        if found != set(copy.kinds):
            raise DataRefusal(
                f"{path!r} has a copy in ONNX that onnxruntime does not take. Save the model "
                f"again, or fit it with --no-onnx."
            ) from reason

    @property
    def columns(self) -> list[str]:
        """Columns that the model needs."""
        return list(self.copy.kinds)

    @property
    def text_columns(self) -> list[str]:
        """Columns to read as text, whatever some of their rows look like."""
        kinds, forms = self.copy.kinds, self.copy.forms
        if not self.copy.typed:
            return [name for name, kind in kinds.items() if kind == "text"]
        return [name for name, kind in kinds.items() if kind != "number" or name in forms]

    @property
    def decimal(self) -> str | None:
        """Decimal mark by which numbers of the file that the model was fitted on were read."""
        return self.copy.decimal

    @property
    def categories(self) -> dict[str, list[str]]:
        """Categories that the model knows of columns of text."""
        return self.copy.categories

    @property
    def classes(self) -> list:
        """Labels, in the order of the columns of probabilities."""
        return self.copy.classes

    def answer(self, frame):
        """Return codes of the classes decided for, and probabilities of shape (n, n_classes)."""
        import numpy as np

        label, proba = self._session.run(["label", "probabilities"], self._given(frame))
        codes = np.array([self._places.get(each, -1) for each in label.tolist()], dtype=int)
        doubtful = self.copy.in_doubt(proba) | (codes < 0)
        if (codes < 0).any() or (doubtful.any() and _knows("keras")):
            rows = frame[doubtful]
            rows.attrs = frame.attrs
            codes[doubtful], proba[doubtful] = self._model().answer(rows)
        else:
            self._n_doubtful += int(doubtful.sum())
        return codes, proba

    def notes(self) -> list[str]:
        """Return what was met in the rows that were read so far, as sentences."""
        found = [f"[INN020] {sentence}" for sentence in self._findings.sentences()]
        if self._n_doubtful:
            lie = "row lies" if self._n_doubtful == 1 else "rows lie"
            found.append(
                f"[INN028] {self._n_doubtful:,} {lie} so near to a cut that the network itself "
                f"might decide otherwise than its copy in ONNX, and Keras is not installed to ask "
                f"it. Take them for either class."
            )
        return found

    def _given(self, frame) -> dict:
        """Return the columns as the graph takes them."""
        import numpy as np

        from imbalanced_nn.preprocessing import read_columns

        copy = self.copy
        if not copy.typed:
            # A ColumnEncoder reads no marks of a file.
            frame = frame.copy(deep=False)
            frame.attrs = {"names": frame.attrs.get("names", ())}
        # Of a ColumnEncoder's categories those alone are known that have a column of their own.
        known = copy.categories if copy.typed else {}
        columns = read_columns(
            *(frame, copy.kinds, copy.forms, known, copy.missing, self._findings, copy.decimal)
        )
        return {
            name: columns[name].to_numpy(object if kind == "text" else np.float64).reshape(-1, 1)
            for name, kind in copy.kinds.items()
        }

    def _model(self):
        """Return the model itself, loaded once."""
        if self._itself is None:
            from imbalanced_nn.cli.models import Model

            self._itself = Model(self.path)
        return self._itself
