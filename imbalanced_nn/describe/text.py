"""Numbers and labels as they are written in sentences and tables."""

__all__ = ["percent", "quoted", "shortened"]

_LONGEST = 40


def shortened(text: str) -> str:
    """Return text, of one that is longer than a label should be the first 39 characters."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def quoted(label) -> str:
    """Return a label as code writes it, shortened inside its quotes."""
    return repr(shortened(label)) if isinstance(label, str) else shortened(repr(label))


def percent(share: float) -> str:
    """Return a share in percent, with three digits that tell of rare classes too."""
    return f"{100 * share:.3g} %"
