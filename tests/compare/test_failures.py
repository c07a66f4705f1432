"""compare_strategies: a strategy that fails is left out, and the others are compared."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression

from imbalanced_nn.compare import StrategyComparison, compare_strategies
from imbalanced_nn.report import render_report

REASON = "failed on fold 2 of 3: ValueError: loss is nan"


class Fails(LogisticRegression):
    """Fails with C at 2, on rows that are marked."""

    def fit(self, X, y):
        if self.C == 2.0 and X[:, -1].any():
            raise ValueError("loss is nan")
        return super().fit(X, y)


@pytest.fixture
def marked(binary):
    """Rows of which the test fold 1 holds the only marked one, and folds of their positions."""
    X, y = binary
    mark = np.zeros((len(X), 1))
    tests = np.array_split(np.arange(len(X)), 3)
    mark[tests[0][0]] = 1.0
    folds = [(np.setdiff1d(np.arange(len(X)), test), test) for test in tests]
    return np.hstack([X, mark]), y, folds


@pytest.fixture
def compared(marked):
    """Compare with strategies whose parameter C is given by name."""

    def compared(strategies, **more):
        X, y, folds = marked
        arguments = {"cv": folds, "random_state": 0} | more
        given = {name: {"C": C} for name, C in strategies.items()}
        return compare_strategies(Fails(), X, y, strategies=given, **arguments)

    return compared


@pytest.mark.parametrize("more", [{}, {"n_jobs": 2}, {"halving": True}])
def test_the_others_are_compared_as_if_it_were_not_there(compared, more):
    steps = []
    with pytest.warns(FitFailedWarning) as told:
        found = compared(
            {"none": 1.0, "bad": 2.0, "weak": 1e-9},
            progress=lambda *step: steps.append(step),
            **more,
        )
    assert [str(each.message) for each in told] == [
        f"strategy 'bad' {REASON}. It is left out of the comparison."
    ]
    without = compared({"none": 1.0, "weak": 1e-9})
    frames = (each.folds_frame().drop(columns="seconds") for each in (found, without))
    pd.testing.assert_frame_equal(*frames)
    assert found.verdict_ == f"{without.verdict_} 'bad' failed and is left out."
    assert found.failed == {"bad": REASON}
    assert found.standing_ == without.standing_ | {"bad": "failed"}
    assert steps[-1][0] == steps[-1][1]
    assert [done for done, _ in steps] == list(range(1, len(steps) + 1))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
class TestWhatIsLeft:
    def test_it_is_not_fitted_on_further_folds(self, compared):
        steps = []
        compared({"none": 1.0, "bad": 2.0}, progress=lambda *step: steps.append(step))
        assert steps == [(1, 6), (2, 6), (3, 6), (4, 5), (5, 5)]

    @pytest.mark.parametrize("halving", [False, True])
    def test_a_baseline_that_fails_gives_its_place_to_the_next(self, compared, halving):
        found = compared({"none": 2.0, "first": 1.0, "other": 1e-9}, halving=halving)
        assert found.baseline_ == "first"
        assert found.standing_ == {"first": "baseline", "other": "tied", "none": "failed"}
        assert found.verdict_.endswith(" 'none' failed and is left out.")

    def test_halving_keeps_the_baseline_that_took_the_place(self, binary):
        X, y = binary
        mark = np.zeros((len(X), 1))
        mark[0] = 1.0
        strategies = {"none": {"C": 2.0}, "first": {"C": 1e-9}, "good": {}, "bad": {"C": 2e-9}}
        found = compare_strategies(
            *(Fails(), np.hstack([X, mark]), y),
            strategies=strategies,
            cv=10,
            scoring="log_loss",
            random_state=0,
            halving=True,
        )
        assert found.failed.keys() == {"none"}
        assert found.dropped.keys() == {"bad"}

    def test_one_that_is_left_alone(self, compared):
        found = compared({"none": 1.0, "bad": 2.0, "worse": 2.0})
        assert found.recommended_strategy_ == "none"
        assert found.verdict_ == (
            "Only 'none' was measured: there is nothing to compare it with. "
            "'bad' and 'worse' failed and are left out."
        )

    def test_results_in_every_form_say_so(self, compared):
        found = compared({"none": 1.0, "bad": 2.0})
        content = json.loads(json.dumps(found.to_dict()))
        assert content["failed"] == {"bad": REASON}
        again = StrategyComparison.from_dict(content)
        assert (again.failed, again.verdict_) == (found.failed, found.verdict_)
        del content["failed"]
        assert StrategyComparison.from_dict(content).failed == {}
        assert repr(found).endswith(f"\nbad {REASON}")
        page = render_report(found)
        assert REASON in page
        assert page.count("failed and is left out") == 1

    def test_a_file_keeps_what_was_fitted_and_tries_again_what_failed(
        self, compared, tmp_path, monkeypatch
    ):
        cache = tmp_path / "fits.jsonl"
        strategies = {"none": 1.0, "bad": 2.0}
        compared(strategies, cache=cache)
        # Folds 1, 2 and 3 of the one, and fold 1 of the other.
        assert len(cache.read_text().splitlines()) == 1 + 3 + 1
        monkeypatch.setattr(Fails, "fit", LogisticRegression.fit)
        steps = []
        mended = compared(strategies, cache=cache, progress=lambda *step: steps.append(step))
        assert mended.failed == {}
        assert len(mended.folds_frame()) == 2 * 2 * 3
        assert len(cache.read_text().splitlines()) == 1 + 6


def test_all_that_fail_are_refused(compared):
    with pytest.raises(RuntimeError) as failure:
        compared({"none": 2.0, "bad": 2.0, "worse": 2.0})
    assert str(failure.value) == f"strategy 'none' {REASON}, and so did all 2 others"
    assert isinstance(failure.value.__cause__, ValueError)


def test_a_fit_on_all_rows_that_fails_does_not_lose_the_measures(compared, marked):
    # Only the fit on all rows has the marked one.
    first = marked[2][:1]
    with pytest.warns(FitFailedWarning, match="failed on all rows: ValueError: loss is nan"):
        found = compared({"bad": 2.0}, cv=first, refit=True)
    assert found.failed == {}
    assert not hasattr(found.best_estimator_, "coef_")
