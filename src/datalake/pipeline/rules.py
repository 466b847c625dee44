"""The text of a feed's rules as they are in force, kept by fingerprint: what a published table was made by."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from datalake.contracts.model import Contract
from datalake.zones.files import make_folder, write_atomically
from datalake.zones.paths import Lake

# What decides when a file is taken, who hears of it and where it is worked on, but no value of it: a change of these
# publishes nothing anew and says nothing of earlier nights.
NOT_OF_THE_DATA = (
    *("title", "description", "owner", "status", "delivery", "limits", "freshness"),
    *("engine", "legal_hold"),
)
NOT_OF_A_COLUMN = ("place", "description")


def rules_text(contract: Contract) -> str:
    """Return the rules as JSON: overlays merged, defaults filled in; what says nothing of the data is left out."""
    rules = {name: value for name, value in asdict(contract).items() if name not in NOT_OF_THE_DATA}
    return json.dumps(_of_the_data(rules), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def fingerprint(contract: Contract) -> str:
    """Return 12 hex digits that change whenever the rules do."""
    return hashlib.sha256(rules_text(contract).encode()).hexdigest()[:12]


def changed(lake: Lake, contract: Contract, before: str) -> list[str]:
    """Return where the rules differ from the kept ones with that fingerprint, as columns.status.map; none if nowhere.

    What cannot be told apart any more, because the old text is lost, is called "the rules".
    """
    if not before or before == fingerprint(contract):
        return []
    try:
        old = json.loads((lake.rules / contract.feed / f"{before}.json").read_bytes())
    except (OSError, ValueError):
        return ["the rules"]
    return sorted(dict.fromkeys(_differing(old, json.loads(rules_text(contract)), "")))


def _differing(old: Any, new: Any, path: str) -> Iterator[str]:
    """Yield the deepest names that tell what differs; lists of named things are compared by their names.

    A word that only one text has is one that this program learnt or forgot in between: nobody changed it.
    """
    listed = isinstance(new, list)
    old, new = _by_name(old), _by_name(new)
    if old == new:
        return
    if not (isinstance(old, dict) and isinstance(new, dict)):
        yield path
        return
    for name in old.keys() | new.keys():
        where = f"{path}.{name}" if path else name
        if name in old and name in new:
            yield from _differing(old[name], new[name], where)
        elif listed:
            yield where
    if listed and list(old) != list(new) and old.keys() == new.keys():
        yield f"{path} (order)"


def _by_name(value: Any) -> Any:
    named = isinstance(value, list) and value and all(isinstance(each, dict) and "name" in each for each in value)
    return {each["name"]: each for each in value} if named else value


def keep(lake: Lake, contract: Contract) -> str:
    """Write the rules down, if they are new, and return their fingerprint."""
    name = fingerprint(contract)
    path = lake.rules / contract.feed / f"{name}.json"
    text = rules_text(contract).encode()
    if not path.exists() or path.read_bytes() != text:
        make_folder(path.parent)
        write_atomically(path, text)
    return name


def harmed(lake: Lake, feed: str, name: str) -> str:
    """Return what is wrong with a kept text of a feed's rules, which its own fingerprint tells; "" where nothing is."""
    try:
        text = (lake.rules / feed / f"{name}.json").read_bytes()
    except FileNotFoundError:
        return "is missing"
    except OSError as problem:
        return f"cannot be read: {problem.strerror}"
    return "" if hashlib.sha256(text).hexdigest()[:12] == name else "its bytes are not those that were recorded"


def _of_the_data(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _of_the_data(each) for name, each in value.items() if name not in NOT_OF_A_COLUMN}
    if isinstance(value, (list, tuple)):
        return [_of_the_data(each) for each in value]
    return value
