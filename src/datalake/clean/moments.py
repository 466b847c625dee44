"""Columns of dates and instants read at once, in the declared forms of fixed width."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from datalake.clean.arrow import Bools, Bytes, Ints, Text, distinct
from datalake.clean.dates import ISO_DATE, Offsets
from datalake.clean.kernels import Read, digits_at, same_width

Part = npt.NDArray[np.int32]

SECOND = 1_000_000
MOST_YEARS = 100
DAY = 86_400
ISO_INSTANTS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (local time that names no zone)
DATE_PARTS = 3  # year, month and day: a form with more parts has a time
_WIDTHS = {"Y": 4, "m": 2, "d": 2, "H": 2, "I": 2, "M": 2, "S": 2, "p": 2}
_COMMON = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MONTH_DAYS = np.array([_COMMON, (0, 31, 29, *_COMMON[3:])])  # by leap year, by month
_DAYS_BEFORE = np.cumsum(np.pad(_MONTH_DAYS, ((0, 0), (1, 0))), axis=1)[:, :13]


@dataclass(frozen=True)
class Form:
    """A form of fixed width: the bytes of each part, and the bytes between the parts."""

    width: int
    parts: dict[str, tuple[int, ...]]
    literals: dict[int, int]


@lru_cache(maxsize=256)
def fixed_form(form: str) -> Form | None:
    """Return a strptime form as byte places, None if its width is not fixed or it says less than a day."""
    parts: dict[str, tuple[int, ...]] = {}
    literals: dict[int, int] = {}
    place = 0
    for text, directive in re.findall(r"([^%]+)|%(.)", form):
        if text:
            literals |= {place + index: byte for index, byte in enumerate(text.encode())}
            place += len(text.encode())
        elif directive in _WIDTHS and directive not in parts:
            parts[directive] = tuple(range(place, place + _WIDTHS[directive]))
            place += _WIDTHS[directive]
        else:
            return None
    known = {"Y", "m", "d"} <= parts.keys() and ("I" in parts) == ("p" in parts) and not {"I", "H"} <= parts.keys()
    return Form(place, parts, literals) if known else None


def days(text: Text, formats: tuple[str, ...]) -> Read:
    """Read dates as days since 1970; a form with a time is read only where that is midnight."""
    if (formats or (ISO_DATE,))[0] == ISO_DATE:
        cast = _cast(text, 10, pa.date32())
        if cast is not None and (cast[0] >= _FIRST // DAY).all():
            return cast
    found = _read(text, formats or (ISO_DATE,))
    return found.day, found.fine & (found.second == 0)


def microseconds(text: Text, formats: tuple[str, ...], zone: "ZoneTable") -> Read:
    """Read instants as microseconds since 1970 in UTC; text names none, so it is local time."""
    seconds, fine = _cast_instants(text, formats) or _read(text, formats or ISO_INSTANTS).instants
    utc = seconds - zone.offsets(seconds, fine)
    return utc * SECOND, fine & (utc >= _FIRST) & (utc <= _LAST)


_FIRST = int((datetime.min - _EPOCH).total_seconds())  # noqa: DTZ901 (UTC, as all of them)
_LAST = int((datetime.max.replace(microsecond=0) - _EPOCH).total_seconds())  # noqa: DTZ901


def _cast_instants(text: Text, formats: tuple[str, ...]) -> Read | None:
    """Read instants by Arrow's own kernel where all cells are whole ISO instants; it reads T and a blank alike."""
    if formats and not {*ISO_INSTANTS[:2]} <= {*formats[:2]}:
        return None
    cast = _cast(text, 19, pa.timestamp("s"))
    return cast if cast is not None and (cast[0] >= _FIRST).all() else None


def _cast(text: Text, width: int, kind: pa.DataType) -> Read | None:
    """Cast a column all of whose cells have that width and are right; None for any other column."""
    if not ((text.sizes == width) | ~text.valid).all():
        return None
    try:
        cast = pc.cast(text.array, kind)
    except pa.ArrowInvalid:
        return None
    dtype = np.int32 if pa.types.is_date32(kind) else np.int64
    values = np.frombuffer(cast.buffers()[1], dtype)[cast.offset : cast.offset + len(cast)].astype(np.int64)
    return np.where(text.valid, values, 0), text.valid


@dataclass
class _Clock:
    """What the calendar and the clock on the wall say in each row: days since 1970, and seconds of the day."""

    day: Ints
    second: Ints
    fine: Bools

    @property
    def instants(self) -> Read:
        """Return seconds since 1970 on that clock."""
        return self.day * DAY + self.second, self.fine


def _read(text: Text, formats: tuple[str, ...]) -> _Clock:
    """Read each row in the first form that fits it."""
    clock = _Clock(np.zeros(len(text), np.int64), np.zeros(len(text), np.int64), np.zeros(len(text), bool))
    for form in (fixed_form(each) for each in formats):
        if form is None:  # what it would read is not known here, and it comes first
            break
        rows, cells = same_width(text, form.width)
        if len(rows):
            _read_form(cells, form, rows, clock)
    return clock


