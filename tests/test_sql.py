"""manage.py sql: answers from published tables and views, in three forms, and nothing else in reach."""

import csv
import io
import json
import os
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from support.project import copy_files, project_files
from support.shelves import Shelves

from datalake.clock import MovedClock
from datalake.zones.paths import Lake

CSV = ("--format", "csv")
CLOCK = MovedClock(datetime(2025, 11, 5, 12, tzinfo=timezone.utc))


@pytest.fixture(scope="module")
def lake(tmp_path_factory) -> Lake:
    """A lake with two studies, one award and their views. No question changes it, so all share it."""
    lake = Lake(tmp_path_factory.mktemp("asked"))
    copy_files(project_files("config", "data", "logs"), lake.root)
    shelves = Shelves(lake)
    expiring = {"pi_name": "Testa, Example", "date_expires": date(2025, 12, 1)}
    shelves.publish(
        "irb",
        {"protocol_id": "A", "study_title": "=1+1", "status": "Approved", **expiring},
        {"protocol_id": "B", "study_title": 'Say "B", twice', "status": "Closed", "sponsors": ["NIH", "NSF"]},
    )
    shelves.publish("grants", {"award_id": "AWD1", "amount": Decimal("1234.50"), "status": "Active"})
    dues = {"pi_name": "Testa, E.", "status": "Approved", "annual_review_due": date(2025, 12, 1)}
    shelves.publish("iacuc", {"protocol_id": "P1", "triennial_due": date(2026, 1, 1), **dues})
    dues = {"pi_name": "Testa, E.", "status": "Approved", "annual_renewal_due": date(2025, 12, 1)}
    shelves.publish("safety", {"safety_id": "S1", "safety_type": "Biosafety", "date_expires": date(2026, 1, 1), **dues})
    shelves.refresh()
    return lake


@pytest.fixture
def ask(manage):
    """ask(query, *options) types it."""
    return lambda query, *options: manage("sql", query, *options, clock=CLOCK)


def test_an_answer_is_a_table_that_says_how_many_rows_it_has(ask) -> None:
    said = ask("select protocol_id, status, sponsors from irb order by 1")
    assert said.code == 0
    assert said.out.splitlines() == [
        "protocol_id  status    sponsors",
        "A            Approved",
        "B            Closed    NIH; NSF",
        "",
        "2 rows",
    ]


def test_an_answer_as_csv_is_whole_quoted_and_runs_nothing_in_a_spreadsheet(ask) -> None:
    said = ask("from irb select protocol_id, study_title, -1 as n order by 1", *CSV)
    assert list(csv.reader(io.StringIO(said.out))) == [
        ["protocol_id", "study_title", "n"],
        ["A", "'=1+1", "-1"],
        ["B", 'Say "B", twice', "-1"],
    ]


def test_an_answer_as_json_keeps_numbers_lists_dates_and_nothing(ask) -> None:
    said = ask("select award_id, amount, date '2025-11-05' as d, null as n from grants", "--format", "json")
    assert json.loads(said.out) == [{"award_id": "AWD1", "amount": 1234.5, "d": "2025-11-05", "n": None}]
    assert json.loads(ask("select sponsors from irb where protocol_id = 'B'", "--format", "json").out) == [
        {"sponsors": ["NIH", "NSF"]}
    ]
    assert json.loads(ask("select 1 from irb where false", "--format", "json").out) == []


