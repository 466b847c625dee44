"""The text of a feed's rules as they are in force, kept by fingerprint: what a published table was made by."""

import hashlib
import json
from dataclasses import asdict
from typing import Any

from datalake.contracts.model import Contract
from datalake.zones.files import make_folder, write_atomically
from datalake.zones.paths import Lake

NOT_OF_THE_DATA = ("engine", "legal_hold")  # changing these publishes nothing anew


def rules_text(contract: Contract) -> str:
    """Return the rules as JSON: overlays merged, defaults filled in; what says nothing of the data is left out."""
    rules = {name: value for name, value in asdict(contract).items() if name not in NOT_OF_THE_DATA}
    return json.dumps(_without_places(rules), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def fingerprint(contract: Contract) -> str:
    """Return 12 hex digits that change whenever the rules do."""
    return hashlib.sha256(rules_text(contract).encode()).hexdigest()[:12]


def keep(lake: Lake, contract: Contract) -> str:
    """Write the rules down, if they are new, and return their fingerprint."""
    name = fingerprint(contract)
    path = lake.rules / contract.feed / f"{name}.json"
    if not path.exists():
        make_folder(path.parent)
        write_atomically(path, rules_text(contract).encode())
    return name


def _without_places(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_places(each) for name, each in value.items() if name != "place"}
    if isinstance(value, (list, tuple)):
        return [_without_places(each) for each in value]
    return value
