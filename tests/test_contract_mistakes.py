"""Each mistake that a contract file can hold, told with its line and in words."""

import pytest

from datalake.contracts.config import load_contracts
from datalake.errors import ConfigurationError

MINIMAL = "columns: [{name: id}]\n"


@pytest.fixture
def root(tmp_path):
    for folder in ("modules", "local/modules"):
        (tmp_path / "config" / folder).mkdir(parents=True)
    return tmp_path


def write(root, text, name="modules/x.yaml"):
    (root / "config" / name).write_text(text, encoding="utf-8")


def mistakes(root) -> str:
    with pytest.raises(ConfigurationError) as raised:
        load_contracts(root)
    return str(raised.value)


ONE = "columns:\n- name: a\n  "  # the mistake follows on line 3

MISTAKES = [
    # the file as a whole
    ("version: 2\n" + MINIMAL, '1: version: "2" is not 1, the form of contract that this program reads.'),
    ("feed: y\n" + MINIMAL, '1: feed: is not the name of the file. Write "x", or rename the file.'),
    ("colums: []\n", '1: colums: unknown key "colums". Did you mean "columns"?'),
    ("owner: me\n", "1: columns: is missing. List the columns of the file, or their names alone"),
    ("columns: []\n", "1: columns: is an empty list."),
    ("columns: a, b\n", '1: columns: must be a list, not "a, b".'),
    ("columns: [a, b]\n", '1: columns[1]: must be "key: value" lines, not "a".'),
    (MINIMAL + "expected_columns: [a]\n", "2: expected_columns: stands beside columns. Keep one of them."),
    ("expected_columns: [a, B, A]\n", "1: columns.a: is here twice, first on line 1."),
    ("fields: []\n", "1: fields: is called columns here."),
    ("owner: x\nstatus: actve\n" + MINIMAL, '2: status: "actve" is not one of draft, active, retired. Did you mean'),
    ("partitions: 0\n" + MINIMAL, "1: partitions:"),
    ("partitions: 4\n" + MINIMAL, "1: partitions: more than one needs a primary_key: rows are put into them by key."),
    # names
    (ONE.replace("name: a", "name: Protocol ID"), '2: columns.Protocol ID.name: "Protocol ID" is not a name in snake_'),
    (ONE.replace("name: a", "name: Protocol ID"), 'Did you mean "protocol_id"?'),
    (ONE.replace("name: a", "name: _source_file"), '"_source_file" is not a name in snake_case.'),
    (ONE.replace("name: a", "type: date"), "2: columns[1].name: is missing. It is a name in snake_case."),
    (ONE + "\n- name: a\n", "4: columns.a: is here twice, first on line 2."),
    (ONE + "aliases: [b c]\n- name: bc\n", '4: columns.bc: "bc" is also a name of a (line 2).'),
    (ONE + 'aliases: ["#"]', '2: columns.a: "#" holds no letter or digit.'),
    # columns
    (ONE + "tpye: date", '3: columns.a.tpye: unknown key "tpye". Did you mean "type"?'),
    (ONE + "type: numbr", '3: columns.a.type: "numbr" is not a type: string, integer, number,'),
    (ONE + "type: numbr", 'Did you mean "number"?'),
    (ONE + "required: true", "3: columns.a.required: stands under constraints: here."),
    (ONE + "type: date\n  format: %d", "4: cannot be read as YAML: the value starts with a character"),
    (ONE + "format: '%Y'", "3: columns.a.format: says nothing about type string; it fits number, boolean, date,"),
    (ONE + "type: date\n  format: '%Y-%m-%q'", '4: columns.a.format: "%Y-%m-%q" has %q, which is unknown. Known: %Y'),
    (ONE + "type: date\n  format: YYYY-MM-DD", '"YYYY-MM-DD" is not the form of a whole date, like "%m/%d/%Y".'),
    (ONE + "type: date\n  format: '%Y-%M-%d'", '"%Y-%M-%d" lacks the month. %M is minutes, %m is the month.'),
    (ONE + "type: date\n  format: '%d%m%d%Y'", '"%d%m%d%Y" has %d twice.'),
    (ONE + "type: datetime\n  format: '%m/%d/%Y %I:%M'", "has hours of a half day, %I, without %p for AM and PM."),
    (ONE + "type: date\n  format:\n  - '%m/%d/%Y'\n  - '%d/%m/%Y'",
     '6: columns.a.format: "%d/%m/%Y" and "%m/%d/%Y" read "02/03/2001" as two days. Keep one of them.'),
    ("formats:\n  date: ['%m/%d/%y', '%y/%m/%d']\n" + MINIMAL, '2: formats.date: "%y/%m/%d" and "%m/%d/%y" read'),
    (ONE + "type: boolean\n  format: Y", '4: columns.a.format: "Y" is not two words for true and false, like "Y/N".'),
    (ONE + "type: boolean\n  format: [Y/N, N/X]", 'columns.a.format: "n" stands for true and for false.'),
    (ONE + "type: number\n  format: money", '"money" is not percent, the one form that a number can have'),
    (ONE + "type: number\n  precision: [2, 4]", "4: columns.a.precision: is [digits in all, digits after the point]"),
    (ONE + "precision: [9, 2]", "3: columns.a.precision: says nothing about type string; it fits number."),
    (ONE + "separator: ','", "3: columns.a.separator: says nothing about type string; it fits list."),
    (ONE + "type: integer\n  width: 8", "4: columns.a.width: says nothing about type integer; it fits string."),
    (ONE + "on_fail: quarantine", '3: columns.a.on_fail: "quarantine" is not one of reject, null, warn, fail.'),
    (ONE + "on_fail: null\n  constraints: {required: true}", "3: columns.a.on_fail: a required value cannot be"),
    (ONE + "classification: secret", '"secret" is not one of public, internal, confidential, restricted.'),
    (ONE + "mask: sha1", '3: columns.a.mask: "sha1" is not one of drop, hash, redact.'),
    (ONE + "map: stats", "2: columns.a.map: there is no config/maps/stats.csv."),
    # constraints
    (ONE + "constraints: {requird: true}", 'columns.a.constraints.requird: unknown key "requird". Did you mean "requi'),
    (ONE + "constraints: {pattern: '(a'}", '3: columns.a.constraints.pattern: "(a" is not a pattern (missing ): (a).'),
    (ONE + "constraints: {pattern: 'a(?=b)'}", "RE2 has no look-around and no back-references."),
    (ONE + "constraints: {pattern: '\\Qa'}", "is not a pattern (missing )"),
    (ONE + "constraints: {minimum: 1}", "columns.a.constraints.minimum: says nothing about type string; it fits integ"),
    (ONE + "type: integer\n  constraints: {minimum: 1.5}", '4: columns.a.constraints.minimum: "1.5" is not a whole'),
    (ONE + "type: integer\n  constraints: {minimum: 3, maximum: 2}", "minimum: is greater than maximum."),
    (ONE + "type: date\n  constraints: {maximum: 12/31/2025}", '"12/31/2025" is not a date like 2025-11-04.'),
    (ONE + "type: number\n  precision: [5, 2]\n  constraints: {maximum: 1000}", "a number within the column's precis"),
    (ONE + "type: number\n  precision: [4, 4]\n  constraints: {minimum: -5}", '"-5" is not a number within'),
    (ONE + "type: date\n  constraints: {max_length: 3}", "max_length: says nothing about type date; it fits string,"),
    (ONE + "constraints: {min_length: 3, max_length: 2}", "min_length: is greater than max_length."),
    (ONE + "constraints: {enum: []}", "columns.a.constraints.enum: is an empty list."),
    (ONE + "constraints: {enum: [A, B, A]}", 'columns.a.constraints.enum: "A" is here twice.'),
    (ONE + "type: integer\n  constraints:\n    enum:\n    - 1\n    - x", '7: columns.a.constraints.enum: "x" is not a'),
    # keys and modes
    ("primary_key: [b]\n" + ONE, '1: primary_key: there is no column "b".'),
    ("primary_key: [award_number]\ncolumns: [{name: award_numbr}]", 'Did you mean "award_numbr"?'),
    ("primary_key: [a, a]\n" + ONE, "1: primary_key: a is here twice."),
    ("primary_key:\n- a\n- b\n" + ONE, '3: primary_key: there is no column "b".'),
    ("primary_key: a\n" + ONE + "constraints: {required: false}", "at least one part of the key must be required."),
    ("primary_key: a\n" + ONE + "type: list", "1: primary_key: a is a list, which cannot tell records apart."),
    ("primary_key: a\n" + ONE + "on_fail: warn", "3: columns.a: on_fail warn would publish a row whose key cannot be"),
    ("primary_key: a\n" + ONE + "mask: redact", "4: columns.a.mask: redact would leave records that nothing"),
    ("order_by: [when]\n" + ONE, '1: order_by: there is no column "when".'),
    ("write_disposition: merge\n" + ONE, "1: write_disposition: merge needs a primary_key."),
    ("history: scd2\n" + ONE, "1: history: scd2 needs a primary_key."),
    ("encoding: [latin-1, utf-8]\n" + ONE, "1: encoding: latin-1 takes any bytes, so nothing after it is ever tried."),
    ("encoding: utf8\n" + ONE, 'is not one of utf-8, utf-8-sig,'),
    ("dialect: {delimiter: ';;'}\n" + ONE, '1: dialect.delimiter: ";;" is not one character, or one of comma,'),
    ("limits: {rejected_percent: 200}\n" + ONE, '"200" is not a percentage from 0 to 100.'),
    ("limits: {sum_change_percent: {a: 20}}\n" + ONE, "1: limits.sum_change_percent: a is not a number."),
    ("limits: {sum_change_percent: {b: 20}}\n" + ONE, '1: limits.sum_change_percent: there is no column "b".'),
    ("freshness: {days: workdays}\n" + ONE, '1: freshness.days: "workdays" is not days like "mon-fri" or'),
    ("freshness: {warn_after_hours: 50, error_after_hours: 26}\n" + ONE, "1: freshness.warn_after_hours: is greater"),
    # checks and rows to skip
    (ONE + "\nchecks:\n- {name: c, expression: 'b > 1'}", '5: checks.c.expression: names the unknown column "b".'),
    (ONE + "\nchecks:\n- {name: c, expression: 'a = 1'}", "5: checks.c.expression: a (text) cannot be compared with 1"),
    (ONE + "\nchecks:\n- {name: c, expression: a is null}\n- {name: c, expression: a = a}", "6: checks.c.name: a"),
    (ONE + "\nchecks:\n- {name: c}", "5: checks.c.expression: is missing. It is a condition."),
    (ONE + "\nchecks:\n- {name: c, expression: a is null, on_fail: null}", '"null" is not one of reject, warn, fail.'),
    (ONE + "\nskip_rows: [{column: b, pattern: x}]", '4: skip_rows[1].column: there is no column "b".'),
    (ONE + "\nskip_rows: [{column: a, pattern: '['}]", '4: skip_rows[1].pattern: "[" is not a pattern (missing ]: [).'),
    # delivery
    ("delivery: {pattern: 'in/X.csv'}\n" + ONE, '1: delivery.pattern: "in/X.csv" is the name of a file; it has no'),
    ("delivery: {pattern: 'X_{day}.csv'}\n" + ONE, '"X_{day}.csv" has {day}; only {date:%Y-%m-%d} can'),
    ("delivery: {patern: x}\n" + ONE, 'delivery.patern: unknown key "patern". Did you mean "pattern"?'),
    ("delivery: {done_marker: done}\n" + ONE, '1: delivery.done_marker: "done" is not a file name made from the deliv'),
    ("delivery: {pattern: 'X*', done_marker: '{name}.done'}\n" + ONE, "would itself be taken for a delivery of x."),
    # other feeds
    (ONE + "relationships: [{to: y.id}]", '2: columns.a.relationships: there is no feed "y".'),
    (ONE + "relationships: [{to: x.b}]", '2: columns.a.relationships: x has no column "b".'),
    (ONE + "relationships: [{to: x}]", '3: columns.a.relationships[1].to: "x" is not feed.column.'),
    (ONE + "type: date\n  relationships: [{to: x.b}]\n- name: b", "a is date, and x.b is string."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MISTAKES)
def test_each_mistake_is_told_with_its_line_and_words(root, text, expected):
    write(root, text + "\n")
    told = mistakes(root)
    line, known, _ = expected.partition(": ")
    wanted = f"config/modules/x.yaml:{expected}" if known and line.isdigit() else expected
    assert wanted in told


def test_a_feed_cannot_be_called_like_a_folder_of_the_lake(root):
    write(root, MINIMAL, "modules/views.yaml")
    assert 'a feed cannot be called "views"' in mistakes(root)


def test_two_feeds_that_could_take_one_file_are_told(root):
    write(root, "delivery:\n  pattern: 'GRANTS_*.csv'\n" + MINIMAL, "modules/grants.yaml")
    write(root, "delivery:\n  pattern: 'GRANTS_PROPOSAL_{date}.csv'\n" + MINIMAL, "modules/proposals.yaml")
    assert mistakes(root) == (
        'config/modules/proposals.yaml:2: delivery.pattern: a file called "grants_proposal_1111-11-11.csv" would also '
        "be grants's (config/modules/grants.yaml:2). Make one of the two patterns narrower."
    )
    write(root, "status: retired\n", "local/modules/grants.yaml")
    assert len(load_contracts(root)) == 2
