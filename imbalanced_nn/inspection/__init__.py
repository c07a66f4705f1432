"""Reports and displays: what a classifier does on imbalanced data, in numbers and pictures."""

from imbalanced_nn.inspection.calibration_comparison import CalibrationComparisonDisplay
from imbalanced_nn.inspection.class_counts import ClassCountsDisplay
from imbalanced_nn.inspection.comparison import ComparisonDisplay
from imbalanced_nn.inspection.fits import describe_fit
from imbalanced_nn.inspection.history import HistoryDisplay
from imbalanced_nn.inspection.measures import MEASURES
from imbalanced_nn.inspection.prevalence_curve import PrevalenceCurveDisplay
from imbalanced_nn.inspection.report import imbalance_report
from imbalanced_nn.inspection.result import ImbalanceReport
from imbalanced_nn.inspection.threshold_curve import ThresholdCurveDisplay

__all__ = [
    "MEASURES",
    "CalibrationComparisonDisplay",
    "ClassCountsDisplay",
    "ComparisonDisplay",
    "HistoryDisplay",
    "ImbalanceReport",
    "PrevalenceCurveDisplay",
    "ThresholdCurveDisplay",
    "describe_fit",
    "imbalance_report",
]
