"""Names that options take, spelled out, so that a wrong one is refused before any library loads.

A test holds them to those of the package.
"""

import re
from collections.abc import Sequence
from importlib.util import find_spec

from imbalanced_nn.cli.refusals import UsageRefusal

__all__ = [
    "BASELINES",
    "KERAS_LOSSES",
    "LOSSES",
    "OBJECTIVES",
    "RATES",
    "SAMPLERS",
    "STRATEGIES",
    "check_given_name",
    "check_loss",
    "check_objective",
    "check_package",
]

STRATEGIES = (
    *("none", "class_weight", "random_over", "random_under", "smote", "tempered_weight"),
    *("balanced_batches", "focal", "logit_adjusted", "two_stage"),
)
SAMPLERS = (
    *("adasyn", "random_over", "kmeans_smote", "smote", "borderline_smote", "svm_smote"),
    *("smote_nc", "smote_n", "cluster_centroids", "random_under", "instance_hardness_threshold"),
    *("near_miss", "tomek_links", "edited_nearest_neighbours"),
    *("repeated_edited_nearest_neighbours", "all_knn", "one_sided_selection"),
    *("condensed_nearest_neighbour", "neighbourhood_cleaning_rule", "smote_enn", "smote_tomek"),
    "balanced_batches",
)
RATES = (
    *("precision", "recall", "specificity", "false_positive_rate", "alert_rate"),
    "alert_count",
)
BASELINES = ("logistic_regression", "gradient_boosting", "lightgbm", "xgboost", "catboost")
LOSSES = (
    *("asymmetric", "balanced_softmax", "cost_sensitive", "focal", "ldam", "logit_adjusted"),
    "pairwise_auc",
)
KERAS_LOSSES = (
    *("binary_crossentropy", "binary_focal_crossentropy", "categorical_crossentropy"),
    *("categorical_focal_crossentropy", "categorical_generalized_cross_entropy"),
    *("categorical_hinge", "circle", "cosine_similarity", "ctc", "dice", "hinge", "huber"),
    *("kl_divergence", "log_cosh", "mean_absolute_error", "mean_absolute_percentage_error"),
    *("mean_squared_error", "mean_squared_logarithmic_error", "poisson"),
    *("sparse_categorical_crossentropy", "squared_hinge", "tversky"),
)
OBJECTIVES = (
    *("accuracy", "balanced_accuracy", "break_even", "class_balance_accuracy", "cohen_kappa"),
    *("f0.5", "f0.5_macro", "f0.5_micro", "f0.5_weighted", "f1", "f1_macro", "f1_micro"),
    *("f1_weighted", "f2", "f2_macro", "f2_micro", "f2_weighted", "geometric_mean", "jaccard"),
    *("jaccard_macro", "jaccard_micro", "jaccard_weighted", "matthews_corrcoef", "mcc"),
    *("precision_micro", "recall_macro", "recall_micro", "recall_weighted", "youden"),
)
_RANKING = ("auc", "average_precision", "log_loss", "brier", "top_k_accuracy")
# Of any other beta, or risk.
_FAMILIES = re.compile(
    r"f(?=[\d.]*[1-9])\d*\.?\d+(_(macro|micro|weighted))?|net_benefit_0?\.\d*[1-9]\d*"
)


def check_given_name(what: str, name: str | None, known: Sequence[str]) -> None:
    """Refuse a name that is not known.

    Parameters
    ----------
    what : str
        What it is the name of.
    name : str or None
        The name, None where none was given.
    known : sequence of str
        Those that there are.
    """
    if name is not None and name not in known:
        from imbalanced_nn.exceptions import nearest_name

        raise UsageRefusal(
            f"There is no {what} {name!r}; known are {', '.join(known)}."
            + nearest_name(name, known)
        )


def check_objective(name: str, has_constraint: bool) -> None:
    """Refuse what no threshold can be learned for.

    Parameters
    ----------
    name : str
        Of the objective.
    has_constraint : bool
        Whether a constraint is given, too.
    """
    if name in ("precision", "recall"):
        if has_constraint:
            return
        extreme = "every row is" if name == "recall" else "only the surest rows are"
        other = "precision" if name == "recall" else "recall"
        raise UsageRefusal(
            f"The objective {name!r} by itself is highest where {extreme} flagged. Add "
            f"--constraint {other} 0.8, or give {'f2' if name == 'recall' else 'f0.5'}."
        )
    if any(stem in name for stem in _RANKING):
        raise UsageRefusal(
            f"The objective {name!r} scores rankings or probabilities and does not depend on the "
            f"threshold. Give one of the decisions, such as balanced_accuracy or f1_macro."
        )
    if not _FAMILIES.fullmatch(name):
        check_given_name("objective", name, OBJECTIVES)


def check_loss(name: str | None) -> None:
    """Refuse the name of a loss that is neither this package's nor Keras'."""
    if name == "cost_sensitive":
        raise UsageRefusal(
            "--loss cost_sensitive needs costs of its own, which can be given in Python only. "
            "Leave it out and give --cost-matrix: the threshold then minimises the costs."
        )
    # Keras knows its losses by the names of their classes, too.
    classes = {"".join(map(str.capitalize, each.split("_"))) for each in KERAS_LOSSES}
    if name is not None and name not in (classes - {"Ctc", "KlDivergence"}) | {
        "CTC",
        "KLDivergence",
    }:
        check_given_name("loss", name, (*LOSSES, *KERAS_LOSSES))


def check_package(option: str, name: str) -> None:
    """Refuse a model whose package is not installed.

    Parameters
    ----------
    option : str
        By which it was given.
    name : str
        Of the model, and of its package where that is not scikit-learn.
    """
    if name not in BASELINES[:2] and find_spec(name) is None:
        raise UsageRefusal(f"{option} {name} is not installed: pip install {name}.")
