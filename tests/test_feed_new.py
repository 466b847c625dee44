"""manage.py feed new: what is guessed from files of each shipped feed is what its rules say; ids are never numbers."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from support.project import ROOT

from datalake.contracts.config import load_contracts
from datalake.contracts.model import Column, Contract
from datalake.demo.generator.feeds.catalog import FEEDS
from datalake.demo.generator.forms import Form
from datalake.demo.generator.generate import Order, generate
from datalake.demo.generator.world import SIZES, World
from datalake.drafts.columns import guess, values_of
from datalake.drafts.draft import draft, name_pattern
from datalake.drafts.samples import read_sample
from datalake.drafts.writing import text_of
from datalake.zones.paths import Lake

FIRST = date(2025, 11, 1)
NIGHTS = 3
SHIPPED = {each.feed: each for each in load_contracts(ROOT)}

LAYOUT = {"grants": "allocations"}  # with allocation_id, which is a part of the key


@dataclass
class Drafted:
    """A feed's rules as they ship, and as they are drafted from three nights of it."""

    shipped: Contract
    drafted: Contract

    def pairs(self) -> list[tuple[Column, Column]]:
        return [(self.shipped.column(each.name), each) for each in self.drafted.columns]


@pytest.fixture(scope="module", params=sorted(FEEDS))
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Drafted:
    folder = tmp_path_factory.mktemp(request.param)
    world = World(20_251_104, FIRST, round(1_000 / SIZES[request.param]))
    form = Form(layout=LAYOUT.get(request.param, "full"))
    orders = [Order(world, request.param, FIRST + timedelta(night), form) for night in range(NIGHTS)]
    samples = [read_sample(generate(each, folder).path) for each in orders]
    modules = folder / "config" / "modules"
    modules.mkdir(parents=True)
    (modules / f"{request.param}.yaml").write_text(text_of(draft(request.param, samples)), encoding="utf-8")
    (drafted,) = load_contracts(folder)
    return Drafted(SHIPPED[request.param], drafted)


def test_every_column_has_the_type_that_the_shipped_rules_give_it(both: Drafted) -> None:
    assert {one.name: other.type for one, other in both.pairs()} == {one.name: one.type for one, _ in both.pairs()}


def test_no_column_of_the_files_is_lost_and_the_file_names_are_recognized(both: Drafted) -> None:
    assert set(both.drafted.names) == set(both.shipped.names)
    assert both.drafted.delivery.pattern == both.shipped.delivery.pattern


def test_the_key_and_what_tells_the_newer_of_two_are_those_of_the_shipped_rules(both: Drafted) -> None:
    assert both.drafted.primary_key == both.shipped.primary_key
    assert both.drafted.order_by == both.shipped.order_by


def allowed(contract: Contract) -> dict[str, set[str]]:
    """The values that a feed's rules name for a column: as its constraint, or as a check `column in (...)`."""
    named = {each.name: set(each.constraints.enum) for each in contract.columns if each.constraints.enum}
    for check in contract.checks:
        found = re.fullmatch(r"(\w+) in \((.*)\)", check.expression)
        if found:
            named[found[1]] = set(re.findall(r"'([^']*)'", found[2]))
    return named


def test_the_allowed_values_are_those_of_the_shipped_rules(both: Drafted) -> None:
    assert allowed(both.drafted) == allowed(both.shipped)


def test_the_forms_of_dates_times_and_numbers_are_those_of_the_shipped_rules(both: Drafted) -> None:
    assert {one.name: other.formats for one, other in both.pairs()} == {
        one.name: one.formats for one, _ in both.pairs()
    }


def test_amounts_keep_their_places_and_a_guessed_pattern_fits_the_shipped_one(both: Drafted) -> None:
    import re2

    for shipped, drafted in both.pairs():
        assert drafted.precision == shipped.precision or drafted.type != "number", shipped.name
    key = both.drafted.column(both.drafted.primary_key[0])
    ruled = both.shipped.column(key.name).constraints.pattern
    example = {"irb": "STUDY00000001", "iacuc": "PROTO202500001", "safety": "SPROTO202500001"}.get(both.shipped.feed)
    assert key.constraints.required and key.constraints.pattern
    assert example is None or (re2.fullmatch(key.constraints.pattern, example) and re2.fullmatch(ruled, example))


def test_words_that_stand_for_no_date_are_missing_values_as_in_the_shipped_rules(both: Drafted) -> None:
    def words(contract: Contract) -> set[str]:
        return {each.casefold() for each in contract.missing_values if each}

    assert words(both.drafted) == words(both.shipped)


