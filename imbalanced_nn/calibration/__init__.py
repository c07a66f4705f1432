"""Probabilities put right: at another prevalence, and from losses that bend them."""

from imbalanced_nn.calibration.posteriors import (
    asymmetric_posterior,
    cost_posterior,
    focal_posterior,
    margin_posterior,
    matching_offset,
    output_for,
)
from imbalanced_nn.calibration.prior import PriorCorrection

__all__ = [
    "PriorCorrection",
    "asymmetric_posterior",
    "cost_posterior",
    "focal_posterior",
    "margin_posterior",
    "matching_offset",
    "output_for",
]
