"""Where an original stays when its successor takes its name: beside it, under a name that says why."""

from pathlib import Path


def free_name(path: Path, word: str) -> Path:
    """Return a name beside path that is not taken: etl_stats.damaged-1.db."""
    names = (path.with_name(f"{path.stem}.{word}-{number}{path.suffix}") for number in range(1, 10_000))
    return next(name for name in names if not name.exists())


def set_database_aside(database: Path) -> Path:
    """Move a damaged database away together with its journals, which belong to it; return its new name."""
    kept = free_name(database, "damaged")
    for ending in ("-journal", "-wal", "-shm"):
        companion = database.with_name(database.name + ending)
        if companion.exists():
            companion.rename(kept.with_name(kept.name + ending))
    database.rename(kept)
    return kept
