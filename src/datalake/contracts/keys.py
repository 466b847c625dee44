"""The words of a contract file: every key, what it holds and what it means. The reference table is made from here."""

import re
from typing import get_args

from datalake.contracts.model import (
    TYPES,
    Classification,
    Engine,
    FeedStatus,
    History,
    Mask,
    MissingColumns,
    NewColumns,
    OnFail,
    Severity,
    WriteDisposition,
)
from datalake.contracts.names import normalise
from datalake.documents.forms import Form, Key, Many, Named, Value
from datalake.documents.kinds import choice, days, flag, integer, number, percent, shaped, text
from datalake.documents.nodes import quoted

NAME = r"[a-z][a-z0-9_]{0,62}"
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1")
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "auto": "auto"}
_SEVERITY = choice(*get_args(Severity))
_TYPE_NAMES = {**{each: each for each in TYPES}, "timestamp": "datetime"}  # ODCS says timestamp
_UNDER_CONSTRAINTS = ("required", "unique", "enum", "pattern", "minimum", "maximum", "min_length", "max_length")


def _version() -> Value:
    def convert(written: str) -> int:
        if written != "1":
            raise ValueError
        return 1

    return Value("1, the form of contract that this program reads", convert, {"const": 1})


def _type() -> Value:
    def convert(written: str) -> str:
        if written not in _TYPE_NAMES:
            raise ValueError
        return _TYPE_NAMES[written]

    return Value(f"a type: {', '.join(TYPES)}", convert, {"enum": list(_TYPE_NAMES)}, tuple(_TYPE_NAMES))


def _delimiter() -> Value:
    def convert(written: str) -> str:
        character = DELIMITERS.get(written, written)
        if character != "auto" and (len(character) != 1 or character in "\r\n\"'" or character.isalnum()):
            raise ValueError
        return character

    words = f"one character, or one of {', '.join(DELIMITERS)}"
    return Value(words, convert, {"type": "string"}, tuple(DELIMITERS))


def _marker() -> Value:
    def convert(written: str) -> str:
        if written.count("{name}") != 1 or len(written) == len("{name}") or re.search(r"[/\\\x00-\x1f]", written):
            raise ValueError
        return written

    return Value('a file name made from the delivery\'s, like "{name}.done"', convert, {"type": "string"})


def _column_name() -> Value:
    def convert(written: str) -> str:
        if not re.fullmatch(NAME, written, re.ASCII):
            near = normalise(written)
            hint = f' Did you mean "{near}"?' if re.fullmatch(NAME, near, re.ASCII) else ""
            raise ValueError(f"{quoted(written)} is not a name in snake_case.{hint}")
        return written

    return Value("a name in snake_case", convert, {"type": "string", "pattern": f"^{NAME}$"})


COLUMN_NAME = _column_name()

