"""Redraws and schedules: what changes from epoch to epoch, and what it is on average."""

import numpy as np
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.under_sampling import TomekLinks
from scipy import sparse

from imbalanced_nn.data.rows import Rows, StackedRows
from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError, TooFewRowsError
from imbalanced_nn.sampling import (
    BalancedBatches,
    balancing_progress,
    make_sampler,
    redraws,
    resample,
)
from imbalanced_nn.sampling.draws import QuotaDraw

CLASSES = np.array(["fraud", "odd", "ok"])


def rows_of(sizes=(12, 30, 200), seed=0):
    """Rows of as many classes as sizes, of which every second one is selected."""
    codes = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    codes = np.repeat(codes, 2)
    X = np.random.default_rng(seed).normal(size=(len(codes), 3)) + codes[:, None]
    return Rows(X, codes, codes, np.ones(len(codes)), np.arange(1, len(codes), 2))


def drawn(name, rows, params=None, **kwargs):
    """A draw of a sampler that was fitted to the rows."""
    sampler = make_sampler(name, params or {}, 0)
    first, _ = resample(sampler, rows, CLASSES)
    draw = redraws(sampler, rows, CLASSES, finish=lambda r: r, **kwargs)
    if draw is not None:
        draw.start(first)
    return draw, first


@pytest.mark.parametrize("name", ["random_over", "random_under"])
def test_fit_draws_once(name):
    assert drawn(name, rows_of(), every="fit")[0] is None


@pytest.mark.parametrize("name", ["random_over", "random_under", "balanced_batches"])
def test_a_draw_shows_each_row_as_often_as_it_says(name):
    rows = rows_of()
    if name == "balanced_batches":
        draw = BalancedBatches(steps_per_epoch=5, random_state=0).draw(
            rows.selected_codes, CLASSES, rows.index, 30
        )
    else:
        draw, _ = drawn(name, rows)
    n_epochs = 400
    often = sum(np.bincount(draw.rows(e), minlength=len(rows.codes)) for e in range(n_epochs))
    expected = draw.expected(0, len(rows.codes)) * n_epochs
    # A binomial count is within five standard errors; a deck's is nearer.
    assert (np.abs(often - expected) <= 5 * np.sqrt(expected) + 1).all()
    np.testing.assert_allclose(expected.sum(), draw.counts(0).sum() * n_epochs)
    assert set(np.flatnonzero(expected)) == set(rows.index)


def test_a_class_of_one_row_or_none_is_shown_as_often_as_the_draw_says():
    members = [np.array([4]), np.array([], int), np.arange(4)]
    draw = QuotaDraw(members, lambda _: np.array([3, 0, 2]), 2, 0)
    shown = np.bincount(draw.rows(0), minlength=5)
    np.testing.assert_array_equal(shown, draw.expected(0, 5))
    assert shown.tolist() == [1, 1, 1, 1, 6]


def test_weighted_members_are_shown_as_often_as_the_draw_says():
    members = [np.arange(50), np.arange(50, 80)]
    weights = np.linspace(1, 10, 30)
    for quota in (4, 40):
        draw = QuotaDraw(members, lambda _, q=quota: np.array([3, q]), 1, 0, True, {1: weights})
        often = sum(np.bincount(draw.rows(e), minlength=80) for e in range(4000)) / 4000
        np.testing.assert_allclose(often, draw.expected(0, 80), rtol=0.15, atol=0.01)
        assert draw.counts(0).tolist() == [3, quota]


def test_synthetic_rows_are_drawn_anew_behind_the_same_data():
    rows = rows_of()
    draw, first = drawn("smote", rows, every="epoch")
    np.testing.assert_array_equal(draw.rows(0), first.index)
    seen = [draw.data(epoch)[0] for epoch in range(3)]
    again, _ = drawn("smote", rows, every="epoch")
    for epoch, X in enumerate(seen):
        assert X.data is rows.X
        np.testing.assert_array_equal(again.data(epoch)[0].further, X.further)
        index = draw.rows(epoch)
        assert len(index) == len(first.index)
        codes = first.codes[index]
        assert np.bincount(codes).tolist() == [200, 200, 200]
    assert not np.array_equal(seen[1].further, seen[2].further)


