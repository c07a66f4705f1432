"""What a program of whole epochs is fed with: rows as tensors, and which of them in which order."""

from typing import Any

import numpy as np

from imbalanced_nn.training.backends import tensors
from imbalanced_nn.training.batches import RowBatches
from imbalanced_nn.training.held_out import HeldOutPass

__all__ = ["Feed"]


class Feed:
    """Rows of one network's training as its program takes them.

    Parameters
    ----------
    program : EpochProgram
        That trains the network.
    batches : RowBatches
        What to train on.
    data : tuple
        Inputs and targets of ``batches``, all of them or the first block.

    Attributes
    ----------
    tensors : list
        Inputs and targets.
    judged : list
        What the program judges after each epoch, or nothing.
    is_fixed : bool
        Whether inputs are what fixed layers have made of them.
    """

    def __init__(self, program: Any, batches: RowBatches, data: tuple[Any, ...]):
        self.batches = batches
        self._program, self._source = program, batches.X
        self.tensors = list(map(tensors.as_data, data))
        self.judged: list[Any] = []
        self.is_fixed = False

    def judge(self, held_out: HeldOutPass | None) -> None:
        """Let the program judge rows after each epoch, where one call can judge them all."""
        if held_out is not None and self.batches.is_whole:
            self.judged = self._program.judged(held_out.tensors)

    def fix(self) -> None:
        """Let what comes before all that is trained be computed once for all epochs."""
        self.is_fixed = True
        for parts in (self.tensors, self.judged):
            parts[:1] = map(self._program.fixed, parts[:1])

    def draw(self, one_batch: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Begin an epoch; return the weights and numbers of its rows, or of its first batch."""
        batches = self.batches
        batches.on_epoch_begin()
        if batches.X is not self._source:
            # Other synthetic rows stand behind the data.
            self._source = batches.X
            self.tensors = list(map(tensors.as_data, batches.whole()))
            if self.is_fixed:
                self.tensors[0] = self._program.fixed(self.tensors[0])
        rows = batches.rows[: batches.batch_size] if one_batch else batches.rows
        return batches.epoch_weight()[: len(rows)], rows
