"""Whether what a contract says of one column fits its type: forms, limits, patterns, masks."""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import re2

from datalake.contracts.model import Column
from datalake.documents.forms import Filled
from datalake.documents.nodes import Problem, quoted

TEXTS = ("string", "text")
DIRECTIVES = "YymdbBjHIMSfpzaA%"
MAX_DIGITS = 38  # of a decimal of 128 bits
_ONLY_OF = {  # key -> the types it says something about
    "format": ("number", "boolean", "date", "datetime"),
    "precision": ("number",),
    "separator": ("list",),
    "width": ("string",),
    "map": (*TEXTS, "list"),
}
_LIMITS_ONLY_OF = {
    "minimum": ("integer", "number", "date", "datetime"),
    "maximum": ("integer", "number", "date", "datetime"),
    "min_length": (*TEXTS, "list"),
    "max_length": (*TEXTS, "list"),
    "enum": (*TEXTS, "list", "integer", "number", "date", "datetime"),
}
# Days that no two forms read alike unless they mean the same: 3 February 2001 is 03/02/01, 02/03/01 and 01/02/03.
_PROBES = (datetime(2001, 2, 3), datetime(2012, 11, 10))  # noqa: DTZ001 only their text counts


def column_problems(filled: Filled, column: Column) -> Iterator[Problem]:
    """Given a column as read and as a record, yield what in it contradicts its type or itself."""
    limits = filled.values.get("constraints")
    yield from _misplaced(filled, column, _ONLY_OF)
    yield from form_problems(filled, "format", column.type)
    yield from _precision_problems(filled)
    if limits:
        yield from _misplaced(limits, column, _LIMITS_ONLY_OF)
        yield from _pattern_problems(limits)
        yield from _limit_problems(limits, column)
    if column.on_fail == "null" and column.constraints.required:
        yield filled.problem("on_fail", "a required value cannot be nulled. Use reject or warn.")


def pattern_mistake(pattern: str) -> str:
    """Return why a pattern cannot be used, "" if it can."""
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
        re2.compile(rf"\A(?:{pattern})\z", options)  # an open \Q fails only here
    except re2.error as problem:
        words = str(problem.args[0], "utf-8", "replace") if isinstance(problem.args[0], bytes) else str(problem)
        hint = " RE2 has no look-around and no back-references." if re.search("perl operator|escape", words) else ""
        return f"{quoted(pattern)} is not a pattern ({words}).{hint}"
    return ""


def _misplaced(filled: Filled, column: Column, only_of: dict[str, tuple[str, ...]]) -> Iterator[Problem]:
    for key, types in only_of.items():
        if key in filled.values and column.type not in types:
            yield filled.problem(key, f"says nothing about type {column.type}; it fits {', '.join(types)}.")


def _pattern_problems(limits: Filled) -> Iterator[Problem]:
    mistake = pattern_mistake(limits.values.get("pattern", ""))
    if mistake:
        yield limits.problem("pattern", mistake)


def _precision_problems(filled: Filled) -> Iterator[Problem]:
    precision = filled.values.get("precision")
    if precision is None:
        return
    if len(precision) != 2 or not 1 <= precision[0] <= MAX_DIGITS or precision[1] > precision[0]:
        yield filled.problem("precision", "is [digits in all, digits after the point], like [14, 2]; 38 at most.")


def form_problems(filled: Filled, key: str, kind: str) -> Iterator[Problem]:
    """Yield what is wrong with the accepted forms under a key, for values of that type."""
    forms = filled.values.get(key, ())
    told = [_form_mistake(kind, each) for each in forms]
    yield from (filled.problem(key, each, at) for at, each in enumerate(told) if each)
    contradicting = _CONTRADICTING.get(kind)
    if contradicting and not any(told):
        yield from (filled.problem(key, message, at) for at, message in contradicting(forms))


def _form_mistake(kind: str, form: str) -> str:
    if kind in ("date", "datetime"):
        return _date_form_mistake(form)
    if kind == "boolean":
        return _boolean_form_mistake(form)
    fine = kind != "number" or form == "percent"
    return "" if fine else f"{quoted(form)} is not percent, the one form that a number can have beside the usual."


