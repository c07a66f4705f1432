"""Reports as self-contained HTML pages."""

from imbalanced_nn.report.comparison_curves import winner
from imbalanced_nn.report.evaluation_page import write_evaluation
from imbalanced_nn.report.page import render_report, write_report

__all__ = ["render_report", "winner", "write_evaluation", "write_report"]
