"""A fit as a value: a plan, trained networks, probabilities, a decision, and their result."""

from imbalanced_nn.fitting.cross_fit import cross_fit
from imbalanced_nn.fitting.decision import Criterion, learns, note_choice_of_positive
from imbalanced_nn.fitting.network_posterior import undone
from imbalanced_nn.fitting.opaque import fit_opaque
from imbalanced_nn.fitting.plan import make_plan, plan_nothing
from imbalanced_nn.fitting.posterior import SMALLEST, Posterior
from imbalanced_nn.fitting.preconditions import announced_classes, check_priors_allowed
from imbalanced_nn.fitting.progress import fit_task
from imbalanced_nn.fitting.records import (
    Decision,
    FitResult,
    HeldOutCounts,
    HeldOutScores,
    Mass,
    SeenRows,
    Shares,
    Target,
)
from imbalanced_nn.fitting.result import (
    FITTED,
    MAY_LACK,
    attributes_of,
    codes_of_decisions,
    finish,
    known_result,
)
from imbalanced_nn.fitting.retuning import bootstrapped, fixed, moved_to, tuned_anew
from imbalanced_nn.fitting.train_once import build_only, train_once

__all__ = [
    "FITTED",
    "MAY_LACK",
    "SMALLEST",
    "Criterion",
    "Decision",
    "FitResult",
    "HeldOutCounts",
    "HeldOutScores",
    "Mass",
    "Posterior",
    "SeenRows",
    "Shares",
    "Target",
    "announced_classes",
    "attributes_of",
    "bootstrapped",
    "build_only",
    "check_priors_allowed",
    "codes_of_decisions",
    "cross_fit",
    "finish",
    "fit_opaque",
    "fit_task",
    "fixed",
    "known_result",
    "learns",
    "make_plan",
    "moved_to",
    "note_choice_of_positive",
    "plan_nothing",
    "train_once",
    "tuned_anew",
    "undone",
]
