"""What a fitted estimator learned: as counts, as sentences, and in scikit-learn's diagram."""

from imbalanced_nn.describe.counts import class_counts
from imbalanced_nn.describe.cut import cut_sentence, cut_summary
from imbalanced_nn.describe.diagram import FittedDiagram
from imbalanced_nn.describe.html import Markup, code_block, definitions, markup, section, table
from imbalanced_nn.describe.summary import fitted_facts

__all__ = [
    "FittedDiagram",
    "Markup",
    "class_counts",
    "code_block",
    "cut_sentence",
    "cut_summary",
    "definitions",
    "fitted_facts",
    "markup",
    "section",
    "table",
]
