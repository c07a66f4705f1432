"""Intervals made for a measure: by scipy, by brute force, and at the ends of their range."""

import dataclasses
import tracemalloc

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import average_precision_score, roc_auc_score

from imbalanced_nn.inspection import decision_draws, estimates
from imbalanced_nn.inspection.confidence import (
    auc_interval,
    average_precision_interval,
    calibration_interval,
    confusion_draws,
    effective_sample_size,
    exact_binomial,
    interval_of_mean,
    studentised_interval,
    totals_of_draws,
)
from imbalanced_nn.inspection.predictions import Predictions
from imbalanced_nn.metrics.one_vs_rest import BinaryProblem


def scored(n=(60, 12), shift=1.5, seed=0):
    """Labels and tied scores in [0, 1]."""
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1], n)
    return y, stats.norm.cdf(rng.normal(shift * y - 1).round(1))


def sums_of(y, score, weight=None):
    weight = np.ones(len(y)) if weight is None else weight
    return BinaryProblem(y == 1, score, score >= 0.5, weight).sums(weight[None])


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize(("hits", "n"), [(0, 20), (20, 20), (3, 20), (19, 20), (1, 1), (77, 1000)])
def test_shares_have_the_interval_of_clopper_and_pearson(hits, n, level):
    expected = stats.binomtest(hits, n).proportion_ci(level)
    np.testing.assert_allclose(exact_binomial(hits / n, n, level), expected, atol=1e-12)


def test_rows_of_equal_weight_count_as_they_are_and_of_one_weight_nothing_but_it():
    assert effective_sample_size(np.full(7, 2.5)) == pytest.approx(7)
    assert effective_sample_size(np.array([1e9, 1.0, 1.0])) == pytest.approx(1)
    assert effective_sample_size(np.array([])) == 0


def newcombe(area, n, factor):
    """Solve for both ends on a grid."""
    grid = np.linspace(0, 1, 200_001)
    mean = sum(n) / 2 - 1
    variance = grid * (1 - grid) / np.prod(n)
    variance *= 1 + mean * ((1 - grid) / (2 - grid) + grid / (1 + grid))
    inside = grid[(area - grid) ** 2 <= factor * variance + 1e-12]
    return inside.min(), inside.max()


@pytest.mark.parametrize("shift", [0.0, 1.5, 4.0, 30.0, -30.0])
def test_areas_have_newcombes_interval_where_delongs_variance_is_no_greater(shift):
    y, score = scored(shift=shift)
    area = roc_auc_score(y, score)
    low, high = auc_interval(sums_of(y, score), (60, 12), 0.95)
    plain = newcombe(area, (60, 12), stats.t.ppf(0.975, 11) ** 2)
    assert low <= plain[0] + 1e-4 and high >= plain[1] - 1e-4
    if shift in (30.0, -30.0):
        np.testing.assert_allclose((low, high), plain, atol=1e-4)
        assert (low, high)[int(shift > 0)] == (shift > 0) and 0.05 < high - low < 0.4


def test_a_greater_variance_of_delong_widens_the_interval():
    # A third of the positives lies below all negatives: the variance is that of a coin.
    y = np.repeat([0, 1], [100, 30])
    score = np.concatenate([np.linspace(0.4, 0.6, 100), np.repeat([0.1, 0.9], [10, 20])])
    area = 2 / 3
    delong = area * (1 - area) / 29  # placements of 0 and 1; negatives do not vary
    grid_low, grid_high = newcombe(area, (100, 30), stats.t.ppf(0.975, 29) ** 2)
    mean = 130 / 2 - 1
    ranks = (1 - area) / (2 - area) + area / (1 + area)
    modelled = area * (1 - area) / 3000 * (1 + mean * ranks)
    factor = stats.t.ppf(0.975, 29) ** 2 * delong / modelled
    low, high = auc_interval(sums_of(y, score), (100, 30), 0.95)
    np.testing.assert_allclose((low, high), newcombe(area, (100, 30), factor), atol=1e-4)
    assert low < grid_low and high > grid_high


