"""Probabilities put right: at another prevalence, from losses that bend them, by held-out rows."""

from imbalanced_nn.calibration.calibrators import Calibrator, fit_calibrator
from imbalanced_nn.calibration.in_the_large import odds_factors, weighted_means
from imbalanced_nn.calibration.posteriors import (
    asymmetric_posterior,
    binary_focal_posterior,
    cost_posterior,
    focal_posterior,
    margin_posterior,
    smoothing_posterior,
)
from imbalanced_nn.calibration.prior_correction import PriorCorrection
from imbalanced_nn.calibration.priors import check_priors, estimate_priors
from imbalanced_nn.calibration.solving import matching_offset, output_for
from imbalanced_nn.threshold import chow_reject

__all__ = [
    "Calibrator",
    "PriorCorrection",
    "asymmetric_posterior",
    "binary_focal_posterior",
    "check_priors",
    "chow_reject",
    "cost_posterior",
    "estimate_priors",
    "fit_calibrator",
    "focal_posterior",
    "margin_posterior",
    "matching_offset",
    "odds_factors",
    "output_for",
    "smoothing_posterior",
    "weighted_means",
]
