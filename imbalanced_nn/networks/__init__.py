"""Built-in networks and their layers, registered with Keras."""

from imbalanced_nn.networks.averaging import MeanPosterior, average_network, is_averageable
from imbalanced_nn.networks.builders import (
    NETWORKS,
    adapt,
    columns_for,
    default_network,
    has_column_layers,
    slots,
    slots_of,
)
from imbalanced_nn.networks.column_layers import columns_of
from imbalanced_nn.networks.embeddings import LearnedScale, PeriodicEmbedding
from imbalanced_nn.networks.members import (
    BatchEnsembleDense,
    LinearSkip,
    MemberDropout,
    MemberHeads,
    MemberMean,
    MembersNetwork,
    has_members,
)
from imbalanced_nn.networks.normalization import RobustNormalization
from imbalanced_nn.networks.optimizers import KernelAdamW
from imbalanced_nn.networks.output_layers import looks_up, output_layer, set_output_bias
from imbalanced_nn.networks.ranks import RankNormalization, SpikeIndicators
from imbalanced_nn.networks.tabular import asks_for_rarest
from imbalanced_nn.networks.tails import HeavyTails

__all__ = [
    "NETWORKS",
    "BatchEnsembleDense",
    "HeavyTails",
    "KernelAdamW",
    "LearnedScale",
    "LinearSkip",
    "MeanPosterior",
    "MemberDropout",
    "MemberHeads",
    "MemberMean",
    "MembersNetwork",
    "PeriodicEmbedding",
    "RankNormalization",
    "RobustNormalization",
    "SpikeIndicators",
    "adapt",
    "asks_for_rarest",
    "average_network",
    "columns_for",
    "columns_of",
    "default_network",
    "has_column_layers",
    "has_members",
    "is_averageable",
    "looks_up",
    "output_layer",
    "set_output_bias",
    "slots",
    "slots_of",
]
