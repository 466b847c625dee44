"""How views are kept: made when their sources changed, whole or not at all, each for itself, and never a false 0."""

import csv
import io
import os
from dataclasses import replace
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.nights import Killed, Office, kinds, note, office
from support.shelves import NIGHT, Shelves

from datalake.errors import ConfigurationError
from datalake.views import shelf
from datalake.views.check import check_views
from datalake.views.published import empty_columns
from datalake.zones.paths import Lake

THURSDAY = date(2025, 11, 6)
COUNTED = """/*
title: Studies by state
definition: Studies, by state.
row: a state
sources:
  irb: {needs: [protocol_id, status], may_use: [school]}
left_out:
  closed: Closed studies
columns:
  status: State
  studies: Studies
*/

create view considered as
select *, case when status = 'Closed' then 'closed' end as left_out
from irb;

select status, count(*) as studies
from considered
where left_out is null
group by 1
order by 1
"""


@pytest.fixture
def shelves(lake: Lake) -> Shelves:
    """A lake whose only views are those that the test writes."""
    for path in (lake.root / "config" / "views").iterdir():
        path.unlink()
    return Shelves(lake)


def study(name: str, status: str = "Approved", **values) -> dict:
    return {"protocol_id": name, "status": status, **values}


def counted(shelves: Shelves) -> list[tuple]:
    return [tuple(each.values()) for each in shelves.rows("counted")]


# --- when a view is made --------------------------------------------------------------------------------------------


def test_a_view_stays_as_it_is_until_one_of_its_sources_changes(shelves: Shelves) -> None:
    shelves.write_view("counted", COUNTED)
    shelves.publish("irb", study("A"), study("B"))
    assert shelves.refresh()["counted"].status == "updated"
    shelves.publish("grants", {"award_id": "AWD00001"})
    again = shelves.refresh(THURSDAY)["counted"]
    assert (again.status, again.as_of) == ("unchanged", NIGHT)
    shelves.publish("irb", study("A"))
    assert shelves.refresh(THURSDAY)["counted"].status == "updated"
    assert counted(shelves) == [("Approved", 1)]
    assert [path.name for path in sorted((shelves.lake.views / "counted" / "versions").iterdir())] == [
        "000001-2025-11-05",
        "000002-2025-11-06",
    ]


def test_a_source_confirmed_for_a_later_day_makes_its_views_anew(shelves: Shelves) -> None:
    shelves.write_view("counted", COUNTED)
    shelves.publish("irb", study("A"))
    shelves.refresh()
    shelves.confirm("irb", NIGHT)
    assert shelves.refresh(THURSDAY)["counted"].as_of == THURSDAY
    assert shelves.card("counted")["sources"][0]["as_of"] == "2025-11-05"


def test_an_edited_view_is_made_anew_without_new_data(shelves: Shelves) -> None:
    shelves.write_view("counted", COUNTED)
    shelves.publish("irb", study("A"), study("B", "Closed"))
    shelves.refresh()
    shelves.write_view("counted", COUNTED.replace("'Closed' then", "'Approved' then"))
    shelves.refresh()
    assert counted(shelves) == [("Closed", 1)]


def test_a_changed_map_of_meanings_makes_the_views_that_use_it_anew(shelves: Shelves) -> None:
    grouped = COUNTED.replace("status, count(*)", "irb_states(status) as status, count(*)")
    shelves.write_view("counted", grouped)
    shelves.publish("irb", study("A", "On the shelf"))
    shelves.refresh()
    assert counted(shelves) == [("unmapped", 1)]
    maps = shelves.lake.root / "config" / "local" / "maps"
    maps.mkdir(parents=True)
    (maps / "irb_states.csv").write_text("value,group\non  the SHELF,closed\n", encoding="utf-8")
    assert shelves.refresh()["counted"].status == "updated"
    assert counted(shelves) == [("closed", 1)]


def test_a_view_in_config_local_stands_in_for_the_shipped_one(shelves: Shelves) -> None:
    (shelves.lake.root / "config" / "views" / "counted.sql").write_text(COUNTED, encoding="utf-8")
    shelves.write_view("counted", COUNTED.replace("Studies by state", "Ours"))
    shelves.publish("irb", study("A"))
    shelves.refresh()
    assert shelves.card("counted")["title"] == "Ours"


