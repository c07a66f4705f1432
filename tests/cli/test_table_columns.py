"""Columns of class labels, and what is refused of them."""

import numpy as np
import pandas as pd
import pytest

from imbalanced_nn.cli.refusals import DataRefusal
from imbalanced_nn.cli.table_columns import as_labels, check_target_column


def _labels(values):
    return as_labels(pd.Series(values, name="y"))


class TestLabels:
    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ([1, 2, 1], [1, 2, 1]),
            ([1.0, 2.0, 1.0], [1, 2, 1]),
            ([0.5, 1.0, 0.5], ["0.5", "1.0", "0.5"]),
            ([True, False, True], ["True", "False", "True"]),
            (["b", "a", "b"], ["b", "a", "b"]),
            (pd.Categorical(["b", "a", "b"]), ["b", "a", "b"]),
            (pd.array([1, 2, 1], dtype="Int64"), [1, 2, 1]),
            ([np.inf, 1.0, 1.0], ["inf", "1.0", "1.0"]),
            (np.array([2**63 + 7, 1], dtype="uint64"), ["9223372036854775815", "1"]),
            ([1e300, -1e300], ["1e+300", "-1e+300"]),
            ([2**63 - 1, -(2**63)], [2**63 - 1, -(2**63)]),
        ],
    )
    def test_kinds(self, values, expected):
        assert _labels(values).tolist() == expected

    @pytest.mark.parametrize(
        ("values", "sentence"),
        [
            ([None, None], "Column 'y' is empty."),
            ([7, 7], "Column 'y' holds the one value '7'; at least two classes are needed."),
            (
                np.linspace(0, 1, 300),
                "Column 'y' has 300 distinct values in 300 rows, so it looks continuous or like "
                "an identifier; choose a column of classes, or cut it into classes first.",
            ),
        ],
    )
    def test_refusals(self, values, sentence):
        with pytest.raises(DataRefusal) as refusal:
            _labels(values)
        assert refusal.value.message == sentence

    def test_hundreds_of_fractions_in_many_rows_are_continuous(self):
        with pytest.raises(DataRefusal, match="200 distinct values in 10000 rows"):
            _labels(np.arange(10000) % 200 / 3)

    def test_identifiers_are_no_classes(self):
        with pytest.raises(DataRefusal, match="looks continuous or like an identifier"):
            _labels([f"row {i}" for i in range(200)])

    def test_a_hundred_classes_are_classes(self):
        assert _labels(np.arange(10000) % 100).nunique() == 100

    def test_the_only_column(self):
        with pytest.raises(DataRefusal) as refusal:
            check_target_column(["y"], "y")
        assert (
            refusal.value.message == "Column 'y' is the only one; there is nothing to learn from."
        )
