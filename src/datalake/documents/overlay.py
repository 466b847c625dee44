"""Local changes laid over a shipped file: mappings merge by key, columns and checks by name, other lists replace."""

from datalake.documents.nodes import Entry, Mapping, Node, Sequence

BY_NAME = ("columns", "checks")


def overlay(base: Mapping, over: Mapping) -> Mapping:
    """Given a shipped document and a local one, return both as one; what the local one says keeps its own place."""
    entries = {each.name: each for each in base.entries}
    for entry in over.entries:
        old = entries.get(entry.name)
        entries[entry.name] = Entry(entry.key, _merged(entry.name, old.value, entry.value)) if old else entry
    return Mapping(tuple(entries.values()), over.place)


def _merged(name: str, base: Node, over: Node) -> Node:
    if isinstance(base, Mapping) and isinstance(over, Mapping):
        return overlay(base, over)
    if name in BY_NAME and isinstance(base, Sequence) and isinstance(over, Sequence):
        return _by_name(base, over)
    return over


def _by_name(base: Sequence, over: Sequence) -> Sequence:
    items = list(base.items)
    places = {each.text("name"): index for index, each in enumerate(items) if isinstance(each, Mapping)}
    for item in over.items:
        index = places.get(item.text("name")) if isinstance(item, Mapping) else None
        old = items[index] if index is not None else None
        if isinstance(old, Mapping) and isinstance(item, Mapping) and index is not None:
            items[index] = overlay(old, item)
        else:
            items.append(item)
    return Sequence(tuple(items), over.place)
