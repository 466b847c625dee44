"""Contract files: what they come to, and each mistake with its line and words."""

from pathlib import Path

import pytest

from datalake.contracts.across import salt_problems
from datalake.contracts.config import load_contracts, load_maps
from datalake.contracts.model import Contract, Reference
from datalake.errors import ConfigurationError

ROOT = Path(__file__).parents[1]
MINIMAL = "columns: [{name: id}]\n"


@pytest.fixture
def root(tmp_path):
    for folder in ("modules", "maps", "local/modules", "local/maps"):
        (tmp_path / "config" / folder).mkdir(parents=True)
    return tmp_path


def write(root, text, name="modules/x.yaml"):
    (root / "config" / name).write_text(text, encoding="utf-8")


def loaded(root, feed="x") -> Contract:
    return next(each for each in load_contracts(root) if each.feed == feed)


def mistakes(root) -> str:
    with pytest.raises(ConfigurationError) as raised:
        load_contracts(root)
    assert raised.value.exit_code == 78
    return str(raised.value)


# --- what a contract comes to -----------------------------------------------------------------------------------


def test_columns_alone_make_a_contract_and_the_rest_has_defaults(root):
    write(root, MINIMAL)
    contract = loaded(root)
    assert contract.delivery.pattern == "X_*.csv"
    assert (contract.status, contract.encoding, contract.missing_values) == ("active", ("utf-8", "cp1252"), ("",))
    assert (contract.primary_key, contract.write_disposition, contract.history) == ((), "replace", "none")
    assert contract.limits.rejected_percent is None
    column = contract.columns[0]
    assert (column.type, column.on_fail, column.must_exist, column.mask) == ("string", "reject", False, "")


def test_the_prototypes_one_line_is_a_contract(root):
    write(root, "expected_columns: ['protocol_id', 'study_title', 'last_updated']\n", "modules/irb.yaml")
    contract = loaded(root, "irb")
    assert contract.delivery.pattern == "IRB_*.csv"
    assert contract.names == ("protocol_id", "study_title", "last_updated")
    assert {(each.type, each.must_exist, each.constraints.required) for each in contract.columns} == {
        ("string", True, False)
    }
    assert contract.primary_key == ()


def test_every_word_of_a_contract_reaches_its_record(root):
    write(root, MINIMAL, "modules/other.yaml")
    write(root, "value,group\n", "maps/states.csv")
    write(root, FULL)
    contract = loaded(root)
    assert (contract.title, contract.owner, contract.status, contract.description) == ("T", "o@e.edu", "draft", "D")
    assert (contract.delivery.settle_seconds, contract.delivery.done_marker) == (5, "{name}.done")
    assert (contract.delivery.checksum, contract.delivery.row_count) == ("{name}.sha256", "{name}.rows")
    assert (contract.encoding, contract.missing_values) == (("utf-16", "cp1252"), ("", "-"))
    assert (contract.dialect.delimiter, contract.dialect.quote) == ("\t", "'")
    assert (contract.primary_key, contract.order_by) == (("a",), ("c",))
    assert (contract.write_disposition, contract.history) == ("merge", "scd2")
    assert (contract.schema_contract.new_columns, contract.schema_contract.missing_columns) == ("freeze", "fill_null")
    assert (contract.limits.rejected_percent, contract.limits.sum_change_percent) == (1.5, {"b": 30.0})
    assert (contract.freshness.days, contract.freshness.error_after_hours) == ("mon-fri", 50.0)
    assert [(each.name, each.expression, each.on_fail) for each in contract.checks] == [("ok", "b > 0", "fail")]
    assert [(each.column, each.pattern) for each in contract.skip_rows] == [("a", "Total.*")]
    a, b, c, d = contract.columns
    assert (a.aliases, a.width, a.classification, a.mask, a.map) == (("a1",), 8, "restricted", "hash", "states")
    assert (a.constraints.pattern, a.constraints.min_length, a.constraints.max_length) == (r"\d+", 1, 9)
    assert (a.constraints.unique, a.constraints.required, a.must_exist, a.description) == (True, True, True, "no")
    assert (b.precision, b.formats, b.constraints.minimum, b.on_fail) == ((9, 3), ("percent",), "-1.5", "null")
    assert (c.type, c.formats, c.severity) == ("datetime", ("%Y-%m-%d %H:%M",), "info")
    assert (d.separator, d.references) == ("|", (Reference("other", "id", "error"),))


