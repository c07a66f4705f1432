"""What a comparison keeps of held-out rows: by brute force, over folds, in caches and on pages."""

import json

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB

from imbalanced_nn.compare import StrategyComparison, compare_strategies
from imbalanced_nn.compare.held_out_rankings import combined_ranking, is_ranking, ranking
from imbalanced_nn.inspection import RANKED_SHARES, found_at_shares, ranked
from imbalanced_nn.threshold import ThresholdTuner

TWO = {"none": {}, "weak": {"var_smoothing": 1.0}}


def made(n=500, n_classes=2, seed=0):
    """Return codes, probabilities and decisions."""
    rng = np.random.default_rng(seed)
    codes = rng.choice(n_classes, n, p=np.arange(n_classes, 0, -1) / sum(range(n_classes + 1)))
    proba = rng.dirichlet(np.ones(n_classes), n) + np.eye(n_classes)[codes]
    proba /= proba.sum(axis=1, keepdims=True)
    return codes, proba, proba.argmax(axis=1)


def test_the_likeliest_rows_are_flagged():
    codes, proba, decided = made()
    curve = ranked(codes == 1, decided == 1, proba[:, 1], np.ones(500))
    by_score = codes[np.argsort(-proba[:, 1])] == 1
    for n in (1, 7, 100, 499):
        assert found_at_shares(curve, n / 500) == pytest.approx(
            by_score[:n].sum() / (codes == 1).sum()
        )


def test_rows_of_one_score_are_taken_in_any_order():
    positive = np.array([1, 0, 1, 0, 0, 0], bool)
    score = np.array([0.9, 0.5, 0.5, 0.5, 0.5, 0.1])
    curve = ranked(positive, score > 1, score, np.ones(6))
    # The third of them is the one of four: one half of them find half of it.
    np.testing.assert_allclose(found_at_shares(curve, [1 / 6, 3 / 6, 5 / 6]), [0.5, 0.75, 1.0])


@pytest.mark.parametrize("weighted", [False, True])
def test_folds_are_added(weighted):
    folds = [made(seed=seed, n_classes=3) for seed in range(3)]
    weights = [np.random.default_rng(seed).random(500) for seed in range(3)]
    counts = np.bincount(np.concatenate([codes for codes, *_ in folds]))
    kept = [
        ranking(*fold, class_count=counts, positive=None, sample_weight=w if weighted else None)
        for fold, w in zip(folds, weights, strict=True)
    ]
    assert json.loads(json.dumps(kept)) == kept
    assert all(map(is_ranking, kept))
    whole = combined_ranking(kept, 3)
    codes, _, decided = (np.concatenate(part) for part in zip(*folds, strict=True))
    weight = np.concatenate(weights) if weighted else None
    expected = confusion_matrix(codes, decided, sample_weight=weight)
    np.testing.assert_allclose(whole["confusion"], expected, rtol=1e-4)
    for place, curve in whole["curves"].items():
        of_folds = [
            found_at_shares(ranked(c == place, d == place, p[:, place], w if weighted else w**0))
            for (c, p, d), w in zip(folds, weights, strict=True)
        ]
        shares = [
            w[c == place].sum() if weighted else (c == place).sum()
            for (c, *_), w in zip(folds, weights, strict=True)
        ]
        np.testing.assert_allclose(
            curve["hits"] / curve["n_positive"],
            np.average(of_folds, axis=0, weights=shares),
            atol=1e-4,
        )
        assert curve["decided_hits"] == pytest.approx(expected[place, place], rel=1e-4)


def test_of_many_classes_the_rarest_are_kept_however_many_the_rows():
    codes, proba, decided = made(4000, n_classes=10)
    kept = ranking(codes, proba, decided, class_count=np.bincount(codes), positive=None)
    assert [place for place, _ in kept["found"]] == list(range(3, 10))
    assert len(json.dumps(kept)) < 20_000


@pytest.fixture(scope="module")
def comparison():
    rng = np.random.default_rng(0)
    y = (rng.random(300) < 0.2).astype(int)
    X = rng.normal(size=(300, 3)) + y[:, None] * [1.0, 0.0, 0.0]
    cv = StratifiedKFold(3)
    return (
        X,
        y,
        compare_strategies(
            GaussianNB(), X, y, strategies=TWO, cv=cv, random_state=0, importance=True
        ),
    )


