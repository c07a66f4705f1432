"""The stratified bootstrap."""

import numpy as np
import pytest
from scipy import stats

from imbalanced_nn.metrics import bootstrap
from imbalanced_nn.metrics.bootstrap import (
    bootstrap_interval,
    drawn_shares,
    resampled_weights,
    strata_of,
)


def test_a_resample_draws_as_many_rows_of_each_stratum_in_whole_times(monkeypatch):
    monkeypatch.setattr(bootstrap, "BLOCK_BYTES", 8 * 100 * 7)
    strata = np.random.default_rng(0).choice(3, size=100, p=[0.9, 0.08, 0.02])
    weight = np.arange(1.0, 101)
    blocks = list(resampled_weights(strata, weight, 20, np.random.default_rng(1)))
    assert [len(block) for block in blocks] == [7, 7, 6]
    times = np.concatenate(blocks) / weight
    np.testing.assert_allclose(times, times.round())
    for stratum in range(3):
        drawn = times[:, strata == stratum].sum(axis=1)
        np.testing.assert_allclose(drawn, (strata == stratum).sum())


def test_a_row_is_drawn_as_often_as_chance_has_it():
    block = np.concatenate(
        list(resampled_weights(np.zeros(50, int), np.ones(50), 2000, np.random.default_rng(0)))
    )
    seen = np.bincount(block.astype(int).ravel(), minlength=12)
    expected = stats.binom(50, 1 / 50).pmf(np.arange(len(seen)))
    np.testing.assert_allclose(seen / seen.sum(), expected, atol=0.004)
    # Any row as often as another.
    np.testing.assert_allclose(block.mean(axis=0), 1, atol=0.12)


def test_the_stratum_of_several_labels_is_the_rarest():
    y = np.array([[1, 1, 0], [1, 0, 0], [1, 0, 1], [0, 0, 0], [1, 1, 1]])
    assert strata_of(y).tolist() == [1, 0, 2, 3, 1]


def test_intervals_are_percentiles():
    resampled = np.random.default_rng(0).normal(5, 1, size=(1000, 2))
    low, high = bootstrap_interval(np.array([5.0, 4.0]), resampled, 0.8)
    np.testing.assert_allclose(low, np.quantile(resampled, 0.1, axis=0))
    np.testing.assert_allclose(high, np.quantile(resampled, 0.9, axis=0))


def test_random_shares_are_those_of_rows_drawn_from_a_population():
    strata = np.repeat([3, 7], [180, 20])
    rng = np.random.default_rng(0)
    blocks = resampled_weights(strata, np.ones(200), 20_000, rng)
    rare = np.concatenate(
        [block[:, 180:].sum(axis=1) for block in drawn_shares(blocks, strata, rng)]
    )
    assert rare.mean() == pytest.approx(20, rel=0.01)
    # A count of mean 20 has about that variance.
    assert rare.var() == pytest.approx(20, rel=0.05)
    assert rare.min() > 0


def test_what_is_undefined_in_all_resamples_has_no_interval_and_in_some_that_of_the_others():
    resampled = np.array([[1.0, np.nan, np.nan], [3.0, np.nan, 2.0]])
    low, high = bootstrap_interval(np.zeros(3), resampled, 0.5)
    np.testing.assert_allclose(low, [1.5, np.nan, 2.0])
    np.testing.assert_allclose(high, [2.5, np.nan, 2.0])
    for end in bootstrap_interval(np.zeros(3), np.empty((0, 3)), 0.5):
        assert np.isnan(end).all()


@pytest.mark.slow
def test_intervals_cover_at_their_rate():
    # Balanced accuracy of a known cut: recall .8, specificity .9.
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(400):
        right = np.concatenate([rng.random(80) < 0.8, rng.random(800) < 0.9])
        strata = np.repeat([0, 1], [80, 800])
        block = np.concatenate(list(resampled_weights(strata, np.ones(880), 300, rng)))
        hits = [block[:, part] @ right[part] for part in (slice(80), slice(80, None))]
        low, high = bootstrap_interval(np.nan, hits[0] / 160 + hits[1] / 1600, 0.9)
        covered.append(low <= 0.85 <= high)
    assert 0.86 <= np.mean(covered) <= 0.94


def test_rows_that_stand_for_many_are_drawn_as_often():
    """Sums over resamples have the mean and the variance of draws of the rows one by one."""
    strata, often = np.array([0, 0, 0, 1, 1]), np.array([5, 20, 75, 3, 9])
    blocks = resampled_weights(strata, np.ones(5), 4000, np.random.default_rng(0), often)
    merged = np.concatenate(list(blocks))
    each = np.repeat(np.arange(5), often)
    blocks = resampled_weights(strata[each], np.ones(112), 4000, np.random.default_rng(1))
    one_by_one = np.concatenate(list(blocks)) @ np.eye(5)[each]
    np.testing.assert_allclose(merged.mean(axis=0), often, rtol=0.05)
    np.testing.assert_allclose(np.cov(merged.T), np.cov(one_by_one.T), atol=0.9)
    np.testing.assert_array_equal(merged[:, :3].sum(axis=1), 100)
