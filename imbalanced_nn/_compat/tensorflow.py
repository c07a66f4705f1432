"""Private names of TensorFlow."""

from typing import Any

__all__ = ["give_name"]


def give_name(variable: Any, name: str) -> None:
    """Let a variable that was made outside of graphs say that it has a name."""
    variable._handle_name = f"{name}:0"