def test_average_precision_has_the_variance_of_each_rows_influence():
    y, score = scored()
    value = average_precision_score(y, score)
    influence = []
    for row in range(len(y)):
        weight = np.ones(len(y))
        weight[row] += 1e-6
        influence.append((average_precision_score(y, score, sample_weight=weight) - value) / 1e-6)
    variance = np.square(influence).sum() * 12 / 11
    low, high = average_precision_interval(sums_of(y, score), (60, 12), 0.9)
    logit = np.log(value / (1 - value))
    reach = stats.t.ppf(0.95, 11) * np.sqrt(variance) / (value * (1 - value))
    expected = 1 / (1 + np.exp(-(logit + np.array([-reach, reach]))))
    np.testing.assert_allclose((low, high), expected, rtol=1e-4)


def test_a_perfect_order_leaves_doubt():
    y, score = scored(shift=30.0)
    expected = stats.binomtest(12, 12).proportion_ci()
    np.testing.assert_allclose(
        average_precision_interval(sums_of(y, score), (60, 12), 0.95), expected
    )


def test_draws_of_two_classes_are_jeffreys_intervals():
    cells = np.array([[90.0, 10.0], [3.0, 17.0]])
    draws = confusion_draws(cells, cells, 40_000, np.random.default_rng(0))
    for drawn, hits, misses in (
        (draws[:, 1, 1] / draws[:, 1].sum(axis=1), 17, 3),
        (draws[:, 1, 1] / draws[:, :, 1].sum(axis=1), 17, 10),
    ):
        expected = stats.beta(hits + 0.5, misses + 0.5).ppf([0.025, 0.5, 0.975])
        np.testing.assert_allclose(np.quantile(drawn, [0.025, 0.5, 0.975]), expected, atol=0.006)


def test_draws_know_weights_and_classes_without_rows():
    cells, rng = np.diag([8.0, 8.0, 0.0]), np.random.default_rng(0)
    heavy = confusion_draws(cells, cells * 2, 20_000, rng)  # 4 rows of weight 2 each
    light = confusion_draws(cells, cells, 20_000, rng)
    spread = [draws[:, 0].sum(axis=1).std() for draws in (heavy, light)]
    assert spread[0] / spread[1] == pytest.approx(np.sqrt(2 * 5 / 4.5 * 9 / 10), rel=0.06)
    assert not heavy[:, 2].any()


def test_totals_of_large_matrices_are_distributed_as_those_of_all_their_cells():
    rng, n = np.random.default_rng(0), 24
    cells = np.diag(rng.integers(1, 30, n).astype(float))
    places = rng.integers(n, size=(2, 40))
    cells[tuple(places)] += rng.integers(1, 4, 40)
    cells[-1] = 0  # a class without rows
    squares, costs = cells * rng.uniform(1, 2, (n, 1)), rng.random((n, n))
    matrices = confusion_draws(cells, squares, 8000, rng)
    every = (
        np.diagonal(matrices, axis1=1, axis2=2),
        matrices.sum(axis=2),
        matrices.sum(axis=1),
        (matrices * costs).sum(axis=2),
    )
    found = totals_of_draws(cells, squares, costs, 8000, rng)
    for drawn, expected in zip(found, every, strict=True):
        scale = expected.std(axis=0) + 1e-12
        assert (np.abs(drawn.mean(axis=0) - expected.mean(axis=0)) < 0.08 * scale + 1e-9).all()
        np.testing.assert_allclose(drawn.std(axis=0), expected.std(axis=0), rtol=0.08, atol=1e-9)
    assert not found[1][:, -1].any()
    # They are totals of one matrix.
    np.testing.assert_allclose(found[1].sum(axis=1), found[2].sum(axis=1))
    same = totals_of_draws(cells, squares, np.ones((n, n)), 5, rng)
    np.testing.assert_allclose(same[3], same[1])


