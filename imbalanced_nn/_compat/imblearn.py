"""Private names of imbalanced-learn."""

from typing import Any

__all__ = ["sampling_type"]


def sampling_type(sampler: Any) -> str | None:
    """Return what a sampler does, such as "over-sampling"; None of one that does not tell."""
    return getattr(sampler, "_sampling_type", None)
