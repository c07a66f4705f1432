"""Training and prediction with Keras: epochs in one graph, programs kept for the next fit."""

from imbalanced_nn.training.backends import tensors
from imbalanced_nn.training.batches import RowBatches, as_network_input
from imbalanced_nn.training.cache import clear_programs
from imbalanced_nn.training.callbacks import (
    AVERAGE_PRECISION,
    PRECISION_BY_LOSS,
    DeferredReweighting,
    EpochFollower,
    EpochTasks,
    HeldOutMonitor,
    HighestRatio,
    LeastLossWithinError,
    StopOn,
    check_finite,
    held_out_scores,
    weights_to_restore,
)
from imbalanced_nn.training.defaults import (
    OF_BUILT_IN,
    OF_CLASSES,
    OF_OWN,
    OF_TABLES,
    TrainingDefaults,
)
from imbalanced_nn.training.eligibility import (
    needs_evaluation,
    slower,
    unsuitable,
    watches_predictions,
)
from imbalanced_nn.training.extended_optimizer import extend_optimizer, reset_new_slots
from imbalanced_nn.training.fixed_batches import carried_states, fixed_batch_size
from imbalanced_nn.training.forward_pass import forward
from imbalanced_nn.training.fresh_start import NotRepeatable
from imbalanced_nn.training.given_metrics import (
    copy_of,
    metrics_of_a_fit,
    numbered_afresh,
    unnumbered,
)
from imbalanced_nn.training.global_draws import layer_classes
from imbalanced_nn.training.graph import GraphTrainer, ready_for_keras
from imbalanced_nn.training.held_out import HeldOutPass
from imbalanced_nn.training.lent_networks import (
    LentNetwork,
    ShelvedNetwork,
    place_of_variables,
)
from imbalanced_nn.training.own_code import is_known, token_of
from imbalanced_nn.training.process import refuse_after_fork, seed_of, seeded, share_threads
from imbalanced_nn.training.repeatable import only_builds
from imbalanced_nn.training.shelf import SHELF
from imbalanced_nn.training.side_by_side import (
    Side,
    SideBySide,
    may_train_together,
    side_by_side,
)
from imbalanced_nn.training.stream_batches import StreamBatches
from imbalanced_nn.training.told import untold

drawing, variables_alike = tensors.drawing, tensors.variables_alike

__all__ = [
    "AVERAGE_PRECISION",
    "OF_BUILT_IN",
    "OF_CLASSES",
    "OF_OWN",
    "OF_TABLES",
    "PRECISION_BY_LOSS",
    "SHELF",
    "DeferredReweighting",
    "EpochFollower",
    "EpochTasks",
    "GraphTrainer",
    "HeldOutMonitor",
    "HeldOutPass",
    "HighestRatio",
    "LeastLossWithinError",
    "LentNetwork",
    "NotRepeatable",
    "RowBatches",
    "ShelvedNetwork",
    "Side",
    "SideBySide",
    "StopOn",
    "StreamBatches",
    "TrainingDefaults",
    "as_network_input",
    "carried_states",
    "check_finite",
    "clear_programs",
    "copy_of",
    "drawing",
    "extend_optimizer",
    "fixed_batch_size",
    "forward",
    "held_out_scores",
    "is_known",
    "layer_classes",
    "may_train_together",
    "metrics_of_a_fit",
    "needs_evaluation",
    "numbered_afresh",
    "only_builds",
    "place_of_variables",
    "ready_for_keras",
    "refuse_after_fork",
    "reset_new_slots",
    "seed_of",
    "seeded",
    "share_threads",
    "side_by_side",
    "slower",
    "token_of",
    "unnumbered",
    "unsuitable",
    "untold",
    "variables_alike",
    "watches_predictions",
    "weights_to_restore",
]
