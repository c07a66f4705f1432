"""Rows by index, and sequences whose time steps are decisions."""

import numpy as np

from imbalanced_nn.data.rows import Rows, TimestepRows, counted_rows

CODES = np.array([[0, 1, 1], [1, 0, 0], [0, 0, 1]])
WEIGHT = np.array([[1.0, 2.0, 0.0], [0.0, 0.0, 0.0], [3.0, 0.0, 4.0]])


def rows(index=(2, 0)):
    return TimestepRows(None, None, CODES, WEIGHT, np.array(index))


def test_each_step_that_counts_is_a_decision():
    assert rows().selected_codes.tolist() == [0, 1, 0, 1]
    assert rows().selected_weight.tolist() == [3, 4, 1, 2]
    assert rows((0, 0)).selected_weight.tolist() == [1, 2, 1, 2]
    values = np.arange(12).reshape(6, 2)
    assert rows().decisions(values).tolist() == values[[0, 2, 3, 4]].tolist()


def test_network_weights_are_of_mean_one_over_the_steps_that_count():
    np.testing.assert_allclose(rows().network_weight(), WEIGHT / 2.5)
    np.testing.assert_array_equal(rows().network_weight(normalize=False), WEIGHT)
    # Padded steps must weigh nothing, also where the others weigh 1.
    padded = TimestepRows(None, None, CODES, (WEIGHT > 0) * 2.0, np.array([0, 2]))
    np.testing.assert_array_equal(padded.network_weight(), WEIGHT > 0)
    full = TimestepRows(None, None, CODES, np.full((3, 3), 2.0), np.arange(3))
    assert full.network_weight() is None


def test_sequences_without_a_weight_are_left_out():
    weighted = rows((0, 1, 2)).weighted(WEIGHT * (CODES == 1))
    assert weighted.index.tolist() == [0, 2]
    assert weighted.selected_codes.tolist() == [1, 1]
    assert rows().weighted(0 * WEIGHT).index.size == 0


def test_a_row_is_one_decision():
    plain = Rows(None, None, np.array([0, 1, 0]), np.array([1.0, 0.0, 2.0]), np.array([2, 0]))
    values = np.arange(4).reshape(2, 2)
    assert plain.decisions(values) is values
    assert plain.counted_steps is None


def test_rows_count_by_any_of_their_weights():
    assert counted_rows(np.array([0.0, 2.0, 1.0])).tolist() == [1, 2]
    assert counted_rows(WEIGHT).tolist() == [0, 2]
