"""What a command works on: the features and labels of a table, and what the user is told."""

from typing import Any, NamedTuple

__all__ = ["Source", "read_labelled"]


class Source(NamedTuple):
    """Features, labels, and what the user is told about them.

    Parameters
    ----------
    name : str
        File, or name of the data set.
    target : str
        Column of labels.
    X : DataFrame of shape (n_samples, n_features)
        Features.
    y : ndarray of shape (n_samples,)
        Labels.
    left_out : list of str
        Notes on what is not used.
    """

    name: str
    target: str
    X: Any
    y: Any
    left_out: list[str]

    def as_json(self) -> dict:
        """Return what was read, as JSON's types."""
        return {
            "name": self.name,
            "target": self.target,
            "n_samples": len(self.y),
            "n_features": self.X.shape[1],
            "left_out": self.left_out,
        }


def read_labelled(path: str, target: str) -> tuple[Any, Any, list[str]]:
    """Return the other columns of a table, its labels, and a note on rows without one."""
    from imbalanced_nn.cli.columns import as_labels, check_target
    from imbalanced_nn.cli.tables import read_table

    frame = read_table(path, target)
    check_target(frame, target)
    known = frame[frame[target].notna()]
    labels = as_labels(known[target]).to_numpy()
    n_lacking = len(frame) - len(known)
    notes = [f"rows without a class: {n_lacking}"] if n_lacking else []
    return known.drop(columns=target), labels, notes
