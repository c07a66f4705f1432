"""Training and prediction with Keras: seeds, batches of rows, held-out scores, forward pass."""

from imbalanced_nn.training.batches import RowBatches
from imbalanced_nn.training.callbacks import AVERAGE_PRECISION, HeldOutMonitor, held_out_scores
from imbalanced_nn.training.engine import evaluates_plainly, forward, loss_value
from imbalanced_nn.training.seeds import draw_seed, seeded

__all__ = [
    "AVERAGE_PRECISION",
    "HeldOutMonitor",
    "RowBatches",
    "draw_seed",
    "evaluates_plainly",
    "forward",
    "held_out_scores",
    "loss_value",
    "seeded",
]
