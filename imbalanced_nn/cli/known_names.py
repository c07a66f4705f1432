"""Names that options take, spelled out, so that a wrong one is refused before any library loads.

A test holds them to those of the package.
"""

from collections.abc import Sequence

from imbalanced_nn.cli.refusals import UsageRefusal

__all__ = ["RATES", "SAMPLERS", "STRATEGIES", "check_given_name"]

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