def test_a_draft_is_a_draft(both: Drafted) -> None:
    assert both.drafted.status == "draft"
    assert all(each.on_fail == "warn" for each in both.drafted.columns if each.constraints.enum)


# --- columns, by hand -----------------------------------------------------------------------------------------------


def guessed(name: str, *cells: str, times: int = 5):
    return guess(values_of(name, list(cells) * times))


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("protocol_id", ("1001", "1002")),
        ("account_number", ("9500301234", "9500301235")),
        ("zip", ("02215", "02134")),
        ("badge", ("0042", "107")),  # a zero in front
        ("grant_code", ("12", "13")),
        ("assistance_listing", ("47.070", "93.855")),
        ("listing", ("47.070", "93.855")),
        ("chapter", ("47.070", "93.855")),  # always three places: a name, no amount
    ],
)
def test_ids_are_never_numbers(name: str, cells: tuple[str, ...]) -> None:
    assert guessed(name, *cells).type == "string"


def test_numbers_of_one_length_that_are_all_different_are_ids_too() -> None:
    assert guess(values_of("person", [str(10_000_000 + 37 * each) for each in range(50)])).type == "string"


@pytest.mark.parametrize(
    ("cells", "kind", "formats"),
    [
        (("10/30/2025", "11/03/2025"), "date", ("%m/%d/%Y",)),
        (("30/10/2025", "03/11/2025"), "date", ("%d/%m/%Y",)),
        (("2025-10-30", "20251030", "20251031.0"), "date", ("%Y-%m-%d", "%Y%m%d")),
        (("30.10.2025",), "date", ("%d.%m.%Y",)),
        (("10/30/2025 12:00:00 AM", "10/31/2025"), "date", ("%m/%d/%Y", "%m/%d/%Y %I:%M:%S %p")),
        (("10/30/2025 01:12:09 PM", "10/31/2025 12:00:00 AM"), "datetime", ("%m/%d/%Y %I:%M:%S %p",)),
        (("2025-10-30T13:12:09Z", "2025-10-30 13:12:09"), "datetime", ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z")),
        (("Yes", "no"), "boolean", ()),
        (("$1,234.50", "(500.00)", "7"), "number", ()),
        (("65%", "58.5"), "number", ("percent",)),
        (("1,200", "87", "3.0"), "integer", ()),
        (("Mouse; Rat", "Mouse", "Rat"), "list", ()),
        (("Hospital; Trust Office", "Hospital East"), "string", ()),
    ],
)
def test_a_column_is_what_its_values_show(cells: tuple[str, ...], kind: str, formats: tuple[str, ...]) -> None:
    found = guessed("value", *cells)
    assert (found.type, found.formats) == (kind, formats)


def test_a_word_that_stands_for_no_date_is_a_missing_value() -> None:
    found = guess(values_of("ends", ["10/30/2025", "11/14/2025", "evergreen"] * 5))
    assert (found.type, found.missing) == ("date", ("evergreen",))


def test_states_and_numbered_series_are_left_open() -> None:
    assert guessed("status", "Open", "Closed").enum == ()
    assert guessed("committee", "IRB-01", "IRB-02").enum == ()
    assert guessed("direction", "In", "Out").enum == ("In", "Out")


def test_a_little_damage_does_not_change_what_a_column_is() -> None:
    assert guess(values_of("amount", ["12.50"] * 99 + ["??"])).type == "number"


def test_a_code_that_lost_its_zeros_gets_its_width() -> None:
    assert guess(values_of("department_code", ["0012345"] * 20 + ["12345"])).width == 7


# --- files and the command ------------------------------------------------------------------------------------------

ROWS = "V-001,Ann,10/30/2025\nV-002,Bob,10/31/2025\n"


@pytest.mark.parametrize(
    ("data", "encoding", "delimiter"),
    [
        (("id,name,seen\n" + ROWS).encode(), "utf-8", ","),
        (("id,name,seen\n" + ROWS).encode("utf-8-sig"), "utf-8-sig", ","),
        (("id,name,seen\n" + ROWS).encode("utf-16"), "utf-16", ","),
        (("id;name;seen\n" + ROWS.replace(",", ";")).encode(), "utf-8", ";"),
        (("id\tname\tseen\r\n" + ROWS.replace(",", "\t")).encode(), "utf-8", "\t"),
        (("id|name|seen\n" + ROWS.replace(",", "|") + "V-003|Zoë|11/01/2025\n").encode("cp1252"), "cp1252", "|"),
    ],
)
def test_a_sample_is_read_in_its_own_encoding_and_delimiter(
    tmp_path: Path, data: bytes, encoding: str, delimiter: str
) -> None:
    path = tmp_path / "SEEN_2025-11-04.csv"
    path.write_bytes(data)
    sample = read_sample(path)
    assert (sample.encoding, sample.delimiter, sample.header) == (encoding, delimiter, ("id", "name", "seen"))
    assert sample.rows[0] == ("V-001", "Ann", "10/30/2025")


def test_the_pattern_of_names_has_the_date_in_them_in_its_own_form() -> None:
    assert name_pattern("x", ["X_2025-11-04.csv", "X_2025-11-05.csv"]) == "X_{date:%Y-%m-%d}.csv"
    assert name_pattern("x", ["20251104 x.txt"]) == "{date:%Y%m%d} x.txt"
    assert name_pattern("x", ["x.csv"]) == "X_*.csv"
    assert name_pattern("x", ["A_2025-11-04.csv", "B_2025-11-05.csv"]) == "X_*.csv"


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "ROOMS_2025-11-04.csv"
    path.write_text("2nd Name,Room No.,Room No. 2\na: b,001,x\n#c,002,y\n", encoding="utf-8")
    return path


def test_odd_headers_become_names_that_the_file_is_still_found_by(lake: Lake, manage, sample: Path) -> None:
    said = manage("feed", "new", "rooms", "--from", str(sample))
    assert said.code == 0 and said.out.startswith("Wrote config/local/modules/rooms.yaml: 3 columns, key: ")
    rooms = next(each for each in load_contracts(lake.root) if each.feed == "rooms")
    assert rooms.names == ("column_1", "room_no", "room_no_2")
    assert rooms.column("column_1").aliases == ("2nd Name",)
    assert manage("check").code == 0
    assert "3 columns" in said.out and "manage.py try" in said.out


def test_headers_with_accents_keep_their_letters_and_the_file_is_found_by_them(lake: Lake, manage, tmp_path) -> None:
    file = tmp_path / "Kurse_20251104.csv"
    rows = "".join(f"00{number};0{day}.11.2025;Müller\r\n" for number, day in ((41, 3), (42, 4), (43, 5)))
    file.write_bytes(f"Kurs-Nr.;Gültig bis;Prénom\r\n{rows}".encode("cp1252"))
    assert manage("feed", "new", "kurse", "--from", str(file)).code == 0
    rules = next(each for each in load_contracts(lake.root) if each.feed == "kurse")
    assert rules.names == ("kurs_nr", "gultig_bis", "prenom")
    assert rules.column("gultig_bis").type == "date"
    said = manage("try", str(file))
    assert "3 read: 3 accepted, 0 rejected" in said.out
    assert "read as   cp1252" in said.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("irb", "--from", "{sample}"), "config/modules/irb.yaml is there already"),
        (("Bad Name", "--from", "{sample}"), "is no name of a feed"),
        (("rooms", "--from", "nowhere.csv"), "nowhere.csv cannot be read"),
        (("rooms", "--from", "{picture}"), "This is a picture (PNG), not a CSV file"),
        (("rooms", "--from", "{sample}", "{other}"), "have not the same columns"),
        (("rooms", "--from", "{line}"), "its first line is no header"),
        (("rooms",), "Missing option '--from'"),
    ],
)
def test_what_cannot_be_drafted_is_told_and_nothing_is_written(
    lake: Lake, manage, sample: Path, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    picture, other, line = tmp_path / "p.csv", tmp_path / "o.csv", tmp_path / "l.csv"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    other.write_text("a,b\n1,2\n", encoding="utf-8")
    line.write_text("just words\n", encoding="utf-8")
    files = {"sample": sample, "picture": picture, "other": other, "line": line}
    said = manage("feed", "new", *(each.format(**files) for each in words))
    assert said.code == 2 and told in said.err, said
    assert not (lake.root / "config" / "local").exists()


def test_a_draft_that_would_take_another_feeds_files_says_so(lake: Lake, manage, tmp_path: Path) -> None:
    path = tmp_path / "IRB_PROTOCOL_2025-11-04.csv"
    path.write_text("id,name\n1,a\n2,b\n", encoding="utf-8")
    said = manage("feed", "new", "other_irb", "--from", str(path))
    assert said.code == 0 and "It needs a correction first:" in said.out and "would also be irb's" in said.out