def test_totals_are_those_of_the_matrices_drawn_at_once(monkeypatch):
    rng = np.random.default_rng(0)
    true, decided, weight = rng.integers(4, size=60), rng.integers(4, size=60), rng.random(60)
    costs = rng.random((4, 4))
    cells, squares = np.zeros((2, 4, 4))
    np.add.at(cells, (true, decided), weight)
    np.add.at(squares, (true, decided), weight**2)
    matrices = confusion_draws(cells, squares, 50, np.random.default_rng(1))
    monkeypatch.setattr(decision_draws, "BLOCK_CELLS", 7 * 16)
    totals = decision_draws.drawn_totals(true, decided, weight, costs, 50, np.random.default_rng(1))
    expected = (
        [np.diag(matrix) for matrix in matrices],
        matrices.sum(axis=2),
        matrices.sum(axis=1),
        (matrices * costs).sum(axis=2),
    )
    for part, of_all in zip((*totals, totals.paid), expected, strict=True):
        np.testing.assert_allclose(part, of_all, rtol=1e-12)
    member = np.array([0, 0, 1, 0])  # the third class against the rest
    merged = np.zeros((50, 2, 2))
    for i, j in np.ndindex(4, 4):
        merged[:, member[i], member[j]] += matrices[:, i, j]
    of_two = ([np.diag(m) for m in merged], merged.sum(axis=2), merged.sum(axis=1))
    for part, of_all in zip(decision_draws.against_the_rest(totals, 2), of_two, strict=True):
        np.testing.assert_allclose(part, of_all, rtol=1e-12)


def test_few_drawn_matrices_are_in_memory_at_a_time(monkeypatch):
    """All of them would take 40 MB."""
    monkeypatch.setattr(decision_draws, "BLOCK_CELLS", 2**16)
    codes, costs, rng = np.arange(100), np.zeros((100, 100)), np.random.default_rng(0)
    tracemalloc.start()
    try:
        decision_draws.drawn_totals(codes, codes, np.ones(100), costs, 500, rng)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 6e6


def test_a_mean_of_independent_shares_is_closer_than_the_shares_by_its_root():
    rng = np.random.default_rng(0)
    alone = rng.normal(size=(4, 5000))
    args = np.full(4, 0.5), np.full(4, 0.3), np.full(4, 0.6)
    low, high = interval_of_mean(*args, alone)
    assert (low, high) == pytest.approx((0.4, 0.55), abs=0.005)
    together = np.tile(alone[:1], (4, 1))
    assert interval_of_mean(*args, together) == pytest.approx((0.3, 0.6))
    assert interval_of_mean(*args, np.ones((4, 3))) == pytest.approx((0.4, 0.55))


def test_a_mean_leaves_out_what_is_undefined():
    values, lows, highs = np.array([[0.5, np.nan], [0.4, np.nan], [0.7, 1.0]])
    assert interval_of_mean(values, lows, highs, np.ones((2, 3))) == pytest.approx((0.4, 0.7))
    assert np.isnan(interval_of_mean(*np.full((3, 2), np.nan), np.ones((2, 3)))).all()


def test_means_have_the_studentised_bootstrap():
    rng = np.random.default_rng(0)
    x = rng.exponential(size=40)
    drawn = x[rng.integers(40, size=(999, 40))]
    moments = [(part.mean(axis=-1), part.var(axis=-1) / 39) for part in (x, drawn)]
    (mean, variance), (means, variances) = moments
    low, high = studentised_interval(
        np.array([mean]), np.array([variance]), means[:, None], variances[:, None], 0.9
    )
    distance = (means - mean) / np.sqrt(variances)
    expected = mean - np.quantile(distance, [0.95, 0.05]) * np.sqrt(variance)
    np.testing.assert_allclose([low[0], high[0]], expected)


def test_chance_is_taken_off_a_calibration_error():
    gaps, error = np.array([0.03, -0.04, 0.001]), np.full(3, 0.01)
    middle = np.sqrt(8e-4) + np.sqrt(15e-4)
    reach = stats.t.ppf(0.975, 19) * np.sqrt(3e-4)
    ends = calibration_interval(gaps, error, 0.03, 20, 0.95)
    assert ends == pytest.approx((middle - reach, middle + reach))
    assert calibration_interval(gaps, error, 0.08, 20, 0.95)[0] == 0
    assert calibration_interval(gaps / 10, error, 0.0, 20, 0.95)[0] == 0


