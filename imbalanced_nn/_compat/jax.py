"""Private names of JAX."""

from jax._src import xla_bridge

__all__ = ["is_running"]


def is_running() -> bool:
    """Whether JAX has looked for devices, and so started the threads that compute."""
    return xla_bridge.backends_are_initialized()
