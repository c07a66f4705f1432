"""How people spell dates and times in text."""

import datetime
import re
import unicodedata
from typing import Any

import numpy as np
import pandas as pd

from imbalanced_nn.preprocessing.spellings import ENOUGH, is_missing

__all__ = [
    "days_of",
    "days_of_digits",
    "in_doubt",
    "is_no_date",
    "learn_dates",
    "learn_times",
    "read_dates",
    "read_times",
]

_ISO = re.compile(r"\d{4}-\d\d-\d\d.*", re.DOTALL)
_CLOCK = (
    r"(?P<hour>\d{1,2})[:.h](?P<minute>\d\d)(?:[:.](?P<second>\d\d(?:[.,]\d+)?))?"
    r"[ ]*(?P<half>[AaPp]\.?[Mm]\.?)?(?:[ ]*(?:Uhr|h))?"
)
_ZONE = r"(?:[ ]*(?P<zone>Z|UTC|GMT|[-+]\d\d:?\d\d))?"
_TIME = rf"(?:(?:[T :]|,[ ]*)[ ]*{_CLOCK}{_ZONE})?"
_WEEKDAY = r"(?:(?P<weekday>[^\W\d_]{2,10})\.?,?[ ]+)?"
_NAME = r"(?P<name>[^\W\d_]{3,10})"
_DAY = r"(?P<day>\d{1,2})(?:st|[nr]d|th)?"
# Days and months in digits, without and with a name of the month, months alone, and digits alone.
_YEAR_LAST = re.compile(
    rf"{_WEEKDAY}(?P<one>\d{{1,2}})(?P<mark>[-/.])[ ]?(?P<two>\d{{1,2}})(?P=mark)[ ]?"
    rf"(?P<year>\d{{4}}|\d\d){_TIME}"
)
_PATTERNS = (
    _YEAR_LAST,
    re.compile(rf"(?P<year>\d{{4}})([-/. ])(?P<month>\d{{1,2}})\2(?P<day>\d{{1,2}}){_TIME}"),
    re.compile(
        rf"{_WEEKDAY}{_DAY}(?:[-./ ]{{0,2}}|[ ]de[ ]){_NAME}(?:[-./, ]{{0,2}}|[ ]de[ ])"
        rf"(?P<year>\d{{4}}|\d\d){_TIME}"
    ),
    re.compile(rf"{_WEEKDAY}{_NAME}[-. ]{{1,2}}{_DAY}[-, ]{{1,2}}(?P<year>\d{{4}}){_TIME}"),
    re.compile(rf"{_WEEKDAY}{_NAME}[ ]+{_DAY}[ ]+{_CLOCK}{_ZONE}[ ]+(?P<year>\d{{4}})"),
    re.compile(rf"(?P<year>\d{{4}})[- ]{_NAME}[- ]{_DAY}{_TIME}"),
    re.compile(r"(?P<year>(?:1[89]|2[01])\d\d)[-/.](?P<month>\d{1,2})"),
    re.compile(r"(?P<month>\d{1,2})[-/.](?P<year>(?:1[89]|2[01])\d\d)"),
    re.compile(rf"{_NAME}[-./, ]{{1,2}}(?P<year>(?:1[89]|2[01])\d\d)"),
    re.compile(
        r"(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)"
        rf"(?:T?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?)?{_ZONE}(?:\.0)?"
    ),
)
_TIMES = re.compile(
    r"(?P<days>-?\d+ days?,? \+?)?(?P<hour>\d{1,3}):(?P<minute>[0-5]\d)"
    r"(?::(?P<second>[0-5]\d(?:[.,]\d+)?))?[ ]*(?P<half>[AaPp]\.?[Mm]\.?)?"
)
# What stands for no date where a program must write one.
_NEVER = re.compile(r"(?:9999|0000).*|(?:00|31)([-./])(?:00|12)\1(?:0000|9999).*")
_NEVER_DAYS = 2_932_532
_MONTHS = (
    "january januar janvier enero gennaio janeiro januari",
    "february februar fevrier febrero febbraio fevereiro februari",
    "march marz mrz mars marzo marco maart",
    "april avril abril aprile",
    "may mai mayo maggio maio mei",
    "june juni juin junio giugno junho",
    "july juli juillet julio luglio julho",
    "august aout agosto augustus",
    "september septembre septiembre settembre setembro",
    "october oktober octobre octubre ottobre outubro",
    "november novembre noviembre novembro",
    "december dezember decembre diciembre dicembre dezembro",
)
_WEEKDAYS = (
    *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    *("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag"),
    *("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    *("lunes", "martes", "miercoles", "jueves", "viernes", "sabado", "domingo"),
)
_SAMPLE = 100
_PIVOT = 69
_MICROSECONDS = 86_400_000_000


def learn_dates(texts: pd.Index, counts: np.ndarray, enough: float = ENOUGH) -> dict | None:
    """Return how a column of text spells its dates, None if it is none of dates.

    Parameters
    ----------
    texts : Index of str
        Distinct values.
    counts : ndarray of int of shape (n_distinct,)
        How often each is there.
    enough : float, default=0.95
        Share of the values that must be dates.

    Returns
    -------
    dict of str to str or None
        ``order``, ``"day first"``, ``"month first"`` or, of years with two digits, ``"year
        first"``, and ``decided``, how that was found: ``"by the dates"``, ``"by the points"``,
        ``"by the days"`` or ``"by nothing"``. The order is empty where no date needs one.
    """
    sample = [text for text in texts[:: max(1, len(texts) // _SAMPLE)] if not is_no_date(text)]
    if sum(map(_looks_dated, sample)) < 0.5 * len(sample):
        return None
    known = np.array([not is_no_date(text) for text in texts])
    texts, counts = texts[known], counts[known]
    if not len(texts):
        return None
    form = _order(texts, counts)
    read = read_dates(texts, form)
    return form if counts[~np.isnan(read)].sum() >= enough * counts.sum() else None


def read_dates(texts: pd.Index, form: dict) -> np.ndarray:
    """Return days since 1970 of the dates that texts spell, NaN for what is none.

    Parameters
    ----------
    texts : Index of str
        Texts.
    form : dict of str to str
        What `learn_dates` learned.
    """
    iso = texts.str.match(_ISO.pattern)
    # Years alone would be taken for dates by ISO 8601.
    days = days_of(pd.Series(texts).where(iso), format="ISO8601").to_numpy(copy=True)
    for place in np.flatnonzero(np.isnan(days)):
        text = texts[place]
        days[place] = np.nan if is_no_date(text) else _days(text, form["order"])
    return days


def learn_times(texts: pd.Index, counts: np.ndarray) -> dict | None:
    """Return an empty form where a column of text holds times of the day or durations."""
    known = np.array([not is_missing(text) for text in texts])
    if not len(texts) or not known.any() or not _TIMES.fullmatch(texts[known.argmax()].strip()):
        return None
    read = read_times(texts)
    enough = counts[~np.isnan(read)].sum() >= ENOUGH * counts[known].sum()
    return {} if enough else None


def read_times(texts: pd.Index) -> np.ndarray:
    """Return days of the times that texts spell, such as 16:30, NaN for what is none."""
    days = pd.to_timedelta(pd.Series(texts), errors="coerce") / pd.Timedelta(days=1)
    days = days.to_numpy(copy=True)
    for place, text in enumerate(texts):
        match = _TIMES.fullmatch(text.strip())
        if match is None:
            continue
        parts = {name: part for name, part in match.groupdict().items() if part is not None}
        whole = int(parts["days"].split()[0]) if "days" in parts else 0
        hour = int(parts["hour"])
        if "half" in parts:
            hour = hour % 12 + 12 * (parts["half"][0] in "pP")
        second = float(parts.get("second", "0").replace(",", "."))
        days[place] = whole + (hour * 60 + int(parts["minute"])) / 1440 + second / 86400
    return days


def days_of(values: pd.Series, format: str | None = None) -> pd.Series:
    """Return days since 1970 of values that are moments or ISO text, NaN of what is none."""
    moments = pd.to_datetime(values, format=format, utc=True, errors="coerce")
    days = moments.astype("datetime64[us, UTC]").astype("int64") / _MICROSECONDS
    return days.where(moments.notna() & (days < _NEVER_DAYS))


def days_of_digits(values: pd.Series) -> pd.Series:
    """Return days since 1970 of numbers such as 20240131, NaN of what is no such date."""
    whole = values.astype("float64")
    texts = whole.where(whole.between(19000101, 21001231) & (whole % 1 == 0))
    codes, distinct = pd.factorize(texts)
    spelled = pd.Series(distinct, dtype="float64").astype("int64").astype("str")
    days = days_of(spelled, format="%Y%m%d").to_numpy()
    return pd.Series(np.append(days, np.nan)[codes], index=values.index)


def in_doubt(form: dict | None) -> bool:
    """Whether no date of a column tells days and months apart."""
    return form is not None and form.get("decided") in ("by nothing", "by the days")


def is_no_date(text: str) -> bool:
    """Whether a text stands for a missing date."""
    return is_missing(text) or _NEVER.fullmatch(text.strip()) is not None


def _looks_dated(text: str) -> bool:
    """Whether a text is a date in some spelling."""
    return _ISO.fullmatch(text) is not None or _parts(text) is not None


def _parts(text: str) -> dict | None:
    """Return the parts of a date in one of the spellings."""
    text = text.strip()
    for pattern in _PATTERNS:
        match = pattern.fullmatch(text)
        if match is None:
            continue
        parts = {name: part for name, part in match.groupdict().items() if part is not None}
        if "name" in parts:
            parts["month"] = _month(parts["name"])
        if parts.get("month") != 0 and _is_weekday(parts.get("weekday")):
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
        spelled.append((one, two, parts["year"]))
        points &= parts["mark"] == "."
        if one > 12 >= two:
            firsts["day first"] += count
        elif two > 12 >= one:
            firsts["month first"] += count
    if not spelled:
        return {"order": "", "decided": "by the dates"}
    ones, twos, years = map(set, zip(*spelled, strict=True))
    # Of three numbers with two digits the days are those that vary most.
    if all(len(year) == 2 for year in years) and max(twos) <= 12 and len(years) > len(ones):
        return {"order": "year first", "decided": "by the dates"}
    best = max(firsts, key=firsts.__getitem__)
    if firsts[best]:
        return {"order": best, "decided": "by the dates"}
    if points:
        return {"order": "day first", "decided": "by the points"}
    # The first of every month: what never changes is the day.
    if len(spelled) > 2 and (len(ones) == 1) != (len(twos) == 1):
        return {"order": "day first" if len(ones) == 1 else "month first", "decided": "by the days"}
    return {"order": "month first", "decided": "by nothing"}


def _days(text: str, order: str) -> float:
    """Return days since 1970 of a date in one of the spellings, NaN if it is none."""
    parts = _parts(text)
    if parts is None:
        return np.nan
    year: Any = parts["year"]
    month: Any = parts.get("month")
    day: Any = parts.get("day", 1)
    if "one" in parts:
        places = {"day first": "day month year", "year first": "year month day"}
        names = places.get(order, "month day year").split()
        found = dict(zip(names, (parts["one"], parts["two"], parts["year"]), strict=True))
        year, month, day = found["year"], found["month"], found["day"]
    century = 0 if len(year) == 4 else 1900 if int(year) >= _PIVOT else 2000
    try:
        date = datetime.date(century + int(year), int(month), int(day))
    except ValueError:
        return np.nan
    return (date - datetime.date(1970, 1, 1)).days + _clock(parts)


def _clock(parts: dict) -> float:
    """Return the time of a date as a share of the day, NaN if it is none."""
    hour, minute = int(parts.get("hour", 0)), int(parts.get("minute", 0))
    second = float(parts.get("second", "0").replace(",", "."))
    if "half" in parts:
        hour = hour % 12 + 12 * (parts["half"][0] in "pP")
    # Midnight may be the end of a day.
    if (hour, minute, second) > (24, 0, 0.0) or minute > 59 or second >= 61:
        return np.nan
    zone = parts.get("zone", "Z")
    offset = 0
    if zone[0] in "+-":
        offset = int(zone[1:3]) * 60 + int(zone[-2:])
        offset = -offset if zone[0] == "-" else offset
    return (hour * 60 + minute - offset) / 1440 + second / 86400


def _plain(name: str) -> str:
    """Return a name in lower case and without accents."""
    split = unicodedata.normalize("NFKD", name.casefold())
    return "".join(character for character in split if not unicodedata.combining(character))


def _month(name: str) -> int:
    """Return the number of a month by its name, whole or short, 0 if it is none."""
    name = _plain(name)
    found = {
        number
        for number, names in enumerate(_MONTHS, 1)
        if any(month.startswith(name) for month in names.split())
    }
    return found.pop() if len(found) == 1 else 0


def _is_weekday(name: str | None) -> bool:
    """Whether a name is that of a day of the week, or none is given."""
    return name is None or any(day.startswith(_plain(name)) for day in _WEEKDAYS)
