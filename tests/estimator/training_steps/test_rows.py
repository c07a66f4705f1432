"""The rows of an epoch: draws, their order, batches, and groups on one side."""

import keras
import numpy as np
import pytest

from .conftest import fitted


@pytest.mark.parametrize(
    ("sampler", "engine"),
    [("random_over", "graph"), ("random_under", "graph"), ("random_under", "keras")],
)
def test_random_samplers_draw_afresh_in_every_epoch(sampler, engine, data, rows_seen):
    clf = fitted(data, sampler=sampler, engine=engine, early_stopping=False)
    assert len(rows_seen) == 3
    draws = [tuple(np.sort(rows)) for rows in rows_seen]
    assert len(set(draws)) == 3
    assert set(clf.sample_indices_) <= set(draws[0])
    y, n_train = data[1], len(data[1]) - len(clf.validation_indices_)
    for rows in rows_seen:
        assert np.ptp(np.bincount(y[rows])) == 0
        # An under-sampled epoch joins draws until it is about as long as any other.
        assert sampler == "random_over" or n_train - len(clf.sample_indices_) < len(rows) <= n_train
        assert not set(rows) & set(clf.validation_indices_)
    first = list(rows_seen)
    rows_seen.clear()
    fitted(data, sampler=sampler, engine=engine, early_stopping=False)
    for old, new in zip(first, rows_seen, strict=True):
        np.testing.assert_array_equal(old, new)


def test_other_samplers_draw_once(data, rows_seen):
    fitted(data, sampler="tomek_links", early_stopping=False)
    assert len({tuple(np.sort(rows)) for rows in rows_seen}) == 1


def test_rows_come_in_a_new_order_in_every_epoch_unless_told_otherwise(data, rows_seen):
    fitted(data, early_stopping=False)
    assert len({tuple(rows) for rows in rows_seen}) == 3
    rows_seen.clear()
    clf = fitted(data, early_stopping=False, shuffle=False)
    for rows in rows_seen:
        np.testing.assert_array_equal(rows, clf.sample_indices_)


def test_a_batch_of_minus_one_holds_all_rows(data):
    steps = []

    class Steps(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            steps.append(batch)

    fitted(data, batch_size=-1, callbacks=Steps(), epochs=2)
    assert steps == [0, 0]


def test_groups_lie_on_one_side(data):
    _, y = data
    groups = np.random.default_rng(0).integers(0, 30, len(y))
    clf = fitted(data, {"groups": groups}, epochs=1)
    held = clf.validation_indices_
    rest = np.setdiff1d(np.arange(len(y)), held)
    assert not set(groups[held]) & set(groups[rest])
    assert 0.1 < len(held) / len(y) < 0.3
    assert set(clf.sample_indices_) == set(rest)


def test_groups_of_any_label_are_kept_together(data):
    groups = np.array([f"customer {number % 30}" for number in range(240)])
    clf = fitted(data, {"groups": groups}, epochs=0)
    held = clf.validation_indices_
    assert not set(groups[held]) & set(np.delete(groups, held))
