"""How people spell missing values and numbers in text."""

import re
import string
from typing import NamedTuple

import numpy as np
import pandas as pd

__all__ = [
    "ENOUGH",
    "Spelled",
    "ambiguous_number",
    "decimal_mark",
    "has_unit",
    "is_missing",
    "is_money",
    "learn_numbers",
    "read_numbers",
]

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
_MONEY = (
    r"[$€£¥₹₩₽₺₫₴]|US\$|USD|EUR|GBP|CHF|JPY|CNY|INR|BRL|CAD|AUD|SEK|NOK|DKK|PLN|R\$|CA?\$|AU?\$"
    r"|Rs\.?|kr\.?|zł"
)
_MONEY_ALONE = re.compile(_MONEY)
# Any word may be a unit, as long as it is that of all numbers of a column.
_WORD = rf"[%‰°\u2032\u2033\"]|[°µμ]?[^\W\d_](?:[^\W\d_]|[/²³·.^{_SPACE}](?!$)|[²³.]$)" + r"{0,15}"
_FRAME = re.compile(
    rf"(?P<unit0>{_MONEY})?[{_SPACE}]*(?P<open>\()?(?P<sign1>[-+\u2212]?)[{_SPACE}]*"
    rf"(?P<unit1>{_MONEY})?[{_SPACE}]*(?P<sign2>[-+\u2212]?)"
    rf"(?P<body>[.,]?\d[\d.,{_QUOTE}{_SPACE}]*?(?:[eE][-+]?\d+)?)"
    rf"[{_SPACE}]*(?P<sign3>-?)(?P<close>\))?[{_SPACE}]*(?P<unit2>{_MONEY}|{_WORD})?"
    r"(?P<sign4>-?)(?P<close2>\))?"
)
_SCALES = {"k": 1e3, "K": 1e3, "M": 1e6, "Mn": 1e6, "mn": 1e6, "B": 1e9, "bn": 1e9, "T": 1e12}
_SHORT = 3


def _body(decimal: str, separators: str) -> re.Pattern:
    """Return the pattern of digits with a decimal mark and, maybe, groups of thousands."""
    grouped = rf"\d{{1,3}}(?P<mark>[{separators}{_QUOTE}{_SPACE}])(?:\d{{2,3}}(?P=mark))*\d{{3}}"
    return re.compile(rf"(?:{grouped}|\d+)?(?:\{decimal}\d*)?(?:[eE][-+]?\d+)?")


_BODIES = {".": _body(".", ","), ",": _body(",", ".")}
_ZEROS = re.compile(r"0\d+")
_AROUND = string.ascii_letters + "$€£¥%°()+-" + _SPACE


def _shows(decimal: str, group: str) -> re.Pattern:
    """Return the pattern of numbers that cannot have another decimal mark."""
    return re.compile(
        rf"(?:\d{{1,3}}(?:\{group}\d{{3}})+\{decimal}\d+|(?:0|\d{{4,}})?\{decimal}\d+"
        rf"|\d+\{decimal}(?:\d{{1,2}}|\d{{4,}}))(?:[eE][-+]?\d+)?"
        rf"|\d{{1,3}}(?:\{group}\d{{3}}){{2,}}"
    )


_SHOWS = {".": _shows(".", ","), ",": _shows(",", ".")}
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+")
_SMALL = re.compile(r"\d{1,3}")
_EITHER = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
# So many numbers that all end in a point and three digits, beside whole ones, are no chance.
_ENOUGH_GROUPED = 20


class Spelled(NamedTuple):
    """The cells of a column by their distinct values, as text.

    Parameters
    ----------
    codes : ndarray of int of shape (n_cells,)
        Place of each cell among the distinct values, -1 if it is missing.
    texts : Index of str
        The distinct values.
    typed : ndarray of float of shape (n_distinct,)
        Those that are numbers and no text, which no decimal mark changes; NaN for the others.
    """

    codes: np.ndarray
    texts: pd.Index
    typed: np.ndarray


