"""`BalancedBatches`: batches that hold an exact number of rows of each class."""

from collections.abc import Callable
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_consistent_length

from imbalanced_nn._compat.sklearn import Interval, validate_parameters
from imbalanced_nn.data import check_target, check_weights, n_rows
from imbalanced_nn.exceptions import InvalidParameterError, warn
from imbalanced_nn.sampling.dataset import balanced_dataset
from imbalanced_nn.sampling.draws import QuotaDraw
from imbalanced_nn.sampling.label_sets import label_sets
from imbalanced_nn.sampling.strategy import Quotas, quotas, target_shares

__all__ = ["BalancedBatches"]

MAX_PASSES = 100


class BalancedBatches(BaseEstimator):
    """Fill every batch with an exact quota of rows of each class.

    Only row numbers are drawn: X may have any number of dimensions, be sparse or memory-mapped,
    and is never copied. Every row of the rare classes is used in each epoch. The largest class
    is dealt like a deck of cards: without replacement, on through the epochs, until all its
    rows were seen. All batches are full; what the last one lacks of a class is filled up with
    rows of that class.

    Parameters
    ----------
    sampling_strategy : "auto", float or dict, default="auto"
        ``"auto"`` gives every class the same number of rows in a batch. A float in (0, 1] is
        the ratio of each class to the largest. A dict maps labels to their shares of a batch;
        labels it leaves out share the rest as they do in the data. Shares are rounded to whole
        rows, at least one of each class, and each batch is filled alike.
    steps_per_epoch : int or None, default=None
        Batches in an epoch. None takes as many as show each row of the rare classes up to a
        hundred times, but no more than the data makes without balancing.
    random_state : int, RandomState or None, default=None
        Seeds the decks. In an estimator None takes the estimator's.

    Attributes
    ----------
    quotas_ : dict
        Rows of each class in a batch, by label; by label set for a multilabel target.
    steps_per_epoch_ : int
        Batches in an epoch.
    coverage_ : dict
        Share of each class's rows that the epochs so far have shown.

    See Also
    --------
    imblearn.keras.BalancedBatchGenerator : Draws once, balanced in expectation only.

    Notes
    -----
    For a multilabel target the label sets that are frequent have quotas, as classes have. All
    others share one quota, in which rows with rare labels are drawn more often, in inverse
    proportion to the frequency of their rarest label (label powerset, F. Charte et al.,
    "Addressing imbalance in multilabel classification", Neurocomputing 163, 2015).

    References
    ----------
    G. H. Nguyen, A. Bouzerdoum, S. L. Phung, "A supervised learning approach for imbalanced
    data sets", ICPR 2008 (balanced batches).

    Examples
    --------
    Alone, for ``Model.fit``:

    >>> import numpy as np
    >>> from imbalanced_nn import BalancedBatches
    >>> X = np.arange(1000, dtype="float32").reshape(500, 2)
    >>> y = np.r_[np.zeros(490), np.ones(10)]
    >>> batches = BalancedBatches({1: 0.25}, random_state=0).dataset(X, y, batch_size=16)
    >>> [int(y_batch.sum()) for _, y_batch in batches][:5]
    [4, 4, 4, 4, 4]

    In the estimator:

    >>> from imbalanced_nn import BalancedKerasClassifier
    >>> clf = BalancedKerasClassifier(sampler="balanced_batches", random_state=0)
    >>> clf = clf.set_params(sampler__sampling_strategy=0.5)
    """

    _parameter_constraints: ClassVar[dict] = {
        "sampling_strategy": "no_validation",  # by target_shares
        "steps_per_epoch": [Interval(Integral, 1, None, closed="left"), None],
        "random_state": ["random_state"],
    }

    def __init__(self, sampling_strategy="auto", *, steps_per_epoch=None, random_state=None):
        self.sampling_strategy = sampling_strategy
        self.steps_per_epoch = steps_per_epoch
        self.random_state = random_state

    def dataset(self, X, y, sample_weight=None, batch_size=32):
        """Return the batches as a data set for ``Model.fit``.

        Parameters
        ----------
        X : array-like, sparse matrix, or list or dict of arrays, of shape (n_samples, ...)
            Rows of any number of dimensions; read batch by batch, never copied or changed.
        y : array-like of shape (n_samples,) or (n_samples, n_classes)
            Numeric labels, a one-hot or a multilabel indicator, as the network takes them.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights handed to the network with each batch; rows of weight 0 are left out.
        batch_size : int, default=32
            Rows in a batch, at least one for each class.

        Returns
        -------
        keras.utils.PyDataset
            Yields ``(X, y)`` or ``(X, y, sample_weight)``. It has ``coverage_``, too, which is
            up to date whenever it is read; that of the sampler when an epoch begins.

        Raises
        ------
        InvalidParameterError
            If a parameter is not accepted or the labels are not numbers.

        Examples
        --------
        >>> import keras
        >>> import numpy as np
        >>> from imbalanced_nn import BalancedBatches
        >>> X, y = np.random.default_rng(0).normal(size=(300, 5, 1)), np.arange(300) % 20 == 0
        >>> model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")])
        >>> model.compile("adam", "binary_crossentropy")
        >>> sampler = BalancedBatches(random_state=0)
        >>> _ = model.fit(sampler.dataset(X, y.astype(int)), epochs=2, verbose=0)
        >>> sampler.quotas_, sampler.coverage_[1]
        ({0: 16, 1: 16}, 1.0)
        """
        validate_parameters(self)
        X = _as_rows(X)
        y = check_target(y, type(self).__name__)
        if y.dtype.kind not in "biuf":
            raise InvalidParameterError(
                f"y must hold numbers, as the network takes them; got the type {y.dtype}. Encode "
                f"the labels with sklearn.preprocessing.LabelEncoder first, or use "
                f"BalancedKerasClassifier(sampler='balanced_batches'), which does."
            )
        check_consistent_length(y, np.empty(n_rows(X)))
        weight = None
        if sample_weight is not None:
            weight = check_weights(sample_weight, X)
        index = np.arange(len(y)) if weight is None else np.flatnonzero(weight)
        codes, classes = _codes(y)
        draw = self.draw(codes[index], classes, index, batch_size)
        return balanced_dataset(self, X, y, weight, draw, batch_size)

    def draw(
        self,
        codes: np.ndarray,
        classes: np.ndarray,
        index: np.ndarray,
        batch_size: int,
        progress: Callable[[int], float] | None = None,
    ) -> QuotaDraw:
        """Return how epochs are drawn from the given rows, and describe it in the attributes.

        Parameters
        ----------
        codes : ndarray of shape (n_rows,) or (n_rows, n_labels)
            Class codes, or the 0/1 indicator of a multilabel target, of the rows.
        classes : ndarray of shape (n_classes,)
            Original labels.
        index : ndarray of int of shape (n_rows,)
            Number of each row in the data.
        batch_size : int
            Rows in a batch.
        progress : callable, default=None
            Maps the number of an epoch to the way gone from the shares of the data (0) to the
            quotas (1); None is all the way.

        Returns
        -------
        QuotaDraw
            The rows of each epoch.
        """
        validate_parameters(self)
        row_weights = {}
        if codes.ndim == 2:
            codes, names, rest = label_sets(codes, classes, batch_size)
            row_weights = {} if rest is None else {len(names) - 1: rest}
        else:
            names = classes
        counts = np.bincount(codes, minlength=len(names))
        shares = target_shares(self.sampling_strategy, counts, names)
        full = quotas(shares, batch_size, counts)
        steps = self._steps(counts, full, batch_size, names)
        order = np.argsort(codes, kind="stable")
        members = np.split(index[order], np.cumsum(counts)[:-1])
        self.quotas_ = dict(zip(_hashable(names), full.tolist(), strict=True))
        self.steps_per_epoch_ = steps
        self._names = _hashable(names)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        each = Quotas(counts, shares, batch_size, progress)
        return QuotaDraw(members, each, steps, seed, row_weights=row_weights)

    def cover(self, draw: QuotaDraw) -> dict:
        """Set ``coverage_`` to what the epochs of a draw have shown so far, and return it.

        Parameters
        ----------
        draw : QuotaDraw
            A draw of `draw`.

        Returns
        -------
        dict of label to float
            Share of each class's rows that were shown.
        """
        self.coverage_ = dict(zip(self._names, draw.coverage().tolist(), strict=True))
        return self.coverage_

    def _steps(self, counts, full, batch_size, names) -> int:
        """Batches in an epoch."""
        present = counts > 0
        passes = -(-counts[present] // full[present])
        # Without the class that takes the longest: the one that goes on through the epochs.
        needed = int(np.sort(passes)[-2:].min())
        if self.steps_per_epoch is None:
            unbalanced = -(-int(counts.sum()) // batch_size)
            return max(needed, min(MAX_PASSES * needed, unbalanced))
        if self.steps_per_epoch < needed:
            lacking = [
                f"{shown} of {n} rows of {label!r}"
                for label, n, shown in zip(
                    _hashable(names), counts, full * self.steps_per_epoch, strict=True
                )
                if shown < n
            ]
            warn(
                "INN009",
                f"steps_per_epoch={self.steps_per_epoch} batches show {', '.join(lacking)} in an "
                f"epoch. {needed} batches show every row of all classes but the largest.",
            )
        return int(self.steps_per_epoch)


def _as_rows(X: Any) -> Any:
    """Return data whose rows can be taken by number."""
    if isinstance(X, dict):
        return {key: _as_rows(part) for key, part in X.items()}
    if isinstance(X, list | tuple) and X and hasattr(X[0], "shape"):
        return type(X)(_as_rows(part) for part in X)
    if hasattr(X, "tocsr"):
        return X.tocsr()
    return X if isinstance(X, np.ndarray) else np.asarray(X)


def _codes(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Class codes and labels of a target, or the indicator and label numbers of several labels."""
    if y.ndim == 1:
        classes, codes = np.unique(y, return_inverse=True)
        return codes, classes
    one_hot = y.ndim == 2 and (y.sum(axis=1) == 1).all() and np.isin(y, (0, 1)).all()
    if one_hot:
        return y.argmax(axis=1), np.arange(y.shape[1])
    if type_of_target(y) != "multilabel-indicator":
        raise InvalidParameterError(
            f"y of shape {y.shape} is neither one label for each row nor a 0/1 indicator. Pass "
            f"labels, a one-hot or a multilabel indicator."
        )
    return y.astype(int), np.arange(y.shape[1])


def _hashable(names: Any) -> list:
    """Labels as keys of a dict."""
    return names.tolist() if isinstance(names, np.ndarray) else list(names)
