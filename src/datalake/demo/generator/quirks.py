"""The quirks of cells and records that leave a row good: odd to write, odd to read, but meant."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from datalake.demo.generator.block import Block
from datalake.demo.generator.cells import Column, Meant
from datalake.demo.generator.rates import Rates

Cell = tuple[str, Meant]  # what is written, what it means
Rewrite = Callable[[Any, int], Cell | None]  # from what a cell means, and a number to choose by; None: not here
Fits = Callable[[Column], bool]


@dataclass(frozen=True)
class Quirk:
    """One way of writing, named as in Rates."""

    name: str
    fits: Fits
    rewrite: Rewrite
    of: type = str  # what a cell must mean for it


def apply_quirks(block: Block, rates: Rates) -> None:
    """Rewrite the cells of a block at those rates."""
    for quirk in QUIRKS:
        columns = block.fitting(quirk.fits)
        if columns:
            for row, number in block.hits(quirk.name, getattr(rates, quirk.name)):
                _rewrite(block, quirk, row, columns[number % len(columns)], number)


def _rewrite(block: Block, quirk: Quirk, row: int, column: int, number: int) -> None:
    meant = block.meant(row, column)
    if not isinstance(meant, quirk.of) or not block.free(row, column):
        return
    made = quirk.rewrite(meant, number)
    if made is not None:
        block.put(row, column, *made)
        block.quirks[quirk.name] += 1


def _kind(*kinds: str) -> Fits:
    return lambda column: column.kind in kinds


def _named(*endings: str) -> Fits:
    return lambda column: column.name.endswith(endings)


def _long(column: Column) -> bool:
    return column.kind == "text" or column.name.endswith("title")


def _same(change: Callable[[str], str]) -> Rewrite:
    """A rewrite whose text is its meaning."""

    def rewrite(meant: str, number: int) -> Cell:
        text = change(meant)
        return text, text

    return rewrite


def _newline(meant: str, number: int) -> Cell:
    text = meant.replace(" of ", " of\r\n" if number % 2 else " of\n") + "\nSecond line"
    return text, text


def _choice(options: tuple[str, ...]) -> Rewrite:
    return lambda meant, number: (options[number % len(options)],) * 2


# --- dates, moments, numbers ------------------------------------------------------------------------------------


def _us_day(iso: str) -> str:
    return f"{iso[5:7]}/{iso[8:10]}/{iso[:4]}"


def _day_as_number(iso: str, number: int) -> Cell:
    return iso.replace("-", "") + ".0", iso


def _iso_moment(meant: str, number: int) -> Cell | None:
    return None if meant.endswith("Z") else (meant.replace("T", " ") if number % 2 else meant, meant)


def _iso_fraction(meant: str, number: int) -> Cell | None:
    return None if meant.endswith("Z") else (f"{meant}.000Z", f"{meant}Z")


def _without_seconds(meant: str, number: int) -> Cell | None:
    """A stamp to the minute: what it means has no seconds either."""
    if meant.endswith("Z"):
        return None
    day, minute = meant[:10], meant[11:16]
    return f"{day if number % 2 else _us_day(day)} {minute}", f"{day}T{minute}:00"


def _without_time(meant: str, number: int) -> Cell | None:
    """A business date in a column of stamps: midnight."""
    day = meant[:10]
    return None if meant.endswith("Z") else (day if number % 2 else _us_day(day), f"{day}T00:00:00")


def _dressed(amount: str, number: int) -> Cell:
    digits = f"{int(amount.lstrip('-').split('.')[0]):,}.{amount.split('.')[1]}"
    sign = "$" if number % 3 else ""
    return f"({sign}{digits})" if amount.startswith("-") else f"{sign}{digits}", amount


def _ten_decimals(amount: str, number: int) -> Cell:
    return amount + "0" * (10 - len(amount.split(".")[1])), amount


def _zeros_lost(code: str, number: int) -> Cell | None:
    return (code.lstrip("0"), code) if code.startswith("0") and code.isdigit() else None


def _turned(name: str, number: int) -> Cell | None:
    surname, comma, given = name.partition(", ")
    if not comma:
        return None
    text = f"{given} {surname}" if number % 2 else f"{surname}., {given}"
    return text, text


def _year_typo(iso: str, number: int) -> Cell:
    typed = f"{2040 + number % 50}{iso[4:8]}{min(int(iso[8:10]), 28):02d}"
    return _us_day(typed), typed


def _whole(value: int, number: int) -> Cell:
    return (f"{value:,}" if value >= 1000 and number % 2 else f"{value}.0"), value


# --- lists ------------------------------------------------------------------------------------------------------


def _orphan(ids: list[str], number: int) -> Cell:
    more = [*ids, f"AWD{99_000_000 + number % 1_000_000}"]
    return "; ".join(more), more


def _many(values: list[str], number: int) -> Cell:
    more = [*values, "A model value, with a comma", "Another & one more", "Third (long) value"]
    return "; ".join(more), more


def _empty_item(values: list[str], number: int) -> Cell:
    return "; ".join([values[0], "", *values[1:]]) + (";" if number % 2 else ""), values


WORD_PASTE = '<p class="MsoNormal">Aim: A &amp; B &lt; C&nbsp;&ndash; see <b>protocol</b>.<o:p></o:p></p>'
UNKNOWN_STATES = ("NOT USED - Pending Model Response", "Paused (new in 12.1)", "Review Complete, Letter Pending")
UNKNOWN_SPONSORS = ("Model Trust of Nowhere", "Pretend Ventures (renamed)", "Sample & Sons")
DASHED_STATES = ("Award – Pending Reconciliation", "Review – On Hold")

QUIRKS = (
    Quirk("smart_quotes", _long, _same(lambda text: f"{text} – the “model” group’s view")),
    Quirk("embedded_newline", _long, _newline),
    Quirk("embedded_return", _long, _same(lambda text: f"{text}\rtyped on an old machine")),
    Quirk("embedded_quotes", _long, _same(lambda text: f'The "lantern" trial, or {text} "revisited"')),
    Quirk("embedded_delimiter", _long, _same(lambda text: f"{text}; phases 1, 2 | 3\tand 4")),
    Quirk("entities", _kind("text"), _same(lambda text: WORD_PASTE + text)),
    Quirk("cut_text", _kind("text"), _same(lambda text: (text * (4000 // len(text) + 1))[:4000])),
    Quirk("unknown_state", _named("status"), _choice(UNKNOWN_STATES)),
    Quirk("dash_state", _named("status"), _choice(DASHED_STATES)),
    Quirk("unknown_sponsor", lambda column: column.name == "sponsor", _choice(UNKNOWN_SPONSORS)),
    Quirk("iso_day", _kind("date"), lambda iso, number: (iso, iso)),
    Quirk("day_as_number", _kind("date"), _day_as_number),
    Quirk("day_with_midnight", _kind("date"), lambda iso, number: (f"{_us_day(iso)} 12:00:00 AM", iso)),
    Quirk("iso_moment", _kind("datetime"), _iso_moment),
    Quirk("utc_moment", _kind("datetime"), lambda meant, number: (f"{meant}Z", f"{meant}Z")),
    Quirk("iso_fraction", _kind("datetime"), _iso_fraction),
    Quirk("without_seconds", _kind("datetime"), _without_seconds),
    Quirk("without_time", _kind("datetime"), _without_time),
    Quirk("evergreen", _named("expiration_date"), lambda nothing, number: ("evergreen", None), of=type(None)),
    Quirk("money_dressed", _named("amount"), _dressed),
    Quirk("ten_decimals", _named("amount"), _ten_decimals),
    Quirk("percent_sign", _named("rate"), lambda rate, number: (f"{rate}%" if number % 2 else f"{rate} %", rate)),
    Quirk("zeros_lost", lambda column: column.width > 0, _zeros_lost),
    Quirk("name_turned", lambda column: column.name == "pi_name", _turned),
    Quirk("year_typo", _kind("date"), _year_typo),
    Quirk("thousands", _kind("integer"), _whole, of=int),
    Quirk("orphan", lambda column: column.kind == "list" and column.name.endswith("_ids"), _orphan, of=list),
    Quirk("many_values", _named("sponsors", "agents", "locations"), _many, of=list),
    Quirk("json_list", _kind("list"), lambda values, number: (json.dumps(values, ensure_ascii=False), values), of=list),
    Quirk("empty_item", _kind("list"), _empty_item, of=list),
    Quirk("spaces_around", _kind("date", "datetime", "number", "string"), lambda text, number: (f" {text}  ", text)),
)
