"""X, y, weights and groups as they are given: checks, targets, rows, held-out parts."""

from imbalanced_nn.data.checks import (
    check_features,
    check_groups,
    check_labels,
    check_target,
    check_weights,
    dense,
    n_rows,
    refuse_streams,
    row_blocks,
    row_bytes,
    row_hashes,
    take_rows,
    validation_tuple,
)
from imbalanced_nn.data.duplicates import (
    MANY_COPIES,
    content_hashes,
    copies_message,
    counts_message,
    duplicate_groups,
    leaked_copies,
)
from imbalanced_nn.data.offsets import note_offsets
from imbalanced_nn.data.rows import Rows, StackedRows, TimestepRows, counted_rows
from imbalanced_nn.data.splits import USUAL_SHARE, deal_folds, hold_out_rows, split_rows
from imbalanced_nn.data.streams import StreamedRows, is_dataset, streamed
from imbalanced_nn.data.target import (
    KINDS,
    class_codes,
    class_probabilities,
    fill_padding,
    n_output_units,
    positive_code,
    sequence_strata,
)

__all__ = [
    "KINDS",
    "MANY_COPIES",
    "USUAL_SHARE",
    "Rows",
    "StackedRows",
    "StreamedRows",
    "TimestepRows",
    "check_features",
    "check_groups",
    "check_labels",
    "check_target",
    "check_weights",
    "class_codes",
    "class_probabilities",
    "content_hashes",
    "copies_message",
    "counted_rows",
    "counts_message",
    "deal_folds",
    "dense",
    "duplicate_groups",
    "fill_padding",
    "hold_out_rows",
    "is_dataset",
    "leaked_copies",
    "n_output_units",
    "n_rows",
    "note_offsets",
    "positive_code",
    "refuse_streams",
    "row_blocks",
    "row_bytes",
    "row_hashes",
    "sequence_strata",
    "split_rows",
    "streamed",
    "take_rows",
    "validation_tuple",
]
