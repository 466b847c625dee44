"""Everything the lake knows of one record: what each file changed in it, and each time a row of it was rejected."""

import contextlib
import gzip
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import IO, Any

from datalake.contracts.model import Contract
from datalake.engine.encoding import candidates
from datalake.engine.job import FINDINGS_FILE, STAGED_FILE, from_json
from datalake.zones import curated, history
from datalake.zones.manifest import good_ends
from datalake.zones.paths import Lake

HELD_BACK = ("rejected", "duplicate", "superseded", "excluded")


@dataclass(frozen=True)
class Change:
    """What one file changed in the record. values: column -> (before, after), shown values, masks as published."""

    change: str  # new changed gone filed filed_gone
    since: date
    version: int
    file: str
    line: int | None
    delivery: str
    values: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    raw: str = ""  # the record as it stands in the file
    same: tuple[date, ...] = ()  # data dates of the files after it that changed nothing in the record


@dataclass(frozen=True)
class Rejection:
    """Something found wrong with a row of the record, in one file."""

    data_date: date
    delivery: str
    line: int
    column: str
    rule: str
    outcome: str
    value: str
    message: str
    raw: str


@dataclass(frozen=True)
class Trace:
    """A record's life, oldest first; now is its published row, empty where it has none."""

    key: str
    changes: tuple[Change, ...]
    rejections: tuple[Rejection, ...]
    now: dict[str, Any]


def trace(lake: Lake, contract: Contract, key: str) -> Trace:
    """Return what is known of the record with this key, as findings name keys."""
    lines = list(_lines(lake, contract, key))
    ends = [event for event in good_ends(lake) if event["feed"] == contract.feed]
    raws = {each["sha256"][:12]: lake.raw_zone / each["raw"] for each in ends}  # where each delivery lies, by its id
    changes: list[Change] = []
    before: dict[str, Any] = {}
    for line in sorted(lines, key=lambda each: (each["_valid_from"], each["_version"])):
        changes.append(_change(line, before, contract, raws))
        before = {} if line["_change"].endswith("gone") else line
    days = sorted({date.fromisoformat(each["data_date"]) for each in ends})
    told = tuple(_with_same(changes, days))
    return Trace(key, told, tuple(_rejections(lake, contract.feed, key)), _now(lake, contract, key))


def _with_same(changes: list[Change], days: list[date]) -> Iterator[Change]:
    """PURE. Add to each change the data dates up to the next one: through these files the record stayed as it was."""
    for place, change in enumerate(changes):
        until = changes[place + 1].since if place + 1 < len(changes) else date.max
        same = () if change.change.endswith("gone") else tuple(day for day in days if change.since < day < until)
        yield replace(change, same=same)


def _lines(lake: Lake, contract: Contract, key: str) -> Iterator[dict[str, Any]]:
    for path in history.paths(lake, contract.feed):
        yield from _rows_of(path, contract, key)


