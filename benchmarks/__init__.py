"""Measurements behind the README's figures; run each as ``python -m benchmarks.NAME``."""
