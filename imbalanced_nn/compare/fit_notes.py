"""What the fits of a comparison warned of, and which of them did."""

import re

from imbalanced_nn.exceptions import ImbalanceWarning, how_often

__all__ = ["counted_notes", "gathered", "note_key"]

_MOST_NAMES = 4
_MOST_FOLDS = 3


def note_key(text: str) -> str:
    """Return what notes of one kind share: a code, or else the text but for its numbers."""
    code = re.match(r"\[(INN\d+)\]", text)
    return code[1] if code else re.sub(r"\d+", "#", text)


def counted_notes(told: list[tuple[str, int, Warning]], n_fits: int) -> list[Warning]:
    """Return warnings, each kind once; those with a code say of how many fits they were true."""
    first: dict[str, Warning] = {}
    fits: dict[str, set[tuple[str, int]]] = {}
    for strategy, fold, warning in told:
        key = note_key(str(warning))
        first.setdefault(key, warning)
        fits.setdefault(key, set()).add((strategy, fold))
    return [
        ImbalanceWarning(how_often(len(fits[key]), n_fits, warning.text), warning.code)
        if isinstance(warning, ImbalanceWarning)
        else warning
        for key, warning in first.items()
    ]


def gathered(told: list[tuple[str, int, Warning]], n_folds: int, n_strategies: int) -> list[dict]:
    """Return notes to the user, each kind once.

    Parameters
    ----------
    told : list of (strategy, fold, warning)
        What each fit warned of, in the order of strategies and folds.
    n_folds, n_strategies : int
        How many there are in all.

    Returns
    -------
    list of dict
        ``text``, as the first fit said it; ``where`` it was said, in words; and ``folds``, the
        numbers of the folds of each strategy, from 1.
    """
    notes: dict[str, dict] = {}
    for strategy, fold, warning in told:
        # Others, such as deprecations, are nothing that a user of the results can act on.
        if isinstance(warning, UserWarning):
            text = getattr(warning, "told", str(warning))
            note = notes.setdefault(note_key(text), {"text": text, "folds": {}})
            folds = note["folds"].setdefault(strategy, [])
            if fold + 1 not in folds:
                folds.append(fold + 1)
    return [
        note | {"where": _where(note["folds"], n_folds, n_strategies)} for note in notes.values()
    ]


def _where(folds: dict[str, list[int]], n_folds: int, n_strategies: int) -> str:
    """Return in words which folds of which strategies."""
    alike: dict[str, list[str]] = {}
    for strategy, numbers in folds.items():
        alike.setdefault(_folds(numbers, n_folds), []).append(strategy)
    if len(alike.get("every fold", ())) == n_strategies > 1:
        return "every strategy on every fold"
    return "; ".join(f"{_names(names)} on {words}" for words, names in alike.items())


def _names(strategies: list[str]) -> str:
    """Return names, not all of many."""
    more = len(strategies) - _MOST_NAMES
    shown = ", ".join(strategies[:_MOST_NAMES])
    return f"{shown} and {more} more" if more > 0 else shown


def _folds(folds: list[int], n_folds: int) -> str:
    """Return in words which folds."""
    if len(folds) == n_folds:
        return "every fold"
    if len(folds) > _MOST_FOLDS:
        return f"{len(folds)} of {n_folds} folds"
    return f"fold{'' if len(folds) == 1 else 's'} {', '.join(map(str, folds))}"
