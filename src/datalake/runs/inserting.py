"""A row put into a table of logs/etl_stats.db, within the caller's transaction."""

import sqlite3
from collections.abc import Mapping


def insert(connection: sqlite3.Connection, table: str, values: Mapping[str, object], unless_there: bool = False) -> int:
    """Insert values by column name and return the row's number; unless_there: one that breaks a UNIQUE is left out.

    The names of table and columns are our own, never a user's: they cannot be bound.
    """
    names, marks = ", ".join(f'"{name}"' for name in values), ", ".join(f":{name}" for name in values)
    what = "INSERT OR IGNORE" if unless_there else "INSERT"
    storable = {name: _storable(value) for name, value in values.items()}
    done = connection.execute(f"{what} INTO {table} ({names}) VALUES ({marks})", storable)
    return int(done.lastrowid or 0)


def _storable(value: object) -> object:
    """SQLite takes no lone surrogates, which stand in Python for bytes that are no UTF-8."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
