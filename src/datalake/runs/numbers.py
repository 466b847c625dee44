"""The numbers of problems, as people say them: each is given once, whatever becomes of the database.

The highest one given stands in a small file beside the database too: a database that was lost, damaged or put back
from an old backup knows less than what was told.
"""

import contextlib
import os
import sqlite3
from pathlib import Path


def file_of(database: Path) -> Path:
    """Return the file that knows the highest number given."""
    return database.with_name("last_problem.txt")


def highest_given(database: Path) -> int:
    """Return the highest number given as that file knows it; 0 where it is absent or cannot be read."""
    try:
        return max(0, int(file_of(database).read_text(encoding="ascii")))
    except (OSError, ValueError):
        return 0


def next_number(connection: sqlite3.Connection) -> int:
    """Return a number that no problem ever had, within the caller's transaction; one rolled back is not given again."""
    kept = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'incident'").fetchone()
    place = connection.execute("PRAGMA database_list").fetchone()[2]
    number = 1 + max(int(kept[0]) if kept else 0, highest_given(Path(place)))
    with contextlib.suppress(OSError):  # the database knows it as well, and is what must not fail
        _keep(file_of(Path(place)), number)
    return number


def _keep(file: Path, number: int) -> None:
    temporary = file.with_name(f".tmp-{os.getpid()}-{file.name}")
    try:
        temporary.write_text(f"{number}\n", encoding="ascii")
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
