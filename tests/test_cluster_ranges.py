"""A file scanned in ranges, as workers do: whatever it holds, it comes out as from one scan of the whole."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from support import staging
from support.project import ROOT

from datalake.cluster.ranges import on_ranges
from datalake.contracts.config import load_contracts
from datalake.contracts.model import Column, Contract
from datalake.demo.generator.forms import Form
from datalake.demo.generator.generate import Order, generate
from datalake.demo.generator.rates import Rates
from datalake.demo.generator.world import World
from datalake.engine import local
from datalake.engine.first import scan_here
from datalake.errors import Refused

FEEDS = ("agreements", "grants", "iacuc", "irb_submission")
FORMS = (Form(), Form(delimiter="|", newline="\n"), Form(encoding="cp1252"), Form(encoding="utf-16", header="spaced"))
MANY = Rates(**{each: 1.0 if each == "bad_rows_at_most" else 0.02 for each in Rates.__annotations__})


@pytest.mark.parametrize("size", [400, 3_000])
def test_a_file_scanned_in_ranges_comes_out_as_one_scanned_from_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Ranges end anywhere: within quotes, between CR and LF, among blank lines, in the middle of a long record."""
    contracts = {each.feed: each for each in load_contracts(ROOT)}
    monkeypatch.setattr("datalake.cluster.ranges.RANGE", size)
    monkeypatch.setattr("datalake.engine.writing.ENOUGH", 20)
    again: list[int] = []
    for name in FEEDS:
        (tmp_path / name).mkdir()
        order = Order(World(7, staging.DAY, 60), name, staging.DAY, FORMS[len(name) % len(FORMS)], MANY)
        made = generate(order, tmp_path / name).path.read_bytes()
        check_ranges(tmp_path / name, made, contracts[name], again)
    assert again, "no range began inside quotes: this proves too little"


NASTY = {
    "one long quoted cell": 'id,title\nA1,"' + "x\nA2,y\n" * 200 + '"\nA3,z\n',
    "quotes throughout": "id,title\n" + 'A1,"a ""b""\n\n,c"\r\n' * 80,
    "blank lines": "id,title\n" + "A1,b\n\n\n\r\n\r\r" * 60,
    "bare returns": "id,title\r" + "A1,b\r" * 100,
    "stray quotes": "id,title\n" + 'A1,5" pipe\nA2,"x" y\n' * 60,
    "never closed": "id,title\n" + "A1,b\n" * 100 + 'A2,"b\n' + "A3,c\n" * 100,
    "not UTF-8": b"id,title\n" + b"A1,b\n" * 100 + b"A2,\xe9\n" + b"A3,c\n" * 100,
    "only a header": "id,title\n" + "\n" * 500,
}


@pytest.mark.parametrize("name", NASTY)
def test_no_content_makes_ranges_tell_another_story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    columns = (Column("id"), Column("title"))
    for size in (31, 150):
        monkeypatch.setattr("datalake.cluster.ranges.RANGE", size)
        check_ranges(tmp_path / str(size), NASTY[name], staging.contract(columns), [])


def check_ranges(folder: Path, data: bytes | str, rules: Contract, again: list[int]) -> None:
    """Stage in one scan and in ranges, and compare everything but how rows fall into parts."""

    def spread(work: Any, tasks: Any) -> Iterator[Any]:
        given = list(tasks)
        again.extend(each.start for each in given if len(given) == 1 and each.exact)
        return map(work, given)

    outcomes = []
    for name, first in (("here", scan_here), ("there", on_ranges(spread))):
        job = staging.job(folder / name, data, rules, salt=b"pepper")
        try:
            staged = local.stage(job, passes=local.Passes(first, local.on_threads))
        except Refused as problem:
            outcomes.append([str(problem), problem.rule, problem.line])
            continue
        rows = [row for part in staged.parts for row in pq.read_table(job.staging / part).to_pylist()]
        outcomes.append([replace(staged, parts=()), rows, [path.read_bytes() for path in job.quarantine.iterdir()]])
    assert outcomes[0] == outcomes[1]
