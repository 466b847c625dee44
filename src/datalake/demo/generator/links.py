"""Who belongs to whom: one rule for each pair of feeds, written from both ends, so that the two always agree.

A rule gives the number of the other record, -1 where there is none. A record that has not been born by the night is
not shown; one that has vanished still is: an orphan, as in life.
"""

import numpy as np

from datalake.demo.generator.draws import Flags, Ints
from datalake.demo.generator.identifiers import is_amendment
from datalake.demo.generator.world import Rows

PROPOSED_AHEAD = 0.25  # of the awards: those of the next weeks, whose proposals are pending on night 0


def _shown(rows: Rows, feed: str, other: Ints, where: Flags) -> Ints:
    known = where & (other >= 0)
    return np.where(known & (rows.world.birth_night(feed, other) <= rows.night), other, -1)


# award j - study 2j, but for every third award
def study_of_award(rows: Rows) -> Ints:
    return _shown(rows, "irb", rows.k * 2, rows.k % 3 != 0)


def award_of_study(rows: Rows) -> Ints:
    return _shown(rows, "grants", rows.k // 2, (rows.k % 2 == 0) & (rows.k // 2 % 3 != 0))


# award 4i + 1 - animal protocol i, unless that is an amendment: it hangs on the protocol before it
def animals_of_award(rows: Rows) -> Ints:
    return _shown(rows, "iacuc", rows.k // 4, (rows.k % 4 == 1) & ~is_amendment(rows.k // 4))


def award_of_animals(rows: Rows) -> Ints:
    return _shown(rows, "grants", rows.k * 4 + 1, ~is_amendment(rows.k))


def parent_of_amendment(rows: Rows) -> Ints:
    return np.where(is_amendment(rows.k), rows.k - 1, -1)


# award j - proposal 2j; an award born later came from a proposal that was pending on the first night
def proposal_of_award(rows: Rows) -> Ints:
    newborn = rows.k - rows.world.size("grants")
    other = np.where(newborn < 0, rows.k * 2, newborn * 2 + 1)
    return _shown(rows, "grants_proposal", other, newborn < _ahead(rows))


def coming_award(rows: Rows) -> Ints:
    """Return the award that each proposal leads to, now or later; -1 for proposals that lead to none."""
    early = (rows.k % 2 == 0) & (rows.k // 2 < rows.world.size("grants"))
    late = (rows.k % 2 == 1) & (rows.k // 2 < _ahead(rows))
    return np.where(early, rows.k // 2, np.where(late, rows.world.size("grants") + rows.k // 2, -1))


def award_of_proposal(rows: Rows) -> Ints:
    return _shown(rows, "grants", coming_award(rows), rows.k >= 0)


def _ahead(rows: Rows) -> int:
    return int(rows.world.size("grants") * PROPOSED_AHEAD)


# award family: every seventh award with some of the three that follow it
def parent_award(rows: Rows) -> Ints:
    return np.where((rows.k % 7 > 0) & (rows.k % 7 < 4) & (rows.k % 5 == 0), rows.k - rows.k % 7, -1)


# study 2j - the proposal that its award came from
def proposal_of_study(rows: Rows) -> Ints:
    award = rows.k // 2
    funded = (rows.k % 4 == 0) & (award < rows.world.size("grants"))
    return _shown(rows, "grants_proposal", award * 2, funded)


# two submissions for each study of the first night; later ones for any of those
def study_of_submission(rows: Rows) -> Ints:
    early = rows.k < rows.world.size("irb_submission")
    return np.where(early, rows.k // 2, rows.below("study", rows.world.size("irb")))


# certification c - proposal 2c, where it is about a project, and the award that came of it
def proposal_of_certification(rows: Rows) -> Ints:
    return _shown(rows, "grants_proposal", rows.k * 2, rows.k % 3 != 0)


def award_of_certification(rows: Rows) -> Ints:
    return _shown(rows, "grants", rows.k, rows.k % 3 == 1)


# agreements: of nine two have an award, one of them a study as well
def award_of_agreement(rows: Rows) -> Ints:
    return _shown(rows, "grants", rows.k, rows.k % 9 < 2)


def study_of_agreement(rows: Rows) -> Ints:
    return _shown(rows, "irb", rows.k, rows.k % 9 == 0)


def parent_agreement(rows: Rows) -> Ints:
    return np.where(rows.k % 8 == 5, rows.k - 2, -1)


# safety record s - animal protocol s, for every second one
def animals_of_safety(rows: Rows) -> Ints:
    return _shown(rows, "iacuc", rows.k, rows.k % 2 == 0)


def safety_of_animals(rows: Rows) -> Ints:
    return _shown(rows, "safety", rows.k, rows.k % 2 == 0)


def award_of_safety(rows: Rows) -> Ints:
    return _shown(rows, "grants", rows.k * 3, rows.k % 4 == 0)


def parent_of_renewal(rows: Rows) -> Ints:
    return np.where(rows.k % 6 == 4, rows.k - 3, -1)