# --- what lies there ------------------------------------------------------------------------------------------------


def test_a_view_is_published_like_a_feed_with_its_card_beside_its_rows(shelves: Shelves) -> None:
    shelves.write_view("counted", COUNTED)
    shelves.publish("irb", study("A", "=cmd"), study("B", "Closed"), study("C", "Approved"))
    shelves.refresh()
    folder = shelves.current("counted")
    assert os.readlink(folder) == "versions/000001-2025-11-05"
    assert sorted(os.listdir(folder)) == ["card.json", "counted.csv", "counted.parquet", "version.json"]
    text = (folder / "counted.csv").read_bytes().decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text))) == [["status", "studies"], ["'=cmd", "1"], ["Approved", "1"]]
    assert shelves.card("counted") == {
        "view": "counted",
        "title": "Studies by state",
        "definition": "Studies, by state.",
        "row": "a state",
        "owner": "",
        "as_of": "2025-11-05",
        "rows": 2,
        "classification": "internal",
        "columns": [
            {"name": "status", "type": "string", "what": "State"},
            {"name": "studies", "type": "int64", "what": "Studies"},
        ],
        "sources": [
            {"feed": "irb", "title": "IRB protocols", "as_of": "2025-11-04", "version": "000001-2025-11-04", "rows": 3}
        ],
        "left_out": [{"reason": "closed", "what": "Closed studies", "records": 1}],
        "unmapped": [{"column": "irb.status", "map": "irb_states", "records": 1, "values": [["=cmd", 1]]}],
        "lists": {},
    }


def test_the_same_tables_give_the_same_bytes_whatever_the_number_of_threads(shelves: Shelves, tmp_path) -> None:
    rows = [study(f"S{number}", f"State {number % 97}") for number in range(5000)]
    found = []
    for threads in (1, 4):
        other = Shelves(Lake(tmp_path / str(threads)), replace(shelves.settings, threads=threads))
        (other.lake.root / "config").mkdir(parents=True)
        for name in ("modules", "maps"):
            (other.lake.root / "config" / name).symlink_to(shelves.lake.root / "config" / name)
        other.write_view("counted", COUNTED)
        other.publish("irb", *rows)
        other.refresh()
        found.append({path.name: path.read_bytes() for path in other.current("counted").iterdir()})
    assert found[0] == found[1]


def test_old_versions_of_a_view_go_as_those_of_feeds_do(shelves: Shelves) -> None:
    shelves.settings = replace(shelves.settings, keep_versions=2)
    shelves.write_view("counted", COUNTED)
    for number in range(4):
        shelves.publish("irb", study(f"S{number}"))
        shelves.refresh()
    versions = shelves.lake.views / "counted" / "versions"
    assert sorted(path.name[:6] for path in versions.iterdir()) == ["000003", "000004"]


# --- never a false 0 ------------------------------------------------------------------------------------------------


def test_a_view_whose_column_the_file_lacked_keeps_its_last_version_and_says_so(shelves: Shelves) -> None:
    shelves.write_view("counted", COUNTED)
    shelves.publish("irb", study("A"), study("B"))
    shelves.refresh()
    shelves.publish("irb", {"protocol_id": "A"}, {"protocol_id": "B"}, absent=("status",))
    done = shelves.refresh(THURSDAY)["counted"]
    assert (done.status, done.as_of, done.told) == ("not_updated", NIGHT, True)
    assert done.reason == "irb: its file had no column status."
    assert "aliases of status in config/local/modules/irb.yaml" in done.fix
    assert counted(shelves) == [("Approved", 2)]
    standing = shelf.standing(shelves.lake, "counted")
    assert standing.as_of == NIGHT and standing.not_updated and standing.not_updated.night == "2025-11-06"


def test_a_needed_column_gone_blank_is_no_zero(shelves: Shelves) -> None:
    shelves.write_view("counted", COUNTED)
    shelves.publish("irb", {"protocol_id": "A"}, {"protocol_id": "B"})
    done = shelves.refresh()["counted"]
    assert (done.status, done.reason) == ("not_updated", "irb: column status is empty in every row.")
    assert not (shelves.lake.views / "counted" / "current").exists()


