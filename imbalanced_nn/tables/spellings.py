"""How people spell missing values and numbers in text."""

import re

import numpy as np
import pandas as pd

__all__ = ["decimal_mark", "is_missing", "learn_numbers", "read_numbers"]

_MISSING = frozenset(
    (
        *("?", "??", "-", "--", "---", "\u2013", "\u2014", ".", "..", "...", "*", "/", "\\n"),
        *("na", "n.a.", "n.a", "n/a", "n/a.", "<na>", "(na)", "#na", "#n/a", "#n/a n/a"),
        *("nan", "-nan", "nat", "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan", "null", "(null)"),
        *("[null]", "<null>", "#null!", "nil", "none", "(none)", "#div/0!", "#value!", "#ref!"),
        *("#num!", "#name?", "missing", "(missing)", "unknown", "undefined", "not available"),
        *("not applicable", "no data", "n.d.", "k.a.", "k. a."),
    )
)
_FLAGS = {"true": 1.0, "false": 0.0}

# A column is numbers where at least this share of what it holds is; the rest is told.
ENOUGH = 0.95
# From this share of leading zeros on, digits are codes: as numbers they would lose the zeros.
_CODES = 0.01
_SAMPLE = 1000

_SPACE = " \u00a0\u2009\u202f"
_QUOTE = "'\u2019"
_UNIT = r"[$€£¥₹₩₽₺₫₴%‰]|US\$|USD|EUR|GBP|CHF|JPY|CNY|INR|BRL|R\$|Rs\.?|kr\.?|zł"
_FRAME = re.compile(
    rf"(?P<open>\()?(?P<sign1>[-+\u2212]?)[{_SPACE}]*(?P<unit1>{_UNIT})?[{_SPACE}]*"
    rf"(?P<sign2>[-+\u2212]?)(?P<body>[.,]?\d[\d.,{_QUOTE}{_SPACE}]*?(?:[eE][-+]?\d+)?)"
    rf"[{_SPACE}]*(?P<unit2>{_UNIT})?(?P<sign3>-?)(?P<close>\))?"
)


def _body(decimal: str, separators: str) -> re.Pattern:
    """Return the pattern of digits with a decimal mark and, maybe, groups of thousands."""
    grouped = rf"\d{{1,3}}(?P<mark>[{separators}{_QUOTE}{_SPACE}])(?:\d{{2,3}}(?P=mark))*\d{{3}}"
    return re.compile(rf"(?:{grouped}|\d+)?(?:\{decimal}\d*)?(?:[eE][-+]?\d+)?")


_BODIES = {".": _body(".", ","), ",": _body(",", ".")}
_ZEROS = re.compile(r"0\d+")
_POINT = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+\.\d+|(?:0|\d{4,})?\.\d+|\d+\.(?:\d{1,2}|\d{4,}))")
_COMMA = re.compile(r"[-+]?(?:\d{1,3}(?:\.\d{3})+,\d+|(?:0|\d{4,})?,\d+|\d+,(?:\d{1,2}|\d{4,}))")


def is_missing(text: str) -> bool:
    """Whether a text stands for a missing value, where numbers or dates are expected."""
    text = text.strip()
    return not text or text.casefold() in _MISSING


def decimal_mark(texts) -> str | None:
    """Return the decimal mark that texts show, None where they show none or both."""
    texts = [text.strip().strip("$€£%" + _SPACE) for text in texts]
    shown = {
        mark
        for mark, pattern in ((".", _POINT), (",", _COMMA))
        if any(map(pattern.fullmatch, texts))
    }
    return shown.pop() if len(shown) == 1 else None


