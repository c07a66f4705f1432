"""Balanced batches: exact quotas, every rare row, decks that are dealt to the end."""

import itertools
import pickle

import keras
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from imblearn.keras import BalancedBatchGenerator
from scipy import sparse
from sklearn.base import clone

from imbalanced_nn import BalancedBatches
from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError
from imbalanced_nn.sampling.strategy import quotas, target_shares


@st.composite
def problems(draw):
    """Labels of two to five classes in any order, a batch size and a strategy."""
    sizes = draw(st.lists(st.integers(1, 60), min_size=2, max_size=5))
    y = np.repeat(np.arange(len(sizes)) * 3 - 1, sizes)
    y = np.random.default_rng(draw(st.integers(0, 99))).permutation(y)
    batch_size = draw(st.integers(len(sizes), 70))
    shares = st.fixed_dictionaries({-1: st.floats(0.05, 0.6)})
    strategy = draw(st.one_of(st.just("auto"), st.floats(0.05, 1), shares))
    return y, batch_size, strategy, draw(st.integers(0, 2**31 - 1))


def batches_of(dataset, n_epochs):
    """Row numbers of each batch, epoch by epoch; X holds each row's own number."""
    epochs = []
    for _ in range(n_epochs):
        dataset.on_epoch_begin()
        batches = [dataset[i] for i in range(len(dataset))]
        epochs.append([X.reshape(len(X), -1)[:, 0].astype(int) for X, *_ in batches])
    return epochs


def numbered(y, shape=(1,)):
    """An X in which each row's first value is its number."""
    X = np.zeros((len(y), *shape), dtype="float32")
    X.reshape(len(y), -1)[:, 0] = np.arange(len(y))
    return X


@given(problem=problems(), ndim=st.integers(2, 5))
@settings(max_examples=60)
def test_every_batch_holds_the_exact_quota_and_every_rare_row_is_used(problem, ndim):
    y, batch_size, strategy, seed = problem
    X = numbered(y, (2,) * (ndim - 1))
    sampler = BalancedBatches(strategy, random_state=seed)
    dataset = sampler.dataset(X, y, batch_size=batch_size)
    classes, counts = np.unique(y, return_counts=True)
    asked = quotas(target_shares(strategy, counts, classes), batch_size, counts)
    assert sampler.quotas_ == dict(zip(classes.tolist(), asked.tolist(), strict=True))
    assert asked.sum() == batch_size
    assert asked.min() >= 1
    largest = np.argmax(np.ceil(counts / asked))
    for epoch in batches_of(dataset, 3):
        assert len(epoch) == len(dataset) == sampler.steps_per_epoch_
        for rows in epoch:
            assert [int((y[rows] == label).sum()) for label in classes] == asked.tolist()
        seen = np.unique(np.concatenate(epoch))
        for code, label in enumerate(classes):
            if code != largest:
                assert set(np.flatnonzero(y == label)) <= set(seen), "a rare row was left out"


