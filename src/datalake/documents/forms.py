"""Declarations of what a file may say: which keys, with which kind of value. Reading one tells every mistake at once.

A kind reads a node into a plain value, describes itself in words (for messages and the reference table) and as JSON
Schema (for editors), so that the three cannot drift apart.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from datalake.documents.nodes import Mapping, Node, Place, Problem, Scalar, Sequence, did_you_mean, quoted

Problems = list[Problem]


class Unread(Exception):
    """A value could not be read; why is among the problems already."""


class Kind(Protocol):
    """What a value may be."""

    @property
    def words(self) -> str:
        """Say what the value must be, as in "must be ..."."""

    def read(self, node: Node, path: str, problems: Problems) -> Any:
        """Given a node, return its value; append to problems what is wrong, raise Unread if no value is left."""

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the value as an editor sees it, which types YAML."""


@dataclass(frozen=True)
class Value:
    """One value. convert gets its text and raises ValueError: with a sentence, or empty where words say it all."""

    words: str
    convert: Callable[[str], Any]
    json: dict[str, Any] = field(default_factory=dict)
    choices: tuple[str, ...] = ()

    def read(self, node: Node, path: str, problems: Problems) -> Any:
        if not isinstance(node, Scalar):
            raise _unread(problems, node.place, f"{path}: must be {self.words}, not {_shape(node)}.")
        if node.empty:
            raise _unread(problems, node.place, f"{path}: has no value. Give it one, or leave the line out.")
        try:
            return self.convert(node.text)
        except ValueError as problem:
            hint = did_you_mean(node.text, self.choices)
            sentence = str(problem) or f"{quoted(node.text)} is not {self.words}.{hint}"
            raise _unread(problems, node.place, f"{path}: {sentence}") from None

    def schema(self) -> dict[str, Any]:
        return dict(self.json)


@dataclass(frozen=True)
class Many:
    """A list of one kind; with single, one value alone stands for a list of one."""

    item: Kind
    single: bool = False
    least: int = 0

    @property
    def words(self) -> str:
        return f"{self.item.words}, or a list of such" if self.single else f"a list; each is {self.item.words}"

    def read(self, node: Node, path: str, problems: Problems) -> tuple[Any, ...]:
        if isinstance(node, Sequence):
            items = node.items
        elif self.single:
            items = (node,)
        else:
            raise _unread(problems, node.place, f"{path}: must be a list, not {_shape(node)}.")
        if len(items) < self.least:
            problems.append(Problem(node.place, f"{path}: is an empty list."))
        read = [self._item(each, _item_path(path, at, each), problems) for at, each in enumerate(items, start=1)]
        return tuple(value for values in read for value in values)

    def _item(self, node: Node, path: str, problems: Problems) -> tuple[Any, ...]:
        try:
            return (self.item.read(node, path, problems),)
        except Unread:
            return ()

    def schema(self) -> dict[str, Any]:
        listed: dict[str, Any] = {"type": "array", "items": self.item.schema()}
        if self.least:
            listed["minItems"] = self.least
        return {"anyOf": [self.item.schema(), listed]} if self.single else listed


@dataclass(frozen=True)
class Named:
    """A mapping whose keys are names of the user's own, such as columns."""

    value: Kind

    @property
    def words(self) -> str:
        return f"a mapping of names; each value is {self.value.words}"

    def read(self, node: Node, path: str, problems: Problems) -> dict[str, Any]:
        if not isinstance(node, Mapping):
            raise _unread(problems, node.place, f'{path}: must be "name: value" lines, not {_shape(node)}.')
        values = {}
        for entry in node.entries:
            try:
                values[entry.key.text] = self.value.read(entry.value, f"{path}.{entry.key.text}", problems)
            except Unread:
                continue
        return values

    def schema(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": self.value.schema()}


@dataclass(frozen=True)
class Key:
    """One key of a form. default is what stands when it is left out, in the words of the file."""

    name: str
    kind: Kind
    about: str
    default: str = ""
    required: bool = False


@dataclass(frozen=True)
class Filled:
    """What was read of a form: values of the keys that were there and readable, and where each stands."""

    values: dict[str, Any]
    node: Mapping
    path: str

    def at(self, name: str, index: int | None = None) -> Place:
        """Return the place of a key's value (of its item number index, from 0), of the whole where it is absent."""
        entry = self.node.entry(name)
        if entry is None:
            return self.node.place
        if index is not None and isinstance(entry.value, Sequence):
            return entry.value.items[index].place
        return entry.value.place

    def problem(self, name: str, message: str, index: int | None = None) -> Problem:
        """Return the problem with a key's value, with its place and path."""
        return Problem(self.at(name, index), f"{joined(self.path, name)}: {message}")


@dataclass(frozen=True)
class Form:
    """A mapping with known keys; unknown ones are mistakes. moved: key -> a sentence for one that belongs elsewhere."""

    keys: tuple[Key, ...]
    moved: dict[str, str] = field(default_factory=dict)
    words: str = "a mapping"

    def read(self, node: Node, path: str, problems: Problems) -> Filled:
        if not isinstance(node, Mapping):
            raise _unread(problems, node.place, f'{path}: must be "key: value" lines, not {_shape(node)}.')
        known = {each.name: each for each in self.keys}
        values = {}
        for entry in node.entries:
            if entry.name not in known:
                problems.append(Problem(entry.key.place, self._unknown(entry.key.text, entry.name, path)))
                continue
            try:
                values[entry.name] = known[entry.name].kind.read(entry.value, joined(path, entry.name), problems)
            except Unread:
                continue
        for key in self.keys:
            if key.required and node.entry(key.name) is None:
                problems.append(Problem(node.place, f"{joined(path, key.name)}: is missing. It is {key.kind.words}."))
        return Filled(values, node, path)

    def _unknown(self, text: str, name: str, path: str) -> str:
        if name in self.moved:
            return f"{joined(path, text)}: {self.moved[name]}"
        names = [each.name for each in self.keys]
        hint = did_you_mean(name, names) or f" Known here: {', '.join(names)}."
        return f"{joined(path, text)}: unknown key {quoted(text)}.{hint}"

    def schema(self) -> dict[str, Any]:
        properties = {each.name: {"description": each.about, **each.kind.schema()} for each in self.keys}
        described: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
        required = [each.name for each in self.keys if each.required]
        return {**described, "required": required} if required else described


def joined(path: str, name: str) -> str:
    """Return the path of a key under another."""
    return f"{path}.{name}" if path else name


def _item_path(path: str, number: int, node: Node) -> str:
    name = node.text("name") if isinstance(node, Mapping) else ""
    return f"{path}.{name}" if name else f"{path}[{number}]"


def _shape(node: Node) -> str:
    if isinstance(node, Mapping):
        return 'a mapping ("key: value")'
    if isinstance(node, Sequence):
        return "a list"
    return quoted(node.text) if not node.empty else "nothing"


def _unread(problems: Problems, place: Place, message: str) -> Unread:
    problems.append(Problem(place, message))
    return Unread(message)