def test_a_blank_column_is_seen_also_in_a_file_whose_footer_counts_nothing(tmp_path) -> None:
    table = pa.table({"a": pa.nulls(3, pa.string()), "b": ["x", None, None], "c": pa.nulls(3, pa.list_(pa.string()))})
    for counts in (True, False):
        pq.write_table(table, tmp_path / "t.parquet", write_statistics=counts)
        assert empty_columns([tmp_path / "t.parquet"]) == {"a": True, "b": False, "c": True}


def test_once_the_column_is_back_the_view_is_up_to_date_again(shelves: Shelves) -> None:
    shelves.write_view("counted", COUNTED)
    shelves.publish("irb", {"protocol_id": "A"})
    shelves.refresh()
    shelves.publish("irb", study("A"))
    assert shelves.refresh()["counted"].status == "updated"
    assert shelf.standing(shelves.lake, "counted").not_updated is None


def test_a_column_that_may_be_used_is_empty_where_the_file_lacks_it(shelves: Shelves) -> None:
    schools = COUNTED.replace("select status, count(*)", "select coalesce(school, 'none') as status, count(*)")
    shelves.write_view("counted", schools)
    shelves.publish("irb", study("A"), absent=("school",))
    shelves.refresh()
    assert counted(shelves) == [("none", 1)]


def test_a_masked_column_does_not_come_back(shelves: Shelves) -> None:
    local = shelves.lake.root / "config" / "local" / "modules"
    local.mkdir(parents=True)
    (local / "irb.yaml").write_text(
        "columns: [{name: status, mask: redact, map: irb_states}, {name: school, mask: drop}]\n", encoding="utf-8"
    )
    shelves.write_view("counted", COUNTED)
    schools = COUNTED.replace("[protocol_id, status]", "[protocol_id]").replace("[school]", "[school, status]")
    shelves.write_view("schools", schools.replace("select status,", "select school as status,"))
    shelves.publish("irb", study("A", "[redacted]"))
    done = shelves.refresh()
    assert done["counted"].reason == "irb: column status is masked."
    assert [tuple(each.values()) for each in shelves.rows("schools")] == [(None, 1)]


def test_a_view_of_a_feed_that_never_came_says_nothing(shelves: Shelves) -> None:
    shelves.write_view("counted", COUNTED)
    done = shelves.refresh()["counted"]
    assert (done.status, done.told, done.reason) == ("not_updated", False, "No file of irb has been loaded yet.")


def test_a_column_that_never_came_is_no_news_and_one_that_went_is_told(shelves: Shelves) -> None:
    shelves.write_view("counted", COUNTED)
    shelves.publish("irb", {"protocol_id": "A"})
    told = [shelves.refresh()["counted"].told for _ in range(2)]
    shelves.publish("irb", study("A"))
    shelves.refresh()
    shelves.publish("irb", {"protocol_id": "A"})
    told += [shelves.refresh()["counted"].told for _ in range(2)]
    assert told == [False, False, True, True]


# --- each for itself ------------------------------------------------------------------------------------------------


def test_a_view_that_fails_fails_alone(shelves: Shelves) -> None:
    shelves.write_view("broken", COUNTED.replace("count(*)", "cast(min(protocol_id) as integer)"))
    shelves.write_view("counted", COUNTED)
    shelves.write_view("unreadable", "select 1")
    shelves.publish("irb", study("A"))
    done = shelves.refresh()
    assert {name: each.status for name, each in done.items()} == {
        "broken": "not_updated",
        "counted": "updated",
        "unreadable": "not_updated",
    }
    assert done["broken"].reason.startswith("config/local/views/broken.sql:")
    assert "Could not convert string 'A' to INT32" in done["broken"].reason
    assert done["unreadable"].reason.startswith("config/local/views/unreadable.sql:1: must begin with its card")