def test_gaps_of_bins_by_hand():
    rng = np.random.default_rng(0)
    score = rng.random(400) ** 3
    y = rng.random(400) < score**0.5
    problem = BinaryProblem(y, score, score >= 0.5, np.ones(400))
    gaps, error = problem.calibration_gaps(np.ones(400))
    for rows, gap, spread in zip(np.split(np.argsort(-score), 10), gaps, error, strict=True):
        p, hits = score[rows], y[rows].sum()
        share = (hits + 0.5) / 41
        variance = (40 * share * (1 - share) + (p * (1 - p)).sum()) / 2
        assert gap == pytest.approx((hits - p.sum()) / 400)
        assert spread == pytest.approx(np.sqrt(variance) / 400)
    doubled = problem.calibration_gaps(np.full(400, 2.0))
    np.testing.assert_allclose(doubled, (gaps, error))


@pytest.mark.parametrize("n_positive", [1, 12, 200])
def test_sums_under_many_weights_are_those_under_each(n_positive):
    y, score = scored((400, n_positive))
    weights = np.random.default_rng(0).random((7, len(y)))
    problem = BinaryProblem(y == 1, score, score >= 0.5, weights[0], cost=weights[1])
    found, single = problem.sums(weights), [problem.sums(each[None]) for each in weights]
    for field in dataclasses.fields(found):
        expected = np.concatenate([getattr(sums, field.name) for sums in single])
        np.testing.assert_allclose(getattr(found, field.name), expected, rtol=1e-12, atol=1e-12)


def test_merged_rows_give_the_intervals_of_all_rows(monkeypatch):
    """Drawn one by one or together, ends differ by less than chance makes them differ."""
    rng = np.random.default_rng(0)
    y = (rng.random(6000) < 0.1).astype(int)
    proba = 1 / (1 + np.exp(2.5 - 2 * y - rng.normal(size=6000)))
    rows = Predictions.from_labels(y, (proba > 0.2).astype(int), proba)
    problems = [BinaryProblem.of_class(rows, k) for k in range(2)]
    found = {}
    for limit in (10**9, 1000):
        monkeypatch.setattr(estimates, "_MANY_ROWS", limit)
        monkeypatch.setattr(estimates, "_MOST_CUTS", 1000)
        found[limit] = np.mean(
            [
                estimates.estimates_of(
                    rows,
                    problems,
                    None,
                    n_resamples=300,
                    confidence_level=0.9,
                    rng=np.random.default_rng(seed),
                )
                for seed in range(3)
            ],
            axis=0,
        )
    width = found[10**9][..., 2] - found[10**9][..., 1]
    np.testing.assert_array_equal(found[1000][..., 0], found[10**9][..., 0])
    for end in (1, 2):
        apart = np.abs(found[1000][..., end] - found[10**9][..., end])
        assert (apart <= 0.12 * width + 1e-12).all()


def test_many_classes_of_many_rows_are_resampled_as_often_as_takes_seconds():
    def rows(kind, n, n_classes, weight=None):
        codes = np.zeros(n, int)
        weight = np.ones(n) if weight is None else weight
        proba = np.broadcast_to(0.5, (n, n_classes))
        return Predictions(kind, [*range(n_classes)], codes, codes, proba, weight, None, 1e-9)

    for kind, n, n_classes, expected in [
        ("multiclass", 8000, 30, 1000),
        ("multiclass", 8000, 1000, 200),
        ("multiclass", 10_000, 100, 268),
        ("multilabel", 100_000, 50, 200),
        ("binary", 1_000_000, 2, 1000),
    ]:
        assert estimates.affordable_resamples(rows(kind, n, n_classes), 1000) == expected
    assert estimates.affordable_resamples(rows("multiclass", 8000, 1000), 50) == 50
    assert estimates.affordable_resamples(rows("multiclass", 8000, 1000), 0) == 0
