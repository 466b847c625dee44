"""What the pages and the API ask of rejected rows, by file, night and rule. Every value is bound."""

import sqlite3
from dataclasses import replace
from datetime import date, timedelta

from datalake.web.outcome_queries import FILES
from datalake.web.queries import NIGHT, RunFilter, where
from datalake.web.rows import FileRow, file_row

_WITH_REJECTS = f"{NIGHT} BETWEEN ? AND ? AND (t.rejected > 0 OR t.status = 'refused') AND (? = '' OR t.feed = ?)"
_RULES = "json_each(CASE WHEN json_valid(t.rejected_by_rule) THEN t.rejected_by_rule END)"
_BY_RULE = f"(? = '' OR EXISTS (SELECT 1 FROM {_RULES} e WHERE e.key = ?))"  # noqa: S608


def files_of_nights(
    connection: sqlite3.Connection, first: date, last: date, feed: str, limit: int, rule: str = ""
) -> list[FileRow]:
    """Return the newest files of the nights from first to last with rows that the rule rejected; any, and refused."""
    sql = f"{FILES} WHERE {_WITH_REJECTS} AND {_BY_RULE} ORDER BY t.id DESC LIMIT ?"
    rows = connection.execute(sql, (first.isoformat(), last.isoformat(), feed, feed, rule, rule, limit))
    return [file_row(dict(row)) for row in rows]


def totals_of_nights(
    connection: sqlite3.Connection, first: date, last: date, feed: str, rule: str = ""
) -> tuple[int, int, int]:
    """Return of the same files how many there are, how many rows they had, and how many of these were rejected."""
    what = "count(*), coalesce(sum(t.rows_read), 0), coalesce(sum(t.rejected), 0)"
    sql = (
        f"SELECT {what} FROM etl_file t JOIN etl_runtime r ON r.run_id = t.run_id WHERE {_WITH_REJECTS} AND {_BY_RULE}"  # noqa: S608
    )
    values = (first.isoformat(), last.isoformat(), feed, feed, rule, rule)
    files, read, rejected = connection.execute(sql, values).fetchone()
    return int(files), int(read), int(rejected)


def rejects_by_week(
    connection: sqlite3.Connection, first: date, last: date, feed: str
) -> list[tuple[str, str, int, int]]:
    """Return (feed, rule, week, rows) of the same files; week counts from the Monday of the first night's."""
    monday = first - timedelta(days=first.weekday())
    sql = (
        f"SELECT t.feed, rule.key, CAST((julianday({NIGHT}) - julianday(?)) / 7 AS INTEGER) AS week, sum(rule.value) "  # noqa: S608
        "FROM etl_file t JOIN etl_runtime r ON r.run_id = t.run_id, json_each(t.rejected_by_rule) rule "
        f"WHERE {_WITH_REJECTS} AND json_valid(t.rejected_by_rule) GROUP BY 1, 2, 3"
    )
    values = (monday.isoformat(), first.isoformat(), last.isoformat(), feed, feed)
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(sql, values)]


def files_with_rejects(
    connection: sqlite3.Connection, wanted: RunFilter, limit: int, before: int = 2**62
) -> list[FileRow]:
    """Return files that had rejected rows, newest first; of the filter nights and feed count."""
    only, values = where(replace(wanted, feed=""))
    sql = f"{FILES} WHERE {only} AND t.rejected > 0 AND t.id < ? AND (? = '' OR t.feed = ?) ORDER BY t.id DESC LIMIT ?"
    rows = connection.execute(sql, [*values, before, wanted.feed, wanted.feed, limit])
    return [file_row(dict(row)) for row in rows]