def test_views_maps_and_the_words_of_views_can_be_asked_for(ask) -> None:
    said = ask("select protocol_id, days_left from irb_expiring", *CSV)
    assert said.out.splitlines() == ["protocol_id,days_left", "A,26"]
    grouped = ask("select irb_states(status) g, as_of() d, fiscal_year(as_of()) f from irb order by 1", *CSV)
    assert grouped.out.splitlines() == ["g,d,f", "active,2025-11-05,2026", "closed,2025-11-05,2026"]
    unfolded = ask("select sponsors(s) as s from (select unnest(sponsors) s from irb)", *CSV)
    assert unfolded.out.splitlines() == ["s", "National Institutes of Health", "National Science Foundation"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (
            '<p class="MsoNormal">Aim: A &amp; B &lt; C&nbsp;&ndash; see <b>protocol</b>.<o:p></o:p></p>Next',
            "Aim: A & B < C – see protocol.\nNext",
        ),
        ("It’s p<0.05 &#8212; or 3 > 2 &#x2026; &amp;lt;", "It’s p<0.05 — or 3 > 2 … &lt;"),
        ("AT&T & Co; R&D; &nothing; &#0;", "AT&T & Co; R&D; &nothing; &#0;"),
        ("one<br/>two<!-- note --><style>p {}</style><ul><li>three</li></ul>", "one\ntwothree"),
        ("<p>  </p>", ""),
    ],
)
def test_a_text_with_html_can_be_read_as_plain_text(ask, written: str, read: str) -> None:
    said = ask(f"select plain_text('{written}') as read, plain_text(null) as nothing", "--format", "json")
    assert json.loads(said.out) == [{"read": read, "nothing": None}]


def test_values_of_lists_and_of_numbered_columns_become_a_row_each(ask) -> None:
    lists = ask("select protocol_id, unnest(sponsors) as sponsor from irb", *CSV)
    assert lists.out.splitlines() == ["protocol_id,sponsor", "B,NIH", "B,NSF"]
    numbered = "select * from (select protocol_id, unnest([pi_name, school]) as value from irb) where value is not null"
    assert ask(numbered, *CSV).out.splitlines() == ["protocol_id,value", 'A,"Testa, Example"']


def test_tables_can_be_listed_described_and_summed_up(ask) -> None:
    listed = ask("show tables").out
    assert "irb_expiring" in listed and "grants" in listed
    assert "study_title" in ask("describe irb").out
    assert ask("summarize grants").code == 0


def test_a_long_answer_is_cut_on_a_terminal_and_whole_elsewhere(ask) -> None:
    shown = ask("select * from range(1000)").out.splitlines()
    assert (len(shown), shown[-1]) == (203, "1,000 rows; the first 200 are shown")
    assert len(ask("select * from range(1000)", *CSV).out.splitlines()) == 1001


def test_what_is_wrong_is_said_with_what_there_is_instead(ask) -> None:
    said = ask("select * from studies")
    assert said.code == 2
    assert said.err.startswith("error: Table with name studies does not exist!")
    assert "There are: grants, iacuc, irb, safety, " in said.err and "award_totals_fy" not in said.err
    never = ask("select * from award_totals_fy")
    assert (never.code, never.out) == (2, "")
    assert never.err.startswith("error: The view award_totals_fy is not updated, and has never been: grants: ")
    assert "syntax error" in ask("selct 1").err
    assert 'Referenced column "x" not found' in ask("select x from irb").err
    late = ask("select cast(study_title as integer) from irb")
    assert late.code == 2 and "Could not convert string" in late.err