FULL = r"""
version: 1
feed: x
title: T
description: D
owner: o@e.edu
status: draft
delivery:
  pattern: "X_{date:%Y%m%d}.csv"
  settle_seconds: 5
  done_marker: "{name}.done"
  checksum: "{name}.sha256"
  row_count: "{name}.rows"
encoding: [utf-16, cp1252]
dialect: {delimiter: tab, quote: "'"}
missing_values: ["", "-"]
formats: {datetime: "%Y-%m-%d %H:%M"}
primaryKey: a
orderBy: [c]
write_disposition: merge
history: scd2
schema_contract: {new_columns: freeze, missing_columns: fill_null}
limits: {rejected_percent: 1.5%, row_drop_percent: 20, blank_rise_percent: 20, sum_change_percent: {b: 30}}
freshness: {days: mon-fri, warn_after_hours: 26, error_after_hours: 50}
columns:
  - name: a
    aliases: a1
    width: 8
    classification: restricted
    mask: hash
    map: states
    description: no
    constraints: {pattern: "\\d+", minLength: 1, max_length: 9, unique: yes}
  - {name: b, type: number, precision: [9, 3], format: percent, on_fail: null, constraints: {minimum: -1.5}}
  - {name: c, type: timestamp, severity: info}
  - {name: d, type: list, separator: "|", relationships: [{to: other.id, severity: error}]}
checks:
  - {name: ok, expression: "b > 0", on_fail: fail}
skip_rows:
  - {column: a, pattern: "Total.*"}
"""


def test_a_part_of_the_key_is_required_unless_it_says_otherwise(root):
    write(root, "primary_key: [a, b]\ncolumns: [{name: a}, {name: b, constraints: {required: false}}, {name: c}]\n")
    assert [(each.name, each.must_exist) for each in loaded(root).columns] == [("a", True), ("b", False), ("c", False)]


# --- overlays and files -----------------------------------------------------------------------------------------


def test_a_local_file_changes_a_feed_or_is_one(root):
    write(root, "owner: theirs\ncolumns: [{name: a}, {name: b, type: date}]\n")
    write(root, "owner: ours\ncolumns: [{name: b, aliases: [bb]}, {name: c}]\n", "local/modules/x.yaml")
    write(root, MINIMAL, "local/modules/y.yaml")
    x, y = load_contracts(root)
    assert (x.owner, x.names, y.feed) == ("ours", ("a", "b", "c"), "y")
    assert (x.column("b").type, x.column("b").aliases) == ("date", ("bb",))


def test_a_mistake_in_a_local_file_names_that_file(root):
    write(root, "columns: [{name: a}, {name: b, type: date}]\n")
    write(root, "columns:\n- name: b\n  type: dtae\n", "local/modules/x.yaml")
    assert mistakes(root).startswith('config/local/modules/x.yaml:3: columns.b.type: "dtae" is not a type')


def test_what_is_laid_over_a_broken_file_is_not_judged(root):
    write(root, "columns: [\n")
    write(root, "owner: ours\n", "local/modules/x.yaml")
    assert mistakes(root).splitlines() == [
        "config/modules/x.yaml:2: cannot be read as YAML: a list or mapping opened before with [ or { is not closed, "
        "or has nothing between its commas."
    ]


