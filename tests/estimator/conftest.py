"""What training is given, as the tests of several steps look at it."""

import numpy as np
import pytest

from imbalanced_nn.training import RowBatches


@pytest.fixture
def rows_seen(monkeypatch):
    """The rows of every epoch, in order."""
    seen = []
    begin = RowBatches.on_epoch_begin

    def spy(batches):
        begin(batches)
        seen.append(np.array(batches.rows))

    monkeypatch.setattr(RowBatches, "on_epoch_begin", spy)
    return seen


@pytest.fixture
def weights_given(monkeypatch):
    """The weights of the training rows that networks were given."""
    given = []
    init = RowBatches.__init__

    def spy(batches, X, y, sample_weight, rows, *args, **kwargs):
        init(batches, X, y, sample_weight, rows, *args, **kwargs)
        given.append(None if sample_weight is None else sample_weight[rows])

    monkeypatch.setattr(RowBatches, "__init__", spy)
    return given
