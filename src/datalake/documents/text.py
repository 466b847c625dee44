"""YAML read entirely as text: `no`, `2:30` and `0600` stay what they say, and every node knows its line.

Only mappings, sequences and scalars are YAML here. Anchors, aliases, tags, repeated keys and second documents are
problems, and depth and size are bounded before anything is built (a few aliases can stand for gigabytes).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import yaml

from datalake.documents import syntax
from datalake.documents.nodes import Entry, Mapping, Node, Place, Problem, Scalar, Sequence

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same events, read by libyaml where it is there
_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Document:
    """One file as nodes. root is None where nothing in it can be relied on; an empty file is an empty mapping."""

    root: Mapping | None
    problems: tuple[Problem, ...]


def parse(data: bytes, file: str) -> Document:
    """Given a YAML file's bytes and the name to call it by, return its nodes and all that is wrong with its form."""
    try:
        return _Builder(file).build(_decoded(data, file))
    except _Unreadable as unreadable:
        return Document(None, (unreadable.problem,))


class _Unreadable(Exception):
    def __init__(self, file: str, line: int, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(Place(file, line), message)


def _decoded(data: bytes, file: str) -> str:
    if len(data) > MAX_BYTES:
        raise _Unreadable(file, 0, f"has {len(data):,} bytes; the limit is {MAX_BYTES:,}.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        byte = data[problem.start]
        raise _Unreadable(file, line, f"is not UTF-8 (byte 0x{byte:02X}). Save the file as UTF-8.") from None
    control = _CONTROL.search(text)
    if control:
        line = text.count("\n", 0, control.start()) + 1
        raise _Unreadable(file, line, f"holds the control character U+{ord(control[0]):04X}. Remove it.")
    return text


class _Builder:
    """Turns the parser's events into nodes; goes on after a problem wherever the rest keeps its meaning."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.reliable = True

    def build(self, text: str) -> Document:
        try:
            root = self._root(iter(yaml.parse(text, Loader=_LOADER)))
        except yaml.YAMLError as problem:
            line, message = syntax.explain(problem, text)
            raise _Unreadable(self.file, line, message) from None
        if not isinstance(root, Mapping):
            self._report(root.place, 'must consist of "key: value" lines.')
            return Document(None, tuple(self.problems))
        return Document(root if self.reliable else None, tuple(self.problems))

    def _root(self, events: Iterator[Any]) -> Node:
        root: Node | None = None
        for event in events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            if root is not None:
                self._report(self._place(event), 'a second document starts here ("---"). One file holds one.')
                break
            root = self._node(next(events), events, 0)
        if root is None or (isinstance(root, Scalar) and root.empty):
            return Mapping((), Place(self.file, 1))
        return root

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        if depth > MAX_DEPTH:
            self._stop(event, f"is nested more than {MAX_DEPTH} levels deep.")
        self._refuse_extras(event)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, events, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(event, events, depth)
        return Scalar(getattr(event, "value", ""), self._place(event), bool(getattr(event, "style", None)))

    def _sequence(self, start: Any, events: Iterator[Any], depth: int) -> Sequence:
        items = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self._node(event, events, depth + 1))
        return Sequence(tuple(items), self._place(start))

    def _mapping(self, start: Any, events: Iterator[Any], depth: int) -> Mapping:
        entries: dict[str, Entry] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self._node(event, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            if not isinstance(key, Scalar):
                self._report(key.place, "a key must be a word, not a list or a mapping.")
                continue
            self._keep(entries, Entry(key, value))
        return Mapping(tuple(entries.values()), self._place(start))

    def _keep(self, entries: dict[str, Entry], entry: Entry) -> None:
        first = entries.setdefault(entry.name, entry)
        if first is not entry:
            where = f"line {first.key.place.line}"
            self._report(entry.key.place, f'the key "{entry.key.text}" is here twice, first on {where}. Keep one.')

    def _refuse_extras(self, event: Any) -> None:
        if isinstance(event, yaml.AliasEvent):
            self.reliable = False
            self._report(self._place(event), f'"*{event.anchor}": {syntax.NO_ALIASES}')
        elif event.anchor:
            self._report(self._place(event), f'"&{event.anchor}": {syntax.NO_ANCHORS}')
        if getattr(event, "tag", None):
            self._report(self._place(event), f'"{event.tag}": {syntax.NO_TAGS}')

    def _place(self, event: Any) -> Place:
        return Place(self.file, event.start_mark.line + 1)

    def _report(self, place: Place, message: str) -> None:
        self.problems.append(Problem(place, message))

    def _stop(self, event: Any, message: str) -> NoReturn:
        raise _Unreadable(self.file, event.start_mark.line + 1, message)
