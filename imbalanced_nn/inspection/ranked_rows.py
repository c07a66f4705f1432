"""How well probabilities rank rows: how many of a class are found by how many alerts."""

from typing import Any

import numpy as np

__all__ = ["MOST_CLASSES", "RANKED_SHARES", "found_at_shares", "ranked", "rarest"]

MOST_CLASSES = 7
"""Classes whose curves are kept and drawn: of more, their lines cannot be told apart."""

RANKED_SHARES = np.unique(
    np.concatenate([10.0 ** (np.arange(-96, 1) / 16), np.linspace(0.0, 1.0, 51)])
)
"""Shares of flagged rows at which curves of several folds are averaged, close where few are."""


def rarest(counts) -> list[int]:
    """Return the places of the classes with the fewest rows, at most ``MOST_CLASSES``, in order.

    Parameters
    ----------
    counts : array-like of shape (n_classes,)
        Rows of each class.
    """
    return np.sort(np.argsort(counts, kind="stable")[:MOST_CLASSES]).tolist()


def ranked(positive, decided, score, weight) -> dict[str, Any]:
    """Return what is found and flagged at every cut, from none to all rows, and as decided.

    Parameters
    ----------
    positive, decided : ndarray of bool of shape (n_samples,)
        Rows of the class, and those decided for it.
    score : ndarray of shape (n_samples,)
        Probabilities of the class.
    weight : ndarray of shape (n_samples,)
        Weights.

    Returns
    -------
    dict
        ``hits`` and ``alerts`` at each cut, ``n_positive`` and ``n``, sums of weights;
        ``decided_hits`` and ``decided_alerts``; ``n_rows``, a count.
    """
    order = np.argsort(-score, kind="stable")
    last = np.append(np.diff(score[order]) != 0, True)
    alerts = np.cumsum(weight[order])[last]
    hits = np.cumsum((weight * positive)[order])[last]
    return {
        "alerts": np.append(0.0, alerts),
        "hits": np.append(0.0, hits),
        "n": float(weight.sum()),
        "n_rows": len(weight),
        "n_positive": float(weight @ positive),
        "decided_alerts": float(weight @ decided),
        "decided_hits": float(weight @ (positive & decided)),
    }


def found_at_shares(curve: dict[str, Any], shares=RANKED_SHARES) -> np.ndarray:
    """Return the share of a class that is found where so many rows are flagged, likeliest first.

    Rows of one score are taken in any order: what is found is what is expected of it.

    Parameters
    ----------
    curve : dict
        As of `ranked`, with some rows of the class.
    shares : array-like, default=RANKED_SHARES
        Shares of all rows.
    """
    flagged = np.asarray(shares) * curve["n"]
    return np.interp(flagged, curve["alerts"], curve["hits"]) / curve["n_positive"]