def test_a_combination_keeps_the_length_of_its_first_epoch():
    draw, first = drawn("smote_enn", rows_of(), every="epoch")
    lengths = {len(draw.rows(epoch)) for epoch in range(6)}
    assert lengths == {len(first.index)}
    for epoch in range(6):
        index = draw.rows(epoch)
        assert index.max() < len(draw.data(epoch)[0])


def test_what_was_noted_with_the_first_draw_is_not_noted_again():
    rows = rows_of()
    cube = Rows(rows.X.reshape(-1, 3, 1), rows.y, rows.codes, rows.sample_weight, rows.index)
    with pytest.warns(ImbalanceWarning, match="INN002"):
        draw, _ = drawn("smote", cube, every="epoch")
    draw.rows(1)


def test_a_sampler_without_chance_is_not_drawn_anew():
    rows = rows_of()
    sampler = TomekLinks()
    resample(sampler, rows, CLASSES)
    with pytest.raises(InvalidParameterError, match="'epoch' needs a sampler that draws at random"):
        redraws(sampler, rows, CLASSES, "epoch")


def test_a_schedule_goes_from_the_shares_of_the_data_to_the_samplers():
    rows = rows_of()
    progress = balancing_progress("linear", 5)
    for name in ("random_over", "random_under"):
        draw, first = drawn(name, rows, progress=progress)
        shares = np.array([draw.counts(e) / draw.counts(e).sum() for e in range(7)])
        natural = np.bincount(rows.selected_codes) / len(rows.index)
        target = np.bincount(first.selected_codes) / len(first.index)
        ways = np.array([0, 0.25, 0.5, 0.75, 1, 1, 1])[:, None]
        size = draw.counts(0).sum()
        np.testing.assert_allclose(shares, (1 - ways) * natural + ways * target, atol=1.5 / size)
        for epoch in range(7):
            counts = np.bincount(rows.codes[draw.rows(epoch)], minlength=3)
            assert counts.tolist() == draw.counts(epoch).tolist()
            assert not draw.ordered
            assert set(draw.rows(epoch)) <= set(rows.index)


def test_a_schedule_of_balanced_batches_has_exact_quotas_in_every_epoch():
    rows = rows_of()
    draw = BalancedBatches().draw(
        rows.selected_codes, CLASSES, rows.index, 32, balancing_progress("cosine", 8)
    )
    lengths = set()
    for epoch in range(10):
        batches = rows.codes[draw.rows(epoch)].reshape(-1, 32)
        lengths.add(len(batches))
        counts = np.array([np.bincount(batch, minlength=3) for batch in batches])
        assert (counts == counts[0]).all()
    assert counts[0].tolist() == [11, 10, 11] or counts[0].tolist() == [10, 11, 11]
    assert len(lengths) == 1


@pytest.mark.parametrize(
    ("name", "every"), [("smote", "auto"), ("random_over", "fit"), ("tomek_links", "auto")]
)
def test_a_schedule_needs_rows_that_are_drawn_anew(name, every):
    with pytest.raises(InvalidParameterError, match="balancing_schedule needs rows that are drawn"):
        drawn(name, rows_of(), every=every, progress=balancing_progress("linear", 5))


def test_a_schedule_of_ones_own_must_stay_between_natural_and_balanced():
    assert balancing_progress(lambda epoch: epoch / 10, 3)(5) == 0.5
    with pytest.raises(InvalidParameterError, match=r"between 0 .* and 1 .*got 1\.1 for epoch 11"):
        balancing_progress(lambda epoch: epoch / 10, 3)(11)
    assert balancing_progress(None, 3) is None


