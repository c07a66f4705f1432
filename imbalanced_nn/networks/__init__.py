"""Built-in networks and their layers, registered with Keras."""

from imbalanced_nn.networks.averaging import MeanPosterior, average_network, is_averageable
from imbalanced_nn.networks.builders import NETWORKS, adapt, default_network
from imbalanced_nn.networks.normalization import RobustNormalization
from imbalanced_nn.networks.outputs import looks_up, output_layer, set_output_bias

__all__ = [
    "NETWORKS",
    "MeanPosterior",
    "RobustNormalization",
    "adapt",
    "average_network",
    "default_network",
    "is_averageable",
    "looks_up",
    "output_layer",
    "set_output_bias",
]
