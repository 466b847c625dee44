"""PURE. In which of the usual forms dates and times are written. Order of day and month is decided by days past 12."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

# What people's exports write, in the order in which a draft lists them.
US_DAY, EUROPEAN_DAY = "%m/%d/%Y", "%d/%m/%Y"
DAYS = (US_DAY, EUROPEAN_DAY, "%d.%m.%Y", "%Y-%m-%d", "%Y%m%d", "%d-%b-%Y")
MIDNIGHTS = {
    "%m/%d/%Y %I:%M:%S %p": " 12:00:00 AM",
    "%m/%d/%Y %H:%M:%S": " 00:00:00",
    "%Y-%m-%d %H:%M:%S": " 00:00:00",
    "%Y-%m-%dT%H:%M:%S": "T00:00:00",
}
MOMENTS = (
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S.%f%z",
    "%Y-%m-%d %H:%M",
    "%m/%d/%Y %H:%M",
    "%Y-%m-%d",  # a day among stamps: midnight
    US_DAY,
    EUROPEAN_DAY,
    "%d.%m.%Y",
)
_DECIMAL_ZERO = re.compile(r"(\d{8})\.0+", re.ASCII)
_DIGITS = {  # how many digits each part has: strptime alone would read 20251030 in more ways than one
    "Y": r"\d{4}", "m": r"\d{1,2}", "d": r"\d{1,2}", "I": r"\d{1,2}", "H": r"\d{1,2}", "M": r"\d\d", "S": r"\d\d",
    "p": r"[AaPp][Mm]", "b": r"[A-Za-z]{3}", "f": r"\d{1,6}", "z": r"(?:Z|[+-]\d\d:?\d\d)",
}  # fmt: skip


def _shape(form: str) -> re.Pattern[str]:
    if form == "%Y%m%d":
        return re.compile(r"(?:19|20)\d{6}", re.ASCII)
    parts = re.split(r"%(.)", form)
    return re.compile("".join(_DIGITS[part] if at % 2 else re.escape(part) for at, part in enumerate(parts)), re.ASCII)


_SHAPES = {form: _shape(form) for form in (*DAYS, *MOMENTS)}


def day_forms(values: Mapping[str, int]) -> tuple[list[str], int]:
    """Given values and how often each is there, return the forms in which they are dates, and how many cells fit."""
    return _forms(values, DAYS, MIDNIGHTS)


def moment_forms(values: Mapping[str, int]) -> tuple[list[str], int]:
    """The same for instants: dates with a time of day."""
    return _forms(values, MOMENTS, {})


def _forms(values: Mapping[str, int], known: Sequence[str], midnights: dict[str, str]) -> tuple[list[str], int]:
    read = [(_readings(text, known, midnights), count) for text, count in values.items()]
    alone: Counter[str] = Counter()  # told apart by a day past 12
    for forms, count in read:
        alone.update({forms[0]: count} if len(forms) == 1 else {})
    allowed = {form for form in (*known, *midnights) if not _loses(form, alone)}
    used: Counter[str] = Counter()
    for forms, count in read:
        used.update(dict.fromkeys([form for form in forms if form in allowed][:1], count))
    order = [*known, *midnights]
    return sorted(used, key=order.index), used.total()


def _loses(form: str, alone: Counter[str]) -> bool:
    """Whether the other order of day and month has the better evidence, in whichever form."""
    month_first = sum(count for each, count in alone.items() if "%m/%d" in each)
    day_first = sum(count for each, count in alone.items() if "%d/%m" in each)
    return day_first > month_first if "%m/%d" in form else "%d/%m" in form and month_first > day_first


def _readings(value: str, known: Sequence[str], midnights: dict[str, str]) -> list[str]:
    number = _DECIMAL_ZERO.fullmatch(value)
    found = [form for form in known if _is(number[1] if number and form == "%Y%m%d" else value, form)]
    return found + [form for form, ending in midnights.items() if value.upper().endswith(ending) and _is(value, form)]


def _is(value: str, form: str) -> bool:
    if not _SHAPES[form].fullmatch(value):
        return False
    try:
        datetime.strptime(value, form)  # noqa: DTZ007 only whether it is one
    except ValueError:
        return False
    return True
