"""The invented people of the university, one table shared by all feeds: name, identifier, address, department."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np

from datalake.demo.generator.cells import Cells, Maker, Pool
from datalake.demo.generator.draws import Draws, Ints
from datalake.demo.generator.words import DEPARTMENTS, GIVEN, INITIALS, SURNAMES
from datalake.demo.generator.world import Rows

_T = TypeVar("_T")
PEOPLE = 4000
FIELDS = ("name", "person_id", "email", "department_code", "department", "school")


@dataclass(frozen=True)
class Person:
    name: str
    person_id: str
    email: str
    department_code: str
    department: str
    school: str


def person_number(rows: Rows) -> Ints:
    """Return for each record who leads it; some records change hands once, late in their life."""
    first = rows.below("person", _among(rows))
    handed_on = rows.chance("handed on", 0.4) & (rows.edits >= 8)
    return (first + handed_on) % _among(rows)


def person(field: str) -> Maker:
    """Make one field of the person who leads the record."""

    def make(rows: Rows) -> Cells:
        return _pools(rows.world.seed)[field].take(person_number(rows))

    return make


def department_of_its_own() -> Maker:
    """Make a department code that need not be the leader's."""
    pool = Pool([code for code, _, _ in DEPARTMENTS])
    return lambda rows: pool.take(rows.below("own department", pool.size))


def _among(rows: Rows) -> int:
    return min(PEOPLE, max(40, rows.world.rows // 6))


@lru_cache(maxsize=4)
def people(seed: int) -> tuple[Person, ...]:
    """Return everyone there is; the same for each seed, so that feeds agree on who a person is."""
    surnames, givens = _choose(seed, "surname", SURNAMES), _choose(seed, "given", GIVEN)
    initials, places = _choose(seed, "initial", INITIALS), _choose(seed, "department", DEPARTMENTS)
    return tuple(map(_person, range(PEOPLE), surnames, givens, initials, places))


def _choose(seed: int, word: str, options: Sequence[_T]) -> list[_T]:
    numbers = Draws(seed, "people").below(word, np.arange(PEOPLE), len(options))
    return [options[number] for number in numbers.tolist()]


def _person(number: int, surname: str, given: str, initial: str, place: tuple[str, str, str]) -> Person:
    name = "NA" if number == 7 else f"{surname}, {given} {initial}."  # a surname that careless readers turn into null
    plain = "".join(letter for letter in surname.lower() if letter.isascii() and letter.isalpha())
    return Person(name, f"U{number * 7 + 1000:08d}", f"{given.lower()}.{plain}{number}@example.edu", *place)


@lru_cache(maxsize=4)
def _pools(seed: int) -> dict[str, Pool]:
    return {field: Pool([getattr(each, field) for each in people(seed)]) for field in FIELDS}