def is_missing(text: str) -> bool:
    """Whether a text stands for a missing value, where numbers or dates are expected."""
    text = text.strip()
    return not text or text.casefold() in _MISSING


def decimal_mark(texts) -> str | None:
    """Return the decimal mark that the distinct texts of a column show.

    None where they show none or both, and where fewer than half of them are numbers. Points
    before three digits each time are marks of thousands where the other numbers are whole and
    below a thousand.
    """
    given, texts = pd.Index(texts, dtype="str"), [text.strip(_AROUND) for text in texts]
    shown = {mark for mark, pattern in _SHOWS.items() if any(map(pattern.fullmatch, texts))}
    if shown:
        mark = shown.pop() if len(shown) == 1 else None
        # A word among others, such as a version in a remark, shows nothing of numbers.
        return mark if mark and _are_numbers(given, mark) else None
    pointed = [text for text in texts if "." in text]
    if len(pointed) < _ENOUGH_GROUPED or not all(map(_GROUPED.fullmatch, pointed)):
        return None
    whole = [text for text in texts if text.isdigit()]
    return "," if whole and all(map(_SMALL.fullmatch, whole)) else None


def ambiguous_number(texts) -> str | None:
    """Return the first text that is one number with a decimal point, and another with a comma."""
    return next((text.strip() for text in texts if _EITHER.fullmatch(text.strip(_AROUND))), None)


def _are_numbers(texts: pd.Index, mark: str) -> bool:
    """Whether at least half of distinct texts are numbers with a decimal mark."""
    spelled = Spelled(np.arange(len(texts)), texts, np.full(len(texts), np.nan))
    return learn_numbers(spelled, np.ones(len(texts), dtype=int), mark, enough=0.5) is not None


