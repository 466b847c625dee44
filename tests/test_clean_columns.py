"""Whole columns at once: thousands of spellings of every type, each read as the value rules read it alone."""

import random
from datetime import date, timedelta
from pathlib import Path

import pytest
from support import staging

from datalake.clean.arrow import nullable_strings
from datalake.clean.batch import Cleaner
from datalake.clean.rules import make_rules
from datalake.clean.values import Unreadable
from datalake.contracts.model import Column, Constraints
from datalake.engine.findings import python_values

MONEY = ["1234.5", "$1,234.50", "(500.00)", "-0.00", ".5", "5.", "+7", "-", "--5", "1-2", "1.2.3", "", " 12 ", "1e5",
         "0.001", "999999999999.99", "1000000000000", "00000000000000001.5", "-999999999999.99", "1.10", "1.100",
         "12,34"]  # fmt: skip
WHOLE = ["1", "-1", "", "007", "1,000", "12.0", "1.5", "9223372036854775807", "9223372036854775808",
         "-9223372036854775808", "999999999999999999", "-99999999999999999", "1-", "-", "+5",
         " 3", "\u00a04"]  # fmt: skip
FLAGS = ["Yes", "No", "yes", "NO", "y", "N", "TRUE", "false", "True", "1", "0", "yEs", " no", "", "maybe", "2", "01"]
LISTS = ["a", "a;b", "a; b ", ";", "", " ", "a;;b", "\u00a0a ; b", "x;" * 40]
DAYS = ["2025-02-28", "2025-02-29", "2024-02-29", "1900-02-29", "2000-02-29", "0000-01-01", "0001-01-01", "9999-12-31",
        "2025-13-01", "2025-00-10", "2025-04-31", "2025-4-3", "2025/04/03", "20250403", "20250403.0", "04/03/2025",
        "4/3/2025", "", "2025-04-03 ", "2025-04-0x", "२०२५-०४-०३", "02/30/2025 12:00:00 AM", "02/28/2025 12:00:00 AM",
        "02/28/2025 11:00:00 PM", "02/28/2025 00:00:00 AM", "02/28/2025 12:60:00 AM"]  # fmt: skip
INSTANTS = ["2025-03-09 02:30:00", "2025-11-02 01:30:00", "2025-11-02T01:30:00", "2025-11-02 24:00:00",
            "2025-11-02 23:59:60", "2025-11-02 01:30", "2025-11-02T01:30:00Z", "2025-11-02 01:30:00.5", "2025-11-02",
            "0001-01-01 00:00:00",
            "9999-12-31 23:59:59", "1883-11-18 12:00:00", "1883-11-18 12:03:57", "1883-11-18 12:03:58",
            "2025-11-02 1:30:00", "", "now"]  # fmt: skip
JUNE = Constraints(maximum="2025-06-01")
A_OR_B = Constraints(pattern="a|b", required=True)


def columns_of(cells: list[str], column: Column, folder: Path) -> staging.Outcome:
    """Stage a file of one column and a number; both engines must agree on it."""
    rules = staging.contract((column, Column("n")), primary_key=())
    quoted = ('"' + each.replace('"', '""') + '"' for each in cells)
    text = "c,n\n" + "".join(f"{each},{number}\n" for number, each in enumerate(quoted))
    return staging.stage(folder, text, rules)


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        (MONEY, Column("c", "number", precision=(14, 2))),
        (MONEY, Column("c", "number", precision=(18, 4), on_fail="null")),
        (MONEY, Column("c", "number", precision=(30, 10))),
        (MONEY, Column("c", "number", precision=(14, 0), constraints=Constraints(minimum="-1", maximum="1300"))),
        (WHOLE, Column("c", "integer", constraints=Constraints(minimum="-5", enum=("1", "7", "1000", "-6")))),
        (WHOLE, Column("c", "integer", constraints=Constraints(pattern=r"\d+", max_length=3), on_fail="warn")),
        (FLAGS, Column("c", "boolean")),
        (FLAGS, Column("c", "boolean", formats=("Yes/No", "yEs/2"))),
        (LISTS, Column("c", "list", constraints=Constraints(enum=("a", "b"), max_length=3), on_fail="warn")),
        (LISTS, Column("c", "list", constraints=Constraints(pattern="[ab]", min_length=2))),
        (DAYS, Column("c", "date")),
        (DAYS, Column("c", "date", formats=("%m/%d/%Y", "%m/%d/%Y %I:%M:%S %p", "%Y%m%d"))),
        (DAYS, Column("c", "date", formats=("%d %b %Y", "%Y-%m-%d"), constraints=Constraints(minimum="1990-01-01"))),
        (INSTANTS, Column("c", "datetime")),
        (INSTANTS, Column("c", "datetime", formats=("%Y-%m-%d %H:%M:%S",), constraints=JUNE)),
        (["1", "12345678", "A", "", "5.03E+02", "123456789", "é", " 12 "], Column("c", width=8)),
        (["é" * 3, "abc", "abcd", "", "日本語字"], Column("c", constraints=Constraints(max_length=3, min_length=2))),
        (["a", "A", "a\n", "", "b"], Column("c", constraints=A_OR_B, on_fail="warn")),
        (["a\n", "a", "\n"], Column("c", "text", constraints=Constraints(pattern="a"))),
    ],
)  # fmt: skip
def test_a_column_is_read_as_its_cells_are_one_by_one(cells: list[str], column: Column, tmp_path: Path) -> None:
    for number, repeated in enumerate((cells, [cells[0]] * 50 + cells, cells * 3)):
        columns_of(repeated, column, tmp_path / str(number))


