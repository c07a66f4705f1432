"""Apply a sampler to training rows: by index where it only picks rows."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from imblearn.over_sampling import RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler
from imblearn.under_sampling.base import BaseCleaningSampler
from sklearn.utils import check_random_state

from imbalanced_nn._compat.imblearn import sampling_type
from imbalanced_nn.data import Rows, take_rows
from imbalanced_nn.exceptions import InvalidParameterError, TooFewRowsError, warn
from imbalanced_nn.sampling.blended_codes import note_blended_codes
from imbalanced_nn.sampling.neighbours import cap_neighbours, neighbours_of
from imbalanced_nn.sampling.on_codes import on_codes
from imbalanced_nn.sampling.random_rows import draws_rows, random_rows, rows_to_draw
from imbalanced_nn.sampling.returned_rows import checked_output, picked_and_synthetic
from imbalanced_nn.sampling.strategy import resampled_counts

__all__ = ["draw_seed", "ignores_features", "resample"]


def resample(
    sampler: Any, rows: Rows, classes: np.ndarray, looked_up: bool = False
) -> tuple[Rows, np.ndarray]:
    """Resample training rows.

    Parameters
    ----------
    sampler : object with ``fit_resample``
        Fitted in place, on the original labels where it does not compute with them. X of more
        than two dimensions is flattened for samplers that look at its values, and put back.
    rows : Rows
        Training rows of a target with one label per row.
    classes : ndarray of shape (n_classes,)
        Original labels in the order of the codes.
    looked_up : bool, default=False
        Whether the network looks whole numbers up, so that a blend of two is of neither.

    Returns
    -------
    rows : Rows
        Where the sampler only picks rows, another index into the same data. Else the synthetic
        rows stand behind the data, each with the mean weight of its class, and ``y`` is None.
    sample_indices : ndarray of int of shape (n_resampled,)
        Row of the data that each row is, -1 for a synthetic row.

    Raises
    ------
    TooFewRowsError
        If the sampler needs more rows of a class than there are, or leaves none of a class.

    Warns
    -----
    ImbalanceWarning
        INN002 where sequences or images are blended, INN008 where fewer neighbours had to do,
        INN016 where codes are blended.
    """
    codes = rows.selected_codes
    _set_strategy(sampler, codes, classes)
    resampled, indices = _resampled(sampler, rows, classes, looked_up)
    lost = np.setdiff1d(codes, resampled.selected_codes)
    if len(lost):
        raise TooFewRowsError(
            f"sampler={sampler!r} left no row of class {classes.tolist()[lost[0]]!r}. Use another "
            f"sampler or sampling_strategy."
        )
    return resampled, indices


def _resampled(
    sampler: Any, rows: Rows, classes: np.ndarray, looked_up: bool
) -> tuple[Rows, np.ndarray]:
    """Resample rows; see `resample`."""
    codes = rows.selected_codes
    if draws_rows(sampler):
        with _told_with_counts(sampler, codes, classes):
            wanted = rows_to_draw(sampler, codes, classes)
        seed = [draw_seed(sampler.random_state), 0, 0]
        indices = rows.index[random_rows(sampler, codes, wanted, seed)]
        return dataclasses.replace(rows, index=indices), indices
    labels = classes[codes]
    cap_neighbours(sampler, labels)
    if ignores_features(sampler):
        numbers = np.arange(len(codes)).reshape(-1, 1)
        with _told_with_counts(sampler, codes, classes):
            sampler.fit_resample(numbers, labels)
    else:
        X = _as_array(take_rows(rows.X, rows.index), sampler)
        table = X if X.ndim == 2 else X.reshape(len(X), -1)
        with _told_with_counts(sampler, codes, classes):
            output = on_codes(sampler, classes).fit_resample(table, labels)
        X_new, codes_new = checked_output(sampler, output, table, classes)
        if not _only_picks(sampler):
            found = picked_and_synthetic(sampler, rows, table, X_new, codes_new, X.shape[1:])
            if X.ndim == 2:
                note_blended_codes(sampler, table, X_new[found[1] < 0], looked_up)
            return found
    indices = rows.index[sampler.sample_indices_]
    return dataclasses.replace(rows, index=indices), indices


def draw_seed(random_state: Any) -> int:
    """The number that a sampler's ``random_state`` stands for."""
    return int(check_random_state(random_state).randint(2**31 - 1))


def ignores_features(sampler: Any) -> bool:
    """Whether the sampler draws rows at random without looking at X."""
    if isinstance(sampler, RandomOverSampler):
        return sampler.shrinkage is None
    return isinstance(sampler, RandomUnderSampler)


def _only_picks(sampler: Any) -> bool:
    """Whether all rows of a fitted sampler's output were rows of its input."""
    return hasattr(sampler, "sample_indices_") and getattr(sampler, "shrinkage", None) is None


def _as_array(X: Any, sampler: Any) -> Any:
    """Return X in a float type; refuse several inputs, warn of blends of sequences or images."""
    if isinstance(X, list | tuple | dict):
        raise InvalidParameterError(
            f"sampler={sampler!r} looks at the values of X and cannot work on several inputs. "
            f"Use 'random_over' or 'random_under', which only pick rows."
        )
    if X.ndim > 2 and not isinstance(sampler, BaseCleaningSampler):
        warn(
            "INN002",
            f"{type(sampler).__name__} compares or blends flattened arrays of shape "
            f"{X.shape[1:]}; a blend of two sequences or images is rarely one. Prefer "
            f"'random_over', 'random_under' or class_weight='balanced'.",
        )
    # imbalanced-learn blends in the type it is given: differences of unsigned integers wrap
    # round, and blends of integers are cut off.
    return X.astype(np.result_type(X.dtype, np.float32), copy=False)


@contextmanager
def _told_with_counts(sampler: Any, codes: np.ndarray, classes: np.ndarray) -> Iterator[None]:
    """Tell a failure of the sampler with the class counts it had to work with."""
    try:
        yield
    except (OverflowError, RuntimeError, ValueError) as error:
        counts = np.bincount(codes, minlength=len(classes)).tolist()
        counts = dict(zip(classes.tolist(), counts, strict=True))
        too_few = "neighbors" in str(error) or "n_samples" in str(error)
        kind = TooFewRowsError if too_few else ValueError
        remedy = ""
        if not all(counts.values()):
            remedy = (
                ". Pass rows of every class, in larger chunks for example, or use "
                "'balanced_batches', which draws from the classes that there are."
            )
        elif too_few:
            name = neighbours_of(sampler)
            fewer = f"lower the number of neighbours ({name}), " if name else ""
            remedy = f" Collect more rows, {fewer}or use 'balanced_batches' or 'random_over'."
        raise kind(
            f"sampler={sampler!r} could not resample the training rows, which hold "
            f"{counts} rows of each class: {error}{remedy}"
        ) from error


def _set_strategy(sampler: Any, codes: np.ndarray, classes: np.ndarray) -> None:
    """Put rows of each class in place of ratios and shares that imbalanced-learn does not take."""
    kind = sampling_type(sampler)
    combines = hasattr(sampler, "smote")
    if kind not in ("over-sampling", "under-sampling") and not combines:
        return
    after = resampled_counts(
        sampler.sampling_strategy,
        np.bincount(codes, minlength=len(classes)),
        classes,
        over=combines or kind == "over-sampling",
    )
    if after is not None:
        sampler.set_params(sampling_strategy=after)
    if combines and sampler.smote is not None:
        _set_strategy(sampler.smote, codes, classes)
