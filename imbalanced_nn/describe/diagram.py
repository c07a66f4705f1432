"""scikit-learn's diagram of an estimator, with what was learned beside its parameters."""

from functools import cache
from importlib import resources
from typing import Any

from imbalanced_nn._compat.sklearn import single_box
from imbalanced_nn.describe.class_table import class_table
from imbalanced_nn.describe.html import Markup, definitions, table
from imbalanced_nn.describe.summary import fitted_facts

__all__ = ["FittedDiagram"]


class FittedDiagram:
    """What a fitted estimator adds to its box in scikit-learn's diagrams.

    scikit-learn asks for the table of fitted attributes wherever it draws a fitted estimator,
    inside pipelines and searches too; what was learned comes before it.
    """

    @property
    def _sk_visual_block_(self):
        # With a sampler or a tuner as a parameter, scikit-learn would draw boxes of those, which
        # are not what was fitted, and fold up what was learned.
        if not fitted_facts(self):
            raise AttributeError("scikit-learn draws what is not fitted.")
        return self._one_box

    def _one_box(self):
        """Return scikit-learn's box of an estimator without others inside."""
        return single_box(self)

    def _get_fitted_attr_html(self, doc_link=""):
        """Return what scikit-learn shows of a fitted estimator below its parameters."""
        scikit_learns: Any = super()
        return _Learned(scikit_learns._get_fitted_attr_html(doc_link), _learned(self))


class _Learned:
    """Markup, and scikit-learn's table of fitted attributes below it."""

    def __init__(self, attributes, learned: str):
        self.attributes = attributes
        self.learned = learned

    def __len__(self) -> int:
        return len(self.attributes) or len(self.learned)

    def _repr_html_inner(self) -> str:
        below = self.attributes._repr_html_inner() if len(self.attributes) else ""
        return self.learned + below


def _learned(estimator) -> str:
    """Return what an estimator learned as HTML, nothing of one that is not fitted."""
    facts = fitted_facts(estimator)
    if not facts:
        return ""
    caption, columns, rows = class_table(estimator)
    parts = [
        table(caption, [(name, place > 0) for place, name in enumerate(columns)], rows),
        definitions(facts),
    ]
    # The class is scikit-learn's, for its letters and lines.
    return Markup(
        f'<div class="estimator-table imbalanced-nn"><style>{_style()}</style>\n'
        f"<details open><summary>What was learned</summary>\n" + "\n".join(parts) + "\n"
        "</details></div>"
    )


@cache
def _style() -> str:
    return resources.files(__package__).joinpath("diagram.css").read_text(encoding="utf-8")
