"""The fast engine against the slow one: the same verdict on every row of files that nobody thought of."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import staging

from datalake.contracts.config import load_contracts
from datalake.contracts.model import Check, Column, Constraints, Contract, Dialect, SkipRow
from datalake.demo.generator.forms import Form
from datalake.demo.generator.generate import Order, generate
from datalake.demo.generator.rates import Rates
from datalake.demo.generator.world import World
from datalake.engine.scan import Sizes
from datalake.errors import Refused

BLANK = st.sampled_from(["", "", "", " ", "\t", "\u00a0"])
IDS = st.sampled_from(["A1", "A2", "A3", "B10", "a1", "", "5.03E+02", "A1 ", "é1"])
TEXTS = st.one_of(
    st.sampled_from(
        ["", "NA", "Null", "True", "007", "1E5", 'a "b" c', '5" pipe', "x\ny", "p\r\nq", "l\rm", "a,b", ";"]
    ),
    st.text(st.sampled_from('ab"," \n\r;\u2028\x0b\x85é'), max_size=8),
)
NUMBERS = st.one_of(
    st.sampled_from(["1", "-1", "1,234.50", "$1,234.50", "(500.00)", "1e5", "1.", ".5", "--1", "1.2.3", "", "-", "+3"]),
    st.from_regex(r"\A[-$(]?[0-9]{1,4}([.,][0-9]{0,4})?\)?\Z"),
)
DAYS = st.one_of(
    st.sampled_from(["2025-02-28", "2025-02-30", "02/03/2025", "20251030.0", "20251030", "1/2/2025", "", "0000-01-01"]),
    st.from_regex(r"\A(20[0-9]{2})-[0-9]{2}-[0-9]{2}\Z"),
)
INSTANTS = st.sampled_from(
    ["01/01/2017 12:00:00 AM", "11/02/2025 01:30:00 AM", "03/09/2025 02:30:00 AM", "2025-01-02 03:04:05", "", "noon",
     "9999-12-31 23:59:59", "0001-01-01 00:00:00", "13/01/2025 01:00:00 AM", "1/2/2025 1:02:03 pm"]
)  # fmt: skip
FLAGS = st.sampled_from(["Yes", "no", "TRUE", "0", "maybe", "", " y "])
ITEMS = st.sampled_from(["a; b", "a;;b", ";", "", " x ", "a", "a; c ;"])
COUNTS = st.sampled_from(["1", "1,000", "12.0", "-3", "1.5", "", "9223372036854775808", "00012", " 7"])

COLUMNS = (
    Column("id", constraints=Constraints(required=True, pattern=r"[A-Z]\d+"), must_exist=True),
    Column("title", constraints=Constraints(max_length=6), on_fail="warn"),
    Column("amount", type="number", precision=(8, 2), constraints=Constraints(minimum="-600")),
    Column("start", type="date", formats=("%Y-%m-%d", "%m/%d/%Y", "%Y%m%d"), on_fail="null"),
    Column("updated", type="datetime", formats=("%m/%d/%Y %I:%M:%S %p", "%Y-%m-%d %H:%M:%S")),
    Column("flag", type="boolean", constraints=Constraints(required=True), on_fail="warn"),
    Column("items", type="list", constraints=Constraints(enum=("a", "b", "x"))),
    Column("count", type="integer", constraints=Constraints(maximum="5000"), on_fail="warn"),
    Column("note", type="text"),
)
CELLS = (IDS, TEXTS, NUMBERS, DAYS, INSTANTS, FLAGS, ITEMS, COUNTS, TEXTS)
RULES = staging.contract(
    COLUMNS,
    checks=(Check("late", "start <= '2025-10-01'"), Check("odd", "count * 2 < amount + 1 or title is null", "reject")),
    skip_rows=(SkipRow("title", "Null|p.*"),),
)
KEYED_TWICE = staging.contract(COLUMNS, primary_key=("count", "id"), order_by=("start", "updated"))
ON_FAIL = ("reject", "reject", "null", "reject", "null", "warn", "null", "null", "warn")
UNIQUE = staging.contract(
    tuple(
        Column(each.name, each.type, formats=each.formats, precision=each.precision, on_fail=on_fail,
               constraints=Constraints(unique=each.name in ("title", "amount", "flag")))
        for each, on_fail in zip(COLUMNS, ON_FAIL, strict=True)
    )
)  # fmt: skip
WORDS_MISSING = staging.contract(COLUMNS, missing_values=("", "NA", "Null", "0", "maybe"))

QUIET = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@st.composite
def files(draw: Any) -> bytes:
    """A file whose rows are mostly well built: quoted or bare, now and then ragged, blank or the header again."""
    header = ",".join(each.name for each in COLUMNS)
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    rows = [header]
    for _ in range(draw(st.integers(1, 12))):
        cells = [draw(each) for each in CELLS]
        quoting = draw(st.sampled_from(["needed", "needed", "all"]))
        row = ",".join(_cell(draw(BLANK) + cell + draw(BLANK), quoting) for cell in cells)
        odd = draw(st.integers(0, 25))
        rows.append(
            {0: row + ",x", 1: "", 2: header, 3: "Total,,5", 4: row[: len(row) // 2], 5: row.replace("a", "\0")}.get(
                odd, row
            )
        )
    ending = draw(st.sampled_from(["", end, end + end]))
    text = end.join(rows) + ending
    return text.encode(draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16"])))


def _cell(text: str, quoting: str) -> str:
    if quoting == "all" or any(each in text for each in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


@pytest.mark.parametrize(
    "rules", [RULES, KEYED_TWICE, UNIQUE, WORDS_MISSING], ids=["checks", "keys", "unique", "words"]
)
@QUIET
@given(
    data=files(),
    buffer=st.sampled_from([1, 7, 64, 1000]),
    rows=st.sampled_from([1, 2, 5, 100]),
    threads=st.sampled_from([1, 2, 4]),
)
def test_both_engines_give_the_same_verdict_on_every_row(
    tmp_path: Path, rules: Contract, data: bytes, buffer: int, rows: int, threads: int
) -> None:
    work = staging.job(tmp_path, data, rules, threads=threads)
    _agree(work, Sizes(buffer, rows, 64))


@QUIET
@given(text=st.text(st.sampled_from('id,A1"\n\r;"\0|\t x'), max_size=60), buffer=st.sampled_from([1, 3, 1000]))
def test_both_engines_agree_on_noise(tmp_path: Path, text: str, buffer: int) -> None:
    rules = staging.contract((Column("id"), Column("x")), dialect=Dialect("auto"))
    work = staging.job(tmp_path, "id,x\n" + text, rules)
    _agree(work, Sizes(buffer, 3, 64))


FEEDS = ("agreements", "coi", "grants", "grants_proposal", "iacuc", "irb", "irb_submission", "safety")
MANY = Rates(**{each: 1.0 if each == "bad_rows_at_most" else 0.02 for each in Rates.__annotations__})
FORMS = (Form(), Form(delimiter="|", newline="\n"), Form(encoding="cp1252"), Form(encoding="utf-16", header="spaced"))


@pytest.mark.parametrize("feed", FEEDS)
def test_both_engines_agree_on_the_feeds_that_ship_with_every_quirk(feed: str, tmp_path: Path) -> None:
    contracts = {each.feed: each for each in load_contracts(Path(__file__).parents[1])}
    order = Order(World(7, staging.DAY, 120), feed, staging.DAY, FORMS[len(feed) % len(FORMS)], MANY)
    made = generate(order, tmp_path)
    work = staging.job(tmp_path / "lake", made.path.read_bytes(), contracts[feed], threads=2, salt=b"pepper")
    _agree(work, Sizes(3_000, 50, 20_000))


def _agree(work: Any, sizes: Sizes) -> None:
    slow = staging.refusal(work, staging.slow)
    fast = staging.refusal(work, lambda each: staging.fast(each, sizes))
    if isinstance(slow, Refused) or isinstance(fast, Refused):
        assert str(fast) == str(slow)
        assert (fast.rule, fast.line) == (slow.rule, slow.line)
        assert not (work.staging / "staged.json").exists()
    else:
        staging.same(fast, slow)
        assert sum((fast.staged.accepted, fast.staged.rejected, fast.staged.duplicates, fast.staged.superseded,
                    fast.staged.excluded)) == fast.staged.rows_read  # fmt: skip
