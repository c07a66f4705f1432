"""Saved models as the commands need them: the columns they take, and what they answer."""

from typing import Any

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
        self._findings: Any = None
        self._check()

    def _check(self) -> None:
        """Refuse models that take no table, or answer with several labels."""
        if self._types is None and not hasattr(self.estimator, "feature_names_in_"):
            raise UsageRefusal(
                f"{self.path!r} was fitted on an array without column names. Use it from Python, "
                f"or fit it on a DataFrame."
            )
        result = getattr(self.classifier, "fit_result_", None)
        if result is not None and not result.is_trained and result.decision.score is None:
            raise UsageRefusal(f"{self.path!r} was built and not trained; fit it first.")
        several = result is None or result.target.kind == "multilabel"
        if several or self.classifier.y_ndim_ != 1:
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
        """Columns to read as text, whatever some of their rows look like.

        That are those that are no numbers, and numbers that text spells in a way of its own.
        """
        if self._types is None:
            # A pipeline that starts with a ColumnEncoder knows which columns are text.
            first = getattr(self.estimator, "steps", [("", self.estimator)])[0][1]
            return list(getattr(first, "categories_", ())) if hasattr(first, "medians_") else []
        kinds = self._types.kinds_
        forms = getattr(self._types, "forms_", {})
        return [name for name, kind in kinds.items() if kind != "number" or name in forms]

    @property
    def decimal(self) -> str | None:
        """Decimal mark by which numbers of the file that the model was fitted on were read."""
        return getattr(self._types, "decimal_", None)

    @property
    def categories(self) -> dict[str, list[str]]:
        """Categories that the model knows of columns of text."""
        if self._types is not None:
            return getattr(self._types, "categories_", {})
        first = getattr(self.estimator, "steps", [("", self.estimator)])[0][1]
        return getattr(first, "categories_", {}) if hasattr(first, "medians_") else {}

    @property
    def classes(self) -> list:
        """Labels, in the order of the columns of probabilities."""
        return self.classifier.classes_.tolist()

    @property
    def labels(self):
        """Labels as an array of their own type."""
        return self.classifier.classes_

    @property
    def positive(self) -> int | None:
        """Code of the positive class, None unless there are two."""
        target = self.classifier.fit_result_.target
        return target.positive if target.kind == "binary" else None

    def typed(self, frame):
        """Return the columns that the model takes of a table, each as what it was taken for."""
        from imbalanced_nn.preprocessing import Findings, check_columns

        if self._types is not None:
            if self._findings is None:
                self._findings = Findings()
            return self._types.read(frame, self._findings)
        check_columns(self.columns, list(frame.columns), frame.attrs.get("names", ()))
        return frame[self.columns]

    def encoded(self, typed):
        """Return what the network takes of columns as `typed` gives them."""
        steps = getattr(self.estimator, "steps", [])[:-1]
        for _, step in steps if self._types is None else steps[1:]:
            typed = step.transform(typed)
        return typed

    def features(self, frame):
        """Return what the network takes of the rows of a table."""
        return self.encoded(self.typed(frame))

    @property
    def of_typed(self):
        """The part of the model that takes columns as `typed` gives them."""
        return self.estimator if self._types is None else self.estimator[1:]

    @property
    def column_kinds(self) -> list[dict]:
        """What each column was taken for, as `ColumnTypes` tells it; empty where nobody knows."""
        if self._types is not None:
            return list(getattr(self._types, "columns_", []))
        categories = getattr(
            getattr(self.estimator, "steps", [("", None)])[0][1], "categories_", {}
        )
        if not self.text_columns:
            return []
        return [
            {
                "name": name,
                "kind": "category" if name in categories else "number",
                "categories": len(categories[name]) if name in categories else None,
                "missing": 0,
                "detail": "",
            }
            for name in self.columns
        ]

    def answer(self, frame):
        """Return codes of the classes decided for, and probabilities of shape (n, n_classes)."""
        return self.decide(self.features(frame))

    def decide(self, features):
        """Return codes and probabilities of rows as the network takes them."""
        proba = self.classifier.predict_proba(features)
        return self.classifier.decision_rule_.decide(proba), proba

    def trained_on(self, features):
        """Return about what share of the rows the network was trained on."""
        import numpy as np

        from imbalanced_nn.data import row_hashes

        encoded = self.classifier.feature_encoder_.transform(np.asarray(features))
        return self.classifier.fit_result_.seen.share_of(row_hashes(encoded))

    def notes(self) -> list[str]:
        """Return what was met in the rows that were read so far, as sentences."""
        found: list[str] = [] if self._findings is None else self._findings.sentences()
        return [f"[INN020] {sentence}" for sentence in found]

    def codes(self, column):
        """Return the codes of a column of labels, -1 for none, or refuse one that is unknown.

        Labels are the model's whatever their case, spaces and type of number. What spells a
        missing value is none, unless the model knows it as a class.
        """
        import numpy as np
        import pandas as pd

        from imbalanced_nn.cli.class_labels import label_key, spells_no_class

        exact = {str(label): code for code, label in enumerate(self.classes)}
        keys = [label_key(label) for label in exact]
        alike = {key: code for code, key in enumerate(keys) if keys.count(key) == 1}
        missing = {label_key(text) for text in getattr(self._types, "missing", ())}
        places, labels = pd.factorize(column)
        codes = np.full(len(labels) + 1, -1)
        for place, label in enumerate(labels):
            text, key = str(label).strip(), label_key(label)
            code = exact.get(text, alike.get(key))
            if code is not None:
                codes[place] = code
            elif text and key not in missing and not spells_no_class(text, column.name):
                row = column.index[int((places == place).argmax())]
                raise DataRefusal(
                    f"Column {column.name!r} holds {text!r} in row {row + 1}, which is no class "
                    f"of the model; its classes are {', '.join(exact)}."
                )
        return codes[places]
