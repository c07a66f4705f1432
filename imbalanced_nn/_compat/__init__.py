"""The one desk for private names of other packages, a module for each; tests name them all."""

__all__ = [
    "backend",
    "callers",
    "gradient",
    "imblearn",
    "jax",
    "keras",
    "late_variables",
    "scikeras",
    "sklearn",
]
