"""A lake with runs in its record, and a browser-like client of its dashboard."""

import csv
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from flask.testing import FlaskClient

from datalake.settings import Settings
from datalake.web.app import create_app
from datalake.zones.paths import Lake

COLUMNS = ("date", "hostname", "start_time", "end_time", "runtime_sec", "runtime_min", "status")
GOOD = ("2025-11-04", "dl1", "2025-11-04 02:00:00", "2025-11-04 02:02:15", 135, 2.25, "success")
BAD = ("2025-11-05", "dl1", "2025-11-05 02:00:00", "2025-11-05 02:00:03", 3.2, 0.05, "failure")

Row = tuple[object, ...]


@pytest.fixture
def client(lake: Lake) -> Iterator[FlaskClient]:
    with create_app(lake, Settings()).test_client() as client:
        yield client


@pytest.fixture
def in_database(lake: Lake) -> Callable[..., None]:
    """in_database(*rows, error=...) writes runs as the seven columns that every version of the database has."""

    def write(*rows: Row, error: str = "") -> None:
        with closing(sqlite3.connect(lake.database)) as connection, connection:
            connection.execute(
                f"CREATE TABLE IF NOT EXISTS etl_runtime (id INTEGER PRIMARY KEY, {', '.join(COLUMNS)}, error)"
            )
            for row in rows:
                connection.execute("INSERT INTO etl_runtime VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, error))

    return write


@pytest.fixture
def in_csv(lake: Lake) -> Callable[..., None]:
    def write(*rows: Row) -> None:
        with lake.runtime_csv.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([COLUMNS, *rows])

    return write
