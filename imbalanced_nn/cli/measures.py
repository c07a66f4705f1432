"""How good answers are: the measures that ``evaluate`` shows."""

__all__ = ["measures"]


def measures(codes, decided, proba, classes, positive) -> dict:
    """Return measures of all rows and of each class, as JSON's types.

    Parameters
    ----------
    codes, decided : ndarray of shape (n_samples,)
        Codes of the true classes and of those decided for.
    proba : ndarray of shape (n_samples, n_classes)
        Probabilities.
    classes : list
        Labels.
    positive : int or None
        Code of the positive class of two.

    Returns
    -------
    dict
        ``overall``, from names to numbers; ``classes``, a list of one dictionary for each;
        ``confusion``, counts with rows true and columns decided. What has no value for want of
        rows is None.
    """
    import numpy as np
    from imblearn.metrics import geometric_mean_score
    from sklearn import metrics

    from imbalanced_nn.metrics import (
        average_precision,
        break_even_point,
        class_balance_accuracy_score,
    )

    names = range(len(classes))
    kind = "multiclass" if positive is None else "binary"
    present = np.unique(codes)
    proba = proba.astype(np.float64)
    overall = {
        "average_precision": average_precision(codes, proba, kind, positive=positive),
        "roc_auc": _roc_auc(codes, proba, present, positive),
        "balanced_accuracy": np.mean([np.mean(decided[codes == k] == k) for k in present]),
        "f1": _f1(codes, decided, present, positive),
        "matthews_corrcoef": _mcc(codes, decided),
        "geometric_mean": geometric_mean_score(codes, decided, labels=present),
        "class_balance_accuracy": class_balance_accuracy_score(codes, decided),
        "log_loss": metrics.log_loss(codes, _normalised(proba), labels=list(names)),
        "brier_score": np.mean(np.sum((proba - np.eye(len(classes))[codes]) ** 2, axis=1)) / 2,
        "accuracy": np.mean(codes == decided),
    }
    if positive is not None and (codes == positive).any():
        score = break_even_point(codes, proba[:, positive], pos_label=positive)
        overall["break_even_point"] = score
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        codes, decided, labels=list(names), zero_division=np.nan
    )
    rows = [
        {
            "class": classes[k],
            "rows": int(support[k]),
            "precision": _plain(precision[k]),
            "recall": _plain(recall[k]),
            "f1": _plain(f1[k]),
            "average_precision": _plain(
                average_precision(codes == k, proba[:, k], "binary") if support[k] else np.nan
            ),
        }
        for k in names
    ]
    confusion = metrics.confusion_matrix(codes, decided, labels=list(names))
    return {
        "overall": {name: _plain(value) for name, value in overall.items()},
        "classes": rows,
        "confusion": confusion.tolist(),
    }


def _roc_auc(codes, proba, present, positive):
    """Return the area under the curve, of several classes the mean of each against the others."""
    from sklearn.metrics import roc_auc_score

    if len(present) < 2:
        return float("nan")
    columns = present if positive is None else [positive]
    return sum(roc_auc_score(codes == k, proba[:, k]) for k in columns) / len(columns)


def _mcc(codes, decided):
    """Return Matthews' correlation, 0 where there is but one class to tell."""
    from sklearn.metrics import matthews_corrcoef

    one_class = (codes == codes[0]).all() and (decided == codes[0]).all()
    return 0.0 if one_class else matthews_corrcoef(codes, decided)


def _f1(codes, decided, present, positive):
    """Return the F1 score of the positive class, of several the mean over those with rows."""
    from sklearn.metrics import f1_score

    labels = list(present) if positive is None else [positive]
    return f1_score(codes, decided, labels=labels, average="macro", zero_division=0.0)


def _normalised(proba):
    """Return probabilities that sum to 1 in float64."""
    return proba / proba.sum(axis=1, keepdims=True)


def _plain(value) -> float | None:
    """Return a float, None in the place of not a number."""
    return None if value != value else float(value)
