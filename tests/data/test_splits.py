"""The split that holds rows out: by share, by group, and by any splitter."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    LeaveOneGroupOut,
    LeaveOneOut,
    PredefinedSplit,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedGroupKFold,
    StratifiedKFold,
    StratifiedShuffleSplit,
    TimeSeriesSplit,
)

from imbalanced_nn.data.splits import hold_out_rows, split_rows
from imbalanced_nn.exceptions import InvalidParameterError, TooFewRowsError


@st.composite
def class_rows(draw):
    """Shuffled codes of some classes of at least two rows, a share and a seed."""
    counts = draw(st.lists(st.integers(2, 60), min_size=2, max_size=4))
    codes = np.repeat(np.arange(len(counts)), counts)
    seed = draw(st.integers(0, 2**31))
    codes = np.random.default_rng(seed).permutation(codes)
    return codes, draw(st.floats(0.001, 0.999)), seed


def assert_partition(n, train, held_out):
    """Each row lies on exactly one side, and both sides are sorted and not empty."""
    assert np.array_equal(np.sort(np.concatenate([train, held_out])), np.arange(n))
    for side in (train, held_out):
        assert len(side)
        assert (np.diff(side) > 0).all()


@given(class_rows())
def test_the_split_is_a_partition_with_the_share_of_every_class(case):
    codes, share, seed = case
    train, held_out = hold_out_rows(codes, share, np.arange(codes.max() + 1), seed)
    assert_partition(len(codes), train, held_out)
    for code in np.unique(codes):
        n, n_held_out = np.sum(codes == code), np.sum(codes[held_out] == code)
        assert 1 <= n_held_out <= n - 1
        assert abs(n_held_out - share * n) <= 0.5 or n_held_out in (1, n - 1)


@given(class_rows())
def test_the_seed_alone_decides_the_split(case):
    codes, share, seed = case
    labels = np.arange(codes.max() + 1)
    first, second = (hold_out_rows(codes, share, labels, seed)[1] for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_another_seed_gives_another_split():
    codes = np.repeat([0, 1], 50)
    splits = {tuple(hold_out_rows(codes, 0.2, np.arange(2), seed)[1]) for seed in range(5)}
    assert len(splits) == 5


@given(
    arrays(np.int64, st.tuples(st.integers(2, 80), st.integers(1, 3)), elements=st.integers(0, 1)),
    st.floats(0.001, 0.999),
    st.integers(0, 2**31),
)
def test_a_multilabel_split_takes_the_share_of_every_label_set(indicator, share, seed):
    train, held_out = hold_out_rows(indicator, share, np.arange(indicator.shape[1]), seed)
    assert_partition(len(indicator), train, held_out)
    sets, of_row = np.unique(indicator, axis=0, return_inverse=True)
    for k in range(len(sets)):
        members = of_row.ravel() == k
        assert abs(members[held_out].sum() - share * members.sum()) < 1 + 1e-9 or (
            1 in (len(held_out), len(train))
        )


@given(
    share=st.sampled_from([0.1, 0.2, 0.25, 0.5, 0.75, 0.8]),
    n_groups=st.integers(20, 40),
    seed=st.integers(0, 2**16),
)
def test_rows_of_a_group_stay_together_and_the_share_is_about_right(share, n_groups, seed):
    groups = np.repeat(np.arange(n_groups), 4)
    codes = np.tile([0, 0, 0, 1], n_groups)
    train, held_out = hold_out_rows(codes, share, np.arange(2), seed, groups)
    assert_partition(len(codes), train, held_out)
    assert not set(groups[train]) & set(groups[held_out])
    assert abs(len(held_out) / len(codes) - share) < 0.06


@pytest.mark.parametrize("counts", [[50, 1], [1, 50]])
def test_a_class_of_one_row_cannot_be_on_both_sides(counts):
    codes = np.repeat([0, 1], counts)
    rare = ["fraud", "ok"][int(np.argmin(counts))]
    message = f"class '{rare}' has 1 row and needs at least 2.*X_val.*validation_split=0"
    with pytest.raises(TooFewRowsError, match=message):
        hold_out_rows(codes, 0.2, np.array(["fraud", "ok"]), 0)


def test_a_fold_with_every_class_is_found_where_there_is_one():
    # The 4 rows of the rare class lie in 4 groups, so that one fold of 5 lacks it.
    codes, groups = np.tile([1, 1, 1, 1, 1, 0], 4), np.arange(24)
    for seed in range(10):
        for side in hold_out_rows(codes, 0.2, np.arange(2), seed, groups):
            assert set(codes[side]) == {0, 1}


def test_groups_that_cannot_be_split_are_refused():
    codes = np.tile([0, 1], 20)
    with pytest.raises(TooFewRowsError, match=r"at least 5 groups, got 2"):
        hold_out_rows(codes, 0.2, np.arange(2), 0, np.repeat([0, 1], 20))
    labels = np.array(["fraud", "ok"])
    codes, groups = np.repeat([1, 0], [36, 4]), np.repeat(np.arange(10), 4)
    with pytest.raises(TooFewRowsError, match="groups leaves no row of class 'fraud' to"):
        hold_out_rows(codes, 0.2, labels, 0, groups)
    with pytest.raises(TooFewRowsError, match="at least 2 groups, got 1.*X_val"):
        hold_out_rows(np.eye(4, dtype=int), 0.5, np.arange(4), 0, np.zeros(4))


def test_one_multilabel_row_cannot_be_split():
    with pytest.raises(TooFewRowsError, match="at least 2 rows, got 1. Pass X_val"):
        hold_out_rows(np.array([[1, 0]]), 0.2, np.arange(2), 0)


@given(
    share=st.sampled_from([0.1, 0.2, 0.5, 0.8]),
    n_groups=st.integers(2, 30),
    n_labels=st.integers(1, 4),
    seed=st.integers(0, 2**16),
)
def test_groups_of_multilabel_rows_stay_together(share, n_groups, n_labels, seed):
    generator = np.random.default_rng(seed)
    indicator = generator.integers(0, 2, (3 * n_groups, n_labels))
    groups = generator.permutation(np.repeat(np.arange(n_groups), 3))
    train, held_out = hold_out_rows(indicator, share, np.arange(n_labels), seed, groups)
    assert_partition(len(indicator), train, held_out)
    assert not set(groups[train]) & set(groups[held_out])
    again = hold_out_rows(indicator, share, np.arange(n_labels), seed, groups)[1]
    np.testing.assert_array_equal(held_out, again)
    if n_groups > 10:
        assert abs(len(held_out) / len(indicator) - share) < 0.15


@given(share=st.sampled_from([0.1, 0.2, 0.5, 0.8]), seed=st.integers(0, 2**16))
def test_every_label_has_positives_on_both_sides_where_groups_allow(share, seed):
    # Six rare labels, each in two groups of its own among a hundred.
    indicator = np.zeros((400, 7), dtype=int)
    groups = np.repeat(np.arange(100), 4)
    for label in range(6):
        for group in (2 * label, 2 * label + 1):
            indicator[groups == group, label] = 1
    indicator[::3, 6] = 1
    train, held_out = hold_out_rows(indicator, share, np.arange(7), seed, groups)
    for side in (train, held_out):
        assert indicator[side].any(axis=0).all()
    assert abs(len(held_out) / 400 - share) < 0.1
    assert abs(indicator[held_out, 6].sum() / indicator[:, 6].sum() - share) < 0.15


def test_of_several_draws_of_groups_the_nearest_to_the_share_is_taken(monkeypatch):
    generator = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), generator.integers(1, 12, 20))
    indicator = generator.integers(0, 2, (len(groups), 4))

    def error():
        """Mean distance of the labels' shares from 0.2 over some seeds."""
        found = [
            indicator[hold_out_rows(indicator, 0.2, np.arange(4), seed, groups)[1]].sum(axis=0)
            for seed in range(20)
        ]
        return np.abs(found / indicator.sum(axis=0) - 0.2).mean()

    several = error()
    monkeypatch.setattr("imbalanced_nn.data.splits.GROUP_DRAWS", 1)
    assert several < 0.8 * error()