def test_a_full_disk_is_no_fault_of_the_sql_and_is_tried_again(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    shelves.write_view("counted", COUNTED)
    shelves.publish("irb", study("A"))
    with monkeypatch.context() as patched:
        patched.setattr("datalake.views.make._write", full)
        assert "No space left" in shelves.refresh()["counted"].reason
    assert shelves.refresh()["counted"].status == "updated"


def test_a_run_killed_while_it_made_a_view_leaves_the_old_one_and_the_next_makes_it(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(*_: object) -> None:
        raise Killed

    shelves.write_view("counted", COUNTED)
    shelves.publish("irb", study("A"))
    shelves.refresh()
    shelves.publish("irb", study("A"), study("B"))
    for where in ("finish", "swap"):
        with monkeypatch.context() as patched, pytest.raises(Killed):
            patched.setattr(f"datalake.zones.curated.{where}", kill)
            shelves.refresh()
        assert counted(shelves) == [("Approved", 1)]
    shelves.refresh()
    assert counted(shelves) == [("Approved", 2)]
    assert sorted(os.listdir(shelves.lake.views / "counted" / "versions")) == ["000001-2025-11-05", "000002-2025-11-05"]


@pytest.mark.parametrize(
    "reach",
    [
        "read_csv('/etc/passwd')",
        "read_text('/etc/passwd')",
        "'/etc/passwd'",
        "glob('/*')",
        "grants",  # a feed that the card does not name
        "shelves",  # a variable of this program
    ],
)
def test_a_view_reads_what_its_card_names_and_nothing_else(shelves: Shelves, reach: str) -> None:
    shelves.write_view("counted", COUNTED.replace("from irb;", f"from irb, {reach};"))
    shelves.publish("irb", study("A"))
    shelves.publish("grants", {"award_id": "AWD00001"})
    assert shelves.refresh()["counted"].status == "not_updated"


# --- in a night -----------------------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path) -> Office:
    here = office(tmp_path)
    (here.lake.root / "config" / "views").mkdir(parents=True)
    view = COUNTED.replace(", may_use: [school]", "")
    (here.lake.root / "config" / "views" / "counted.sql").write_text(view, encoding="utf-8")
    return here


def test_a_night_makes_the_views_of_what_it_published(here: Office) -> None:
    here.irb("2025-11-04", "A", "B,Study B,Closed,2025-10-01")
    outcome = here.night()
    assert outcome.status == "success" and "view" not in kinds(outcome)
    assert "views" in {each.stage for each in outcome.stages}
    standing = shelf.standing(here.lake, "counted")
    assert standing.as_of == date(2025, 11, 5)
    assert standing.card and standing.card["left_out"][0]["records"] == 1


def test_a_failing_view_is_a_note_that_names_it_and_its_day(here: Office) -> None:
    here.irb("2025-11-04", "A")
    here.night()
    path = here.lake.root / "config" / "views" / "counted.sql"
    path.write_text(path.read_text(encoding="utf-8").replace("count(*)", "count(nothing)"), encoding="utf-8")
    here.irb("2025-11-05", "A", "B")
    outcome = here.next_night()
    assert (outcome.status, outcome.exit_code) == ("success", 0)
    told = note(outcome, "view")
    assert told.startswith("View counted was not updated: config/views/counted.sql:")
    assert 'Referenced column "nothing" not found' in told and "It still shows Wed 5 Nov 2025." in told
    assert here.ids() == ["A", "B"]


def test_a_night_without_news_loads_neither_arrow_nor_duckdb_for_its_views(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.irb("2025-11-04", "A")
    here.night()

    def unwanted(*_: object) -> None:
        raise AssertionError("a view was made although nothing had changed")

    monkeypatch.setattr("datalake.views.make.make", unwanted)
    outcome = here.next_night()
    assert "view" not in kinds(outcome)


# --- check ----------------------------------------------------------------------------------------------------------


def mistakes(shelves: Shelves, sql: str) -> str:
    shelves.write_view("counted", sql)
    with pytest.raises(ConfigurationError) as raised:
        check_views(shelves.lake.root, tuple(shelves.contracts.values()), shelves.settings)
    return str(raised.value)


PLACE = "config/local/views/counted.sql"
END = "  studies: Studies\n"
LISTS = END + "lists:\n"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("count(*)", "count(studies", f'{PLACE}:18: syntax error at or near'),
        ("where left_out", "where lft_out", f'{PLACE}:20: Referenced column "lft_out" not found in FROM clause!'),
        ("from irb;", "from irbs;", f"{PLACE}:16: Table with name irbs does not exist!"),
        ("select status,", "select pi_name as status,", f"{PLACE}:18: pi_name is not on the card: add it to what"),
        ("from irb;", "from grants;", f"{PLACE}:16: grants is not among the card's sources: add it there"),
        ("  irb: {needs", "  irv: {needs", f'{PLACE}:6: sources: there is no feed "irv". Did you mean "irb"?'),
        ("[school]", "[shcool]", f'{PLACE}:6: sources.irb: irb has no column "shcool". Did you mean "school"?'),
        ("  studies: Studies\n", "", f"{PLACE}:17: The columns are status, studies; the card describes status."),
        ("title:", "tilte:", f'{PLACE}:2: tilte: unknown key "tilte". Did you mean "title"?'),
        ("row: a state\n", "", f"{PLACE}:2: row: is missing."),
        ("order by 1", "order by 1, now()", f"{PLACE}:22: now changes by itself, so no view may use it."),
        ("create view", "create table x (a int); drop table x; create view", f"{PLACE}:14: DROP: before the last"),
        ("select status, count(*)", "copy (select 1) to 'x.csv'; select status, count(*)", f"{PLACE}:18: COPY: before"),
        ("as left_out", "as leftout", f"{PLACE}:7: The card says what is left out, so"),
        ("order by 1", "order by 1; drop view considered", f"{PLACE}:22: The last statement must be the SELECT"),
        (END, LISTS + "  studies: {view: countd}\n", f'{PLACE}:13: lists.studies: there is no view "countd"'),
        (END, LISTS + "  studies: {view: counted, only: {s: x}}\n", f'{PLACE}:13: lists.studies: counted'),
        (END, LISTS + "  rows: {view: counted}\n", f'{PLACE}:13: lists: "rows" is neither a column nor a reason'),
        (END, LISTS + "  closed: {view: counted, by: [status]}\n", f'{PLACE}:13: lists.closed.by: "status" is no'),
        ("count(*) as studies", "interval 1 day as studies", f"{PLACE}:18: studies is a"),
    ],
)  # fmt: skip
def test_check_tells_each_mistake_in_a_view_with_file_and_line(shelves: Shelves, old: str, new: str, said: str) -> None:
    assert old in COUNTED
    told = mistakes(shelves, COUNTED.replace(old, new, 1))
    assert told.startswith(said), told


def test_check_tells_the_mistakes_of_all_views_at_once(shelves: Shelves) -> None:
    shelves.write_view("Bad Name", COUNTED)
    shelves.write_view("irb", COUNTED)
    told = mistakes(shelves, "select 1").splitlines()
    assert [line.split(":")[0].rpartition("/")[2] for line in told] == ["Bad Name.sql", "counted.sql", "irb.sql"]
    assert "irb is a feed already" in told[2]


def test_a_card_may_hold_what_looks_like_the_clock_in_words_and_strings(shelves: Shelves) -> None:
    shelves.write_view("counted", COUNTED.replace("Studies, by state.", "Studies now()").replace("'Closed'", "'now()'"))
    assert check_views(shelves.lake.root, tuple(shelves.contracts.values()), shelves.settings)


def test_what_a_view_may_not_ask_covers_all_that_duckdb_calls_volatile() -> None:
    import duckdb

    from datalake.views.card import VOLATILE

    found = duckdb.sql("SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability LIKE '%VOLATILE%'")
    harmless = {"error", "current_connection_id", "stats", "vector_type"}
    assert {row[0] for row in found.fetchall()} - set(VOLATILE) - harmless == set()


def test_the_shipped_views_pass_the_check(lake: Lake) -> None:
    shipped = Shelves(lake)
    views = check_views(lake.root, tuple(shipped.contracts.values()), shipped.settings)
    assert len(views) == 15 and all(each.owner for each in views)


def test_manage_py_check_tells_mistakes_in_views_too_and_counts_them_when_all_is_right(
    shelves: Shelves, manage
) -> None:
    shelves.write_view("counted", COUNTED)
    assert "8 feeds, 1 view." in manage("check").out
    shelves.write_view("counted", COUNTED.replace("from irb;", "from irbs;"))
    said = manage("check")
    assert (said.code, said.err.strip().partition(" Did")[0]) == (
        78,
        f"error: {PLACE}:16: Table with name irbs does not exist!",
    )
    (shelves.lake.root / "config" / "local" / "settings.yaml").write_text("nome: x\n", encoding="utf-8")
    shelves.write_view("counted", COUNTED.replace("title:", "tilte:"))
    said = manage("check")
    assert "config/local/settings.yaml:1" in said.err and f"{PLACE}:2: tilte" in said.err
