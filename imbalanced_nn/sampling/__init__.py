"""Resampling of training rows: names, index paths for any shape, synthetic rows."""

from imbalanced_nn.sampling.names import SAMPLERS, make_sampler
from imbalanced_nn.sampling.resample import redraws, resample

__all__ = ["SAMPLERS", "make_sampler", "redraws", "resample"]