CONSTRAINTS = Form(
    (
        Key("required", flag(), "A value must be there; so with parts of the key, unless they say false.", "false"),
        Key("unique", flag(), "No two rows of a file share a value.", "false"),
        Key("enum", Many(text(), least=1), "The only values allowed."),
        Key("pattern", text("an RE2 pattern"), "What the whole value must look like, as an RE2 pattern."),
        Key("minimum", text(), "The smallest value allowed: a number, or a date like 1990-01-01."),
        Key("maximum", text(), "The largest value allowed."),
        Key("min_length", integer(0, 10**9), "Fewest characters (items, of a list)."),
        Key("max_length", integer(0, 10**9), "Most characters (items, of a list)."),
    )
)
RELATIONSHIP = Form(
    (
        Key("to", shaped("feed.column", rf"{NAME}\.{NAME}"), "The feed and column that hold the value.", required=True),
        Key("severity", _SEVERITY, "Who hears of values that are not there.", "warn"),
    )
)
COLUMN = Form(
    (
        Key("name", COLUMN_NAME, "The column's name in the published table.", required=True),
        Key("aliases", Many(text(), single=True), "Other names that the header may have for it.", "[]"),
        Key("type", _type(), "What the values are.", "string"),
        Key("format", Many(text(), single=True), "Accepted forms of the text, tried in order."),
        Key("precision", Many(integer(0, 38)), "Of a number: digits in all, digits after the point.", "[18, 2]"),
        Key("separator", text(), "Of a list: what stands between the items.", ";"),
        Key("width", integer(1, 64), "Of an id: digits to which lost leading zeros are given back."),
        Key("constraints", CONSTRAINTS, "What a value must satisfy."),
        Key("on_fail", choice(*get_args(OnFail)), "What happens to a row whose value does not satisfy them.", "reject"),
        Key("severity", _SEVERITY, "Who hears of it.", "error"),
        Key(
            "classification",
            choice(*get_args(Classification)),
            "Who may see the values.",
            "internal",
        ),
        Key("mask", choice(*get_args(Mask)), "What is published instead of the value."),
        Key("relationships", Many(RELATIONSHIP), "Columns of other feeds, one of which holds the value.", "[]"),
        Key("map", shaped("the name of a map", NAME), "The meaning map, config/maps/<name>.csv, for the values."),
        Key("description", text(), "What the column means, in words."),
    ),
    moved={
        **dict.fromkeys(_UNDER_CONSTRAINTS, "stands under constraints: here."),
        "nullable": "write constraints: {required: true} for a value that must be there.",
        "references": "is called relationships here.",
        "foreign_keys": "is called relationships here.",
        "data_type": "is called type here.",
        "title": "is called description here.",
    },
)
CHECK = Form(
    (
        Key("name", COLUMN_NAME, "The check's name, which counts and messages use.", required=True),
        Key("expression", text("a condition"), "What holds for every row.", required=True),
        Key("on_fail", choice("reject", "warn", "fail"), "What happens to a row for which it is false.", "warn"),
        Key("severity", _SEVERITY, "Who hears of it.", "warn"),
    )
)
SKIP_ROW = Form(
    (
        Key("column", COLUMN_NAME, "The column that tells such a row.", required=True),
        Key("pattern", text("an RE2 pattern"), "What its whole value looks like.", required=True),
    )
)
DELIVERY = Form(
    (
        Key("pattern", text("a file name pattern"), "Which files are this feed's."),
        Key("settle_seconds", integer(0, 86_400), "A younger file may still be arriving; else as settings.yaml says."),
        Key("done_marker", _marker(), "A file that must be there before the delivery counts as whole."),
        Key("checksum", _marker(), "A file that states the delivery's checksum."),
        Key("row_count", _marker(), "A file that states the delivery's number of rows."),
    )
)
DIALECT = Form(
    (
        Key("delimiter", _delimiter(), "What stands between cells; auto finds it by the header.", "comma"),
        Key("quote", shaped("one quote character", r"[\"'`|^~]"), "What cells are quoted with.", "'\"'"),
    )
)
SCHEMA_CONTRACT = Form(
    (
        Key(
            "new_columns",
            choice(*get_args(NewColumns)),
            "Columns of the file that are not described here: published as text, left out (and told), or refused.",
            "discard_value",
        ),
        Key(
            "missing_columns",
            choice(*get_args(MissingColumns)),
            "Optional columns that the last file had and this one lacks: wait for OK, published empty, or refused.",
            "hold",
        ),
    )
)
LIMITS = Form(
    (
        Key("rejected_percent", percent(), "Rejected rows, of the rows read."),
        Key("row_drop_percent", percent(), "Rows fewer than in the last accepted file."),
        Key("blank_rise_percent", percent(), "Values of a column gone blank since the last accepted file."),
        Key("sum_change_percent", Named(percent(1_000_000)), "Change of a number column's sum, by column."),
    )
)
_HOURS = number("a number of hours", 100_000)
FRESHNESS = Form(
    (
        Key("days", days(), "Days on which a file is expected.", "mon-sun"),
        Key("warn_after_hours", _HOURS, "Age of the data, from which it counts as late."),
        Key("error_after_hours", _HOURS, "Age of the data, from which it counts as old."),
    )
)
FORMATS = Form(
    tuple(
        Key(each, Many(text(), single=True), f"For columns of type {each}.") for each in ("date", "datetime", "boolean")
    )
)
CONTRACT = Form(
    (
        Key("version", _version(), "The form of this file.", "1"),
        Key("feed", shaped("a name in snake_case", NAME), "The feed's name: the file's own, without .yaml."),
        Key("title", text(), "The feed's name for people."),
        Key("description", text(), "What the feed holds, in words."),
        Key("owner", text(), "Who answers for the data."),
        Key(
            "status",
            choice(*get_args(FeedStatus)),
            "draft: each file waits for OK; active: files are published; retired: files are left alone.",
            "active",
        ),
        Key("delivery", DELIVERY, "Which file is this feed's, and when it is whole."),
        Key("encoding", Many(choice(*ENCODINGS), single=True, least=1), "Tried in order, strictly.", "[utf-8, cp1252]"),
        Key("dialect", DIALECT, "How cells are told apart."),
        Key("missing_values", Many(text()), "Cells that stand for no value.", '[""]'),
        Key("formats", FORMATS, "Accepted forms by type, for columns that name none of their own."),
        Key("primary_key", Many(text(), single=True), "Columns that tell records apart.", "[]"),
        Key("order_by", Many(text(), single=True), "Among rows of one key the greatest wins.", "[]"),
        Key(
            "write_disposition",
            choice(*get_args(WriteDisposition)),
            "What a file does to the published table.",
            "replace",
        ),
        Key("history", choice(*get_args(History)), "scd2 keeps every earlier version of a record.", "none"),
        Key("partitions", integer(1, 999), "Files that the published table is cut into, by key.", "1"),
        Key("engine", choice(*get_args(Engine)), "Where the feed is cleaned and merged; else as settings.yaml says."),
        Key("legal_hold", flag(), "true: nothing of this feed is ever removed, whatever the settings say.", "false"),
        Key("schema_contract", SCHEMA_CONTRACT, "What happens when columns come or go."),
        Key("limits", LIMITS, "Past one of these, the delivery waits for OK."),
        Key("freshness", FRESHNESS, "When the data counts as old."),
        Key("columns", Many(COLUMN, least=1), "The columns, in the order of the published table."),
        Key("expected_columns", Many(text(), least=1), "The short form: names of text columns that must be there."),
        Key("checks", Many(CHECK), "Rules across the columns of a row.", "[]"),
        Key("skip_rows", Many(SKIP_ROW), "Rows that are no records, such as totals.", "[]"),
    ),
    moved={
        "fields": "is called columns here.",
        "foreign_keys": "is called relationships here, under the column.",
        "name": "is called feed here.",
        "pattern": "stands under delivery: here.",
    },
)
