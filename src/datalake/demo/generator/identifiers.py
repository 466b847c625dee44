"""The identifier of any record of any feed, in the documented forms (huron-feeds.md 1), beyond those quoted there.

Records that came from an older system keep its number. Two records of a feed never share an identifier.
"""

from collections.abc import Callable

import numpy as np

from datalake.demo.generator.cells import Cells, Maker
from datalake.demo.generator.draws import Draws, Flags, Ints
from datalake.demo.generator.world import Rows, World

BASE = 100_000  # the first number of every kind of identifier
LEGACY = 0.05
MOST_LEGACY = 1_000_000  # an old number has six digits for the record
IRB_TYPES = ("Study", "Study", "Study", "Study", "Site", "External IRB")
Identify = Callable[[World, Ints], list[str]]


def is_legacy(world: World, feed: str, records: Ints) -> Flags:
    """Return which records came from the system before Huron; none of those born since the first night."""
    old = records < min(world.size(feed), MOST_LEGACY)
    return np.asarray(Draws(world.seed, feed).chance("legacy", records, LEGACY) & old)


def irb_type(world: World, records: Ints) -> Ints:
    """Return the numbers of the record types in IRB_TYPES; the prefix of a study's identifier follows its type."""
    return Draws(world.seed, "irb").below("record type", records, len(IRB_TYPES))


def _irb(world: World, records: Ints) -> list[str]:
    months = Draws(world.seed, "irb").below("legacy month", records, 144).tolist()
    prefixes = ["SITE" if IRB_TYPES[each] == "Site" else "STUDY" for each in irb_type(world, records).tolist()]
    return [
        f"{8 + month // 12:02d}{1 + month % 12:02d}{k:06d}" if old else f"{prefix}{BASE + k:08d}"
        for k, prefix, month, old in zip(
            records.tolist(), prefixes, months, is_legacy(world, "irb", records).tolist(), strict=True
        )
    ]


def _grants(world: World, records: Ints) -> list[str]:
    legacy = is_legacy(world, "grants", records).tolist()
    return [
        f"{BASE + k // 4:06d}-{k % 4 + 1:05d}" if old else f"AWD{BASE + k:08d}"
        for k, old in zip(records.tolist(), legacy, strict=True)
    ]


def _simple(prefix: str) -> Identify:
    return lambda world, records: [f"{prefix}{BASE + k:08d}" for k in records.tolist()]


def _grants_proposal(world: World, records: Ints) -> list[str]:
    legacy = is_legacy(world, "grants_proposal", records).tolist()
    return [
        f"{1_150_000 + k:08d}" if old else f"FP{BASE + k:08d}" for k, old in zip(records.tolist(), legacy, strict=True)
    ]


def _by_year(prefix: str) -> Identify:
    """Prefix, year and five digits. Past 99,000 records of a year the next eight years are used."""
    return lambda world, records: [
        f"{prefix}{2018 + k % 8 + 8 * (k // 792_000)}{1000 + k // 8 % 99_000:05d}" for k in records.tolist()
    ]


def is_amendment(records: Ints) -> Flags:
    """Return which records of iacuc amend the one before them."""
    return np.asarray(records % 5 == 4)


def _iacuc(world: World, records: Ints) -> list[str]:
    made = _by_year("PROTO")(world, records)
    amendments = is_amendment(records).tolist()
    return [each.replace("PROTO", "AMEND") if amends else each for each, amends in zip(made, amendments, strict=True)]


_SUBMISSIONS = ("STUDY", "MOD", "MOD", "CR", "MODCR", "RNI")  # the prefix follows the kind (feeds/irb_submission.py)


def _irb_submission(world: World, records: Ints) -> list[str]:
    kinds = Draws(world.seed, "irb_submission").below("kind", records, len(_SUBMISSIONS)).tolist()
    return [f"{_SUBMISSIONS[kind]}{BASE + k:08d}" for kind, k in zip(kinds, records.tolist(), strict=True)]


_KINDS: dict[str, Identify] = {
    "irb": _irb,
    "irb_submission": _irb_submission,
    "grants": _grants,
    "grants_proposal": _grants_proposal,
    "agreements": _simple("AGMT"),
    "coi": _simple("CERT"),
    "iacuc": _iacuc,
    "safety": _by_year("SPROTO"),
}


def identify(world: World, feed: str, records: Ints) -> list[str]:
    """Given numbers of records of a feed, return their identifiers; "" for a negative number."""
    made = _KINDS[feed](world, np.maximum(records, 0))
    return [each if number >= 0 else "" for each, number in zip(made, records.tolist(), strict=True)]


def own(rows: Rows) -> Cells:
    """Make each record's own identifier."""
    made = _KINDS[rows.feed](rows.world, rows.k)
    return Cells(made, list(made))


def other(feed: str, number: Callable[[Rows], Ints]) -> Maker:
    """Make the identifier of one other record, blank where its number is negative."""

    def make(rows: Rows) -> Cells:
        made = identify(rows.world, feed, number(rows))
        return Cells(made, [each or None for each in made])

    return make


def others(*linked: tuple[str, Callable[[Rows], Ints]]) -> Maker:
    """Make a list of identifiers of linked records, of one feed or several; an empty list is a blank."""

    def make(rows: Rows) -> Cells:
        columns = [identify(rows.world, feed, number(rows)) for feed, number in linked]
        meant = [[each for each in row if each] or None for row in zip(*columns, strict=True)]
        text = ["" if each is None else each[0] if len(each) == 1 else f'"{"; ".join(each)}"' for each in meant]
        return Cells(text, meant)

    return make
