"""PURE. Which rows of two tables differ, as masks over their positions."""

from dataclasses import dataclass

import numpy as np

from datalake.merge.hashes import Hashes
from datalake.merge.rows import Fingerprints, Mask, Positions
from datalake.outcomes import Changes


@dataclass
class Differences:
    """Of the file's rows: which are new, which changed one that was there (and where that stood), which came too late
    to. Of the table's rows before: which are gone, and which are kept because the file's row was rejected.
    """

    new: Mask
    changed: Mask
    was: Positions  # where the row's key stood before, -1 where it did not
    late: Mask
    gone: Mask
    kept: Mask

    @property
    def changes(self) -> Changes:
        return Changes(int(self.new.sum()), int(self.changed.sum()), int(self.gone.sum()))


def nothing(fresh: int, old: int, new: bool = False) -> Differences:
    """Return that no row differs, or, of a first file, that all are new."""
    return Differences(
        new=np.full(fresh, new),
        changed=np.zeros(fresh, np.bool_),
        was=np.full(fresh, -1, np.int64),
        late=np.zeros(fresh, np.bool_),
        gone=np.zeros(old, np.bool_),
        kept=np.zeros(old, np.bool_),
    )


def by_key(fresh: Fingerprints, old: Fingerprints, was: Positions) -> Differences:
    """Compare rows of one key. was: for each fresh row the old one of that key, or -1. Nothing is gone by this."""
    found = nothing(len(fresh), len(old))
    known = was >= 0
    found.was = was
    found.new = ~known
    found.changed[known] = fresh.contents[known] != old.contents[was[known]]
    return found


def vanished(was: Positions, old: int) -> Mask:
    """Return which old rows no fresh one has the key of."""
    mask = np.ones(old, np.bool_)
    mask[was[was >= 0]] = False
    return mask


def as_bags(fresh: Hashes, old: Hashes) -> Differences:
    """Without a key a row is only its content: what is in one table more often than in the other is new, or gone."""
    found = nothing(len(fresh), len(old))
    found.new, found.gone = _surplus(fresh, old), _surplus(old, fresh)
    return found


def _surplus(these: Hashes, those: Hashes) -> Mask:
    """Mark the rows of these that those do not match, copy for copy; of equal ones the last count as surplus."""
    order = np.argsort(these, kind="stable")
    ordered = these[order]
    copy = np.arange(len(these)) - np.searchsorted(ordered, ordered)
    there = np.sort(those)
    matches = np.searchsorted(there, ordered, "right") - np.searchsorted(there, ordered)
    surplus = np.zeros(len(these), np.bool_)
    surplus[order] = copy >= matches
    return surplus
