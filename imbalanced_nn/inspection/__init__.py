"""Reports and displays: what a classifier does on imbalanced data, in numbers and pictures."""

from imbalanced_nn.inspection.calibration_comparison import CalibrationComparisonDisplay
from imbalanced_nn.inspection.class_counts import ClassCountsDisplay
from imbalanced_nn.inspection.comparison import ComparisonDisplay
from imbalanced_nn.inspection.display import (
    Display,
    class_name,
    log_ticks,
    look,
    shortened_middle,
    tidy,
    wrapped,
)
from imbalanced_nn.inspection.fit_in_words import describe_fit
from imbalanced_nn.inspection.history import HistoryDisplay
from imbalanced_nn.inspection.imbalance_report import ImbalanceReport
from imbalanced_nn.inspection.importances import (
    ColumnImportance,
    affordable,
    column_importance,
    drawn_rows,
)
from imbalanced_nn.inspection.predictions import Predictions
from imbalanced_nn.inspection.prevalence_curve import PrevalenceCurveDisplay
from imbalanced_nn.inspection.ranked_rows import (
    MOST_CLASSES,
    RANKED_SHARES,
    found_at_shares,
    ranked,
    rarest,
)
from imbalanced_nn.inspection.report import imbalance_report, report_on
from imbalanced_nn.inspection.report_html import estimate_text, report_tables
from imbalanced_nn.inspection.report_table import report_parts
from imbalanced_nn.inspection.threshold_curve import ThresholdCurveDisplay
from imbalanced_nn.inspection.widths import fitted, natural_width, one_line
from imbalanced_nn.metrics import MEASURES

__all__ = [
    "MEASURES",
    "MOST_CLASSES",
    "RANKED_SHARES",
    "CalibrationComparisonDisplay",
    "ClassCountsDisplay",
    "ColumnImportance",
    "ComparisonDisplay",
    "Display",
    "HistoryDisplay",
    "ImbalanceReport",
    "Predictions",
    "PrevalenceCurveDisplay",
    "ThresholdCurveDisplay",
    "affordable",
    "class_name",
    "column_importance",
    "describe_fit",
    "drawn_rows",
    "estimate_text",
    "fitted",
    "found_at_shares",
    "imbalance_report",
    "log_ticks",
    "look",
    "natural_width",
    "one_line",
    "ranked",
    "rarest",
    "report_on",
    "report_parts",
    "report_tables",
    "shortened_middle",
    "tidy",
    "wrapped",
]
