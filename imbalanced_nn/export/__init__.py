"""Models that leave home: one ONNX graph from rows to labels and probabilities."""

from imbalanced_nn.export.writing import check_installed, export_onnx, inputs_of, onnx_bytes

__all__ = ["check_installed", "export_onnx", "inputs_of", "onnx_bytes"]
