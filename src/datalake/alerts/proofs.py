"""Proof that a channel reaches a person: a code is sent, and somebody types what arrived."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from datalake.alerts import book
from datalake.alerts.message import Message, Span, line, made_safe, marked, paragraph, steps
from datalake.alerts.outbox import Entry
from datalake.settings import Settings


def send(connection: sqlite3.Connection, codes: Mapping[str, str], settings: Settings, now: datetime) -> None:
    """Put one code for each channel into the outbox, and keep which."""
    for name, code in codes.items():
        entry = Entry(f"test-{now:%Y%m%dT%H%M%S}-{code}", name, "test", message(code, settings), now)
        book.enqueue(connection, entry)
        query = "INSERT INTO proof (channel, code, sent_at) VALUES (?, ?, ?)"
        connection.execute(query, (name, code, book.as_text(now)))


def message(code: str, settings: Settings) -> Message:
    """PURE. Word a test; its first word says what it is."""
    told = Message(
        "test",
        f"TEST · {settings.name} · did you see code {code}?",
        f"TEST: {settings.name} asks: did you see code {code}? Nothing is wrong.",
        (
            paragraph(
                line(Span(f"Code {code}. Nothing is wrong: somebody tests whether messages arrive here.", "bold"))
            ),
            steps(marked(f"Tell whoever asked, or type: `python3 manage.py alerts seen {code}`")),
        ),
    )
    return made_safe(told, settings)


def seen(connection: sqlite3.Connection, code: str, who: str, now: datetime) -> str:
    """Keep that a code arrived; return its channel, "" for a code that was not sent."""
    row = connection.execute(
        "SELECT id, channel FROM proof WHERE code = ? ORDER BY id DESC LIMIT 1", (code,)
    ).fetchone()
    if row is None:
        return ""
    query = "UPDATE proof SET seen_at = ?, seen_by = ? WHERE id = ?"
    connection.execute(query, (book.as_text(now), who, row["id"]))
    return str(row["channel"])


def last(connection: sqlite3.Connection) -> dict[str, datetime]:
    """Return when each channel was last proven."""
    rows = connection.execute(
        "SELECT channel, max(seen_at) AS at FROM proof WHERE seen_at IS NOT NULL GROUP BY channel"
    ).fetchall()
    return {row["channel"]: datetime.fromisoformat(row["at"]) for row in rows}