@pytest.mark.filterwarnings(r"ignore:\[INN009\]")
@given(problem=problems())
@settings(max_examples=40)
def test_a_class_is_dealt_without_repeats_until_all_its_rows_were_seen(problem):
    y, batch_size, strategy, seed = problem
    sampler = BalancedBatches(strategy, steps_per_epoch=1, random_state=seed)
    dataset = sampler.dataset(numbered(y), y, batch_size=batch_size)
    quota = sampler.quotas_
    spanning = [label for label in quota if quota[label] < (y == label).sum()]
    size = max(((y == label).sum() // quota[label] for label in spanning), default=0)
    epochs = [np.concatenate(epoch) for epoch in batches_of(dataset, size)]
    for label in spanning:
        whole = (y == label).sum() // quota[label]
        dealt = np.concatenate([rows[y[rows] == label] for rows in epochs[:whole]])
        assert len(np.unique(dealt)) == len(dealt) == whole * quota[label]


@given(problem=problems(), epochs=st.integers(1, 6))
@settings(max_examples=40)
def test_coverage_is_the_share_of_rows_that_were_seen(problem, epochs):
    y, batch_size, strategy, seed = problem
    sampler = BalancedBatches(strategy, random_state=seed)
    dataset = sampler.dataset(numbered(y), y, batch_size=batch_size)
    seen = np.unique(np.concatenate([np.concatenate(e) for e in batches_of(dataset, epochs)]))
    for label in np.unique(y).tolist():
        share = (y[seen] == label).sum() / (y == label).sum()
        assert dataset.coverage_[label] == pytest.approx(share)
        assert sampler.coverage_[label] == pytest.approx(share)


@given(problem=problems())
@settings(max_examples=30)
def test_the_same_seed_gives_the_same_batches_and_another_gives_others(problem):
    y, batch_size, strategy, seed = problem

    def batches(seed):
        sampler = BalancedBatches(strategy, random_state=seed)
        return batches_of(sampler.dataset(numbered(y), y, batch_size=batch_size), 2)

    np.testing.assert_array_equal(batches(seed), batches(seed))
    if len(y) > 20 and batch_size > 10:
        assert not np.array_equal(batches(seed), batches(seed + 1))


def test_an_epoch_is_its_number_and_not_what_was_asked_for_before():
    y = np.r_[np.zeros(300), np.ones(7)]
    one, other = (
        BalancedBatches(random_state=5).draw(y.astype(int), np.array([0, 1]), np.arange(307), 16)
        for _ in range(2)
    )
    for epoch in range(9):
        one.rows(epoch)
    np.testing.assert_array_equal(one.rows(7), other.rows(7))


def test_majority_rows_are_fresh_in_each_epoch_until_all_were_seen():
    y = np.r_[np.zeros(320), np.ones(8)]
    dataset = BalancedBatches(steps_per_epoch=2, random_state=0).dataset(
        numbered(y), y, batch_size=16
    )
    epochs = [np.concatenate(epoch) for epoch in batches_of(dataset, 20)]
    majority = np.concatenate([rows[y[rows] == 0] for rows in epochs])
    # 20 epochs of 2 batches of 8: the deck of 320 exactly once.
    np.testing.assert_array_equal(np.sort(majority), np.arange(320))
    assert dataset.coverage_ == {0.0: 1.0, 1.0: 1.0}


def test_rare_rows_are_repeated_evenly():
    y = np.r_[np.zeros(500), np.ones(6)]
    dataset = BalancedBatches(steps_per_epoch=10, random_state=0).dataset(numbered(y), y)
    (epoch,) = batches_of(dataset, 1)
    often = np.bincount(np.concatenate(epoch), minlength=506)[500:]
    assert often.sum() == 160
    assert often.max() - often.min() <= 1


def test_the_default_epoch_is_a_hundred_passes_or_as_long_as_without_balancing():
    y = np.r_[np.zeros(100_000), np.ones(200)]
    sampler = BalancedBatches()
    sampler.dataset(numbered(y), y, batch_size=64)
    assert sampler.steps_per_epoch_ == 100 * 7
    y = np.r_[np.zeros(1000), np.ones(200)]
    sampler.dataset(numbered(y), y, batch_size=64)
    assert sampler.steps_per_epoch_ == 19
    # Every row of the second largest class is shown, whatever the length without balancing.
    y = np.repeat([0, 1, 2], [500, 400, 10])
    sampler.dataset(numbered(y), y, batch_size=30)
    assert sampler.steps_per_epoch_ == 40


def test_a_set_smaller_than_the_batch_has_full_batches():
    y = np.r_[np.zeros(5), np.ones(2)]
    dataset = BalancedBatches(random_state=0).dataset(numbered(y), y, batch_size=32)
    assert len(dataset) == 1
    X, labels = dataset[0]
    assert len(X) == 32
    assert labels.sum() == 16


def test_a_fixed_number_of_batches_that_leaves_rare_rows_out_is_noted():
    y = np.repeat([0, 1, 2], [500, 90, 10])
    with pytest.warns(ImbalanceWarning, match="show 20 of 500 rows of 0, 20 of 90.*9 batches") as w:
        BalancedBatches(steps_per_epoch=2).dataset(numbered(y), y, batch_size=30)
    assert w[0].message.code == "INN009"
    assert w[0].filename == __file__


def test_weights_go_with_the_rows_and_rows_of_no_weight_are_left_out():
    y = np.repeat([0, 1], [90, 10])
    weight = np.linspace(1, 2, 100)
    weight[[3, 95]] = 0
    dataset = BalancedBatches(random_state=0).dataset(numbered(y), y, weight, batch_size=8)
    for _ in range(5):
        dataset.on_epoch_begin()
        for X, labels, weights in dataset:
            rows = X[:, 0].astype(int)
            np.testing.assert_array_equal(weights, weight[rows])
            np.testing.assert_array_equal(labels, y[rows])
            assert not {3, 95} & set(rows)
    assert dataset.coverage_[1] == 1


@pytest.mark.parametrize("make", [list, tuple, lambda parts: dict(zip("ab", parts, strict=True))])
def test_several_inputs_are_read_at_the_same_rows(make):
    y = np.repeat([0, 1], [40, 10])
    X = make([numbered(y), numbered(y, (3, 2))])
    batch, labels = BalancedBatches(random_state=0).dataset(X, y, batch_size=8)[0]
    left, right = batch.values() if isinstance(batch, dict) else batch
    np.testing.assert_array_equal(left[:, 0], right[:, 0, 0])
    np.testing.assert_array_equal(y[left[:, 0].astype(int)], labels)


def test_sparse_data_is_made_dense_batch_by_batch_and_floats_are_cast():
    y = np.repeat([0, 1], [40, 10])
    X = sparse.csr_array(numbered(y).astype("float64"))
    batch, labels = BalancedBatches(random_state=0).dataset(X, y, batch_size=8)[0]
    assert batch.dtype == np.float32
    np.testing.assert_array_equal(y[batch[:, 0].astype(int)], labels)


def test_memory_mapped_data_is_read_row_by_row(tmp_path):
    y = np.repeat([0, 1], [400, 10])
    np.save(tmp_path / "X.npy", numbered(y, (4,)))
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    dataset = BalancedBatches(random_state=0).dataset(X, y, batch_size=8)
    assert dataset._data[1] is X
    batch, labels = dataset[0]
    np.testing.assert_array_equal(y[batch[:, 0].astype(int)], labels)


def test_the_callers_arrays_are_not_changed():
    y = np.repeat([0, 1], [40, 10])
    X, weight = numbered(y), np.linspace(1, 2, 50)
    before = [part.copy() for part in (X, y, weight)]
    for part in (X, y, weight):
        part.flags.writeable = False
    batches_of(BalancedBatches(random_state=0).dataset(X, y, weight, batch_size=8), 3)
    for old, new in zip(before, (X, y, weight), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_one_hot_target_has_quotas_for_its_classes():
    codes = np.repeat([0, 1, 2], [60, 20, 10])
    sampler = BalancedBatches(random_state=0)
    _, labels = sampler.dataset(numbered(codes), np.eye(3)[codes], batch_size=12)[0]
    assert labels.sum(axis=0).tolist() == [4, 4, 4]
    assert sampler.quotas_ == {0: 4, 1: 4, 2: 4}


def test_label_sets_have_quotas_and_rows_with_rare_labels_come_more_often():
    generator = np.random.default_rng(0)
    y = (generator.random((2000, 4)) < [0.5, 0.2, 0.02, 0.005]).astype(int)
    sampler = BalancedBatches(random_state=0)
    dataset = sampler.dataset(numbered(y), y, batch_size=32)
    assert sampler.quotas_.keys() >= {(), (0,), (1,), (0, 1), "other sets"}
    assert sum(sampler.quotas_.values()) == 32
    epochs = batches_of(dataset, 5)
    frequent = {name for name in sampler.quotas_ if name != "other sets"}
    for epoch in epochs:
        for rows in epoch:
            names = [tuple(np.flatnonzero(row).tolist()) for row in y[rows]]
            names = [name if name in frequent else "other sets" for name in names]
            assert {name: names.count(name) for name in set(names)} == sampler.quotas_
    drawn = np.concatenate([np.concatenate(epoch) for epoch in epochs])
    shares, before = y[drawn].mean(axis=0), y.mean(axis=0)
    assert shares[3] > 5 * before[3]
    seen = np.unique(drawn)
    for name, share in dataset.coverage_.items():
        own = [tuple(np.flatnonzero(row).tolist()) == name for row in y]
        if name == "other sets":
            own = [tuple(np.flatnonzero(row).tolist()) not in frequent for row in y]
        assert share == pytest.approx(np.isin(np.flatnonzero(own), seen).mean())


def test_it_trains_a_network_that_the_generator_of_imbalanced_learn_also_trains():
    y = np.repeat([0, 1], [300, 20])
    X = np.random.default_rng(0).normal(size=(320, 3)).astype("float32") + y[:, None]
    for sampler in (BalancedBatches(random_state=0), None):
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, "sigmoid")])
        model.compile("adam", "binary_crossentropy")
        if sampler is None:
            with pytest.warns(UserWarning, match="super"):
                model.fit(BalancedBatchGenerator(X, y, random_state=0), verbose=0)
        else:
            history = model.fit(sampler.dataset(X, y, batch_size=16), epochs=3, verbose=0).history
            assert len(history["loss"]) == 3
            assert sampler.coverage_[1] == 1


