"""The tools, each doing the whole job as its own documentation would have it done: read, type, check, keep the newest
row of each key, hash the input, write Parquet. One a process: python -m datalake.bench.engines NAME SOURCE FOLDER.
"""

import hashlib
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from datalake.bench.task import DATE_FORM, DAY, INSTANT_FORM, KEY, NEWEST, PATTERN, contract, fields

_SQL_TYPES = {"string": "VARCHAR", "integer": "BIGINT", "boolean": "BOOLEAN", "date": "DATE", "datetime": "TIMESTAMP"}
_FORMS = {"date": DATE_FORM, "datetime": INSTANT_FORM}
CHUNK_ROWS = 100_000


def ours(source: Path, folder: Path, threads: int) -> None:
    """The engine of this project, as the night runs it but for the waiting for the disk."""
    from datalake.engine.job import StageJob
    from datalake.engine.local import stage

    job = StageJob(source, contract(), DAY, "0" * 12, source.name, folder / "staging", folder / "quarantine", "UTC",
                   threads=threads, sync=False)  # fmt: skip
    stage(job)


def duckdb(source: Path, folder: Path, threads: int) -> None:
    """DuckDB with declared types and a table of rejects; repeated keys are settled apart from the others."""
    import duckdb as db

    connection = db.connect(config={"threads": threads, "temp_directory": str(folder / "spill")})
    for statement in _statements(str(source), str(folder / "out.parquet")):
        connection.execute(statement)


def _statements(source: str, target: str) -> tuple[str, ...]:
    """Return the job in SQL; every word in it is this package's own, or a path that bench itself chose."""
    columns = {each.name: _SQL_TYPES[each.type] for each in fields()}
    required = " and ".join(f"{each.name} is not null" for each in fields() if each.required)
    return (
        f"""create temp table loaded as select * from read_csv(
            '{source}', header = true, delim = ',', quote = '"', escape = '"', columns = {columns}, auto_detect = false,
            dateformat = '{DATE_FORM}', timestampformat = '{INSTANT_FORM}', store_rejects = true)""",  # noqa: S608
        f"""create temp view good as select *, rowid as place from loaded
            where {required} and regexp_full_match({KEY}, '{PATTERN}')""",  # noqa: S608
        f"create temp table repeated as select {KEY} from good group by 1 having count(*) > 1",  # noqa: S608
        f"""copy (select * exclude (place) from good where {KEY} not in (from repeated) union all
            select * exclude (place) from good where {KEY} in (from repeated)
            qualify row_number() over (partition by {KEY} order by {NEWEST} desc, place desc) = 1)
            to '{target}' (format parquet)""",  # noqa: S608
    )


def polars(source: Path, folder: Path, threads: int) -> None:
    """Polars, lazily and streaming where it can: everything as text, then cast."""
    pl: Any = import_module("polars")
    good = pl.scan_csv(source, infer_schema=False).with_row_index("place").with_columns(
        *(_polars_cast(pl, each.name, each.type).alias(f"{each.name}:typed") for each in fields())
    )  # fmt: skip
    read = [pl.col(each.name).is_null() | pl.col(f"{each.name}:typed").is_not_null() for each in fields()]
    there = [pl.col(each.name).is_not_null() for each in fields() if each.required]
    good = good.filter(*read, *there, pl.col(KEY).str.contains(rf"^(?:{PATTERN})$"))
    newest = good.sort([f"{NEWEST}:typed", "place"]).unique(KEY, keep="last")
    newest.select(pl.col(f"{each.name}:typed").alias(each.name) for each in fields()).sink_parquet(
        folder / "out.parquet", compression="snappy"
    )


def _polars_cast(pl: Any, name: str, kind: str) -> Any:
    column = pl.col(name)
    casts: dict[str, Callable[[], Any]] = {
        "string": lambda: column,
        "integer": lambda: column.cast(pl.Int64, strict=False),
        "boolean": lambda: column.replace_strict({"Yes": True, "No": False}, default=None, return_dtype=pl.Boolean),
        "date": lambda: column.str.to_date(DATE_FORM, strict=False),
        "datetime": lambda: column.str.to_datetime(INSTANT_FORM, time_unit="us", strict=False),
    }
    return casts[kind]()


def pandas(source: Path, folder: Path, threads: int) -> None:
    """pandas in chunks, twice: keys first, to know which rows stay, then everything."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pd: Any = import_module("pandas")
    keys = pd.concat([chunk[[KEY, NEWEST]] for chunk in _pandas_chunks(pd, source)]).reset_index()
    staying = set(keys.sort_values([NEWEST, "index"]).drop_duplicates(KEY, keep="last")["index"])
    schema = pa.schema([(each.name, _arrow_type(pa, each.type)) for each in fields()])
    with pq.ParquetWriter(folder / "out.parquet", schema) as writer:
        for chunk in _pandas_chunks(pd, source):
            kept = chunk[chunk.index.isin(staying)]
            writer.write_table(pa.Table.from_pandas(kept, schema, preserve_index=False))


def _pandas_chunks(pd: Any, source: Path) -> Any:
    for chunk in pd.read_csv(source, dtype=str, keep_default_na=False, chunksize=CHUNK_ROWS):
        typed = {each.name: _pandas_cast(pd, chunk[each.name], each.type) for each in fields()}
        good = chunk[KEY].str.fullmatch(PATTERN)
        for each in fields():
            bad = typed[each.name].isna() & ((chunk[each.name] != "") | each.required)
            good &= ~bad
        yield pd.DataFrame(typed)[good]


def _pandas_cast(pd: Any, cells: Any, kind: str) -> Any:
    if kind in _FORMS:
        return pd.to_datetime(cells, format=_FORMS[kind], errors="coerce").astype("datetime64[us]")
    if kind == "integer":
        return pd.to_numeric(cells, errors="coerce").astype("Int64")
    if kind == "boolean":
        return cells.map({"Yes": True, "No": False}).astype("boolean")
    return cells.where(cells != "", None)


def _arrow_type(pa: Any, kind: str) -> Any:
    return {
        "string": pa.string(), "integer": pa.int64(), "boolean": pa.bool_(), "date": pa.date32(),
        "datetime": pa.timestamp("us"),
    }[kind]  # fmt: skip


@contextmanager
def _hashed(source: Path) -> Iterator[None]:
    """Compute the file's sha256 on a thread beside the rest, as our own engine does."""

    def digest() -> str:
        with source.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    with ThreadPoolExecutor(1) as aside:
        done = aside.submit(digest)
        yield
        done.result()


OURS = "ours"  # hashes by itself
ENGINES: dict[str, Callable[[Path, Path, int], None]] = {
    OURS: ours,
    "duckdb": duckdb,
    "polars": polars,
    "pandas": pandas,
}


def installed() -> tuple[str, ...]:
    """Return the tools that are there; the others are in requirements-bench.txt."""
    return tuple(name for name in ENGINES if name == OURS or find_spec(name))


def main(name: str, source: str, folder: str, threads: str) -> int:
    """Let one tool do the job."""
    with nullcontext() if name == OURS else _hashed(Path(source)):
        ENGINES[name](Path(source), Path(folder), int(threads))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
