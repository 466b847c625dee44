"""Another list of a feed's records held against the published table, both as the feed's rules read them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

from datalake.clean.keys import key_text
from datalake.clean.schema import output_schema, published
from datalake.contracts.model import Contract
from datalake.engine.job import FINDINGS_FILE, Staged, StageJob
from datalake.errors import UsageError
from datalake.pipeline.context import stage_locally
from datalake.settings import Settings
from datalake.views.database import READS, Database, Statement
from datalake.zones import curated
from datalake.zones.paths import Lake
from datalake.zones.raw import file_sha256

HERE, THERE, DIFFERS = "only here", "only there", "differs"


@dataclass(frozen=True)
class Other:
    """A private copy of the other list, and a folder to work in."""

    source: Path
    name: str
    folder: Path


@dataclass(frozen=True)
class Found:
    """One difference. column, here and there are empty where only one side has the record."""

    key: str
    what: str
    column: str = ""
    here: Any = None
    there: Any = None


class Comparison:
    """Used with `with`: the two sides are open while it lasts. Masked columns are not compared."""

    def __init__(self, lake: Lake, settings: Settings, contract: Contract, other: Other) -> None:
        """Clean the other list; raise Refused where the rules cannot read it, UsageError where nothing compares."""
        version = curated.current(lake, contract.feed)
        if version is None:
            raise UsageError(
                f"Nothing of {contract.feed} was published yet.", "Load a file first: `python3 manage.py run`."
            )
        if not contract.primary_key:
            raise UsageError(f"{contract.feed} has no primary_key, so its records cannot be told apart.")
        self.keys = contract.primary_key
        self.as_of = date.fromisoformat(version.facts["as_of"])
        self.staged = _staged(settings, contract, other, self.as_of)
        table = ds.dataset(curated.table_paths(version.folder, contract.feed))
        self.columns, self.left_out = _columns(contract, self.staged, table.schema.names)
        self._database = Database(settings.threads)
        self._hand_in(contract, table, other.folder)

    def __enter__(self) -> "Comparison":
        return self

    def __exit__(self, *_: object) -> None:
        self._database.__exit__()

    def _hand_in(self, contract: Contract, table: ds.Dataset, folder: Path) -> None:
        """Both sides, and the keys of the other's rejected rows: what they would have been is not known."""
        parts, schema = [str(folder / "staging" / each) for each in self.staged.parts], output_schema(contract)
        self._database.hand_in("here", table)
        self._database.hand_in("there", ds.dataset(parts, schema=schema) if parts else schema.empty_table())
        self._unread = _rejected_keys(folder / "quarantine" / FINDINGS_FILE)

    def only(self, what: str) -> Iterator[Found]:
        """Yield the records that one side alone has, by key; not those whose row there was rejected."""
        one, other = ("here", "there") if what == HERE else ("there", "here")
        same = " AND ".join(f"o.{_quoted(each)} IS NOT DISTINCT FROM t.{_quoted(each)}" for each in self.keys)
        sql = f"SELECT {self._names('o')} FROM {one} AS o ANTI JOIN {other} AS t ON {same} ORDER BY ALL"  # noqa: S608
        for row in self._rows(sql):
            key = _key(row, len(self.keys))
            if what == THERE or key not in self._unread:
                yield Found(key, what)

    def counts(self) -> dict[str, int]:
        """Return how many records on both sides differ in each column; columns that agree are left out."""
        if not self.columns:
            return {}
        sums = ", ".join(f"count(*) FILTER (WHERE {_differs(name)})" for name in self.columns)
        row = self._database.table(f"SELECT {sums} FROM {self._both()}").to_pylist()[0]  # noqa: S608
        return {name: found for name, found in zip(self.columns, row.values(), strict=True) if found}

    def cells(self, columns: Sequence[str]) -> Iterator[Found]:
        """Yield the cells of these columns that differ, column by column, by key."""
        for name in columns:
            cell = f"h.{_quoted(name)} AS here, t.{_quoted(name)} AS there"
            where = f"{self._both()} WHERE {_differs(name)} ORDER BY {self._order()}"
            for row in self._rows(f"SELECT {self._names('h')}, {cell} FROM {where}"):  # noqa: S608
                key = _key(row, len(self.keys))
                yield Found(key, DIFFERS, name, row["here"], row["there"])

    def _both(self) -> str:
        same = " AND ".join(f"h.{_quoted(each)} IS NOT DISTINCT FROM t.{_quoted(each)}" for each in self.keys)
        return f"here AS h JOIN there AS t ON {same}"

    def _names(self, side: str) -> str:
        return ", ".join(f"{side}.{_quoted(each)} AS k{at}" for at, each in enumerate(self.keys))

    def _order(self) -> str:
        return ", ".join(f"h.{_quoted(each)}" for each in self.keys)

    def _rows(self, sql: str) -> Iterator[dict[str, Any]]:
        for batch in self._database.rows(Statement(sql, READS, 0)):
            yield from batch.to_pylist()


def _staged(settings: Settings, contract: Contract, other: Other, day: date) -> Staged:
    job = StageJob(
        source=other.source,
        contract=contract,
        data_date=day,
        delivery=file_sha256(other.source)[:12],
        source_file=other.name,
        staging=other.folder / "staging",
        quarantine=other.folder / "quarantine",
        zone=settings.schedule.zone,
        threads=settings.threads,
        limits=settings.file_limits,
        salt=settings.secrets.get("MASK_SALT", "").encode() or None,
        sync=False,
    )
    return stage_locally(job, None)


def _columns(contract: Contract, staged: Staged, table: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The columns that both sides have in the open, and why each other one is left out."""
    left = {each.name: "masked" for each in contract.columns if each.mask}
    left |= {name: "not there" for name in staged.absent if name not in left}
    names = [each.name for each in published(contract) if each.name not in (*left, *contract.primary_key)]
    left |= {name: "not in the published table yet" for name in names if name not in table}
    return [name for name in names if name in table], left


def _rejected_keys(findings: Path) -> set[str]:
    if not findings.exists():
        return set()
    rejected = ds.dataset(findings).to_table(columns=["key"], filter=ds.field("outcome") == "rejected")
    return set(rejected.column("key").drop_null().to_pylist())


def _key(row: dict[str, Any], parts: int) -> str:
    """A record's key as findings have it: moments are UTC and do not say so."""
    values = [row[f"k{at}"] for at in range(parts)]
    return key_text([each.replace(tzinfo=None) if isinstance(each, datetime) else each for each in values])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _differs(name: str) -> str:
    return f"h.{_quoted(name)} IS DISTINCT FROM t.{_quoted(name)}"
