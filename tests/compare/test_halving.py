"""compare_strategies: repeated folds, the measure that ranks, halving, and the best estimator."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from imbalanced_nn.compare import compare_strategies
from imbalanced_nn.compare.halving import MIN_FOLDS, losers
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.inspection import ComparisonDisplay

TWO = ["none", "class_weight"]


class TestRepeats:
    def test_each_repeat_tests_every_row_once_on_other_folds(self, stand_in, binary):
        X, y = binary
        result = compare_strategies(
            stand_in(), X, y, strategies=["none"], cv=3, n_repeats=2, random_state=0
        )
        assert result.n_splits == 6
        trained = [{tuple(row) for row in fit["X"].tolist()} for fit in stand_in.fits]
        tested = [frozenset(map(tuple, X.tolist())) - rows for rows in trained]
        assert len(set(tested)) == 6
        for repeat in (tested[:3], tested[3:]):
            assert sum(map(len, repeat)) == len(frozenset.union(*repeat)) == len(y)
        assert len({fit["random_state"] for fit in stand_in.fits}) == 6

    def test_the_first_repeat_is_the_comparison_without_repeats(self, stand_in, binary):
        folds = []
        for n_repeats in (1, 2):
            stand_in.fits.clear()
            compare_strategies(
                stand_in(), *binary, strategies=["none"], cv=3, n_repeats=n_repeats, random_state=0
            )
            folds.append([fit["X"] for fit in stand_in.fits[:3]])
        np.testing.assert_array_equal(*folds)

    def test_groups_stay_together_in_every_repeat(self, stand_in, binary):
        groups = np.arange(300) // 5
        arguments = {"strategies": ["none"], "cv": 3, "n_repeats": 2, "random_state": 0}
        compare_strategies(stand_in(), *binary, groups=groups, **arguments)
        assert all(len(fit["groups"]) == 5 * len(set(fit["groups"])) for fit in stand_in.fits)
        assert len({tuple(fit["groups"]) for fit in stand_in.fits}) == 6

    def test_a_splitter_repeats_itself(self, stand_in, binary):
        with pytest.raises(InvalidParameterError) as refusal:
            compare_strategies(stand_in(), *binary, cv=StratifiedKFold(3), n_repeats=2)
        assert str(refusal.value) == (
            "n_repeats: got 2, which repeats the folds of an integer cv; cv is StratifiedKFold("
            "n_splits=3, random_state=None, shuffle=False). Give a splitter that repeats itself, "
            "such as RepeatedStratifiedKFold."
        )


class TestScoring:
    def test_the_measure_ranks_and_is_spoken_of(self, stand_in, binary):
        arguments = {"strategies": {"none": {"C": 1e-9}, "weak": {}}, "random_state": 0}
        for scoring, best in (("log_loss", min), ("f1", max)):
            result = compare_strategies(stand_in(), *binary, scoring=scoring, **arguments)
            own = result.frame().query("threshold == 'learned'").set_index("strategy")
            mean = own[f"mean_{scoring}"]
            assert mean[result.best_strategy_] == best(mean)
            assert {"log_loss": "log loss", "f1": "F1"}[scoring] in result.verdict_
            pd.testing.assert_frame_equal(result.differences(), result.differences(metric=scoring))

    def test_a_measure_that_is_not_measured(self, stand_in, binary):
        with pytest.raises(InvalidParameterError) as refusal:
            compare_strategies(stand_in(), *binary, scoring="f2")
        assert str(refusal.value) == (
            "scoring: got 'f2'; known are 'average_precision', 'balanced_accuracy', 'f1', "
            "'matthews_corrcoef', 'log_loss', 'cost', 'seconds'."
        )
        assert stand_in.fits == []


class TestLosers:
    @pytest.mark.parametrize("scoring", ["f1", "log_loss"])
    @pytest.mark.parametrize("n_folds", [3, 6])
    def test_the_interval_decides(self, n_folds, scoring):
        rng = np.random.default_rng(n_folds)
        sign = -1 if scoring == "log_loss" else 1
        seen = set()
        for _ in range(100):
            scores = rng.normal([0.5, 0.45, 0.40, 0.2], 0.04, (n_folds, 4))
            means = scores.mean(axis=0)
            lead = means.argmax()
            expected = []
            for place, name in enumerate("abcd"):
                gap = scores[:, place] - scores[:, lead]
                margin = t.ppf(0.975, n_folds - 1) * np.sqrt(
                    (1 / n_folds + 0.25) * np.var(gap, ddof=1)
                )
                if place != lead and gap.mean() + margin < 0 and name != "b":
                    expected.append(name)
            frame = pd.DataFrame(sign * scores, columns=list("abcd"))
            assert losers(frame, scoring, [0.25] * n_folds, "b") == expected
            seen.add(len(expected))
        assert len(seen) >= 2

    def test_nobody_is_dropped_before_the_spread_is_known(self):
        frame = pd.DataFrame({"a": [0.9, 0.9, 0.9], "b": [0.1, 0.1, 0.1]})
        assert MIN_FOLDS == 3
        assert losers(frame[:2], "f1", [0.25] * 2, "a") == []
        assert losers(frame, "f1", [0.25] * 3, "a") == ["b"]


class TestHalving:
    @pytest.fixture
    def arguments(self):
        return {
            "strategies": {"none": {"C": 1e-9}, "good": {}, "bad": {"C": 2e-9}},
            "scoring": "log_loss",
            "random_state": 0,
            "cv": 5,
            "n_repeats": 2,
        }

    def test_losers_are_not_fitted_again_and_the_baseline_is(self, stand_in, binary, arguments):
        told = []
        result = compare_strategies(
            *(stand_in(), *binary),
            **{**arguments, "halving": True, "progress": lambda *step: told.append(step)},
        )
        n_folds = result.folds_frame().groupby("strategy")["fold"].nunique().to_dict()
        assert result.dropped.keys() == {"bad"}
        assert MIN_FOLDS <= result.dropped["bad"] < 10
        assert n_folds == {"none": 10, "good": 10, "bad": result.dropped["bad"]}
        assert told[-1] == (sum(n_folds.values()),) * 2
        assert [done for done, _ in told] == list(range(1, len(told) + 1))
        assert result.standing_["bad"] == "dropped"
        assert result.frame()["strategy"].iloc[-1] == "bad"

    def test_the_fits_that_remain_are_those_without_halving(self, stand_in, binary, arguments):
        whole, halved = (
            compare_strategies(stand_in(), *binary, halving=halving, **arguments)
            for halving in (False, True)
        )
        keys = ["strategy", "fold", "threshold"]
        merged = halved.folds_frame().merge(whole.folds_frame(), on=keys, suffixes=("", "_whole"))
        assert len(merged) == len(halved.folds_frame()) < len(whole.folds_frame())
        np.testing.assert_array_equal(merged["f1"], merged["f1_whole"])
        assert halved.verdict_.split(")")[0] == whole.verdict_.split(")")[0]

    def test_two_jobs_drop_the_same_and_keep_their_fits(self, binary, arguments, tmp_path):
        cache = tmp_path / "fits.jsonl"
        rows = [
            compare_strategies(
                *(LogisticRegression(), *binary),
                **{**arguments, "halving": True, "n_jobs": n_jobs, "cache": file},
            ).folds_frame()
            for n_jobs, file in ((None, None), (2, cache))
        ]
        assert len(cache.read_bytes().splitlines()) == 1 + len(rows[0]) // 2
        pd.testing.assert_frame_equal(*(frame.drop(columns="seconds") for frame in rows))


class TestBestEstimator:
    def test_it_is_configured_and_not_fitted(self, stand_in, binary):
        strategies = {"none": {"C": 1e-9}, "good": {"C": 10.0}}
        result = compare_strategies(
            stand_in(), *binary, strategies=strategies, scoring="log_loss", random_state=0
        )
        assert result.best_estimator_.get_params()["C"] == 10.0
        with pytest.raises(NotFittedError):
            result.best_estimator_.predict(binary[0])

    def test_with_refit_it_is_fitted_on_all_rows(self, stand_in, binary):
        X, y = binary
        weight, groups = np.arange(1.0, 301.0), np.arange(300)
        result = compare_strategies(
            *(stand_in(), X, y),
            strategies=TWO,
            cv=3,
            random_state=0,
            refit=True,
            sample_weight=weight,
            groups=groups,
        )
        last = stand_in.fits[-1]
        assert len(stand_in.fits) == 7
        for name, expected in {"X": X, "y": y, "sample_weight": weight, "groups": groups}.items():
            np.testing.assert_array_equal(last[name], expected)
        assert last["random_state"] is not None
        assert result.best_estimator_.predict(X).shape == y.shape
        assert list(result.estimators) == TWO

    def test_a_comparison_of_measures_has_none(self, stand_in, binary):
        result = compare_strategies(stand_in(), *binary, strategies=TWO, cv=2)
        result.estimators.clear()
        with pytest.raises(AttributeError, match="made from measures and has no estimators"):
            result.best_estimator_  # noqa: B018


def test_plot_draws_the_measure_against_the_baseline(stand_in, binary):
    from matplotlib.figure import Figure

    result = compare_strategies(
        *(stand_in(), *binary),
        strategies={"first": {}, "b": {"C": 1e-9}},
        cv=3,
        scoring="f1",
    )
    display = result.plot(ax=Figure().subplots())
    assert isinstance(display, ComparisonDisplay)
    assert (display.metric, display.baseline) == ("f1", "first")
    assert result.plot(metric="log_loss", ax=Figure().subplots()).metric == "log_loss"