def test_every_day_of_the_calendar_is_the_day_it_says(tmp_path: Path) -> None:
    start = date(1583, 1, 1)
    days = [start + timedelta(days=each) for each in range(0, 365 * 800, 37)]
    rules = staging.contract((Column("a", "date"), Column("b", "date", formats=("%m/%d/%Y",))), primary_key=())
    text = "a,b\n" + "".join(f"{each:%Y-%m-%d},{each:%m/%d/%Y}\n" for each in days)
    found = staging.fast(staging.job(tmp_path, text, rules))
    assert found.column("a") == days
    assert found.column("b") == days


def test_digits_of_amounts_survive_to_the_last(tmp_path: Path) -> None:
    numbers = random.Random(5)
    texts = [f"{numbers.randint(-(10**11), 10**11)}.{numbers.randint(0, 99):02d}" for _ in range(3000)]
    rules = staging.contract((Column("c", "number", precision=(14, 2)), Column("n")), primary_key=())
    found = staging.fast(staging.job(tmp_path, "c,n\n" + "".join(f"{each},\n" for each in texts), rules))
    assert [str(each) for each in found.column("c")] == [each if float(each) else "0.00" for each in texts]
    units = sum(int(each.replace(".", "")) for each in texts)
    assert found.staged.sums == {"c": f"{units // 100 if units > 0 else -(-units // 100)}.{abs(units) % 100:02d}"}


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        (
            [*DAYS, "2025-1-001", "02025-1-01", "2025- 1-01", "+025-01-01", "2025-01-0 ", "-001-01-01"],
            Column("c", "date"),
        ),
        (DAYS, Column("c", "date", formats=("%m/%d/%Y", "%Y-%m-%d"))),
        ([*INSTANTS, "2025-01-02T03+05:00", "2025-01-02 03:04Z  ", "2025-01-02\t03:04:05"], Column("c", "datetime")),
        (INSTANTS, Column("c", "datetime", formats=("%Y-%m-%d %H:%M:%S",))),
        (MONEY, Column("c", "number", precision=(14, 2))),
        (WHOLE, Column("c", "integer")),
        (FLAGS, Column("c", "boolean")),
    ],
)
@pytest.mark.parametrize("beside", [[], ["2024-02-29"], ["2024-02-29 01:02:03"], ["12.50"], ["7"], ["Yes"], [""]])
def test_a_cell_is_read_alike_alone_and_in_whatever_company(
    cells: list[str], column: Column, beside: list[str]
) -> None:
    """A kernel may read a column only if all of it is plain: each cell is tried alone and beside a plain one."""
    cleaner = Cleaner(make_rules(staging.contract((column,), primary_key=()), "America/New_York"))
    rule = cleaner.rules.column("c")
    for cell in cells:
        together = [*beside, cell, *beside]
        batch = cleaner.clean({"c": nullable_strings([each or None for each in together])}, len(together))
        try:
            wanted = rule.parse(cell).value
        except Unreadable as problem:
            assert any(each.rule == problem.rule and len(beside) in each.rows for each in batch.found), cell
            wanted = None
        assert python_values(batch.values["c"])[len(beside)] == wanted, cell