def learn_numbers(
    spelled: Spelled, counts: np.ndarray, decimal: str | None = None, enough: float = ENOUGH
) -> dict | None:
    """Return how a column of text spells its numbers, None if it is none of numbers.

    Parameters
    ----------
    spelled : Spelled
        Its cells.
    counts : ndarray of int of shape (n_distinct,)
        How often each distinct value is there.
    decimal : {".", ","} or None, default=None
        The decimal mark, None where it is to be found out.
    enough : float, default=0.95
        Share of the values that must be numbers.

    Returns
    -------
    dict of str to str or None
        ``decimal``, ``unit`` and ``scaled``, as `read_numbers` takes them.
    """
    texts = spelled.texts
    # The first look is cheap, and most columns of text end here.
    sample = [text for text in texts[:: max(1, len(texts) // _SAMPLE)] if not is_missing(text)]
    if sum(map(_looks_numeric, sample)) < 0.5 * len(sample):
        return None
    values = np.array([not is_missing(text) for text in texts])
    texts, counts, typed = texts[values], counts[values], spelled.typed[values]
    if not len(texts):
        return None
    zeros = [bool(_ZEROS.fullmatch(text.strip())) for text in texts]
    if np.dot(zeros, counts) >= _CODES * counts.sum():
        return None
    best, unit = None, _unit(texts, counts)
    for mark in (decimal,) if decimal else (".", ","):
        form = {"decimal": mark} | unit
        read = read_numbers(texts, typed, form)
        share = counts[~np.isnan(read)].sum() / counts.sum()
        if share >= enough and (best is None or share > best[0]):
            best = share, form
    return None if best is None else best[1]


def read_numbers(texts: pd.Index, typed: np.ndarray, form: dict) -> np.ndarray:
    """Return the numbers that texts spell, NaN for what is none.

    Parameters
    ----------
    texts : Index of str
        Texts.
    typed : ndarray of float of shape (n_texts,)
        Numbers that are no text, which no mark changes; NaN for texts.
    form : dict of str to str
        ``decimal`` mark, the ``unit`` that a number may have beside it, such as ``"€"``, and
        ``scaled`` where K, M and the like behind it are thousands and millions.
    """
    plain = form["decimal"] == "."
    values = typed.copy()
    if plain:
        spelled = np.array(pd.to_numeric(texts, errors="coerce"), dtype=np.float64)
        values = np.where(np.isnan(typed), spelled, typed)
    for place in np.flatnonzero(np.isnan(values)):
        values[place] = _number(texts[place], form)
    return values


def is_money(unit: str) -> bool:
    """Whether a unit is a currency, which may be left away without a change of scale."""
    return _MONEY_ALONE.fullmatch(unit) is not None


def has_unit(text: str) -> bool:
    """Whether a number has a unit beside it."""
    frame = _FRAME.fullmatch(text.strip())
    return frame is not None and bool(_units(frame))


def _number(text: str, form: dict) -> float:
    """Return the number that a text spells, NaN if it spells none."""
    text = text.strip()
    flag = _FLAGS.get(text.casefold())
    if flag is not None:
        return flag
    frame = _FRAME.fullmatch(text)
    if frame is None:
        return _infinity(text)
    signs = "".join(frame[f"sign{place}"] for place in (1, 2, 3, 4))
    closed = bool(frame["close"]) + bool(frame["close2"])
    if len(signs) > 1 or bool(frame["open"]) != closed or (frame["open"] and signs):
        return np.nan
    units, scale = _units(frame), 1.0
    if form.get("scaled"):
        scale = _SCALES.get(frame["unit2"], 1.0)
        units -= set(_SCALES)
    if units and units != {form["unit"]}:
        return np.nan
    # Other programs write the point whatever the column does: 1234.5 is no group of thousands.
    other = "." if form["decimal"] == "," else None
    for mark in filter(None, (form["decimal"], other)):
        body = _BODIES[mark].fullmatch(frame["body"])
        if body is not None:
            digits = frame["body"].replace(body["mark"], "") if body["mark"] else frame["body"]
            negative = frame["open"] or signs in ("-", "\u2212")
            return float(digits.replace(mark, ".")) * scale * (-1 if negative else 1)
    return np.nan


def _units(frame: re.Match) -> set[str]:
    """Return the units beside a number, of one day and many days the same."""
    units = {frame[name].strip() for name in ("unit0", "unit1", "unit2") if frame[name]}
    return {unit.rstrip("s") if len(unit) > _SHORT else unit for unit in units}


def _infinity(text: str) -> float:
    """Return an infinity that a text spells, NaN if it spells none."""
    words = text.casefold().lstrip("+")
    if words.lstrip("-") not in ("inf", "infinity", "∞"):
        return np.nan
    return -np.inf if words.startswith("-") else np.inf


def _looks_numeric(text: str) -> bool:
    """Whether a text is a number in some spelling, or a truth value."""
    return bool(_FRAME.fullmatch(text.strip())) or text.strip().casefold() in _FLAGS


def _unit(texts: pd.Index, counts: np.ndarray) -> dict[str, str]:
    """Return the unit that most of the numbers with one have, and whether others scale it."""
    found: dict[str, int] = {}
    scales, total = set(), 0
    for text, count in zip(texts, counts.tolist(), strict=True):
        frame = _FRAME.fullmatch(text.strip())
        if frame is None:
            continue
        total += count
        for unit in _units(frame):
            found[unit] = found.get(unit, 0) + count
            scales |= {unit} & set(_SCALES)
    money = any(map(is_money, found))
    scaled = len({_SCALES[unit] for unit in scales}) > 1 or (money and bool(scales))
    if scaled:
        found = {unit: n for unit, n in found.items() if unit not in _SCALES}
    unit = max(found, key=found.__getitem__, default="")
    # A few percents among plain numbers are on another scale; of money all is on one.
    if not is_money(unit) and found.get(unit, 0) < total / 2:
        unit = ""
    return {"unit": unit} | ({"scaled": "yes"} if scaled else {})