REFUSED = [
    "copy irb to '{out}'",
    "copy (select 1) to '{out}' (format parquet)",
    "copy irb from '{secret}'",
    "attach '{out}'",
    "attach '{out}' as x (type sqlite)",
    "detach memory",
    "install httpfs",
    "force install httpfs",
    "load httpfs",
    "load '{secret}'",
    "update extensions",
    "pragma database_list",
    "pragma enable_profiling",
    "pragma temp_directory='{folder}'",
    "set enable_external_access = true",
    "set threads = 1",
    "set variable x = 1",
    "reset enable_external_access",
    "create table x as select 1",
    "create view x as select 1",
    "create macro x() as 1",
    "create persistent secret x (type http)",
    "insert into irb select * from irb",
    "update irb set status = 'Approved'",
    "delete from irb",
    "drop view irb",
    "alter view irb rename to x",
    "truncate irb",
    "export database '{folder}'",
    "import database '{folder}'",
    "call enable_logging(storage='file', storage_path='{folder}')",
    "checkpoint",
    "vacuum",
    "begin",
    "use memory",
    "prepare x as select 1",
    "execute x",
    "explain analyze copy irb to '{out}'",
    "select * from read_csv('{secret}')",
    "select * from read_csv_auto('{secret}')",
    "select * from read_text('{secret}')",
    "select * from read_blob('{secret}')",
    "select * from read_json('{secret}')",
    "select * from read_parquet('{secret}')",
    "select * from parquet_metadata('{secret}')",
    "select * from sniff_csv('{secret}')",
    "select * from glob('{folder}/*')",
    "select * from '{secret}'",
    "from '{secret}'",
    "select * from read_csv('https://example.edu/x.csv')",
    "select getenv('HOME')",
    "select * from query('copy irb to ''{out}''')",
    "select * from enable_logging(storage='file', storage_path='{folder}')",
    "with x as (insert into irb values (1) returning *) select * from x",
    "select * from readable",
    "select * from contracts",
    "select * from arrow_scan(1::pointer, 2::pointer, 3::pointer)",
    "select * from pandas_scan(1::pointer)",
    "select * from query('select * from arr' || 'ow_scan(1::pointer, 2::pointer, 3::pointer)')",
    "select * from json_execute_serialized_sql(json_serialize_sql('select * from ir' || 'b'))",
    "select * from \"query\" /**/ ('select 1')",
    "select 1; copy irb to '{out}'",
    "select 1; select 2",
    "/* */ copy irb to '{out}'",
    "",
    ";",
]


@pytest.mark.parametrize("query", REFUSED)
def test_nothing_is_reached_and_nothing_written_but_what_is_published(ask, query: str, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    secret = folder / "secret.csv"
    secret.write_text("word\nopensesame\n", encoding="utf-8")
    before = {path: path.stat().st_mtime_ns for path in sorted(tmp_path.rglob("*"))}
    said = ask(query.format(out=folder / "out", secret=secret, folder=folder))
    assert said.code == 2, said
    assert "opensesame" not in said.out + said.err
    assert {path: path.stat().st_mtime_ns for path in sorted(tmp_path.rglob("*"))} == before
    assert said.out == "" and said.err.startswith("error: ") and "No such command" not in said.err


def test_a_question_leaves_the_lake_as_it_was(ask, lake: Lake) -> None:
    def seen() -> dict[str, bytes]:
        files = (Path(folder) / name for folder, _, names in os.walk(lake.root) for name in names)
        return {str(path): path.read_bytes() for path in files}

    before = seen()
    ask("select irb_states(status), count(*) from irb group by 1")
    assert seen() == before


@pytest.mark.parametrize(
    "query",
    ["from safety", "select count(*) from SAFETY", "from protocol_renewals_due"],
)
def test_who_was_shown_a_feed_with_restricted_values_stands_in_the_log(ask, lake: Lake, query: str) -> None:
    lake.etl_log.unlink(missing_ok=True)
    assert ask(query).code == 0
    assert "sql of safety, which holds restricted values, for " in lake.etl_log.read_text(encoding="utf-8")
    lake.etl_log.unlink()
    assert ask("from irb").code == 0
    assert not lake.etl_log.exists() or "restricted" not in lake.etl_log.read_text(encoding="utf-8")


def test_a_name_that_the_query_puts_together_counts_as_every_restricted_feed_in_the_log(ask, lake: Lake) -> None:
    assert ask("select count(*) from query_table('saf' || 'ety')").code == 0
    assert "sql of coi, safety, which holds restricted values, for " in lake.etl_log.read_text(encoding="utf-8")


def test_before_anything_is_published_a_question_says_that_there_is_no_table(ask) -> None:
    said = ask("select * from coi")
    assert said.code == 2 and "Table with name coi does not exist" in said.err
