"""Columns that alone tell nearly all classes: labels in disguise, more often than not."""

import math

import numpy as np
import pandas as pd

__all__ = ["telling_columns"]

# No column of thirty public tables comes to .97 by honest means.
_ENOUGH = 0.995
# So many rows are looked at, rare classes first; fewer of a class show nothing.
_MOST_ROWS = 2000
_FEWEST = 5
_MOST_LEAVES = 16
_LEAST_CHANCE = 10_000


def telling_columns(X: pd.DataFrame, y: np.ndarray, seed: int = 0) -> dict[str, float]:
    """Return the columns that alone rank nearly all rows by class, with the area under the curve.

    Each column is judged on rows that did not show how it goes with the classes. Of several
    classes the least area counts, each class against the rest, so that a column must tell all.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)
        Columns of floats and text, as `ColumnTypes` returns them.
    y : ndarray of shape (n_samples,)
        Labels.
    seed : int, default=0
        Seed of the rows that are looked at.

    Returns
    -------
    dict of str to float
        Areas of 0.995 and more, largest first.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from imbalanced_nn.preprocessing.notes_on_columns import telling_columns
    >>> rng = np.random.default_rng(0)
    >>> y = rng.random(400) < 0.2
    >>> X = pd.DataFrame({"age": rng.normal(50, 9, 400), "n_frauds": y * 1.0})
    >>> telling_columns(X, y)
    {'n_frauds': 1.0}
    """
    codes, classes = pd.factorize(y, sort=True)
    large = np.flatnonzero(np.bincount(codes, minlength=len(classes)) >= 2 * _FEWEST)
    if len(large) < 2:
        return {}
    seen, judged = _halves(codes, large, seed)
    fewest = np.bincount(codes[judged])[large].min()
    if math.comb(len(judged), int(fewest)) < _LEAST_CHANCE * X.shape[1]:
        # One of the columns may rank so few rows by chance.
        return {}
    found = {}
    both = np.concatenate([seen, judged])
    for name in X.columns:
        area = _area(X[name].iloc[both], codes[both], len(seen))
        if area >= _ENOUGH:
            found[str(name)] = area
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _halves(codes: np.ndarray, classes: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return two sets of rows, of each class as many in one as in the other."""
    rng = np.random.default_rng(seed)
    sides: tuple[list, list] = ([], [])
    for code in classes:
        rows = rng.permutation(np.flatnonzero(codes == code))[: _MOST_ROWS // len(classes)]
        for place, side in enumerate(sides):
            side.append(rows[place::2])
    return np.concatenate(sides[0]), np.concatenate(sides[1])


def _area(column: pd.Series, codes: np.ndarray, n_seen: int) -> float:
    """Return the least area under the ROC curve of a class against the rest, on unseen rows."""
    from sklearn.metrics import roc_auc_score
    from sklearn.tree import DecisionTreeClassifier

    is_text = column.dtype != "float64"
    values = pd.factorize(column)[0] if is_text else column.to_numpy()
    if not is_text and len(np.unique(codes)) == 2 and not np.isnan(values).any():
        # In its own order a column needs no row to learn from.
        ranked = float(roc_auc_score(codes, values))
        if max(ranked, 1 - ranked) >= _ENOUGH:
            return max(ranked, 1 - ranked)
    # Whole categories must be told apart, of numbers a few spans.
    leaves = None if is_text else _MOST_LEAVES
    tree = DecisionTreeClassifier(
        max_leaf_nodes=leaves, min_samples_leaf=3, class_weight="balanced", random_state=0
    )
    proba = tree.fit(values[:n_seen, None], codes[:n_seen]).predict_proba(values[n_seen:, None])
    return min(
        float(roc_auc_score(codes[n_seen:] == code, proba[:, place]))
        for place, code in enumerate(tree.classes_)
    )
