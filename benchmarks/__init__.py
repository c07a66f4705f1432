"""Measurements behind the figures of README and docs; run each as ``python -m benchmarks.NAME``."""