def _date_form_mistake(form: str) -> str:
    directives = re.findall("%(.?)", form, re.DOTALL)
    wrong = [each for each in directives if each not in DIRECTIVES or not each]
    if wrong:
        return (
            f"{quoted(form)} has %{wrong[0]}, which is unknown. Known: {' '.join('%' + each for each in DIRECTIVES)}."
        )
    if not ({"Y", "y"} & set(directives) and ({"j"} & set(directives) or {"d"} <= set(directives))):
        return f'{quoted(form)} is not the form of a whole date, like "%m/%d/%Y".'
    if not {"m", "b", "B", "j"} & set(directives):
        return f"{quoted(form)} lacks the month. %M is minutes, %m is the month."
    if "I" in directives and "p" not in directives:
        return f"{quoted(form)} has hours of a half day, %I, without %p for AM and PM. %H is the hour of 24."
    repeated = {each for each in directives if directives.count(each) > 1 and each != "%"}
    return f"{quoted(form)} has %{min(repeated)} twice." if repeated else ""


def _ambiguous(forms: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    for at, form in enumerate(forms):
        for other in forms[:at]:
            if any(_read_differently(day.strftime(other), form, day) for day in _PROBES):
                example = _PROBES[0].strftime(other)
                yield at, f"{quoted(form)} and {quoted(other)} read {quoted(example)} as two days. Keep one of them."


def _read_differently(text: str, form: str, meant: datetime) -> bool:
    try:
        return datetime.strptime(text, form).date() != meant.date()  # noqa: DTZ007 only the day counts
    except ValueError:
        return False


def _boolean_form_mistake(form: str) -> str:
    yes, _, no = form.casefold().partition("/")
    fine = bool(yes and no and yes != no and "/" not in no)
    return "" if fine else f'{quoted(form)} is not two words for true and false, like "Y/N".'


def _contradicting_words(forms: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    pairs = [each.casefold().split("/") for each in forms]
    both = {yes for yes, _ in pairs} & {no for _, no in pairs}
    if both:
        yield 0, f"{quoted(min(both))} stands for true and for false."


_CONTRADICTING = {"boolean": _contradicting_words, "date": _ambiguous, "datetime": _ambiguous}


def _limit_problems(limits: Filled, column: Column) -> Iterator[Problem]:
    read = {}
    for key in ("minimum", "maximum"):
        if key in limits.values and column.type in _LIMITS_ONLY_OF[key]:
            read[key] = value_of(limits.values[key], column)
            if read[key] is None:
                yield limits.problem(key, f"{quoted(limits.values[key])} is not {_WORDS[column.type]}.")
    if column.type in _LIMITS_ONLY_OF["enum"]:
        yield from _enum_problems(limits, column)
    least, most = read.get("minimum"), read.get("maximum")
    if least is not None and most is not None and least > most:
        yield limits.problem("minimum", "is greater than maximum.")
    if limits.values.get("min_length", 0) > limits.values.get("max_length", 10**9):
        yield limits.problem("min_length", "is greater than max_length.")


def _enum_problems(limits: Filled, column: Column) -> Iterator[Problem]:
    seen = set()
    for at, text in enumerate(limits.values.get("enum", ())):
        value = value_of(text, column)
        if value is None:
            yield limits.problem("enum", f"{quoted(text)} is not {_WORDS[column.type]}.", at)
        elif value in seen:
            yield limits.problem("enum", f"{quoted(text)} is here twice.", at)
        seen.add(value)


_WORDS = {
    "integer": "a whole number",
    "number": "a number within the column's precision",
    "date": "a date like 2025-11-04",
    "datetime": "a date like 2025-11-04, or 2025-11-04 02:00:00",
}


def value_of(text: str, column: Column) -> Any:
    """Given a limit as it is written, return it as a value of the column's type; None if it is none."""
    try:
        return _READERS[column.type](text, column) if column.type in _READERS else text
    except ValueError:
        return None


def _integer(text: str, column: Column) -> int:
    if not re.fullmatch(r"[+-]?\d{1,18}", text, re.ASCII):
        raise ValueError
    return int(text)


def _number(text: str, column: Column) -> Decimal:
    found = re.fullmatch(r"[+-]?(\d{1,40})(?:\.(\d{0,40}))?", text, re.ASCII)
    digits, scale = column.precision
    if not found or len(found[1].lstrip("0")) > digits - scale or len((found[2] or "").rstrip("0")) > scale:
        raise ValueError
    return Decimal(text)


_READERS: dict[str, Callable[[str, Column], Any]] = {
    "integer": _integer,
    "number": _number,
    "date": lambda text, column: date.fromisoformat(text),
    "datetime": lambda text, column: datetime.fromisoformat(text),
}
