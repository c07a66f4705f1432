"""Rows of each class before and after each step of a fit."""

import numpy as np

__all__ = ["class_counts"]


def class_counts(estimator) -> dict[str, np.ndarray]:
    """Return the rows, or weight, of each class after each step of a fit, in order.

    Parameters
    ----------
    estimator : BalancedKerasClassifier
        Fitted, to a target whose classes it knows.

    Returns
    -------
    dict of str to ndarray of shape (n_classes,)
        All rows; the training rows, where others were held out; the rows of an epoch after the
        sampler; the weight of each class in the loss, at as many rows. Of a multilabel target
        the positives of each label are counted, with time steps the steps.
    """
    counts = {"all rows": np.asarray(estimator.class_count_)}
    training = np.asarray(estimator.class_count_, dtype=float)
    result = estimator.fit_result_
    held_out = result.judged_by
    # In cross-fitting each row is held out from one network and trained on by the others.
    if held_out is not None and held_out.folds == 1 and len(estimator.validation_indices_):
        training = training - held_out.class_count
        counts["training rows"] = training
    n_rows = training.sum() if result.target.steps else len(estimator.sample_indices_)
    in_loss = result.shares.in_loss * n_rows
    if hasattr(estimator, "head_history_"):
        return counts | {"last layer's loss": in_loss}
    weighted = estimator.class_weight_ is not None
    # A sampler of the user's own is not in a file. Of labels the weights of positives and
    # negatives do not come apart again.
    sampled = getattr(estimator, "sampler_", estimator.sampler) not in (None, "passthrough")
    if sampled and not (weighted and result.target.kind == "multilabel"):
        weights = np.array(list(estimator.class_weight_.values())) if weighted else np.ones(1)
        drawn = np.divide(in_loss, weights, out=np.zeros_like(in_loss), where=weights > 0)
        counts["after the sampler"] = drawn * (in_loss.sum() / drawn.sum())
    if weighted:
        counts["weighted in the loss"] = in_loss
    return counts