def _rows_of(path: Path, contract: Contract, key: str) -> Iterator[dict[str, Any]]:
    """The rows of a file that have this key; the other columns are read only where there is one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from datalake.merge.hashes import key_texts
    from datalake.zones.tables import ParquetRows

    rows = ParquetRows([path])
    if not set(contract.primary_key) <= set(rows.schema.names):
        return
    wanted = pa.scalar(key)
    masks = [
        pc.fill_null(pc.equal(key_texts(batch, contract.primary_key), wanted), False)
        for batch in rows.batches(contract.primary_key)
    ]
    if any(pc.any(mask).as_py() for mask in masks):
        for batch, mask in zip(rows.batches(), masks, strict=True):
            yield from batch.filter(mask).to_pylist()


def _change(line: dict[str, Any], before: dict[str, Any], contract: Contract, raws: dict[str, Path]) -> Change:
    kind, names = line["_change"], [name for name in contract.names if name in line]
    gone = kind.endswith("gone")
    values = {name: (before.get(name), None if gone else line[name]) for name in names}
    told = {name: pair for name, pair in values.items() if pair[0] != pair[1]}
    path = raws.get(line["_delivery"] or "")
    raw = "" if gone or path is None else record_at(path, line["_source_line"], _encodings(path, contract), contract)
    return Change(
        change=kind,
        since=line["_valid_from"],
        version=line["_version"],
        file="" if gone else line["_source_file"],
        line=None if gone else line["_source_line"],
        delivery="" if gone else line["_delivery"],
        values={} if gone else told,
        raw=raw,
    )


def _encodings(path: Path, contract: Contract) -> tuple[str, ...]:
    """What the file was read as, if its staging is still there; else what it may have been read as."""
    feed, day, name = path.parts[-3:]
    for staged in path.parents[3].glob(f"staging/{feed}/{day}/*/{STAGED_FILE}"):
        if f".{staged.parent.name}" in name:
            return (from_json(staged.read_text(encoding="utf-8")).encoding or "utf-8",)
    with _opened(path) as data:
        return tuple(candidates(data.read(4), contract.encoding))


def record_at(path: Path, line: int, encodings: Sequence[str], contract: Contract) -> str:
    """Return the record that starts on that physical line of a raw file, in the first encoding that it is in."""
    for encoding in encodings:
        with contextlib.suppress(UnicodeDecodeError):
            return _record(path, line, encoding, "strict", contract)
    return _record(path, line, encodings[0], "replace", contract)


def _record(path: Path, line: int, encoding: str, errors: str, contract: Contract) -> str:
    taken: list[str] = []
    with _opened(path) as data, io.TextIOWrapper(data, encoding, errors, newline="") as file:
        for _ in range(line - 1):
            next(file, "")
        for text in file:
            taken.append(text)
            if sum(each.count(contract.dialect.quote) for each in taken) % 2 == 0:
                break
    return "".join(taken).rstrip("\r\n")


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of a raw file, unpacked if it came packed."""
    if path.suffix.lower() == ".gz":
        with gzip.open(path) as packed:
            yield packed  # type: ignore[misc]
    elif path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as member:
            yield member
    else:
        with path.open("rb") as plain:
            yield plain


def _rejections(lake: Lake, feed: str, key: str) -> Iterator[Rejection]:
    zone = lake.data / "quarantine" / feed
    for path in sorted(zone.glob(f"*/*/{FINDINGS_FILE}")):
        for row in _findings(path, key):
            if row["outcome"] in HELD_BACK:
                yield _rejection(row, path)


def _findings(path: Path, key: str) -> Iterator[dict[str, Any]]:
    """Those of one key; the other columns are read only of row groups that hold one: a bad file has a million."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            if not _may_hold(file.metadata.row_group(group), key):
                continue
            places = pc.indices_nonzero(pc.equal(file.read_row_group(group, ["key"]).column("key"), key))
            if len(places):
                yield from file.read_row_group(group).take(places).to_pylist()


def _may_hold(group: Any, key: str) -> bool:
    """As the statistics of the file tell: keys mostly stand in some order."""
    columns = (group.column(place) for place in range(group.num_columns))
    known = next((each.statistics for each in columns if each.path_in_schema == "key"), None)
    if known is None or not known.has_min_max:
        return True
    return bool(str(known.min) <= key <= str(known.max))


def _rejection(row: dict[str, Any], path: Path) -> Rejection:
    return Rejection(
        data_date=date.fromisoformat(path.parts[-3]),
        delivery=path.parts[-2],
        line=row["line"],
        column=row["column"] or "",
        rule=row["rule"],
        outcome=row["outcome"],
        value=row["value"] or "",
        message=row["message"] or "",
        raw=row["record"] or "",
    )


def _now(lake: Lake, contract: Contract, key: str) -> dict[str, Any]:
    version = curated.current(lake, contract.feed)
    if version is None:
        return {}
    paths = curated.table_paths(version.folder, contract.feed)
    return next((row for path in paths for row in _rows_of(path, contract, key)), {})