def test_columns_to_be_hashed_need_a_salt(root):
    write(root, "columns:\n- {name: a, mask: hash}\n- {name: b, mask: redact}\n")
    told = [str(each) for each in salt_problems(load_contracts(root), {})]
    needed = "hash needs a long random MASK_SALT in config/secrets.env."
    assert told == [f"config/modules/x.yaml:2: columns.a.mask: {needed}"]
    assert list(salt_problems(load_contracts(root), {"MASK_SALT": "x" * 16})) == []


def test_files_that_nearly_count_are_told_and_others_are_left_alone(root):
    for name in ("modules/x.yaml", "modules/y.yml", "modules/Z.yaml", "modules/a-b.yaml", "modules/\udcff\n.yaml"):
        write(root, MINIMAL, name)
    for name in ("modules/README.md", "modules/.x.yaml.swp", "modules/x.yaml~", "modules/.hidden.yaml"):
        write(root, "not: [yaml", name)
    told = mistakes(root).splitlines()
    assert [each.split(": ")[0] for each in told] == [
        "config/modules/Z.yaml", "config/modules/\\xff\\n.yaml", "config/modules/a-b.yaml", "config/modules/y.yml",
    ]  # fmt: skip
    assert 'must be called like "feed_name.yaml"' in told[0]


def test_a_lake_without_a_feed_is_a_mistake(root):
    assert "config/modules: describes no feed." in mistakes(root)


def test_an_unreadable_file_is_told(root):
    (root / "config/modules/x.yaml").mkdir()
    assert mistakes(root) == "config/modules/x.yaml: cannot be read: Is a directory."


def test_all_mistakes_of_all_files_come_at_once(root):
    write(root, "colums: [{name: a}]\nstatus: on\n")
    write(root, "columns: [{name: a, type: x}]\n", "modules/y.yaml")
    write(root, "value;group\n", "maps/m.csv")
    assert [each.split(": ")[0] for each in mistakes(root).splitlines()] == [
        "config/maps/m.csv:1", "config/modules/x.yaml:1", "config/modules/x.yaml:1", "config/modules/x.yaml:2",
        "config/modules/y.yaml:1",
    ]  # fmt: skip


# --- meaning maps -----------------------------------------------------------------------------------------------


def test_a_map_groups_values_whatever_their_case_and_dashes(root):
    write(root, 'value,group\n# a comment\n\nAward - Pending,in_review\n"Not, Engaged",active\n', "maps/states.csv")
    states = load_maps(root)["states"]
    assert states.group("award \u2013  PENDING ") == "in_review"
    assert states.group("Not, Engaged") == "active"
    assert states.group("Paused") == "unmapped"
    assert states.rows == (("Award - Pending", "in_review"), ("Not, Engaged", "active"))


def test_a_local_map_changes_what_it_names_and_adds(root):
    write(root, "value,group\nA,one\nB,two\n", "maps/m.csv")
    write(root, "value,group\nb,three\nC,four\n", "local/maps/m.csv")
    write(root, "value,group\nX,one\n", "local/maps/own.csv")
    maps = load_maps(root)
    assert [maps["m"].group(each) for each in "ABC"] == ["one", "three", "four"]
    assert maps["own"].group("x") == "one"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n", 'config/maps/m.csv:1: the first line must be "value,group".'),
        ("", 'config/maps/m.csv:1: the first line must be "value,group".'),
        ("value,group\nA,one\na ,two\n", 'config/maps/m.csv:3: "a " is here already. Keep one.'),
        (
            "value,group\nNot, Engaged,one\n",
            "config/maps/m.csv:2: has 3 cells, not 2. Quote a value that holds a comma.",
        ),
        ("value,group\nA,\n", "config/maps/m.csv:2: needs a value and a group."),
        ('value,group\nA,one\n"B,two\n', "config/maps/m.csv:3: cannot be read as CSV"),
    ],
)
def test_a_wrong_map_is_told_by_line(root, text, expected):
    write(root, MINIMAL)
    write(root, text, "maps/m.csv")
    assert expected in mistakes(root)
