"""Intervals of mean differences between strategies that share their folds."""

import numpy as np

__all__ = ["corrected_intervals"]


def corrected_intervals(paired, ratios, confidence_level: float, n_comparisons: int):
    """Return mean and interval of paired differences, by the corrected resampled t-test.

    Parameters
    ----------
    paired : DataFrame of shape (n_folds, n_strategies)
        Difference in every fold; NaN where a strategy was not fitted.
    ratios : array-like of shape (n_folds,)
        Test rows per training row of every fold.
    confidence_level : float
        Probability that all of ``n_comparisons`` intervals hold together.
    n_comparisons : int
        Intervals that share the error probability (Bonferroni).

    Returns
    -------
    DataFrame
        Columns ``mean``, ``low`` and ``high``, a row for each strategy. The ends are NaN for
        one fold.

    References
    ----------
    C. Nadeau and Y. Bengio, "Inference for the Generalization Error", Machine Learning 52,
    239-281, 2003.
    """
    import pandas as pd
    from scipy.stats import t

    fitted = paired.notna()
    n_folds = fitted.sum()
    ratio = fitted.mul(np.asarray(ratios), axis=0).sum() / n_folds
    tail = (1 - confidence_level) / 2 / max(1, n_comparisons)
    margin = t.isf(tail, n_folds - 1) * paired.std(ddof=1) * np.sqrt(1 / n_folds + ratio)
    mean = paired.mean()
    return pd.DataFrame({"mean": mean, "low": mean - margin, "high": mean + margin})
