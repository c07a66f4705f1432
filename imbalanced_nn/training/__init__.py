"""Training and prediction with Keras: epochs in one graph, programs kept for the next fit."""

from imbalanced_nn.training.batches import RowBatches, as_network_input
from imbalanced_nn.training.cache import clear_programs
from imbalanced_nn.training.callbacks import (
    AVERAGE_PRECISION,
    DeferredReweighting,
    EpochTasks,
    HeldOutMonitor,
    StopOn,
    check_finite,
    held_out_scores,
    weights_to_restore,
)
from imbalanced_nn.training.engine import forward
from imbalanced_nn.training.fixed_batches import carried_states, fixed_batch_size
from imbalanced_nn.training.forks import refuse_after_fork
from imbalanced_nn.training.given_metrics import (
    copy_of,
    metrics_of_a_fit,
    numbered_afresh,
    unnumbered,
)
from imbalanced_nn.training.graph import GraphTrainer
from imbalanced_nn.training.held_out import HeldOutPass
from imbalanced_nn.training.late_optimizer import extend_optimizer, reset_new_slots
from imbalanced_nn.training.seeds import draw_seed, seeded
from imbalanced_nn.training.suitability import needs_evaluation, unsuitable
from imbalanced_nn.training.variables import variables_alike
from imbalanced_nn.training.workers import share_threads

__all__ = [
    "AVERAGE_PRECISION",
    "DeferredReweighting",
    "EpochTasks",
    "GraphTrainer",
    "HeldOutMonitor",
    "HeldOutPass",
    "RowBatches",
    "StopOn",
    "as_network_input",
    "carried_states",
    "check_finite",
    "clear_programs",
    "copy_of",
    "draw_seed",
    "extend_optimizer",
    "fixed_batch_size",
    "forward",
    "held_out_scores",
    "metrics_of_a_fit",
    "needs_evaluation",
    "numbered_afresh",
    "refuse_after_fork",
    "reset_new_slots",
    "seeded",
    "share_threads",
    "unnumbered",
    "unsuitable",
    "variables_alike",
    "weights_to_restore",
]