def test_a_comparison_keeps_what_its_fits_decided(comparison):
    X, y, found = comparison
    for name, parameters in TWO.items():
        decided = np.empty_like(y)
        for train, test in StratifiedKFold(3).split(X, y):
            decided[test] = GaussianNB(**parameters).fit(X[train], y[train]).predict(X[test])
        whole = found.ranking(name)
        np.testing.assert_array_equal(whole["confusion"], confusion_matrix(y, decided))
        assert list(whole["curves"]) == [1]
        assert whole["curves"][1]["hits"][-1] == (y == 1).sum()
    assert found.ranking("no such strategy") is None
    again = StrategyComparison.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again.to_dict() == found.to_dict()


def test_the_columns_of_the_winner_are_measured(comparison):
    *_, found = comparison
    measured = found.importance
    assert measured["strategy"] == found.recommended_strategy_
    assert measured["columns"][0]["name"] == "column 0"
    assert 0 < measured["columns"][0]["low"] < measured["columns"][0]["high"]
    page = found.to_html()
    assert "<h2>The columns that matter</h2>" in page


def test_rows_that_are_no_table_have_no_columns():
    class Flat(GaussianNB):
        def fit(self, X, y):
            return super().fit(X.reshape(len(X), -1), y)

        def predict_proba(self, X):
            return super().predict_proba(X.reshape(len(X), -1))

        def predict(self, X):
            return super().predict(X.reshape(len(X), -1))

    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 2, 2)), np.arange(60) % 2
    given = {"strategies": {"none": {}}, "baselines": False, "cv": 2, "importance": True}
    found = compare_strategies(Flat(), X, y, **given)
    assert found.importance["reason"] == "the rows are no table."
    assert "Not measured: the rows are no table." in found.to_html()


def test_costs_of_the_estimators_threshold_are_told(stand_in, binary):
    class Costly(stand_in):
        threshold = ThresholdTuner(cost_matrix=[[0, 50], [1, 0]])

    found = compare_strategies(Costly(), *binary, strategies=["none"], baselines=False, cv=2)
    (n_missed, n_alarms) = found.ranking("none")["confusion"][[0, 1], [1, 0]]
    page = found.to_html()
    assert f"Costs of the same rows, {50 * n_missed + n_alarms:,.6g} in all" in page


class TestCache:
    @pytest.fixture
    def compared(self, tmp_path):
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(60, 2)), np.arange(60) % 3 // 2
        given = {"strategies": TWO, "baselines": False, "cv": 2, "random_state": 0}
        return lambda: compare_strategies(GaussianNB(), X, y, cache=tmp_path / "fits", **given)

    def test_rankings_are_found_again(self, compared):
        first, again = compared(), compared()
        assert len(first.rankings) == 4
        assert again.to_dict() == first.to_dict()

    def test_fits_that_were_kept_without_are_not_repeated(self, compared, tmp_path, monkeypatch):
        first = compared()
        header, *lines = map(json.loads, (tmp_path / "fits").read_text().splitlines())
        for line in lines[:2]:
            del line["ranking"]
        (tmp_path / "fits").write_text("".join(json.dumps(x) + "\n" for x in (header, *lines)))
        monkeypatch.setattr(GaussianNB, "fit", lambda self, X, y: pytest.fail("fitted again"))
        again = compared()
        assert again.folds == first.folds
        assert len(again.rankings) == 2
        assert again.ranking("none") is None
        assert "What other cuts would find" not in again.to_html()

    def test_what_is_no_ranking_is_fitted_again(self, compared, tmp_path):
        first = compared()
        header, *lines = map(json.loads, (tmp_path / "fits").read_text().splitlines())
        for line, broken in zip(
            lines,
            [[], {"found": [[1, [0.5]]], "confusion": []}, {"found": 3, "confusion": []}, "x"],
            strict=True,
        ):
            line["ranking"] = broken
        (tmp_path / "fits").write_text("".join(json.dumps(x) + "\n" for x in (header, *lines)))
        assert compared().rankings == first.rankings


def test_shares_are_close_where_few_rows_are_flagged():
    assert RANKED_SHARES[0] == 0
    assert RANKED_SHARES[-1] == 1
    assert (np.diff(RANKED_SHARES) > 0).all()
    assert (RANKED_SHARES[2:] / RANKED_SHARES[1:-1]).max() < 1.16