def learn_numbers(texts: pd.Index, counts: np.ndarray, decimal: str | None) -> dict | None:
    """Return how a column of text spells its numbers, None if it is none of numbers.

    Parameters
    ----------
    texts : Index of str
        Distinct values.
    counts : ndarray of int of shape (n_distinct,)
        How often each is there.
    decimal : {".", ","} or None
        The decimal mark, None where it is to be found out.

    Returns
    -------
    dict of str to str or None
        ``decimal`` and ``unit``, as `read_numbers` takes them.
    """
    # The first look is cheap, and most columns of text end here.
    sample = [text for text in texts[:: max(1, len(texts) // _SAMPLE)] if not is_missing(text)]
    if sum(map(_looks_numeric, sample)) < 0.5 * len(sample):
        return None
    values = np.array([not is_missing(text) for text in texts])
    texts, counts = texts[values], counts[values]
    if not len(texts):
        return None
    zeros = [bool(_ZEROS.fullmatch(text.strip())) for text in texts]
    if np.dot(zeros, counts) >= _CODES * counts.sum():
        return None
    best = None
    for mark in (decimal,) if decimal else (".", ","):
        form = {"decimal": mark, "unit": _unit(texts, counts)}
        read = read_numbers(texts, form)
        share = counts[~np.isnan(read)].sum() / counts.sum()
        if share >= ENOUGH and (best is None or share > best[0]):
            best = share, form
    return None if best is None else best[1]


def read_numbers(texts: pd.Index, form: dict) -> np.ndarray:
    """Return the numbers that texts spell, NaN for what is none.

    Parameters
    ----------
    texts : Index of str
        Texts.
    form : dict of str to str
        ``decimal`` mark, and the ``unit`` that a number may have beside it, such as ``"€"``.
    """
    plain = form["decimal"] == "."
    values = np.full(len(texts), np.nan)
    if plain:
        values = np.array(pd.to_numeric(texts, errors="coerce"), dtype=np.float64)
    for place in np.flatnonzero(np.isnan(values)):
        values[place] = _number(texts[place], form)
    return values


def _number(text: str, form: dict) -> float:
    """Return the number that a text spells, NaN if it spells none."""
    text = text.strip()
    flag = _FLAGS.get(text.casefold())
    if flag is not None:
        return flag
    frame = _FRAME.fullmatch(text)
    if frame is None:
        return _infinity(text)
    signs = frame["sign1"] + frame["sign2"] + frame["sign3"]
    units = {unit for unit in (frame["unit1"], frame["unit2"]) if unit}
    if len(signs) > 1 or bool(frame["open"]) != bool(frame["close"]) or (frame["open"] and signs):
        return np.nan
    if units and units != {form["unit"]}:
        return np.nan
    # Other programs write the point whatever the column does: 1234.5 is no group of thousands.
    other = "." if form["decimal"] == "," else None
    for mark in filter(None, (form["decimal"], other)):
        body = _BODIES[mark].fullmatch(frame["body"])
        if body is not None:
            digits = frame["body"].replace(body["mark"], "") if body["mark"] else frame["body"]
            negative = frame["open"] or signs in ("-", "\u2212")
            return float(digits.replace(mark, ".")) * (-1 if negative else 1)
    return np.nan


def _infinity(text: str) -> float:
    """Return an infinity that a text spells, NaN if it spells none."""
    words = text.casefold().lstrip("+")
    if words.lstrip("-") not in ("inf", "infinity", "∞"):
        return np.nan
    return -np.inf if words.startswith("-") else np.inf


def _looks_numeric(text: str) -> bool:
    """Whether a text is a number in some spelling, or a truth value."""
    return bool(_FRAME.fullmatch(text.strip())) or text.strip().casefold() in _FLAGS


def _unit(texts: pd.Index, counts: np.ndarray) -> str:
    """Return the unit that most of the numbers with one have, or an empty text."""
    found: dict[str, int] = {}
    total = 0
    for text, count in zip(texts, counts.tolist(), strict=True):
        frame = _FRAME.fullmatch(text.strip())
        if frame is not None:
            unit = frame["unit1"] or frame["unit2"] or ""
            found[unit] = found.get(unit, 0) + count
            total += count
    unit = max((unit for unit in found if unit), key=found.get, default="")
    # A few percents among plain numbers are on another scale; of money all is on one.
    return "" if unit in ("%", "‰") and found[unit] < total / 2 else unit
