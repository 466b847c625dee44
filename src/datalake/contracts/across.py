"""Whether the contracts of a lake fit each other: no file is two feeds', and references lead somewhere."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from datalake.contracts.load import Loaded
from datalake.contracts.model import Column, Contract, Reference
from datalake.contracts.patterns import PatternError, shared_name
from datalake.documents.forms import Filled
from datalake.documents.nodes import Place, Problem, did_you_mean, quoted

_MARKERS = ("done_marker", "checksum", "row_count")
Feed = tuple[Contract, Filled]
_KINDS = {"string": "text", "text": "text", "list": "text", "integer": "number"}


def problems_between(loaded: Sequence[Loaded]) -> Iterator[Problem]:
    """Given all contracts of a lake as they were read, yield what contradicts between them."""
    feeds = [(each.contract, each.filled) for each in loaded if each.contract]
    active = [each for each in feeds if each[0].status != "retired"]
    yield from _overlaps(active)
    yield from _markers_taken(active)
    contracts = {contract.feed: contract for contract, _ in feeds}
    for contract in contracts.values():
        for column in contract.columns:
            for reference in column.references:
                message = _reference_mistake(column, reference, contracts)
                if message:
                    yield Problem(column.place, f"columns.{column.name}.relationships: {message}")


def map_problems(contracts: Iterable[Contract], maps: Iterable[str]) -> Iterator[Problem]:
    """Yield the columns whose meaning map is not there."""
    known = tuple(maps)
    for contract in contracts:
        for column in contract.columns:
            if column.map and column.map not in known:
                hint = did_you_mean(column.map, known)
                message = f"columns.{column.name}.map: there is no config/maps/{column.map}.csv.{hint}"
                yield Problem(column.place, message)


def salt_problems(contracts: Iterable[Contract], secrets: Mapping[str, str]) -> Iterator[Problem]:
    """Yield the columns that are to be hashed although there is no key to hash them with."""
    if secrets.get("MASK_SALT"):
        return
    for contract in contracts:
        for column in contract.columns:
            if column.mask == "hash":
                message = f"columns.{column.name}.mask: hash needs a long random MASK_SALT in config/secrets.env."
                yield Problem(column.place, message)


def engine_problems(contracts: Iterable[Contract], has_cluster: bool) -> Iterator[Problem]:
    """Yield the feeds that are for a cluster although settings name none."""
    for contract in contracts:
        if contract.engine == "dask" and not has_cluster:
            message = (
                "engine: dask needs scheduler: tcp://HOST:8786, or cluster: package.module:function, in settings.yaml."
            )
            yield Problem(contract.place, message)


def _overlaps(active: list[Feed]) -> Iterator[Problem]:
    for (one, first), (other, second) in combinations(active, 2):
        name = _shared(one.delivery.pattern, other.delivery.pattern)
        if name is not None:
            message = f"a file called {quoted(name)} would also be {one.feed}'s ({_pattern_place(first)})."
            yield Problem(_pattern_place(second), f"delivery.pattern: {message} Make one of the two patterns narrower.")


def _markers_taken(active: list[Feed]) -> Iterator[Problem]:
    """A file that goes with a delivery must not be taken for a delivery itself."""
    for contract, filled in active:
        delivery: Filled | None = filled.values.get("delivery")
        if delivery is None:
            continue
        for key in _MARKERS:
            template = delivery.values.get(key)
            marker = template.replace("{name}", contract.delivery.pattern) if template else ""
            takers = [each.feed for each, _ in active if marker and _shared(marker, each.delivery.pattern) is not None]
            if takers:
                yield delivery.problem(key, f"such a file would itself be taken for a delivery of {takers[0]}.")


def _shared(one: str, other: str) -> str | None:
    try:
        return shared_name(one, other)
    except PatternError:
        return None  # told where the pattern stands


def _pattern_place(filled: Filled) -> Place:
    delivery = filled.values.get("delivery")
    return delivery.at("pattern") if delivery else filled.node.place


def _reference_mistake(column: Column, reference: Reference, contracts: dict[str, Contract]) -> str:
    feed = contracts.get(reference.feed)
    if feed is None:
        return f"there is no feed {quoted(reference.feed)}.{did_you_mean(reference.feed, contracts)}"
    if reference.column not in feed.names:
        return f"{feed.feed} has no column {quoted(reference.column)}.{did_you_mean(reference.column, feed.names)}"
    other = feed.column(reference.column)
    if _KINDS.get(column.type, column.type) != _KINDS.get(other.type, other.type):
        return f"{column.name} is {column.type}, and {feed.feed}.{other.name} is {other.type}."
    return ""
