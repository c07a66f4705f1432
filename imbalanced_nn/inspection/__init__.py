"""Reports and displays: what a classifier does on imbalanced data, in numbers and pictures."""

from imbalanced_nn.inspection.measures import MEASURES
from imbalanced_nn.inspection.report import ImbalanceReport, imbalance_report

__all__ = ["MEASURES", "ImbalanceReport", "imbalance_report"]
