"""How people spell dates in text."""

import re

import numpy as np
import pandas as pd

from imbalanced_nn.tables.spellings import ENOUGH, is_missing

__all__ = ["learn_dates", "read_dates"]

_ISO = re.compile(r"\d{4}-\d\d-\d\d.*", re.DOTALL)
_TIME = (
    r"(?:(?:[T ]|,[ ]*)[ ]*(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d(?:[.,]\d+)?))?"
    r"[ ]*(?P<half>[AaPp]\.?[Mm]\.?)?)?"
)
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})" + _TIME)
_YEAR_LAST = re.compile(
    r"(?P<one>\d{1,2})(?P<mark>[-/.])[ ]?(?P<two>\d{1,2})(?P=mark)[ ]?(?P<year>\d{4}|\d\d)" + _TIME
)
_DAY_NAME = re.compile(
    r"(?P<day>\d{1,2})[-./ ]{1,2}(?P<name>[A-Za-z]{3,9})[-./, ]{1,2}(?P<year>\d{4}|\d\d)" + _TIME
)
_NAME_DAY = re.compile(
    r"(?P<name>[A-Za-z]{3,9})[-. ]{1,2}(?P<day>\d{1,2})(?:st|[nr]d|th)?[-, ]{1,2}(?P<year>\d{4})"
    + _TIME
)
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_SAMPLE = 100
_PIVOT = 69


def learn_dates(texts: pd.Index, counts: np.ndarray) -> dict | None:
    """Return how a column of text spells its dates, None if it is none of dates.

    Parameters
    ----------
    texts : Index of str
        Distinct values.
    counts : ndarray of int of shape (n_distinct,)
        How often each is there.

    Returns
    -------
    dict of str to str or None
        ``order``, ``"day first"`` or ``"month first"``, and ``decided``, how that was found:
        ``"by the dates"``, ``"by the points"``, or ``"by nothing"`` where each date can be read
        both ways. The order is empty where no date needs one.
    """
    sample = [text for text in texts[:: max(1, len(texts) // _SAMPLE)] if not is_missing(text)]
    if sum(map(_looks_dated, sample)) < 0.5 * len(sample):
        return None
    known = np.array([not is_missing(text) for text in texts])
    texts, counts = texts[known], counts[known]
    if not len(texts):
        return None
    form = _order(texts, counts)
    read = read_dates(texts, form)
    return form if counts[~np.isnan(read)].sum() >= ENOUGH * counts.sum() else None


def read_dates(texts: pd.Index, form: dict) -> np.ndarray:
    """Return days since 1970 of the dates that texts spell, NaN for what is none.

    Parameters
    ----------
    texts : Index of str
        Texts.
    form : dict of str to str
        What `learn_dates` learned.
    """
    moments = pd.to_datetime(pd.Series(texts), format="ISO8601", utc=True, errors="coerce")
    short = ~texts.str.match(_ISO.pattern)
    # Years and months alone would be taken for dates by ISO 8601.
    moments[short] = pd.NaT
    places = np.flatnonzero(moments.isna())
    if len(places):
        spelled = [_iso(texts[place], form["order"]) for place in places]
        moments.iloc[places] = pd.to_datetime(
            pd.Series(spelled, dtype="str"), format="ISO8601", utc=True, errors="coerce"
        ).to_numpy()
    return ((moments - pd.Timestamp(0, tz="utc")) / pd.Timedelta(days=1)).to_numpy()


def _looks_dated(text: str) -> bool:
    """Whether a text is a date in some spelling."""
    return _ISO.fullmatch(text) is not None or _parts(text) is not None


def _parts(text: str) -> re.Match | None:
    """Return the parts of a date in one of the spellings."""
    text = text.strip()
    for pattern in (_YEAR_FIRST, _YEAR_LAST, _DAY_NAME, _NAME_DAY):
        parts = pattern.fullmatch(text)
        if parts is not None and ("name" not in parts.groupdict() or _month(parts["name"])):
            return parts
    return None


def _order(texts: pd.Index, counts: np.ndarray) -> dict:
    """Return whether days come before months, judged over all dates."""
    firsts = {"day first": 0, "month first": 0}
    spelled, points = [], True
    for text, count in zip(texts, counts.tolist(), strict=True):
        parts = _YEAR_LAST.fullmatch(text.strip())
        if parts is None:
            continue
        one, two = int(parts["one"]), int(parts["two"])
        spelled.append((one, two))
        points &= parts["mark"] == "."
        if one > 12 >= two:
            firsts["day first"] += count
        elif two > 12 >= one:
            firsts["month first"] += count
    if not spelled:
        return {"order": "", "decided": "by the dates"}
    best = max(firsts, key=firsts.get)
    if firsts[best]:
        return {"order": best, "decided": "by the dates"}
    if points:
        return {"order": "day first", "decided": "by the points"}
    # The first of every month: what never changes is the day.
    ones, twos = ({pair[side] for pair in spelled} for side in (0, 1))
    if len(spelled) > 2 and (len(ones) == 1) != (len(twos) == 1):
        return {"order": "day first" if len(ones) == 1 else "month first", "decided": "by the days"}
    return {"order": "month first", "decided": "by nothing"}


def _iso(text: str, order: str) -> str | None:
    """Return a date as ISO 8601 spells it, None if it is none."""
    parts = _parts(text)
    if parts is None:
        return None
    found = parts.groupdict()
    if "name" in found:
        month, day = _month(found["name"]), int(found["day"])
    elif "one" in found:
        pair = int(found["one"]), int(found["two"])
        day, month = pair if order == "day first" else pair[::-1]
    else:
        month, day = int(found["month"]), int(found["day"])
    year = int(found["year"])
    if len(found["year"]) == 2:
        year += 1900 if year >= _PIVOT else 2000
    return f"{year:04}-{month:02}-{day:02}{_clock(found)}"


def _clock(found: dict) -> str:
    """Return the time of a date as ISO 8601 spells it."""
    if found["hour"] is None:
        return ""
    hour = int(found["hour"])
    if found["half"] is not None:
        hour = hour % 12 + 12 * (found["half"][0] in "pP")
    return f"T{hour:02}:{found['minute']}:{(found['second'] or '00').replace(',', '.')}"


def _month(name: str) -> int:
    """Return the number of a month by its English name, whole or short, 0 if it is none."""
    name = name.casefold()
    return next((n for n, month in enumerate(_MONTHS, 1) if month.startswith(name)), 0)
