"""The one desk for private names of other packages, a module for each; tests name them all."""

__all__ = [
    "adam",
    "backend",
    "callers",
    "gradient",
    "imblearn",
    "jax",
    "joined",
    "keras",
    "late_variables",
    "scikeras",
    "sklearn",
    "tensorflow",
]
