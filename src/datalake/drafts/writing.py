"""PURE. A draft as the YAML file that a person goes on with: every guess says that it is one."""

import json
import re
from collections.abc import Iterator, Sequence

from datalake.drafts.columns import Guess
from datalake.drafts.draft import Draft

GUESS = "# guess"
MOST = 0.995  # of the rows; a key that is empty in fewer is damaged, and in more is meant so
COMMENT_AT = 62
WORDS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 _/.&-]*")
_YAML_WORDS = {"yes", "no", "true", "false", "on", "off", "null", "y", "n"}


def text_of(draft: Draft) -> str:
    """Return a draft as the text of its file."""
    return "\n".join([*_head(draft), "", *_body(draft), "", "columns:", *_columns(draft)]) + "\n"


def _head(draft: Draft) -> Iterator[str]:
    rows = ", ".join(f"{each:,}" for each in draft.rows)
    files = "one file" if len(draft.files) == 1 else f"{len(draft.files)} files"
    yield "# yaml-language-server: $schema=../../schema/feed.schema.json"
    yield f"# A draft of the rules of {draft.feed}, made from {files} ({rows} rows). A guess is what these showed,"
    yield "# no more: a value that did not come yet may be right, too. Words: docs/contracts.md."


def _body(draft: Draft) -> Iterator[str]:
    yield "version: 1"
    yield f"feed: {draft.feed}"
    yield f"title: {draft.feed.replace('_', ' ').capitalize()}"
    yield _noted("# owner: you@example.edu", "# who answers for the data")
    yield _noted("status: draft", "# each file is checked and waits for OK; active publishes")
    yield ""
    yield _noted(f"delivery: {{pattern: {_text(draft.pattern)}}}", f"{GUESS}: from the names of the files")
    yield f"encoding: {_list(draft.encodings)}"
    yield f"dialect: {{delimiter: {WORDS.get(draft.delimiter, draft.delimiter)}}}"
    yield from _missing(draft)
    yield from _formats(draft)
    yield ""
    yield from _key(draft)
    yield _noted("write_disposition: replace", f"{GUESS}: each file holds all records; merge: only changed ones")
    yield "limits: {rejected_percent: 1, row_drop_percent: 20, blank_rise_percent: 20}"


def _missing(draft: Draft) -> Iterator[str]:
    if draft.missing:
        yield _noted(f"missing_values: {_list(['', *draft.missing])}", f"{GUESS}: they stand where a date would")


def _formats(draft: Draft) -> Iterator[str]:
    forms = {kind: each for kind, each in draft.forms.items() if each}
    if forms:
        yield _noted("formats:", f"{GUESS}: the forms that were seen, for all columns")
        yield from (f"  {kind}: {_list(each)}" for kind, each in forms.items())


def _key(draft: Draft) -> Iterator[str]:
    if draft.key:
        yield _noted(f"primary_key: {_list(draft.key)}", f"{GUESS}: no two rows of a file share it")
    else:
        yield "# primary_key: [...]  none was found: no column tells the rows of a file apart"
    if draft.order_by and draft.key:
        yield _noted(f"order_by: {_list(draft.order_by)}", f"{GUESS}: among repeated records the newest wins")


def _columns(draft: Draft) -> Iterator[str]:
    for each in draft.columns:
        lines = list(_column(each, _required(each, draft)))
        why = f": {each.why}" if each.why else ""
        yield _noted(f"  - name: {each.name}", f"{GUESS}{why}; {_filled(each)}")
        yield from (f"    {line}" for line in lines)


def _required(column: Guess, draft: Draft) -> str:
    """What a part of the key needs to have said: that it must be there, or that it may be empty."""
    if column.name not in draft.key:
        return ""
    sometimes = column.name != draft.key[0] and column.filled < MOST * sum(draft.rows)
    return "required: false" if sometimes else "required: true"


def _filled(column: Guess) -> str:
    if not column.filled:
        return "never filled"
    return f"{column.filled:,} cells filled, {column.distinct:,} different"


def _column(column: Guess, required: str) -> Iterator[str]:
    if column.aliases:
        yield f"aliases: {_list(column.aliases)}"
    if column.type != "string":
        yield f"type: {column.type}"
    if column.type in ("number", "boolean") and column.formats:
        yield f"format: {column.formats[0]}"
    if column.precision:
        yield f"precision: [{column.precision[0]}, {column.precision[1]}]"
    if column.type == "list" and column.separator != ";":
        yield f"separator: {_text(column.separator)}"
    if column.width:
        yield f"width: {column.width}"
    limits = _limits(column, required)
    if limits:
        yield f"constraints: {{{limits}}}"
    if column.enum:
        yield "on_fail: warn"
        yield "severity: warn"


def _limits(column: Guess, required: str) -> str:
    parts = [required] if required else []
    parts += [f"pattern: {_text(column.pattern)}"] if column.pattern else []
    parts += [f"enum: {_list(column.enum)}"] if column.enum else []
    return ", ".join(parts)


def _noted(line: str, note: str) -> str:
    return f"{line.ljust(COMMENT_AT - 2)}  {note}"


def _list(values: Sequence[str]) -> str:
    return f"[{', '.join(map(_text, values))}]"


def _text(value: str) -> str:
    """Text as YAML reads it back: bare where that is safe, else in double quotes, as JSON writes them."""
    plain = _PLAIN.fullmatch(value) and not value.endswith(" ") and value.casefold() not in _YAML_WORDS
    return value if plain else json.dumps(value, ensure_ascii=False)