def test_a_data_set_survives_pickling():
    y = np.repeat([0, 1], [40, 10])
    dataset = BalancedBatches(random_state=0).dataset(numbered(y), y, batch_size=8)
    dataset.on_epoch_begin()
    dataset.on_epoch_begin()
    other = pickle.loads(pickle.dumps(dataset))
    for left, right in zip(dataset[0], other[0], strict=True):
        np.testing.assert_array_equal(left, right)
    np.testing.assert_array_equal(batches_of(dataset, 2), batches_of(other, 2))


def test_it_is_cloned_with_its_parameters():
    sampler = clone(BalancedBatches({1: 0.2}, steps_per_epoch=7, random_state=3))
    assert sampler.get_params() == {
        "sampling_strategy": {1: 0.2},
        "steps_per_epoch": 7,
        "random_state": 3,
    }


@pytest.mark.parametrize(
    ("params", "arguments", "message"),
    [
        ({"sampling_strategy": 1.5}, {}, r"in \(0, 1\], or a dict.*; got 1\.5"),
        ({"sampling_strategy": "not majority"}, {}, "must be 'auto'.*got 'not majority'"),
        ({"sampling_strategy": {2: 0.5}}, {}, r"names the label 2, which is not among \[0, 1\]"),
        ({"sampling_strategy": {1: 3}}, {}, "shares between 0 and 1; got 3 for the label 1"),
        ({"sampling_strategy": {0: 0.5, 1: 0.1}}, {}, r"must add up to 1.*adds up to 0\.6"),
        ({"steps_per_epoch": 0}, {}, "steps_per_epoch"),
        ({}, {"batch_size": 1}, "batch_size=1 cannot hold a row of each of 2 classes"),
        ({}, {"y": np.array(["a"] * 40 + ["b"] * 10)}, "must hold numbers.*LabelEncoder"),
        ({}, {"y": np.arange(100).reshape(50, 2)}, "neither one label for each row nor"),
        ({}, {"sample_weight": -np.ones(50)}, "negative weights"),
    ],
)
def test_what_cannot_be_is_refused(params, arguments, message):
    y = np.repeat([0, 1], [40, 10])
    arguments = {"X": numbered(y), "y": y} | arguments
    with pytest.raises(ValueError, match=message):
        BalancedBatches(**params).dataset(**arguments)


