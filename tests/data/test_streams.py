"""Datasets of batches: counted once, read again, and refused where they are not what they were."""

import numpy as np
import pytest

from imbalanced_nn import ColumnEncoder
from imbalanced_nn.data import StreamedRows, is_dataset, row_hashes, streamed
from imbalanced_nn.data import streams as module
from imbalanced_nn.exceptions import InvalidParameterError

X, Y, WEIGHT = np.arange(60.0).reshape(20, 3), np.arange(20) % 3 // 2, np.linspace(0, 1, 20)


class PyDataset:
    """Stands in for Keras', by whose name they are known."""

    def __init__(self, *parts, size=6):
        self.parts, self.size, self.reads = parts, size, 0

    @property
    def num_batches(self):
        return -(-len(self.parts[0]) // self.size)

    def __getitem__(self, number):
        self.reads += 1
        rows = slice(number * self.size, (number + 1) * self.size)
        return tuple(part[rows] for part in self.parts)


class DatasetV2:
    """Stands in for TensorFlow's."""

    def __init__(self, batches, cardinality=None):
        self.batches, self.size = batches, cardinality

    def cardinality(self):
        return len(self.batches) if self.size is None else self.size

    def as_numpy_iterator(self):
        return iter(self)

    def __iter__(self):
        return iter(self.batches)


class Labelled(PyDataset):
    @property
    def labels(self):
        return Y


def changing(*parts_of_pass):
    """Return rows of a dataset whose passes differ."""
    passes = iter(parts_of_pass)

    class Changing(DatasetV2):
        def __iter__(self):
            return iter([next(passes)])

    return StreamedRows(Changing([0]))


def test_one_pass_tells_shape_labels_weights_and_hashes():
    dataset = PyDataset(X, Y, WEIGHT)
    rows, y, weight = streamed(dataset, None, None)
    assert (rows.shape, rows.dtype, len(rows)) == ((20, 3), X.dtype, 20)
    assert (rows.n_batches, rows.batch_size, dataset.reads) == (4, 6, 4)
    np.testing.assert_array_equal(y, Y)
    np.testing.assert_array_equal(weight, WEIGHT)
    np.testing.assert_array_equal(rows.hashes, row_hashes(X))
    np.testing.assert_array_equal(np.concatenate([part[0] for part in rows.epoch()]), X)


@pytest.mark.parametrize("kind", [PyDataset, Labelled])
def test_rows_are_taken_from_what_is_kept_from_one_pass_or_from_their_batches(kind, monkeypatch):
    monkeypatch.setattr(module, "KEPT_ROWS", 1)
    dataset = kind(X, Y)
    rows = StreamedRows(dataset)
    np.testing.assert_array_equal(rows[:3], X[:3])
    assert dataset.reads == 4
    numbers = np.array([19, 0, 7, 7, 12])
    np.testing.assert_array_equal(rows[numbers], X[numbers])
    assert dataset.reads == 8
    np.testing.assert_array_equal(rows[numbers], X[numbers])
    # Batches that are at hand are not read again.
    assert dataset.reads == (8 if kind is Labelled else 12)
    np.testing.assert_array_equal(rows[5:20], X[5:])


def test_few_batches_are_kept(monkeypatch):
    monkeypatch.setattr(module, "KEPT_ROWS", 1)
    monkeypatch.setattr(module, "KEPT_BYTES", 2 * X[:6].nbytes)
    rows = StreamedRows(Labelled(X, Y))
    for part in (X[6:], X[::-1]):
        at = (part[:, 0] // 3).astype(int)
        np.testing.assert_array_equal(rows[at], part)
        assert len(rows._batches) <= 2


def test_a_column_of_labels_and_text_of_tensorflow_are_labels():
    batches = [(X[:2], np.array([[b"yes"], [b"no"]], dtype=object))]
    assert StreamedRows(DatasetV2(batches)).y.tolist() == ["yes", "no"]


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (DatasetV2([(X, Y)], module.ENDLESS), r"without an end.*Leave .repeat\(\) out"),
        (DatasetV2([(X, Y)], module.UNTOLD), "does not tell how many batches.*assert_cardinality"),
        (type("PyDataset", (), {"num_batches": None})(), "without an end.*Let num_batches be"),
        (DatasetV2([]), "without any batch"),
        (DatasetV2([(X[:0], Y[:0])]), "Batch 0 of X has no rows"),
        (DatasetV2([X]), r"must be \(X, y\) or \(X, y, weight\); batch 0 is ndarray"),
        (DatasetV2([(X,)]), "batch 0 is 1 parts"),
        (DatasetV2([({"a": X}, Y)]), "X of a batch must be one dense array; that .* is a dict"),
        (DatasetV2([(X[0], Y[0])]), r"is one row and no batch. Write dataset.batch\(256\)"),
        (DatasetV2([(X, Y[:, None, None])]), "have 3 dimensions"),
        (DatasetV2([(X, Y[:9])]), r"Batch 0 has 20 rows, labels of shape \(9,\)\. Each"),
        (DatasetV2([(X, Y, X)]), r"and weights of shape \(20, 3\)"),
        (DatasetV2([(X, Y), (X[:, :2], Y)]), r"Batch 1 .*shape \(2,\).* unlike the first"),
        (DatasetV2([(X, Y), (X, Y, WEIGHT)]), "Batch 1 .* with weights, unlike the first"),
        (DatasetV2([(X, Y), (X, np.eye(2)[Y])]), "Batch 1 .*unlike the first"),
        (DatasetV2([(X, Y), (np.where(X > 40, np.nan, X), Y)]), "contains NaN"),
        (DatasetV2([(X.astype(str).astype(object) + "a", Y)]), "could not convert"),
        (Labelled(X, 1 - Y), "labels of the Labelled, .* are not those that its batches hold"),
        (Labelled(X[:9], Y[:9]), "labels of the Labelled, of shape"),
    ],
)
def test_what_is_no_dataset_of_batches_is_refused(dataset, message):
    assert is_dataset(dataset)
    with pytest.raises(ValueError, match=message):
        streamed(dataset, None, None)