N, N_GROUPS = 96, 24
CODES = np.tile([0, 0, 0, 1], N // 4)
GROUPS = np.arange(N) // (N // N_GROUPS)
LABELS = np.array(["ok", "fraud"])
SPLITTERS = {
    "k-fold": KFold(4),
    "shuffled k-fold": KFold(4, shuffle=True),
    "stratified": StratifiedKFold(5),
    "shuffled stratified": StratifiedKFold(5, shuffle=True),
    "repeated": RepeatedStratifiedKFold(n_splits=4, n_repeats=2),
    "shuffle": StratifiedShuffleSplit(2, test_size=0.25),
    "shuffle a part": ShuffleSplit(2, test_size=0.3, train_size=0.3),
    "group": GroupKFold(4),
    "shuffled group": GroupKFold(4, shuffle=True),
    "stratified group": StratifiedGroupKFold(4, shuffle=True),
    "group shuffle": GroupShuffleSplit(2, test_size=0.3),
    "one group": LeaveOneGroupOut(),
    "time": TimeSeriesSplit(4, gap=5),
    "bounded time": TimeSeriesSplit(3, gap=2, max_train_size=40),
    "predefined": PredefinedSplit(np.where(np.arange(N) < 60, -1, 0)),
}
BY_GROUP = {name for name in SPLITTERS if "group" in name}
DRAWN = {name for name in SPLITTERS if "shuffle" in name or name == "repeated"} | {
    "stratified group"
}


def held_out_by(name, seed, present=None):
    """Both sides by a named splitter; groups are given to those that know them."""
    groups = GROUPS if name in BY_GROUP else None
    X = np.zeros((N, 2))
    return split_rows(SPLITTERS[name], X, CODES, LABELS, seed, groups, present)[-1]


@given(st.sampled_from(list(SPLITTERS)), st.integers(0, 2**31 - 1))
def test_every_splitter_gives_two_sides_that_share_nothing(name, seed):
    train, held_out = held_out_by(name, seed)
    assert not set(train) & set(held_out)
    for side in (train, held_out):
        assert set(CODES[side]) == {0, 1}
        assert (np.diff(side) > 0).all()
    if name in BY_GROUP:
        assert not set(GROUPS[train]) & set(GROUPS[held_out])
    for now, again in zip((train, held_out), held_out_by(name, seed), strict=True):
        np.testing.assert_array_equal(now, again)


@pytest.mark.parametrize("name", SPLITTERS)
def test_the_seed_counts_where_the_splitter_draws_without_one(name):
    splits = {tuple(held_out_by(name, seed)[1]) for seed in range(4)}
    assert (len(splits) > 1) == (name in DRAWN)


@pytest.mark.parametrize("state", [7, np.random.RandomState(7)], ids=["int", "generator"])
def test_a_seed_of_the_splitters_own_stays(state):
    def held_out(seed):
        splitter = StratifiedKFold(4, shuffle=True, random_state=state)
        return split_rows(splitter, np.zeros((N, 1)), CODES, LABELS, seed)[-1][1]

    np.testing.assert_array_equal(held_out(0), held_out(1))


@pytest.mark.parametrize("name", SPLITTERS)
def test_the_callers_splitter_is_not_changed(name):
    before = repr(vars(SPLITTERS[name]))
    held_out_by(name, 3)
    assert repr(vars(SPLITTERS[name])) == before


@given(n_splits=st.integers(2, 6), gap=st.integers(0, 8))
def test_of_a_series_the_newest_rows_are_held_out_and_the_gap_is_in_neither(n_splits, gap):
    splitter = TimeSeriesSplit(n_splits, gap=gap)
    train, held_out = split_rows(splitter, np.zeros((N, 1)), CODES, LABELS, 0)[-1]
    size = N // (n_splits + 1)
    np.testing.assert_array_equal(held_out, np.arange(N - size, N))
    np.testing.assert_array_equal(train, np.arange(N - size - gap))


# One group at a time holds out too few rows to be left without some.
@given(st.sampled_from(sorted({*SPLITTERS} - {"one group"})), st.integers(0, 2**31 - 1))
def test_absent_rows_are_on_neither_side_and_move_no_other(name, seed):
    present = np.setdiff1d(np.arange(N), np.arange(0, N, 9))
    whole, part = held_out_by(name, seed), held_out_by(name, seed, present)
    for all_rows, rows in zip(whole, part, strict=True):
        np.testing.assert_array_equal(rows, np.intersect1d(all_rows, present))


def test_a_splitter_is_given_rows_labels_and_groups():
    seen = []

    class Spy:
        def get_n_splits(self, X=None, y=None, groups=None):
            return 1

        def split(self, X, y=None, groups=None):
            seen.append((X, y, groups))
            mask = np.arange(len(y)) % 5 == 0
            yield ~mask, mask

    X = np.arange(N).reshape(-1, 1)
    groups = np.arange(N)
    train, held_out = split_rows(Spy(), X, CODES, LABELS, 0, groups)[-1]
    assert seen[0][0] is X
    np.testing.assert_array_equal(seen[0][1], LABELS[CODES])
    np.testing.assert_array_equal(seen[0][2], groups)
    np.testing.assert_array_equal(held_out, np.arange(0, N, 5))
    assert len(train) + len(held_out) == N


def test_a_splitter_of_multilabel_rows_is_given_the_indicator():
    indicator = np.random.default_rng(0).integers(0, 2, (40, 3))
    splitter = TimeSeriesSplit(3, gap=1)
    train, held_out = split_rows(splitter, np.zeros((40, 1)), indicator, np.arange(3), 0)[-1]
    assert (train[-1], held_out[0]) == (28, 30)


class Given:
    """A splitter of the sides it is given."""

    def __init__(self, *sides):
        self.sides = sides

    def __repr__(self):
        return "Given()"

    def get_n_splits(self, X=None, y=None, groups=None):
        return len(self.sides)

    def split(self, X, y=None, groups=None):
        yield from self.sides


EVEN, ODD = np.arange(0, N, 2), np.arange(1, N, 2)


@pytest.mark.parametrize(
    ("splitter", "groups", "error", "message"),
    [
        (Given((EVEN, np.arange(5))), None, InvalidParameterError, "Given.*3 rows on both.*row 0"),
        (Given((EVEN, [N])), None, InvalidParameterError, f"cannot split these {N} rows.*instance"),
        (Given(([0.5], EVEN)), None, InvalidParameterError, "cannot split"),
        (Given(EVEN), None, InvalidParameterError, "cannot split"),
        (Given(), None, InvalidParameterError, "cannot split"),
        (KFold, None, InvalidParameterError, "cannot split.*instance"),
        (GroupKFold(4), None, InvalidParameterError, "cannot split.*'groups'.*with groups"),
        (KFold(N + 1), None, InvalidParameterError, "cannot split.*number of splits"),
        (KFold(4, shuffle=True), GROUPS, InvalidParameterError, r"group \d+ on both.*GroupKFold"),
        (Given((EVEN, ODD)), None, TooFewRowsError, "no row of class 'fraud' to train on.*X_val"),
        (Given((ODD, EVEN)), None, TooFewRowsError, "no row of class 'fraud' to hold out.*split"),
        (Given((ODD, [])), None, TooFewRowsError, "no row of class 'ok' to hold out"),
        (LeaveOneOut(), None, TooFewRowsError, "no row of class 'fraud' to hold out.*fewer splits"),
    ],
)
def test_a_splitter_that_cannot_be_used_is_refused(splitter, groups, error, message):
    with pytest.raises(error, match=message), warnings.catch_warnings():
        warnings.simplefilter("error")
        split_rows(splitter, np.zeros((N, 1)), CODES, LABELS, 0, groups)


def test_a_multilabel_split_without_a_side_is_refused():
    indicator = np.eye(4, dtype=int)
    splitter = Given((np.arange(4), []))
    with pytest.raises(TooFewRowsError, match="Given.*leaves no row to hold out"):
        split_rows(splitter, np.zeros((4, 1)), indicator, np.arange(4), 0)


def test_rows_that_are_absent_do_not_stand_for_their_class():
    present = np.flatnonzero((CODES == 0) | (np.arange(N) < 50))
    with pytest.raises(TooFewRowsError, match="no row of class 'fraud' to hold out"):
        held_out_by("time", 0, present)
    # A class without any row is not missed.
    split_rows(
        TimeSeriesSplit(3), np.zeros((N, 1)), CODES, LABELS, 0, None, np.flatnonzero(CODES == 0)
    )


@given(st.sampled_from(list(SPLITTERS)), st.integers(0, 2**31 - 1))
def test_every_split_of_a_splitter_is_one_of_the_list(name, seed):
    groups = GROUPS if name in BY_GROUP else None
    folds = split_rows(SPLITTERS[name], np.zeros((N, 2)), CODES, LABELS, seed, groups)
    again = split_rows(folds, np.zeros((N, 2)), CODES, LABELS, seed, groups)
    assert len(folds) == len(again)
    for fold, twin in zip(folds, again, strict=True):
        for rows, same in zip(fold, twin, strict=True):
            np.testing.assert_array_equal(rows, same)


@given(n_folds=st.integers(2, 6), seed=st.integers(0, 2**31 - 1), grouped=st.booleans())
def test_a_number_of_folds_holds_every_row_out_once(n_folds, seed, grouped):
    groups = GROUPS if grouped else None
    present = np.setdiff1d(np.arange(N), np.arange(0, N, 9))
    indicator = np.column_stack([CODES, np.arange(N) % 3 == 0]).astype(int)
    for codes in (CODES, indicator):
        folds = split_rows(n_folds, np.zeros((N, 1)), codes, LABELS, seed, groups, present)
        assert len(folds) == n_folds
        np.testing.assert_array_equal(np.sort(np.concatenate([f[1] for f in folds])), present)
        for train, held_out in folds:
            np.testing.assert_array_equal(np.union1d(train, held_out), present)
            if not grouped:
                shares = [codes[rows].mean(axis=0) for rows in (train, held_out)]
                np.testing.assert_allclose(*shares, atol=2 * n_folds / len(present))


def test_two_rows_of_a_class_are_dealt_to_two_folds_and_not_to_three():
    codes = np.repeat([0, 1], [20, 2])
    sides = [side for fold in split_rows(2, codes, codes, np.array(["a", "b"]), 0) for side in fold]
    assert [np.bincount(codes[side]).tolist() for side in sides] == [[10, 1]] * 4
    with pytest.raises(TooFewRowsError, match="no row of class 'b' to hold out"):
        split_rows(3, codes, codes, np.array(["a", "b"]), 0)