def test_labels_that_are_left_out_share_the_rest_as_in_the_data():
    counts, classes = np.array([900, 90, 10]), np.array(["a", "b", "c"])
    shares = target_shares({"c": 0.45}, counts, classes)
    np.testing.assert_allclose(shares, [0.5, 0.05, 0.45])
    with pytest.raises(InvalidParameterError, match=r"leaves no share for the labels \['b'\]"):
        target_shares({"a": 0.5, "c": 0.5}, counts, classes)
    with pytest.raises(InvalidParameterError, match="'d', of which there are none"):
        target_shares({"d": 0.5}, np.array([1, 1, 0, 0]), np.array(list("abcd")))


@given(
    sizes=st.lists(st.integers(1, 10**6), min_size=2, max_size=8),
    size=st.integers(8, 1000),
    seed=st.integers(0, 99),
)
def test_quotas_are_whole_add_up_and_are_nearest_to_the_shares(sizes, size, seed):
    counts = np.array(sizes)
    shares = np.random.default_rng(seed).dirichlet(np.ones(len(counts)))
    whole = quotas(shares, size, counts)
    assert whole.sum() == size
    assert whole.min() >= 1
    if (shares * size >= 1).all():
        assert (np.abs(whole - shares * size) < 1).all()


@given(
    shares=st.lists(st.sampled_from([0.002, 0.02, 0.3, 0.41, 0.6, 0.7]), min_size=2, max_size=4),
    size=st.integers(4, 9),
)
@example(shares=[0.59, 0.4, 0.005, 0.005], size=10)
@settings(max_examples=60)
def test_quotas_with_a_row_of_each_class_are_the_nearest_of_all(shares, size):
    shares = np.array(shares) / sum(shares)
    rest = itertools.product(range(1, size), repeat=len(shares) - 1)
    every = np.array([[*part, size - sum(part)] for part in rest if sum(part) < size])
    gaps = ((every - shares * size) ** 2).sum(axis=1)
    whole = quotas(shares, size, np.ones(len(shares)))
    assert ((whole - shares * size) ** 2).sum() == pytest.approx(gaps.min())
