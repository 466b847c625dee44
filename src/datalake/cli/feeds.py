"""Finding what a person names: a feed, or a file."""

from collections.abc import Sequence

from datalake.contracts.model import Contract
from datalake.documents.nodes import did_you_mean
from datalake.errors import UsageError


def find_contract(contracts: Sequence[Contract], name: str) -> Contract:
    """Return the rules of the feed of that name; raise UsageError that says which there are."""
    for contract in contracts:
        if contract.feed == name:
            return contract
    names = [each.feed for each in contracts]
    near = did_you_mean(name, names) or f"There are: {', '.join(names)}."
    raise UsageError(f"There is no feed {name!r}.", near.strip())
