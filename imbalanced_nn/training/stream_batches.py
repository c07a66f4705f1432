"""Batches as a dataset of the user's gives them, weighed by class."""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from imbalanced_nn.data import StreamedRows
from imbalanced_nn.training.batches import _as_weights, _equal_within_batches, as_network_input

__all__ = ["StreamBatches"]


class StreamBatches(keras.utils.PyDataset):
    """One pass through a dataset for each epoch, in its own batches and order.

    Parameters
    ----------
    stream : StreamedRows
        The dataset.
    encode : callable
        Returns labels as the network takes them.
    weigh : callable or None
        Returns the weights in the loss, of labels as the network takes them and of weights that
        the dataset gives; None where all are 1.
    classes : callable or None, default=None
        Returns the codes of labels as the network takes them, where each batch is to weigh its
        classes equally.
    first_epoch : int, default=0
        Number of the first epoch.

    Attributes
    ----------
    epoch : int
        Number of the epoch.
    fault : Exception or None
        Why the dataset could not be read, which Keras would tell in its own words.
    """

    def __init__(
        self,
        stream: StreamedRows,
        encode: Callable[[np.ndarray], np.ndarray],
        weigh: Callable[[np.ndarray, np.ndarray | None], np.ndarray] | None,
        classes: Callable[[np.ndarray], np.ndarray] | None = None,
        first_epoch: int = 0,
    ):
        super().__init__()
        self._stream, self._encode = stream, encode
        self._weigh, self._classes = weigh, classes
        self._pass: Iterator[tuple] = iter(())
        self._next = -1
        self.batch_size = stream.batch_size
        self.epoch = first_epoch - 1
        self.fault: Exception | None = None

    def __len__(self) -> int:
        return self._stream.n_batches

    def __getitem__(self, index: int) -> tuple:
        # Keras looks at the first batches before it begins.
        if index != self._next:
            self._pass, self._next = self._stream.epoch(), 0
        try:
            while self._next < index:
                next(self._pass)
                self._next += 1
            X, y, weight = next(self._pass)
            self._next += 1
            if self._next == len(self):
                # What the whole pass was like shows after its last batch.
                next(self._pass, None)
            return self._ready(X, y, weight)
        except Exception as error:
            self.fault = error
            raise

    def _ready(self, X: Any, y: np.ndarray, weight: np.ndarray | None) -> tuple:
        """Return a batch as the network takes it."""
        y = self._encode(y)
        batch = as_network_input(X), y
        weight = None if self._weigh is None else _as_weights(self._weigh(y, weight))
        if self._classes is not None:
            weight = _equal_within_batches(self._classes(y), weight, len(y))
        return batch if weight is None else (*batch, weight)

    def on_epoch_begin(self) -> None:
        """Begin the next epoch."""
        self.epoch += 1
        self._stream.told("on_epoch_begin")

    def on_epoch_end(self) -> None:
        """End the epoch."""
        self._stream.told("on_epoch_end")
