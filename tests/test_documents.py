"""YAML as text with places: what is read, what is refused, and in which words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalake.documents.forms import Form, Key, Many, Named
from datalake.documents.kinds import choice, clock_time, flag, integer, mail_address, percent, text, weekdays
from datalake.documents.nodes import Mapping, Sequence, listed
from datalake.documents.overlay import overlay
from datalake.documents.text import parse


def read(document: str | bytes) -> Mapping:
    parsed = parse(document if isinstance(document, bytes) else document.encode(), "a.yaml")
    assert parsed.problems == ()
    assert parsed.root is not None
    return parsed.root


def complaints(document: str | bytes) -> str:
    return listed(parse(document if isinstance(document, bytes) else document.encode(), "a.yaml").problems)


def plain(node):
    if isinstance(node, Mapping):
        return {each.key.text: plain(each.value) for each in node.entries}
    if isinstance(node, Sequence):
        return [plain(each) for each in node.items]
    return node.text


def test_every_value_is_the_text_that_was_written():
    document = "a: no\nb: 2:30\nc: 0600\nd: 1.10\ne: 2025-11-04\nf: ~\ng: NULL\nh: 010\ni: 1e5\nj: [on, 0x1F]\n"
    assert plain(read(document)) == {
        "a": "no", "b": "2:30", "c": "0600", "d": "1.10", "e": "2025-11-04",
        "f": "~", "g": "NULL", "h": "010", "i": "1e5", "j": ["on", "0x1F"],
    }  # fmt: skip


def test_nodes_know_their_lines():
    root = read("a: 1\n\n# a comment\nb:\n  - x\n  - y: 2\n    z: 3\n")
    items = root.entry("b").value.items
    assert [root.entry("a").value.place.line, items[0].place.line, items[1].place.line] == [1, 5, 6]
    assert str(items[1].entry("z").value.place) == "a.yaml:7"


def test_an_empty_file_is_an_empty_mapping_and_a_bom_is_no_text():
    assert plain(read("")) == {}
    assert plain(read("# only a comment\n")) == {}
    assert plain(read(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")) == {"a": "1", "b": "2"}


def test_an_empty_value_is_told_from_empty_text():
    root = read('a:\nb: ""\n')
    assert (root.entry("a").value.empty, root.entry("b").value.empty) == (True, False)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("a: &x 1\nb: 2\n", 'a.yaml:1: "&x": YAML anchors are not allowed'),
        ("a: 1\nb: *x\n", 'a.yaml:2: "*x": YAML aliases are not allowed; quote the value'),
        ("a: 1\nb: *.csv\n", "a.yaml:2: cannot be read as YAML: YAML aliases are not allowed; quote the value"),
        ("a: !!python/object/apply:os.system [ls]\n", 'a.yaml:1: "tag:yaml.org,2002:python/object/apply:os.system"'),
        ("a: !local 1\n", 'a.yaml:1: "!local": YAML tags are not allowed'),
        ("a: 1\nb: 2\na: 3\n", 'a.yaml:3: the key "a" is here twice, first on line 1. Keep one.'),
        ("primary_key: [a]\nprimaryKey: [b]\n", 'a.yaml:2: the key "primaryKey" is here twice, first on line 1'),
        ("a: 1\n---\nb: 2\n", 'a.yaml:2: a second document starts here ("---")'),
        ("- a\n- b\n", 'a.yaml:1: must consist of "key: value" lines.'),
        ("just words\n", 'a.yaml:1: must consist of "key: value" lines.'),
        ("? [a]\n: b\n", "a.yaml:1: a key must be a word, not a list or a mapping."),
        ("a: 1\nb:\n\tc: 2\n", "a.yaml:3: cannot be read as YAML: the line is indented with a tab. Use spaces."),
        ("a: 1\nb: 'x\nc: 3\n", "a.yaml:2: cannot be read as YAML: a quote is opened here and never closed."),
        ("a: 1\nb: [x, y\nc: 3\n", "a.yaml:2: cannot be read as YAML: a list opened here with [ is not closed"),
        ("a: {b: 1\nc: 2\n", "a.yaml:1: cannot be read as YAML: a mapping opened here with { is not closed"),
        ('a: 1\np: "\\d{4}"\n', "a.yaml:2: cannot be read as YAML: a backslash in double quotes needs a second one"),
        ("a: b: c\n", 'a.yaml:1: cannot be read as YAML: there is a ": " where none can be.'),
        ("a: [\n", "a.yaml:2: cannot be read as YAML: a list or mapping opened before with [ or { is not closed"),
        ("a: - b\n", "a.yaml:1: cannot be read as YAML: a list item, - ..., starts a line of its own under its key."),
        ("a: @x\n", "a.yaml:1: cannot be read as YAML: the value starts with a character that YAML keeps"),
        ("a:\n  b: 1\n c: 2\n", "a.yaml:3: cannot be read as YAML: this line is not indented like the lines"),
        ("a: 'b' c\n", "a.yaml:1: cannot be read as YAML: this line is not indented like the lines it belongs to, or"),
        (b"a: 1\nb: caf\xe9\n", "a.yaml:2: is not UTF-8 (byte 0xE9). Save the file as UTF-8."),
        ("a: 1\nb: x\x00y\n", "a.yaml:2: holds the control character U+0000. Remove it."),
        ("a: " + "[" * 30 + "]" * 30 + "\n", "a.yaml:1: is nested more than 20 levels deep."),
        (b"a: " + b"x" * 1_000_001, "a.yaml: has 1,000,004 bytes; the limit is 1,000,000."),
    ],
)
def test_what_is_no_plain_yaml_is_told_with_its_line(document, expected):
    assert expected in complaints(document)


def test_an_alias_bomb_and_a_deep_nest_are_refused_at_once():
    bomb = "a: &a [x, x]\n" + "".join(f"{n}: &{n} [*{p}, *{p}]\n" for p, n in zip("abcdef", "bcdefg", strict=True))
    assert complaints(bomb).count("YAML aliases are not allowed") == 6  # once a line
    assert parse(bomb.encode(), "a.yaml").root is None
    assert "nested more than 20 levels" in complaints("[" * 100_000)


def test_all_problems_of_a_file_come_at_once_in_the_order_of_its_lines():
    lines = complaints("a: 1\na: 2\nb: !t 3\nc: &d 4\n").splitlines()
    assert [each.split(":")[1] for each in lines] == ["2", "3", "4"]


def test_an_overlay_merges_mappings_by_key_and_columns_by_name_and_replaces_other_lists():
    base = read("limits: {a: 1, b: 2}\nkey: [x]\ncolumns:\n- {name: p, type: date}\n- {name: q, aliases: [r, s]}\n")
    over = parse(b"limits: {b: 3, c: 4}\nkey: [y, z]\ncolumns:\n- {name: q, aliases: [t]}\n- {name: new}\n", "o.yaml")
    assert plain(overlay(base, over.root)) == {
        "limits": {"a": "1", "b": "3", "c": "4"},
        "key": ["y", "z"],
        "columns": [{"name": "p", "type": "date"}, {"name": "q", "aliases": ["t"]}, {"name": "new"}],
    }


def test_what_an_overlay_says_keeps_the_overlays_place():
    base = read("limits: {a: 1, b: 2}\ncolumns:\n- {name: p, type: date}\n")
    over = parse(b"# local\nlimits: {b: 3}\ncolumns:\n- name: p\n  format: x\n", "o.yaml").root
    merged = overlay(base, over)
    limits, column = merged.entry("limits").value, merged.entry("columns").value.items[0]
    assert str(limits.entry("a").value.place) == "a.yaml:1"
    assert str(limits.entry("b").value.place) == "o.yaml:2"
    assert str(column.entry("type").value.place) == "a.yaml:3"
    assert str(column.entry("format").value.place) == "o.yaml:5"


FORM = Form(
    (
        Key("name", text(), "", required=True),
        Key("port", integer(1, 65535), ""),
        Key("strict", flag(), ""),
        Key("mode", choice("reject", "null", "warn"), ""),
        Key("at", clock_time(), ""),
        Key("share", percent(), ""),
        Key("to", Many(mail_address(), single=True), ""),
        Key("keys", Many(text(), least=1), ""),
        Key("sums", Named(percent(1000)), ""),
        Key("max_length", integer(0, 9), ""),
    ),
    moved={"password": "is a secret."},
)


def fill(document: str):
    problems = []
    filled = FORM.read(read(document), "", problems)
    return filled.values, listed(problems)


def test_values_are_converted_by_the_declared_type_only():
    values, problems = fill(
        "name: no\nport: 8080\nstrict: no\nmode: null\nat: 02:30\nshare: 20%\n"
        "to: a@example.edu\nkeys: [1, no]\nsums: {amount: 50}\nmaxLength: 7\n"
    )
    assert problems == ""
    assert values == {
        "name": "no", "port": 8080, "strict": False, "mode": "null", "at": "02:30", "share": 20.0,
        "to": ("a@example.edu",), "keys": ("1", "no"), "sums": {"amount": 50.0}, "max_length": 7,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("port: 80a", 'a.yaml:2: port: "80a" is not a whole number from 1 to 65,535.'),
        ("port: 70000", 'a.yaml:2: port: "70000" is not a whole number from 1 to 65,535.'),
        ("port: ٣", 'a.yaml:2: port: "٣" is not a whole number from 1 to 65,535.'),
        ("port: [1]", "a.yaml:2: port: must be a whole number from 1 to 65,535, not a list."),
        ("port:", "a.yaml:2: port: has no value. Give it one, or leave the line out."),
        ("strict: treu", 'a.yaml:2: strict: "treu" is not true or false. Did you mean "true"?'),
        ("mode: rejcet", 'a.yaml:2: mode: "rejcet" is not one of reject, null, warn. Did you mean "reject"?'),
        ("at: 2:30", 'a.yaml:2: at: "2:30" is not a time of day from 00:00 to 23:59, like 02:30.'),
        ("at: 24:00", 'a.yaml:2: at: "24:00" is not a time of day'),
        ("share: 101", 'a.yaml:2: share: "101" is not a percentage from 0 to 100.'),
        ("share: nan", 'a.yaml:2: share: "nan" is not a percentage from 0 to 100.'),
        ("to: [a@b.edu, -oops@b.edu]", 'a.yaml:2: to[2]: "-oops@b.edu" is not a mail address like name@example.edu.'),
        ('to: "a@b.edu\\nBcc: x@y.edu"', "is not a mail address like name@example.edu."),
        ("keys: a", 'a.yaml:2: keys: must be a list, not "a".'),
        ("keys: []", "a.yaml:2: keys: is an empty list."),
        ("sums: {amount: x}", 'a.yaml:2: sums.amount: "x" is not a percentage from 0 to 1,000.'),
        ("prot: 80", 'a.yaml:2: prot: unknown key "prot". Did you mean "port"?'),
        ("zzzzzz: 80", 'a.yaml:2: zzzzzz: unknown key "zzzzzz". Known here: name, port,'),
        ("password: x", "a.yaml:2: password: is a secret."),
    ],
)
def test_a_wrong_value_is_told_with_its_line_path_and_what_it_must_be(line, expected):
    assert expected in fill(f"name: x\n{line}\n")[1]


def test_a_missing_key_is_told_and_all_mistakes_come_together():
    problems = fill("prot: 80\nport: x\nat: 7\n")[1].splitlines()
    assert [each.split(":")[1] for each in problems] == ["1", "1", "2", "3"]
    assert "a.yaml:1: name: is missing. It is text." in problems


def test_days_are_spans_and_lists():
    assert weekdays("mon-fri") == {0, 1, 2, 3, 4}
    assert weekdays("sat-mon, Wed") == {5, 6, 0, 2}
    assert weekdays("mon-sun") == set(range(7))
    with pytest.raises(ValueError):
        weekdays("mon-someday")


@given(st.binary(max_size=200) | st.text("abc:-[]{}&*!#'\"\\\t\n ?|>%@", max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused_in_words(document):
    parsed = parse(document, "a.yaml")
    assert parsed.root is not None or parsed.problems
