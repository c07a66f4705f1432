"""Resampling of training rows: names, index paths for any shape, balanced batches, redraws."""

from imbalanced_nn.data import duplicate_groups
from imbalanced_nn.sampling.balanced_batches import BalancedBatches
from imbalanced_nn.sampling.draws import Draw
from imbalanced_nn.sampling.metadata import resample_rows
from imbalanced_nn.sampling.named_samplers import SAMPLERS, make_sampler
from imbalanced_nn.sampling.redraw import balancing_progress, redraws
from imbalanced_nn.sampling.resample import resample

__all__ = [
    "SAMPLERS",
    "BalancedBatches",
    "Draw",
    "balancing_progress",
    "duplicate_groups",
    "make_sampler",
    "redraws",
    "resample",
    "resample_rows",
]