@pytest.mark.parametrize(
    ("name", "strategy", "after"),
    [
        ("random_over", 0.5, [100, 100, 200]),
        ("smote", 0.5, [100, 100, 200]),
        ("random_over", 0.1, [20, 30, 200]),
        ("random_under", 0.5, [12, 24, 24]),
        ("random_under", {"fraud": 0.25}, [12, 5, 31]),
        ("random_over", {"fraud": 0.25, "odd": 0.25, "ok": 0.5}, [100, 100, 200]),
        ("smote_tomek", {"fraud": 0.25, "odd": 0.25, "ok": 0.5}, None),
        ("random_over", {"fraud": 60}, [60, 30, 200]),
    ],
)
def test_ratios_and_shares_work_for_several_classes(name, strategy, after):
    resampled, _ = resample(
        make_sampler(name, {"sampling_strategy": strategy}, 0), rows_of(), CLASSES
    )
    counts = np.bincount(resampled.selected_codes)
    if after is None:
        np.testing.assert_allclose(counts / counts.sum(), [0.25, 0.25, 0.5], atol=0.05)
    else:
        assert counts.tolist() == after


@pytest.mark.parametrize(
    ("name", "parameter", "default"),
    [
        ("smote", "k_neighbors", 5),
        ("borderline_smote", "k_neighbors", 5),
        ("svm_smote", "k_neighbors", 5),
        ("adasyn", "n_neighbors", 5),
    ],
)
def test_neighbours_are_capped_at_what_the_smallest_class_has(name, parameter, default):
    rows = rows_of((4, 30, 200))
    sampler = make_sampler(name, {}, 0)
    message = rf"\[INN008\].*{parameter}={default}.*'fraud' has 4 rows.*{parameter}=3 was used"
    with pytest.warns(ImbalanceWarning, match=message) as caught:
        resampled, _ = resample(sampler, rows, CLASSES)
    assert getattr(sampler, parameter) == 3
    assert np.bincount(resampled.selected_codes)[1] >= 190
    assert len(caught) == 1


@pytest.mark.parametrize("name", ["smote_enn", "smote_tomek"])
def test_neighbours_inside_a_combination_are_capped(name):
    sampler = make_sampler(name, {}, 0)
    with pytest.warns(ImbalanceWarning, match="SMOTE asks for k_neighbors=5.*k_neighbors=3"):
        resample(sampler, rows_of((4, 30, 200)), CLASSES)
    assert sampler.smote.k_neighbors == 3


def test_neighbours_that_are_there_are_left_alone():
    sampler = SMOTE(random_state=0)
    resample(sampler, rows_of((6, 30, 200)), CLASSES)
    assert sampler.k_neighbors == 5
    # A class that is not blended needs no neighbours.
    sampler = SMOTE(sampling_strategy={"odd": 40}, random_state=0)
    resample(sampler, rows_of((2, 30, 200)), CLASSES)
    assert sampler.k_neighbors == 5


def test_a_single_row_cannot_be_blended():
    with pytest.raises(TooFewRowsError, match="class 'fraud' has 1 row.*'balanced_batches'"):
        resample(SMOTE(random_state=0), rows_of((1, 30, 200)), CLASSES)


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])
def test_stacked_rows_read_as_one_table(make):
    left, right = np.arange(12.0).reshape(4, 3), np.arange(100, 106, dtype="float32").reshape(2, 3)
    stacked, whole = StackedRows(make(left), make(right)), np.vstack([left, right])
    assert stacked.shape == (6, 3)
    assert stacked.dtype == np.float64
    assert len(stacked) == 6
    for rows in (np.array([5, 0, 4, 4, 2]), np.array([1, 2]), np.array([4]), slice(3, 6)):
        taken = stacked[rows]
        taken = taken.toarray() if sparse.issparse(taken) else taken
        np.testing.assert_array_equal(taken, whole[rows])
    if make is np.asarray:
        np.testing.assert_array_equal(np.asarray(stacked), whole)
