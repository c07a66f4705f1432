"""Rows that a dataset gives batch by batch: counted in one pass, and read again in each epoch."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import numpy as np

from imbalanced_nn.data.checks import check_features
from imbalanced_nn.data.containers import row_hashes
from imbalanced_nn.exceptions import InvalidParameterError

__all__ = ["StreamedRows", "is_dataset", "streamed"]

# So many rows from the first batches on are kept: networks are looked at with them.
KEPT_ROWS = 100
# Batches that are kept where rows are taken by number.
KEPT_BYTES = 2**26
# The number of batches of a tf.data.Dataset that has no end, and of one that does not tell.
ENDLESS, UNTOLD = -1, -2


def is_dataset(X: Any) -> bool:
    """Whether X is a dataset of Keras or of TensorFlow that gives batches of X and y."""
    return bool({"PyDataset", "DatasetV2"} & {base.__name__ for base in type(X).__mro__})


def streamed(X: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, Any]:
    """Return the rows, labels and weights of a dataset, or refuse others given beside it.

    Parameters
    ----------
    X : keras.utils.PyDataset, tf.data.Dataset or array-like
        Dataset, or rows, which are returned as they are.
    y, sample_weight : array-like or None
        What is given beside it.

    Raises
    ------
    InvalidParameterError
        If something is, or the dataset is not accepted.
    ValueError
        If rows have no labels.
    """
    if not is_dataset(X):
        if y is None:
            raise ValueError("fit requires y to be passed, but the target y is None.")
        return X, y, sample_weight
    for name, given in (("y", y), ("sample_weight", sample_weight)):
        if given is not None:
            raise InvalidParameterError(
                f"X is a {_name(X)}, whose batches hold the labels, and weights where there are "
                f"some: (X, y) or (X, y, weight). Leave {name} out."
            )
    rows = StreamedRows(X)
    return rows, rows.y, rows.weight


class StreamedRows:
    """Rows of a dataset of batches ``(X, y)`` or ``(X, y, weight)``, of which few are in memory.

    The dataset is read once, when this is made, for the shape of its rows, its labels and weights.

    Parameters
    ----------
    dataset : keras.utils.PyDataset or tf.data.Dataset
        With an end. A ``PyDataset`` may have ``labels``, those of all rows in the order of its
        batches: then its rows are the same in every epoch, and can be taken by number.

    Attributes
    ----------
    shape : tuple of int
        Of all rows.
    dtype : dtype
        Of the first batch.
    y, weight : ndarray, ndarray or None
        Labels of all rows, and their weights where there are any.
    hashes : ndarray of uint64 of shape (n_samples,)
        As `row_hashes` gives them.
    n_batches, batch_size : int
        Number of batches, and rows of the largest.

    Raises
    ------
    InvalidParameterError
        If the dataset has no end or no batches, or its batches are not ``(X, y[, weight])`` of
        arrays with as many rows each and of one shape.
    """

    def __init__(self, dataset: Any):
        self._dataset = dataset
        self.n_batches = _number_of_batches(dataset)
        kept: list[np.ndarray] = []
        weights: list[Any] = []
        labels, hashes, sizes = [], [], []
        for number, (X, y, weight) in enumerate(self._read()):
            self._check_like_first(number, X, y, weight)
            if sum(map(len, kept)) < KEPT_ROWS:
                kept.append(np.array(X))
            labels.append(y)
            weights.append(weight)
            hashes.append(row_hashes(X))
            sizes.append(len(X))
        self._first = np.concatenate(kept)
        self.y = np.concatenate(labels)
        self.weight = None if weights[0] is None else np.concatenate(weights)
        self.hashes = np.concatenate(hashes)
        self.batch_size = max(sizes)
        self._ends = np.cumsum(sizes)
        self.shape = (len(self.y), *self._first.shape[1:])
        self.ndim, self.dtype = len(self.shape), self._first.dtype
        self._batches: OrderedDict[int, np.ndarray] = OrderedDict()
        self.has_labels = getattr(dataset, "labels", None) is not None
        if self.has_labels:
            self._check_labels(np.asarray(dataset.labels))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: np.ndarray | slice) -> np.ndarray:
        """Return rows by number: the first ones, those of one pass, or any where it has labels."""
        rows = np.arange(*rows.indices(len(self))) if isinstance(rows, slice) else np.asarray(rows)
        if rows.max(initial=0) < len(self._first):
            return self._first[rows]
        if self.has_labels:
            return self._taken(rows)
        return self._passed(rows)

    @property
    def first(self) -> np.ndarray:
        """Rows of the first batches, at least 100 where there are as many."""
        return self._first

    def epoch(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray | None]]:
        """Yield the batches of one more pass: rows, labels and weights.

        Raises
        ------
        ValueError
            If they are not as many rows as in the first pass, or of other classes.
        """
        n_rows, labels, known = 0, [], np.unique(self.y)
        for X, y, weight in self._read():
            n_rows += len(X)
            if len(unseen := np.setdiff1d(y, known)):
                raise ValueError(
                    f"The dataset gave the label {unseen.tolist()[0]!r}, which it did not hold "
                    f"when its classes were counted; the labels are {known.tolist()}."
                )
            labels.append(y)
            if n_rows > len(self):
                break
            yield X, y, weight
        if n_rows != len(self):
            more = "more" if n_rows > len(self) else f"{n_rows:,}"
            raise ValueError(
                f"The dataset gave {len(self):,} rows when its classes were counted, and now "
                f"{more}. It must give as many in every epoch."
            )
        self._check_counts(np.concatenate(labels))

    def told(self, event: str) -> None:
        """Tell the dataset that an epoch begins or ends, if it wants to know."""
        getattr(self._dataset, event, lambda: None)()

    def _read(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray | None]]:
        """Yield the checked batches of a pass."""
        if hasattr(self._dataset, "as_numpy_iterator"):
            batches: Any = iter(self._dataset)
        else:
            batches = (self._dataset[number] for number in range(self.n_batches))
        for number, batch in enumerate(batches):
            yield _checked(batch, number)

    def _check_like_first(self, number: int, X: Any, y: Any, weight: Any) -> None:
        """Refuse a batch of another form than the first one."""
        form = X.shape[1:], y.shape[1:], weight is None
        if number == 0:
            self._form = form
        if form != self._form:
            raise InvalidParameterError(
                f"Batch {number} of X has rows of shape {X.shape[1:]} and labels of shape "
                f"{y.shape[1:]}{'' if weight is None else ' with weights'}, unlike the first one: "
                f"{self._form[0]} and {self._form[1]}{'' if self._form[2] else ' with weights'}."
            )

    def _check_labels(self, told: np.ndarray) -> None:
        """Refuse ``labels`` that are not those of the batches."""
        if told.shape != self.y.shape or not np.array_equal(told, self.y):
            raise InvalidParameterError(
                f"labels of the {_name(self._dataset)}, of shape {told.shape}, are not those that "
                f"its batches hold, one after the other, of shape {self.y.shape}. Give them in the "
                f"order of the batches, or leave the attribute out."
            )

    def _check_counts(self, y: np.ndarray) -> None:
        """Refuse a pass whose classes were not those that were counted."""
        known = [np.unique(each, axis=0, return_counts=True) for each in (self.y, y)]
        counts = [dict(zip(map(str, labels), n.tolist(), strict=True)) for labels, n in known]
        for label in {**counts[0], **counts[1]}:
            before, n = (each.get(label, 0) for each in counts)
            # A dataset may draw its rows; more than chance is another dataset.
            if not before or abs(n - before) > 5 * before**0.5 + 5:
                raise ValueError(
                    f"The dataset gave {before:,} rows of the label {label} when its classes were "
                    f"counted, and now {n:,}. Shares of the classes must stay what they are."
                )

    def _passed(self, rows: np.ndarray) -> np.ndarray:
        """Return rows of one pass through the dataset."""
        taken = np.empty((len(rows), *self.shape[1:]), self.dtype)
        start = 0
        for X, _, _ in self.epoch():
            here = (rows >= start) & (rows < start + len(X))
            taken[here] = X[rows[here] - start]
            start += len(X)
        return taken

    def _taken(self, rows: np.ndarray) -> np.ndarray:
        """Return any rows, each from its batch."""
        taken = np.empty((len(rows), *self.shape[1:]), self.dtype)
        places = np.searchsorted(self._ends, rows, side="right")
        for number in np.unique(places):
            here = places == number
            start = self._ends[number - 1] if number else 0
            taken[here] = self._batch(int(number))[rows[here] - start]
        return taken

    def _batch(self, number: int) -> np.ndarray:
        """Return the rows of a batch, one of the last ones from memory."""
        if number in self._batches:
            self._batches.move_to_end(number)
            return self._batches[number]
        X, y, _ = _checked(self._dataset[number], number)
        start = self._ends[number - 1] if number else 0
        if not np.array_equal(y, self.y[start : self._ends[number]]):
            raise ValueError(
                f"Batch {number} of the dataset holds other labels than when they were counted. A "
                f"dataset with labels must give the same rows in every epoch."
            )
        self._batches[number] = X
        held = sum(each.nbytes for each in self._batches.values())
        while held > KEPT_BYTES and len(self._batches) > 1:
            held -= self._batches.popitem(last=False)[1].nbytes
        return X


def _name(dataset: Any) -> str:
    return type(dataset).__name__


def _number_of_batches(dataset: Any) -> int:
    """Return how many batches a dataset has, or refuse one that does not end."""
    endless = f"X is a {_name(dataset)} without an end, but its classes have to be counted. "
    if hasattr(dataset, "cardinality"):
        n_batches = int(dataset.cardinality())
        if n_batches == ENDLESS:
            raise InvalidParameterError(f"{endless}Leave .repeat() out, or .take(n_batches).")
        if n_batches == UNTOLD:
            raise InvalidParameterError(
                f"X is a {_name(dataset)} that does not tell how many batches it has, and may have "
                f"no end. Say it: "
                f"dataset.apply(tf.data.experimental.assert_cardinality(n_batches))."
            )
    else:
        n_batches = dataset.num_batches
        if n_batches is None:
            raise InvalidParameterError(f"{endless}Let num_batches be their number.")
    if n_batches < 1:
        raise InvalidParameterError(f"X is a {_name(dataset)} without any batch.")
    return n_batches


def _checked(batch: Any, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return rows, labels and weights of a batch as arrays, or refuse it."""
    if not isinstance(batch, tuple | list) or len(batch) not in (2, 3):
        held = f"{len(batch)} parts" if isinstance(batch, tuple | list) else type(batch).__name__
        raise InvalidParameterError(
            f"Batches of X must be (X, y) or (X, y, weight); batch {number} is {held}."
        )
    for part, what in zip(batch, ("X", "y", "weight"), strict=False):
        if not hasattr(part, "__array__") or not hasattr(part, "shape"):
            raise InvalidParameterError(
                f"{what} of a batch must be one dense array; that of batch {number} is a "
                f"{type(part).__name__}."
            )
    X, y = (np.asarray(part) for part in batch[:2])
    weight = np.asarray(batch[2]) if len(batch) == 3 else None
    if X.ndim < 2 or y.ndim < 1:
        raise InvalidParameterError(
            f"Batch {number} of X has the shape {X.shape} and labels of the shape {y.shape}, which "
            f"is one row and no batch. Write dataset.batch(256)."
        )
    if y.ndim > 2:
        raise InvalidParameterError(
            f"Labels of batch {number} have {y.ndim} dimensions. A dataset gives one label, or one "
            f"row of an indicator, for each row; labels of time steps come in arrays."
        )
    if len(X) != len(y) or (weight is not None and weight.shape != y.shape[:1]):
        given = "" if weight is None else f" and weights of shape {weight.shape}"
        raise InvalidParameterError(
            f"Batch {number} has {len(X)} rows, labels of shape {y.shape}{given}. Each row has one "
            f"label, and one weight where there are weights."
        )
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.dtype == object and all(isinstance(label, bytes) for label in y.flat):
        # TensorFlow's strings.
        y = np.array([label.decode() for label in y.flat], dtype=object).reshape(y.shape)
    if not len(X):
        raise InvalidParameterError(f"Batch {number} of X has no rows. Leave it out.")
    return check_features(X, "fit"), y, weight
