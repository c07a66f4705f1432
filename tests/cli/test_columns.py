"""Columns: class labels, features of every kind, and the steps in front of the network."""

import datetime
import decimal

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from imbalanced_nn.cli.columns import as_features, as_labels, check_target, preprocessor
from imbalanced_nn.cli.refusals import DataRefusal


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
            check_target(pd.DataFrame({"y": [1, 2]}), "y")
        assert (
            refusal.value.message == "Column 'y' is the only one; there is nothing to learn from."
        )


class TestFeatures:
    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ([1, 2, 3], [1, 2, 3]),
            ([1.5, np.nan, np.inf], [1.5, np.nan, np.nan]),
            ([True, False, True], [1, 0, 1]),
            (pd.Series([True, None, False], dtype="object"), [1, np.nan, 0]),
            (pd.array([1, None, 3], dtype="Int64"), [1, np.nan, 3]),
            ([decimal.Decimal("1.5"), None, decimal.Decimal(2)], [1.5, np.nan, 2]),
            (
                pd.to_datetime(["1970-01-02", None, "1970-01-03 12:00"], format="ISO8601"),
                [1, np.nan, 2.5],
            ),
            (pd.to_datetime(["1970-01-02", None, "1970-01-03"]).tz_localize("UTC"), [1, np.nan, 2]),
            ([datetime.date(1970, 1, 2), None, datetime.date(1970, 1, 4)], [1, np.nan, 3]),
            (["1970-01-02", None, "1970-01-02T12:00:00"], [1, np.nan, 1.5]),
            (pd.to_timedelta([1, 2, 3], unit="D"), [1, 2, 3]),
        ],
    )
    def test_numbers(self, values, expected):
        features, _ = as_features(pd.DataFrame({"a": values}))
        assert features["a"].dtype == "float64"
        np.testing.assert_array_equal(features["a"], expected)

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            (["p", "q", None, "p", "q", "p"], ["p", "q", "(missing)", "p", "q", "p"]),
            (pd.Categorical([1, 2, 1, 2]), ["1", "2", "1", "2"]),
            (["1970-01-02", "later", "later", "later"], ["1970-01-02", "later", "later", "later"]),
            ([1, "p", 1, "p"], ["1", "p", "1", "p"]),
        ],
    )
    def test_text(self, values, expected):
        features, _ = as_features(pd.DataFrame({"a": values}))
        assert features["a"].tolist() == expected

    def test_left_out(self):
        frame = pd.DataFrame(
            {
                "kept": [1, 2, 3, 4],
                "one": [5, 5, 5, 5],
                "empty": [None] * 4,
                "no text": ["p"] * 4,
                "key": ["a", "b", "c", "d"],
            }
        )
        before = frame.copy()
        features, notes = as_features(frame)
        assert features.columns.tolist() == ["kept"]
        assert notes == [
            "columns with one value: one, empty, no text",
            "columns of text that hardly repeats: key",
        ]
        pd.testing.assert_frame_equal(frame, before)

    def test_a_value_that_is_sometimes_missing_is_kept(self):
        features, notes = as_features(pd.DataFrame({"a": [5, None, 5, None]}))
        assert features.columns.tolist() == ["a"]
        assert notes == []

    @pytest.mark.parametrize(
        ("values", "sentence"),
        [
            (
                [1, 1],
                "Every column but the target is constant or text that hardly repeats; there is "
                "nothing to learn from.",
            ),
            (
                [[1], [2]],
                "Column 'a' holds values that are no numbers, dates or text (mixed); leave it out.",
            ),
            (
                [b"1", b"2"],
                "Column 'a' holds values that are no numbers, dates or text (bytes); leave it out.",
            ),
        ],
    )
    def test_refusals(self, values, sentence):
        with pytest.raises(DataRefusal) as refusal:
            as_features(pd.DataFrame({"a": values}))
        assert refusal.value.message == sentence


class TestPreprocessor:
    def test_is_fitted_on_the_rows_it_is_given(self):
        features = pd.DataFrame(
            {
                "number": [1.0, 3.0, np.nan, 8.0] * 10,
                "text": ["p", "q", "p", "(missing)"] * 10,
            }
        )
        steps = Pipeline(preprocessor(features)).fit(features)
        out = steps.transform(pd.DataFrame({"number": [np.nan, 5.0], "text": ["q", "unseen"]}))
        # The number, whether it was missing, and one column for each of three categories.
        assert out.shape == (2, 5)
        assert out[:, 0].tolist() == [3.0, 5.0]
        assert out[:, 1].tolist() == [1.0, 0.0]
        assert out[0, 2:].sum() == 1
        assert out[1, 2:].sum() == 0

    def test_rare_and_unseen_categories_share_a_column(self):
        common, rare = ["p"] * 20 + ["q"] * 20, ["r", "s", "t", "u"]
        features = pd.DataFrame({"text": common + rare})
        steps = Pipeline(preprocessor(features)).fit(features)
        out = steps.transform(pd.DataFrame({"text": ["r", "t", "unseen", "p"]}))
        assert out.shape == (4, 3)
        np.testing.assert_array_equal(out[0], out[1])
        np.testing.assert_array_equal(out[0], out[2])
        assert (out[0] != out[3]).any()

    def test_categories_are_bounded(self):
        features = pd.DataFrame({"text": [f"c{i % 150}" for i in range(1500)]})
        assert Pipeline(preprocessor(features)).fit_transform(features).shape == (1500, 100)

    def test_what_is_constant_or_empty_in_a_fold_is_left_out(self):
        features = pd.DataFrame(
            {"a": [1.0, 2.0] * 4, "one": [1.0] * 7 + [2.0], "empty": [np.nan] * 7 + [2.0]}
        )
        steps = Pipeline(preprocessor(features))
        assert steps.fit_transform(features[:6]).shape == (6, 1)
        assert np.isfinite(steps.transform(features)).all()
