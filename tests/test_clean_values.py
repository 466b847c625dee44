"""Single cells: what is read, what is fixed and said to be fixed, and what is refused rather than guessed."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from datalake.clean.rules import column_rule, make_rules
from datalake.clean.values import Unreadable
from datalake.contracts.model import Column, Constraints, Contract, Delivery

ID = Constraints(pattern=".*")
MONEY = {"type": "number", "precision": (14, 2)}
US = ("%m/%d/%Y", "%m/%d/%Y %I:%M:%S %p", "%Y%m%d")


def read(cell: str, missing: tuple[str, ...] = ("",), zone: str = "America/New_York", **words: Any) -> Any:
    column = Column("c", **words)
    rules = make_rules(Contract("f", Delivery("f.csv"), (column,), missing_values=missing), zone)
    return column_rule(column, rules.contract, rules.offsets).parse(cell)


def value(cell: str, **words: Any) -> Any:
    return read(cell, **words).value


def refused(cell: str, **words: Any) -> str:
    with pytest.raises(Unreadable) as caught:
        read(cell, **words)
    return caught.value.rule


@pytest.mark.parametrize("word", ["NA", "N/A", "Null", "None", "nan", "True", "007", "1E5", "-", "#N/A"])
def test_words_that_look_like_something_else_stay_words(word: str) -> None:
    assert read(word) == read(word, type="text")
    assert value(word) == word


def test_only_declared_words_stand_for_missing() -> None:
    assert value("NA") == "NA"
    assert value("NA", missing=("", "NA")) is None
    assert value(" NA ", missing=("", "NA")) is None
    assert value("", missing=("NA",)) == ""
    assert value("N/A", missing=("", "N/A"), **MONEY) is None


@pytest.mark.parametrize("cell", [" a b ", "\ta b\r\n", "\u00a0a b\ufeff"])
def test_blanks_around_a_value_go_and_are_counted(cell: str) -> None:
    assert (read(cell).value, read(cell).fixes) == ("a b", ("trimmed",))


def test_text_is_kept_to_the_letter() -> None:
    assert (read(" a\n", type="text").value, read(" a\n", type="text").fixes) == (" a\n", ())


@pytest.mark.parametrize(
    ("cell", "meant", "fixes"),
    [
        ("1234.5", "1234.50", ()),
        ("1234.5000000000", "1234.50", ()),
        ("-0.00", "0.00", ()),
        (".5", "0.50", ()),
        ("5.", "5.00", ()),
        ("+7", "7.00", ()),
        ("000123", "123.00", ()),
        ("1,234,567.89", "1234567.89", ("thousands_separator",)),
        ("$1,234.50", "1234.50", ("currency_sign", "thousands_separator")),
        ("(500.00)", "-500.00", ("parentheses",)),
        ("($1,234.50)", "-1234.50", ("currency_sign", "thousands_separator", "parentheses")),
        ("-$5", "-5.00", ("currency_sign",)),
        ("$-5", "-5.00", ("currency_sign",)),
        ("$ 5", "5.00", ("currency_sign",)),
        (" 12 ", "12.00", ("trimmed",)),
        ("999999999999.99", "999999999999.99", ()),
    ],
)
def test_money_is_read_exactly(cell: str, meant: str, fixes: tuple[str, ...]) -> None:
    assert (str(read(cell, **MONEY).value), read(cell, **MONEY).fixes) == (meant, fixes)


@pytest.mark.parametrize("cell", ["", "  "])
def test_a_blank_amount_is_missing_and_never_zero(cell: str) -> None:
    assert value(cell, **MONEY) is None


@pytest.mark.parametrize(
    "cell",
    [
        "12,34.50",
        "1,2",
        "1.2.3",
        "(5",
        "5)",
        "(-5)",
        "--5",
        "$",
        "()",
        "USD 5",
        "5-",
        "٣",
        "1_000",
        "0x10",
        "inf",
        "5%",
    ],
)
def test_what_is_no_number_is_refused(cell: str) -> None:
    assert refused(cell, **MONEY) == "type"


@pytest.mark.parametrize("cell", ["1.239", "0.001", "1000000000000"])
def test_digits_beyond_the_precision_are_refused_and_never_rounded(cell: str) -> None:
    assert refused(cell, **MONEY) == "precision"


@pytest.mark.parametrize("cell", ["5.03E+02", "1e5", "1E-3"])
def test_powers_of_ten_are_refused_because_excel_drops_digits_so(cell: str) -> None:
    assert refused(cell, **MONEY) == "lossy"
    assert refused(cell, type="integer") == "lossy"


def test_an_id_that_excel_shortened_is_refused_and_free_text_like_it_is_not() -> None:
    assert refused("5.03E+02", constraints=ID) == "lossy"
    assert value("5.03E+02") == "5.03E+02"
    assert value("1E5", constraints=ID) == "1E5"


def test_percent_is_read_only_where_it_is_declared() -> None:
    found = read("65%", type="number", precision=(5, 2), formats=("percent",))
    assert (found.value, found.fixes) == (Decimal("65.00"), ("percent_sign",))
    assert value("0.65", type="number", precision=(5, 2), formats=("percent",)) == Decimal("0.65")


@pytest.mark.parametrize(
    ("cell", "meant", "fixes"),
    [
        ("12", 12, ()),
        ("-3", -3, ()),
        ("007", 7, ()),
        ("1,234", 1234, ("thousands_separator",)),
        ("12.0", 12, ("decimal_zero",)),
        ("1,234.00", 1234, ("thousands_separator", "decimal_zero")),
        ("9223372036854775807", 2**63 - 1, ()),
        ("-9223372036854775808", -(2**63), ()),
    ],
)
def test_whole_numbers(cell: str, meant: int, fixes: tuple[str, ...]) -> None:
    assert (read(cell, type="integer").value, read(cell, type="integer").fixes) == (meant, fixes)


@pytest.mark.parametrize("cell", ["1.5", "12,34", "9223372036854775808", "twelve", "1 000", "-", "(5)", "$5"])
def test_what_is_no_whole_number_is_refused(cell: str) -> None:
    assert refused(cell, type="integer") == "type"


@pytest.mark.parametrize(
    ("cell", "meant", "fixes"),
    [
        ("09/03/2025", date(2025, 9, 3), ()),
        ("9/3/2025", date(2025, 9, 3), ()),
        ("20251030", date(2025, 10, 30), ()),
        ("20251030.0", date(2025, 10, 30), ("decimal_zero",)),
        ("01/01/2017 12:00:00 AM", date(2017, 1, 1), ()),
        ("01/01/2017 01:30:00 PM", date(2017, 1, 1), ("time_dropped",)),
        ("02/29/2024", date(2024, 2, 29), ()),
        ("01/01/0001", date(1, 1, 1), ()),
        ("12/31/9999", date(9999, 12, 31), ()),
    ],
)
def test_dates_in_any_declared_form(cell: str, meant: date, fixes: tuple[str, ...]) -> None:
    found = read(cell, type="date", formats=US)
    assert (found.value, found.fixes) == (meant, fixes)


@pytest.mark.parametrize(
    "cell",
    [
        "02/30/2025",
        "13/01/2025",
        "2025-10-30",
        "02/29/2025",
        "45000",
        "soon",
        "1/2/25",
        "0/1/2025",
        "2025103",
        "01//2025",
    ],
)
def test_dates_that_do_not_exist_or_are_in_no_declared_form_are_refused(cell: str) -> None:
    assert refused(cell, type="date", formats=US) == "type"


def test_without_a_declared_form_only_iso_is_a_date() -> None:
    assert value("2025-02-03", type="date") == date(2025, 2, 3)
    assert refused("02/03/2025", type="date") == "type"


@pytest.mark.parametrize(
    ("cell", "utc"),
    [
        ("10/30/2025 01:12:09 AM", datetime(2025, 10, 30, 5, 12, 9)),  # summer: four hours behind
        ("12/30/2025 01:12:09 AM", datetime(2025, 12, 30, 6, 12, 9)),  # winter: five
        ("11/02/2025 01:30:00 AM", datetime(2025, 11, 2, 5, 30)),  # comes twice: the first
        ("03/09/2025 02:30:00 AM", datetime(2025, 3, 9, 7, 30)),  # never was: the distance before the jump
        ("1/2/2017 12:00:00 am", datetime(2017, 1, 2, 5)),
    ],
)
@pytest.mark.parametrize("zone", ["America/New_York", "local"])
def test_times_without_a_zone_are_local(cell: str, utc: datetime, zone: str) -> None:
    assert value(cell, type="datetime", formats=("%m/%d/%Y %I:%M:%S %p",), zone=zone) == utc


@pytest.mark.parametrize(
    ("cell", "utc"),
    [
        ("2025-07-01T12:00:00Z", datetime(2025, 7, 1, 12)),
        ("2025-07-01 12:00:00+02:00", datetime(2025, 7, 1, 10)),
        ("2025-07-01T12:00:00.25", datetime(2025, 7, 1, 16, 0, 0, 250_000)),
        ("2025-07-01 12:00", datetime(2025, 7, 1, 16)),
    ],
)
def test_iso_instants_are_read_where_no_form_is_declared(cell: str, utc: datetime) -> None:
    assert value(cell, type="datetime") == utc


@pytest.mark.parametrize(
    "cell", ["2025-07-01", "20250701T120000", "2025-W01-1", "12:00", "2025-07-01 25:00:00", "0001-01-01 00:00:00+14:00"]
)
def test_what_is_no_instant_is_refused(cell: str) -> None:
    assert refused(cell, type="datetime") == "type"


@pytest.mark.parametrize("cell", ["Yes", "y", "TRUE", "1", "true "])
def test_yes(cell: str) -> None:
    assert value(cell, type="boolean") is True


@pytest.mark.parametrize("cell", ["No", "n", "False", "0"])
def test_no(cell: str) -> None:
    assert value(cell, type="boolean") is False


def test_other_words_for_yes_and_no_are_declared() -> None:
    assert value("on", type="boolean", formats=("On/Off",)) is True
    assert refused("yes", type="boolean", formats=("On/Off",)) == "type"
    assert refused("2", type="boolean") == "type"


def test_several_values_in_a_cell() -> None:
    assert value("6; 7", type="list") == ["6", "7"]
    assert value("a|b", type="list", separator="|") == ["a", "b"]
    found = read("a;; b;", type="list")
    assert (found.value, found.fixes) == (["a", "b"], ("empty_items",))
    assert value(" ; ", type="list") is None


def test_a_json_array_of_texts_is_a_list_whatever_stands_in_its_items() -> None:
    found = read('["NIH; NCI", " NSF ", "", null, 12.50]', type="list")
    assert (found.value, found.fixes) == (["NIH; NCI", "NSF", "12.50"], ("json_list", "empty_items"))
    assert value("[]", type="list") is None
    assert value('["a|b"]', type="list", separator="|") == ["a|b"]


@pytest.mark.parametrize("text", ["[draft]; b", '["a"', '["a"] b', '[["a"]]', '[{"a": 1}]', "[true]", "[" * 5000 + "]"])
def test_what_only_begins_like_a_json_array_is_split_as_ever(text: str) -> None:
    assert value(text, type="list") == [each.strip() for each in text.split(";")]


def test_lost_leading_zeros_come_back_where_the_width_is_declared() -> None:
    assert (read("12345", width=8).value, read("12345", width=8).fixes) == ("00012345", ("padded",))
    assert read("00012345", width=8).fixes == ()
    assert value("A12", width=8) == "A12"
    assert value("123456789", width=8) == "123456789"