def _read_form(cells: Bytes, form: Form, rows: Ints, clock: _Clock) -> None:
    """Read the rows that are in a form and that no earlier form could read."""
    fine = ~clock.fine[rows]
    for place, byte in form.literals.items():
        fine &= cells[:, place] == byte
    numbers: dict[str, Part] = {}
    for name, places in form.parts.items():
        if name != "p":
            numbers[name], good = digits_at(cells, places)
            fine &= good
    day, good = _day_number(numbers["Y"], numbers["m"], numbers["d"], fine)
    second, good_second = _second_of_day(cells, form, numbers)
    fine &= good & good_second
    at = rows if fine.all() else rows[fine]
    clock.day[at] = day if len(at) == len(rows) else day[fine]
    clock.fine[at] = True
    if len(form.parts) > DATE_PARTS:
        clock.second[at] = second if len(at) == len(rows) else second[fine]


def _second_of_day(cells: Bytes, form: Form, numbers: dict[str, Part]) -> tuple[Part, Bools]:
    if len(form.parts) == DATE_PARTS:
        return numbers["d"], np.ones(len(cells), bool)  # no time at all: nothing to read, nothing to be wrong
    hour, fine = _hour(cells, form, numbers)
    minute, second = numbers.get("M", hour * 0), numbers.get("S", hour * 0)
    return (hour * 60 + minute) * 60 + second, fine & (minute < 60) & (second < 60)


def _hour(cells: Bytes, form: Form, numbers: dict[str, Part]) -> tuple[Part, Bools]:
    if "p" not in form.parts:
        hour = numbers.get("H", np.zeros(len(cells), np.int32))
        return hour, hour < 24
    first, second = form.parts["p"]
    half = cells[:, first] | 32  # lower case
    fine = ((half == ord("a")) | (half == ord("p"))) & ((cells[:, second] | 32) == ord("m"))
    hour = numbers["I"]
    return hour % 12 + (half == ord("p")) * np.int32(12), fine & (hour >= 1) & (hour <= 12)


def _day_number(year: Part, month: Part, day: Part, digits: Bools) -> tuple[Part, Bools]:
    """Return days since 1970 and which of the dates exist, in the calendar that Python's date keeps."""
    before, length = _calendar()
    at = np.where(digits, year * 16 + np.minimum(month, 15), 0)
    return before[at] + day, digits & (day >= 1) & (day <= length[at])


@lru_cache(maxsize=1)
def _calendar() -> tuple[Part, Part]:
    """Return for year * 16 + month the days from 1970 to its eve, and how many it has: none, if it is no month."""
    years = np.arange(10_000)
    leap = ((years % 4 == 0) & ((years % 100 != 0) | (years % 400 == 0))).astype(np.int64)
    earlier = np.maximum(years - 1, 0)
    start = earlier * 365 + earlier // 4 - earlier // 100 + earlier // 400 - 719_163
    before, length = np.zeros((10_000, 16), np.int32), np.zeros((10_000, 16), np.int32)
    before[:, :13] = start[:, None] + _DAYS_BEFORE[leap]
    length[1:, :13] = _MONTH_DAYS[leap[1:]]
    return before.ravel(), length.ravel()


class ZoneTable:
    """The distance of local times from UTC as steps, found year by year where times fall and then looked up."""

    def __init__(self, offsets: Offsets) -> None:
        self._offsets = offsets
        self._years: dict[int, tuple[Ints, Ints]] = {}

    def offsets(self, seconds: Ints, wanted: Bools) -> Ints:
        """Return the distance in seconds for each local time that is wanted, 0 for the others."""
        if not wanted.any():
            return np.zeros(len(seconds), np.int64)
        inside = seconds if wanted.all() else seconds[wanted]
        first, last = _year_of(int(inside.min())), _year_of(int(inside.max()))
        if last - first > MOST_YEARS:  # typing errors lie centuries apart
            return self._year_by_year(seconds, wanted)
        tables = [self._year(year) for year in range(first, last + 1)]
        steps, distances = (np.concatenate([each[place] for each in tables]) for place in (0, 1))
        return distances[np.maximum(np.searchsorted(steps, seconds, side="right") - 1, 0)]

    def _year_by_year(self, seconds: Ints, wanted: Bools) -> Ints:
        found = np.zeros(len(seconds), np.int64)
        years = (seconds // DAY).astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
        for year in distinct(years[wanted]):
            rows = np.flatnonzero(wanted & (years == year))
            steps, distances = self._year(int(year))
            found[rows] = distances[np.searchsorted(steps, seconds[rows], side="right") - 1]
        return found

    def _year(self, year: int) -> tuple[Ints, Ints]:
        known = self._years.get(year)
        if known is None:
            known = self._years[year] = _steps(self._distance, year)
        return known

    def _distance(self, second: int) -> int:
        try:
            return int(self._offsets(_EPOCH + timedelta(seconds=second)).total_seconds())
        except OverflowError:  # past the last day of the calendar
            return 0


def _year_of(second: int) -> int:
    return (_EPOCH + timedelta(seconds=second)).year


def _steps(distance: Callable[[int], int], year: int) -> tuple[Ints, Ints]:
    """Return the local seconds within a year from which on a distance holds, and these distances."""
    start = int((datetime(year, 1, 1) - _EPOCH).total_seconds())  # noqa: DTZ001
    steps, distances = [start], [distance(start)]
    for day in range(start, start + 366 * DAY, DAY):
        if distance(day + DAY) != distances[-1]:
            steps.append(_change(distance, day, day + DAY))
            distances.append(distance(day + DAY))
    return np.array(steps, np.int64), np.array(distances, np.int64)


def _change(distance: Callable[[int], int], low: int, high: int) -> int:
    """Return the first second after low at which the distance is no longer that of low."""
    before = distance(low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if distance(middle) == before else (low, middle)
    return high