@pytest.mark.parametrize("given", [(Y, None), (None, WEIGHT)])
def test_labels_and_weights_come_in_the_batches(given):
    with pytest.raises(InvalidParameterError, match=r"Leave (y|sample_weight) out"):
        streamed(PyDataset(X, Y), *given)


@pytest.mark.parametrize(
    ("again", "message"),
    [
        ((X[:19], Y[:19]), "gave 20 rows when its classes were counted, and now 19"),
        ((np.tile(X, (2, 1)), np.tile(Y, 2)), "and now more"),
        ((X, Y + 1), "gave the label 2, which it did not hold"),
    ],
)
def test_a_later_pass_of_other_rows_is_told(again, message):
    rows = changing((X, Y), again)
    with pytest.raises(ValueError, match=message):
        list(rows.epoch())


def test_a_later_pass_of_other_shares_is_told():
    whole, y = np.tile(X, (20, 1)), np.tile(Y, 20)
    rows = changing((whole, y), (whole, np.ones_like(y)))
    with pytest.raises(ValueError, match="280 rows of the label 0 .*and now 0"):
        list(rows.epoch())


def test_a_later_pass_may_have_another_order_and_differ_by_chance():
    list(changing((X, Y), (X[::-1], Y[::-1])).epoch())
    list(changing((X, Y), (X, np.where(np.arange(20) == 0, 1, Y))).epoch())


def test_a_dataset_with_labels_must_stay_as_it_is(monkeypatch):
    monkeypatch.setattr(module, "KEPT_ROWS", 1)
    dataset = Labelled(X, Y.copy())
    rows = StreamedRows(dataset)
    dataset.parts[1][7] += 1
    with pytest.raises(ValueError, match="Batch 1 of the dataset holds other labels"):
        rows[np.array([7])]


def test_a_table_is_wanted_where_columns_are_encoded():
    with pytest.raises(InvalidParameterError, match="fit takes a PyDataset"):
        ColumnEncoder().fit(type("PyDataset", (), {})())
