"""A fit of rows that come batch by batch: what needs them in memory, how batches are weighed."""

from typing import Any

import numpy as np

from imbalanced_nn.data import StreamedRows, class_codes
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.fitting.balancing import Balanced
from imbalanced_nn.sampling import BalancedBatches, make_sampler
from imbalanced_nn.training import StreamBatches, fixed_batch_size
from imbalanced_nn.wrapper import NetworkFactory

__all__ = ["check_streamed", "weighed_batches"]


def check_streamed(
    factory: NetworkFactory,
    stream: StreamedRows,
    groups: Any,
    validation: tuple | None,
    arguments: dict[str, Any],
) -> None:
    """Refuse what needs rows in memory, of which a dataset gives one batch after the other.

    Parameters
    ----------
    factory : NetworkFactory
        Of an estimator that has seen the dataset.
    stream : StreamedRows
        The dataset.
    groups, validation, arguments
        As in `FitPlan`.

    Raises
    ------
    InvalidParameterError
        If something does.
    """
    estimator = factory.estimator
    sampler = make_sampler(estimator.sampler, factory.routed("sampler"), 0, "sampler")
    size = arguments.get("batch_size", factory.of_fit("batch_size"))
    what = cure = None
    if validation is None:
        what, cure = "no rows are held out", "Pass X_val and y_val, arrays of rows that judge"
    elif groups is not None:
        what, cure = "groups tell rows apart", "Leave groups out: X_val and y_val are held out"
    elif size is not None:
        what, cure = f"batch_size={size!r}", "Leave it out: the dataset makes the batches"
    elif not factory.encodes_alike:
        what, cure = "a feature_encoder of your own", "Encode the rows in the dataset"
    elif estimator.head_sampler not in (None, "passthrough"):
        what = f"head_sampler={estimator.head_sampler!r} needs the rows"
        cure = "Leave it out, or pass rows that can be taken by number, such as a memory map"
    elif isinstance(sampler, BalancedBatches) and not stream.has_labels:
        what = f"sampler={estimator.sampler!r} takes rows by number, and the dataset has no labels"
        cure = (
            "Give a PyDataset an attribute labels, those of all rows in the order of its batches, "
            "or use class_weight='balanced'"
        )
    elif sampler is not None and not isinstance(sampler, BalancedBatches):
        what = f"sampler={estimator.sampler!r} needs all rows at once"
        cure = (
            "Use class_weight='balanced', or pass rows that can be taken by number, such as a "
            "memory map"
        )
    elif fixed_batch_size(factory.network) is not None:
        what, cure = "the network takes batches of one size", "Build it without a batch_shape"
    if what is not None:
        raise InvalidParameterError(f"X is a dataset of batches, but {what}. {cure}.")


def weighed_batches(
    factory: NetworkFactory, stream: StreamedRows, balanced: Balanced, first_epoch: int
) -> StreamBatches:
    """Return the batches of a dataset, weighed as its rows would be in memory.

    Parameters
    ----------
    factory : NetworkFactory
        Of an estimator that has seen the dataset.
    stream : StreamedRows
        The dataset.
    balanced : Balanced
        Its rows, of which the codes and weights are used.
    first_epoch : int
        Number of the first epoch.
    """
    target, rows, weights = balanced.target, balanced.rows, balanced.class_weight
    mean = rows.selected_weight.mean()
    of_code = None
    if weights is not None and not balanced.weighs_labels:
        of_code = np.array([weights[label] for label in target.classes.tolist()])

    def codes(y):
        return class_codes(y, target.kind)

    def weigh(y, weight):
        weight = np.ones(len(y)) if weight is None else weight.astype(np.float64)
        return (weight if of_code is None else weight * of_code[codes(y)]) / mean

    return StreamBatches(
        stream,
        factory.encode_target,
        None if rows.network_weight() is None else weigh,
        codes if balanced.by_batch else None,
        first_epoch,
    )
