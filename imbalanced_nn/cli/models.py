"""Saved models as the commands need them: the columns they take, and what they answer."""

from contextlib import suppress

from imbalanced_nn.cli.refusals import DataRefusal, UsageRefusal

__all__ = ["Model"]


class Model:
    """A saved pipeline, or an estimator that was fitted on a table with column names.

    Parameters
    ----------
    path : str
        Name of the file.
    """

    def __init__(self, path: str):
        from imbalanced_nn.persistence import load

        self.path = path
        self.estimator = load(path)
        steps = getattr(self.estimator, "steps", [("classifier", self.estimator)])
        self.classifier = steps[-1][1]
        self._types = steps[0][1] if hasattr(steps[0][1], "kinds_") else None
        self._check()

    def _check(self) -> None:
        """Refuse models that take no table, or answer with several labels."""
        if self._types is None and not hasattr(self.estimator, "feature_names_in_"):
            raise UsageRefusal(
                f"{self.path!r} was fitted on an array without column names. Use it from Python, "
                f"or fit it on a DataFrame."
            )
        if not hasattr(self.classifier, "decision_rule_"):
            raise UsageRefusal(f"{self.path!r} was built and not trained; fit it first.")
        if self.classifier._kind not in ("binary", "multiclass") or self.classifier.y_ndim_ != 1:
            raise UsageRefusal(
                f"{self.path!r} does not give one label for each row; use it from Python."
            )

    @property
    def columns(self) -> list[str]:
        """Columns that the model needs."""
        names = self.estimator.feature_names_in_ if self._types is None else self._types.kinds_
        return [str(name) for name in names]

    @property
    def text_columns(self) -> list[str]:
        """Columns that are not numbers, whatever some of their rows look like."""
        kinds = {} if self._types is None else self._types.kinds_
        return [name for name, kind in kinds.items() if kind != "number"]

    @property
    def classes(self) -> list:
        """Labels, in the order of the columns of probabilities."""
        return self.classifier.classes_.tolist()

    @property
    def positive(self) -> int | None:
        """Code of the positive class, None unless there are two."""
        return self.classifier._positive if self.classifier._kind == "binary" else None

    def features(self, frame):
        """Return what the network takes of the rows of a table."""
        if self._types is not None:
            return self.estimator[:-1].transform(frame)
        lacking = [name for name in self.columns if name not in frame.columns]
        if lacking:
            raise DataRefusal(
                f"The table lacks the column {lacking[0]!r}, which the model was fitted on."
            )
        frame = frame[self.columns]
        return frame if self.classifier is self.estimator else self.estimator[:-1].transform(frame)

    def answer(self, frame):
        """Return codes of the classes decided for, and probabilities of shape (n, n_classes)."""
        return self.decide(self.features(frame))

    def decide(self, features):
        """Return codes and probabilities of rows as the network takes them."""
        proba = self.classifier.predict_proba(features)
        return self.classifier._rule().decide(proba), proba

    def trained_on(self, features):
        """Return about what share of the rows the network was trained on."""
        import numpy as np

        return self.classifier._seen_share(
            self.classifier.feature_encoder_.transform(np.asarray(features))
        )

    def codes(self, column):
        """Return the codes of a column of labels, or refuse one that the model does not know."""
        known = {str(label): code for code, label in enumerate(self.classes)}
        codes = column.map(lambda label: _code(str(label), known)).astype("float64")
        if codes.isna().any():
            row = int(codes.isna().to_numpy().argmax())
            raise DataRefusal(
                f"Column {column.name!r} holds {str(column.iloc[row])!r} in row "
                f"{column.index[row] + 1}, which is no class of the model; its classes are "
                f"{', '.join(known)}."
            )
        return codes.to_numpy(dtype=int)


def _code(label: str, known: dict[str, int]) -> int | None:
    """Return the code of a label as it is spelled, or of the same number or truth value."""
    if label in known:
        return known[label]
    spellings = [label.title()]
    with suppress(OverflowError, ValueError):
        number = float(label)
        spellings += [str(number), str(int(number))] if number == int(number) else [str(number)]
    return next((known[spelling] for spelling in spellings if spelling in known), None)
