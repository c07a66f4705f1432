"""Records of a fit: shares of the classes, rows that were seen, scores of held-out rows."""

import numpy as np
import pytest

from imbalanced_nn.data.rows import Rows, TimestepRows
from imbalanced_nn.fitting.records import (
    SEEN_ROWS,
    HeldOutScores,
    Mass,
    SeenRows,
    Shares,
    class_mass,
)


def rows(codes, weight, index=None):
    codes, weight = np.asarray(codes), np.asarray(weight, float)
    index = np.arange(len(codes)) if index is None else np.asarray(index)
    kind = TimestepRows if weight.ndim == 2 else Rows
    return kind(np.zeros((len(codes), 1)), codes, codes, weight, index)


def test_mass_is_of_the_selected_rows():
    mass = class_mass(rows([0, 1, 1, 2], [1, 2, 3, 9], [0, 1, 1, 2]), 3)
    np.testing.assert_array_equal(mass.of_class, [1, 7, 0])
    np.testing.assert_array_equal(mass.whole, [8, 8, 8])
    np.testing.assert_allclose(mass.shares, [1 / 8, 7 / 8, 0])


def test_mass_of_rows_that_an_epoch_shows_more_or_less_often():
    mass = class_mass(rows([0, 1, 1], [1, 1, 2]), 2, np.array([1.0, 0.0, 2.5]))
    np.testing.assert_array_equal(mass.of_class, [1, 5])


def test_mass_of_labels_counts_each_label():
    mass = class_mass(rows([[1, 0], [1, 1]], [1, 3]), 2)
    np.testing.assert_allclose(mass.shares, [1, 0.75])


def test_mass_of_steps_leaves_padded_ones_out():
    mass = class_mass(rows([[0, 1], [1, 1]], [[1, 1], [2, 0]]), 2)
    np.testing.assert_array_equal(mass.of_class, [1, 3])


def test_shares_of_two_trainings_are_those_of_their_sum():
    def shares(of_class, in_loss):
        return Shares(*(Mass(np.array(m), np.full(2, sum(m))) for m in (of_class, in_loss)))

    both = shares([90.0, 10.0], [50.0, 50.0]).plus(shares([10.0, 90.0], [30.0, 70.0]))
    np.testing.assert_allclose(both.natural, [0.5, 0.5])
    np.testing.assert_allclose(both.in_loss, [0.4, 0.6])


def test_averaged_networks_show_what_their_losses_saw():
    mass = Mass(np.array([9.0, 1.0]), np.full(2, 10.0))
    shares = Shares(mass, mass, shown=np.array([0.5, 0.5]))
    np.testing.assert_allclose(shares.in_loss, [0.5, 0.5])
    np.testing.assert_allclose(shares.natural, [0.9, 0.1])


def hashes(seed, n):
    return np.random.default_rng(seed).integers(0, 2**64, n, dtype=np.uint64)


@pytest.mark.parametrize("n", [100, 5 * SEEN_ROWS])
def test_seen_rows_are_known_again_and_others_are_not(n):
    seen = SeenRows().plus(hashes(0, n))
    assert len(seen.numbers) <= SEEN_ROWS
    assert seen.share_of(hashes(0, n)) == 1
    assert seen.share_of(hashes(1, n)) < 0.01
    mixed = np.concatenate([hashes(0, n), hashes(1, n)])
    assert seen.share_of(mixed) == pytest.approx(0.5, abs=0.05)


def test_rows_of_several_parts_are_all_known():
    seen = SeenRows().plus(hashes(0, 4 * SEEN_ROWS)).plus(hashes(1, 100))
    assert len(seen.numbers) <= SEEN_ROWS
    assert seen.share_of(hashes(0, 4 * SEEN_ROWS)) == 1
    assert seen.share_of(hashes(1, 100)) == 1


def test_nothing_is_known_of_nothing():
    assert SeenRows().share_of(hashes(0, 10)) == 0
    assert SeenRows().plus(hashes(0, 10)).share_of(hashes(0, 0)) == 0


def test_scores_are_counted_by_class_and_fold():
    proba = np.full((4, 2), 0.5)
    once = HeldOutScores(np.array([0, 1, 1, 1]), proba, np.ones(4)).counts(2)
    assert (once.decisions, once.class_count.tolist(), once.folds) == (4, [1, 3], 1)
    crossed = HeldOutScores(np.eye(4, 2, dtype=int), proba, np.ones(4), np.array([0, 0, 1, 2]))
    assert (crossed.counts(2).class_count.tolist(), crossed.counts(2).folds) == ([1, 1], 3)
