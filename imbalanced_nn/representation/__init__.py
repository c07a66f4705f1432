"""What a fitted estimator learned: as counts, as sentences, and in scikit-learn's diagram."""

from imbalanced_nn.representation.counts import class_counts
from imbalanced_nn.representation.cuts import cut_sentence, cut_summary
from imbalanced_nn.representation.diagram import FittedDiagram
from imbalanced_nn.representation.facts import fitted_facts

__all__ = ["FittedDiagram", "class_counts", "cut_sentence", "cut_summary", "fitted_facts"]
