"""Modules of scikit-learn and imbalanced-learn by which a fit is told from a search of many."""

__all__ = ["OF_ONE_FIT"]

OF_ONE_FIT: tuple[str, ...] = (
    *("sklearn.base", "sklearn.pipeline", "sklearn.utils._param_validation"),
    *("imblearn.base", "imblearn.pipeline"),
)
"""Modules whose functions stand between a caller and one fit."""
