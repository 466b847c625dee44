"""What columns of several feeds are made of: titles, long texts, sponsors, and money that adds up."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np

from datalake.demo.generator.cells import Cells, Maker, Pool, picked
from datalake.demo.generator.draws import Draws
from datalake.demo.generator.words import ADJECTIVES, GROUPS, SENTENCES, SPONSORS, SUBJECTS
from datalake.demo.generator.world import Rows

RATES = ("65.00", "58.50", "26.00", "10.00", "0.00")


def title(word: str = "study") -> Maker:
    """Make titles that differ from record to record."""
    choices = product(ADJECTIVES, SUBJECTS, GROUPS)
    openings = [f"{adjective} {word} of {subject} in {group}" for adjective, subject, group in choices]

    def make(rows: Rows) -> Cells:
        numbers = rows.below("title", len(openings)).tolist()
        meant = [f"{openings[each]}, series {k}" for each, k in zip(numbers, rows.k.tolist(), strict=True)]
        return Cells([f'"{each}"' for each in meant], meant)

    return make


def short_title(rows: Rows) -> Cells:
    """Make the short form of a title, as if someone had typed it anew."""
    chosen = rows.below("title", len(ADJECTIVES) * len(SUBJECTS) * len(GROUPS))
    return _SHORT.take(chosen // len(GROUPS) % len(SUBJECTS))


_SHORT = Pool([subject.capitalize() for subject in SUBJECTS])


@lru_cache(maxsize=1)
def paragraphs() -> Pool:
    """Return long fields as a SmartForm's text area stores them."""
    draws = Draws(0, "paragraphs")
    made = []
    for number in range(1024):
        count = 1 + int(draws.below("count", np.array([number]), 5)[0])
        chosen = draws.below("sentences", number * 8 + np.arange(count), len(SENTENCES)).tolist()
        made.append("<p>" + " ".join(SENTENCES[each] for each in chosen) + "</p>")
    return Pool(made)


def summary(blank: float) -> Maker:
    """Make a long text, blank at that rate."""

    def make(rows: Rows) -> Cells:
        pool = paragraphs()
        return pool.take(np.where(rows.chance("no summary", blank), -1, rows.below("summary", pool.size)))

    return make


def status(rows: Rows) -> Cells:
    """Make the state a record is in."""
    return _states(rows.paths.states).take(rows.state)


@lru_cache(maxsize=16)
def _states(names: tuple[str, ...]) -> Pool:
    return Pool(list(names))


SPONSOR = {
    "name": Pool([name for name, _, _ in SPONSORS]),
    "id": Pool([number for _, number, _ in SPONSORS]),
    "type": Pool([kind for _, _, kind in SPONSORS]),
}


def sponsor(field: str) -> Maker:
    """Make one field of the record's sponsor."""
    return picked(SPONSOR[field], lambda rows: rows.below("sponsor", len(SPONSORS)))


# --- money ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Budget:
    """One sum of money and its parts, as decimals in text; direct and indirect add up to the amount."""

    amount: str
    direct: str
    indirect: str
    obligated: str
    anticipated: str
    cost_share: str
    rate: str


BUDGETS = 8192


@lru_cache(maxsize=1)
def budgets() -> dict[str, Pool]:
    """Return the pools of a budget's fields; the same number in each is the same budget."""
    draws, numbers = Draws(0, "budgets"), np.arange(BUDGETS)
    direct = 500_000 + (draws.share("direct", numbers) ** 3 * 250_000_000).astype(np.int64)
    rates = draws.below("rate", numbers, len(RATES))
    shares = draws.below("cost share", numbers, 4)
    drawn = (numbers.tolist(), direct.tolist(), rates.tolist(), shares.tolist())
    made = [_budget(*each) for each in zip(*drawn, strict=True)]
    return {field: Pool([getattr(each, field) for each in made]) for field in Budget.__annotations__}


def _budget(number: int, direct: int, rate: int, share: int) -> Budget:
    indirect = direct * round(float(RATES[rate]) * 100) // 10_000
    total = direct + indirect
    if number % 50 == 0:  # a de-obligation: money given back
        direct, indirect, total = -direct, -indirect, -total
    return Budget(
        amount=_decimal(total),
        direct=_decimal(direct),
        indirect=_decimal(indirect),
        obligated=_decimal(total * 3 // 4),
        anticipated=_decimal(total),
        cost_share=_decimal(direct // 10 if share == 0 else 0),
        rate=RATES[rate],
    )


def _decimal(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def money(field: str, blank: float = 0.0) -> Maker:
    """Make one field of the record's budget, which moves on with every fourth edit."""

    def make(rows: Rows) -> Cells:
        numbers = (rows.below("budget", BUDGETS) + rows.edits // 4) % BUDGETS
        return budgets()[field].take(np.where(rows.chance(f"no {field}", blank), -1, numbers) if blank else numbers)

    return make
