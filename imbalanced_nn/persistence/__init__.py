"""Saving to one file that later versions read, and that runs no code when it is loaded."""

from imbalanced_nn.persistence.saving import load, save

__all__ = ["load", "save"]
