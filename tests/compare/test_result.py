"""StrategyComparison: tables, differences, JSON."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    ShuffleSplit,
    StratifiedShuffleSplit,
)

from imbalanced_nn.compare import StrategyComparison, compare_strategies
from imbalanced_nn.exceptions import InvalidParameterError

TWO = ["none", "class_weight"]
METRICS = ["average_precision", "balanced_accuracy", "f1", "matthews_corrcoef", "log_loss"]


class TestResult:
    @pytest.fixture
    def result(self, stand_in, multiclass):
        return compare_strategies(
            stand_in(),
            *multiclass,
            strategies=["none", "class_weight", "random_over"],
            cv=3,
            random_state=0,
        )

    def test_frame_has_means_and_spreads_of_the_folds(self, result):
        folds = result.folds_frame()
        frame = result.frame()
        assert len(frame) == 6
        for _, row in frame.iterrows():
            mine = folds[
                (folds["strategy"] == row["strategy"]) & (folds["threshold"] == row["threshold"])
            ]
            for metric in [*METRICS, "seconds"]:
                values = mine[metric].to_numpy()
                assert row[f"mean_{metric}"] == pytest.approx(np.mean(values))
                assert row[f"std_{metric}"] == pytest.approx(np.std(values, ddof=1))

    def test_frame_is_sorted(self, result):
        frame = result.frame()
        keys = list(
            zip(-frame["mean_average_precision"], -frame["mean_balanced_accuracy"], strict=True)
        )
        assert keys == sorted(keys)
        assert result.best_strategy_ == frame["strategy"][0]

    def test_differences_are_paired_and_corrected(self, result):
        table = result.differences(metric="f1", threshold="argmax").set_index("strategy")
        folds = result.folds_frame()
        folds = folds[folds["threshold"] == "argmax"].pivot(
            index="fold", columns="strategy", values="f1"
        )
        assert set(table.index) == {"class_weight", "random_over"}
        for name, row in table.iterrows():
            paired = (folds[name] - folds["none"]).to_numpy()
            # Two comparisons share the 5 %, in two tails each; 100 test rows for 200 of training.
            margin = t.ppf(1 - 0.05 / 4, 2) * np.sqrt((1 / 3 + 0.5) * np.var(paired, ddof=1))
            assert row.tolist() == pytest.approx(
                [paired.mean(), paired.mean() - margin, paired.mean() + margin]
            )

    def test_differences_default_to_the_own_cut(self, result):
        own = result.differences(metric="f1")
        pd.testing.assert_frame_equal(own, result.differences(metric="f1", threshold="learned"))
        assert not own.equals(result.differences(metric="f1", threshold="argmax"))

    def test_differences_refuse_unknown_names(self, result):
        with pytest.raises(InvalidParameterError) as refusal:
            result.differences("class_weights")
        assert str(refusal.value) == (
            "baseline: got 'class_weights'; compared were 'class_weight', 'none', 'random_over'."
            " Did you mean 'class_weight'?"
        )
        with pytest.raises(InvalidParameterError, match=r"^metric: got 'f2'; known are 'average_"):
            result.differences(metric="f2")
        with pytest.raises(InvalidParameterError) as refusal:
            result.differences(threshold="0.5")
        assert str(refusal.value) == (
            "threshold: got '0.5'; measured were 'argmax', 'learned', and None is every "
            "strategy's own."
        )

    def test_to_dict_survives_json(self, result):
        content = result.to_dict()
        assert json.loads(json.dumps(content, allow_nan=False)) == content
        assert content["classes"] == ["a", "b", "c"]
        assert content["class_count"] == [200, 70, 30]
        frame = pd.DataFrame(content["results"])
        pd.testing.assert_frame_equal(frame, result.frame(), check_dtype=False)

    def test_from_dict_gives_the_same_comparison(self, result):
        again = StrategyComparison.from_dict(json.loads(json.dumps(result.to_dict())))
        pd.testing.assert_frame_equal(again.frame(), result.frame())
        assert again.to_dict() == result.to_dict()
        assert again.to_html() == result.to_html()

    def test_from_dict_names_what_is_missing(self, result):
        content = result.to_dict()
        del content["folds"]
        with pytest.raises(InvalidParameterError) as refusal:
            StrategyComparison.from_dict(content)
        assert str(refusal.value) == (
            "content: lacks 'folds'; give what StrategyComparison.to_dict() returns."
        )

    def test_to_dict_of_one_split_has_no_spread(self, stand_in, binary):
        cv = StratifiedShuffleSplit(1, random_state=0)
        content = compare_strategies(stand_in(), *binary, strategies=TWO, cv=cv).to_dict()
        json.dumps(content, allow_nan=False)
        assert content["results"][0]["std_f1"] is None

    def test_to_dict_of_numpy_labels(self, stand_in, binary):
        X, y = binary
        cv = ShuffleSplit(2, random_state=0)
        days = np.where(y == "ok", "2020-01-01", "2020-01-02").astype("datetime64[D]")
        for labels in (y == "fraud", (y == "fraud").astype(np.int8), days):
            content = compare_strategies(
                LogisticRegression(), X, labels, strategies={"a": {}}, cv=cv
            ).to_dict()
            assert json.loads(json.dumps(content)) == content

    def test_repr(self, result):
        first, header, *rows = repr(result).splitlines()
        assert first == "StrategyComparison: 3 strategies, 3 folds, 300 rows"
        assert header.split() == ["strategy", "threshold", *METRICS, "seconds"]
        assert len(rows) == 6
        best = result.frame().iloc[0]
        assert f"{best.mean_f1:.3f} ± {best.std_f1:.3f}" in rows[0]

    def test_repr_names_the_positive_class(self, stand_in, binary):
        result = compare_strategies(stand_in(), *binary, strategies=["none"], cv=2)
        assert repr(result).startswith(
            "StrategyComparison: 1 strategies, 2 folds, 300 rows, positive class 'fraud'\n"
        )
        assert isinstance(result, StrategyComparison)
