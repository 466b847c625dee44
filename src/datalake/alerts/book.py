"""The edge to the tables of alerts in logs/etl_stats.db: incidents, unsent messages, channels, silences, looks.

Every function works in the transaction that the caller holds (runs.database.writing), so that a change of an incident
and the messages about it are kept together or not at all.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timezone
from typing import Any

from datalake.alerts.incidents import Incident, Silence
from datalake.alerts.message import from_json, to_json
from datalake.alerts.outbox import EXPIRED, PENDING, SENDING, SUPERSEDED, Entry
from datalake.runs.inserting import insert
from datalake.runs.numbers import next_number

INSTANTS = ("opened_at", "seen_at", "told_at", "remind_at", "acked_until", "closed_at")
Row = sqlite3.Row


def open_incidents(connection: sqlite3.Connection) -> list[Incident]:
    """Return the open incidents, oldest first."""
    rows = connection.execute("SELECT * FROM incident WHERE closed_at IS NULL ORDER BY number").fetchall()
    return [_incident(row) for row in rows]


def incidents(connection: sqlite3.Connection, count: int, before: int = 2**62) -> list[Incident]:
    """Return the newest incidents of a smaller number than before, open or not, newest first."""
    query = "SELECT * FROM incident WHERE number < ? ORDER BY number DESC LIMIT ?"
    rows = connection.execute(query, (before, count)).fetchall()
    return [_incident(row) for row in rows]


def incident(connection: sqlite3.Connection, number: int) -> Incident | None:
    """Return one incident, None where there is none of that number."""
    row = connection.execute("SELECT * FROM incident WHERE number = ?", (number,)).fetchone()
    return _incident(row) if row else None


def _incident(row: Row) -> Incident:
    values: dict[str, Any] = dict(zip(row.keys(), tuple(row), strict=True))
    values.update({name: _instant(values[name]) for name in INSTANTS})
    values["nights"] = tuple(date.fromisoformat(each) for each in json.loads(values["nights"]))
    return Incident(**values)


def keep_incident(connection: sqlite3.Connection, kept: Incident) -> Incident:
    """Insert or update an incident; return it with its number."""
    values: dict[str, Any] = {**vars(kept), "nights": json.dumps([each.isoformat() for each in kept.nights])}
    values.update({name: as_text(values[name]) for name in INSTANTS})
    number = values.pop("number")
    if number:
        assignments = ", ".join(f"{name} = :{name}" for name in values)
        connection.execute(f"UPDATE incident SET {assignments} WHERE number = :number", {**values, "number": number})  # noqa: S608
        return kept
    return replace(kept, number=insert(connection, "incident", {"number": next_number(connection), **values}))


def enqueue(connection: sqlite3.Connection, entry: Entry) -> None:
    """Put a message into the outbox, unless this notice is there for this channel already."""
    values = {
        "notice": entry.notice,
        "channel": entry.channel,
        "incident": entry.incident,
        "kind": entry.kind,
        "thread": entry.thread,
        "message": json.dumps(to_json(entry.message)),
        "created_at": as_text(entry.created_at),
        "not_before": as_text(entry.created_at),
        "expires_at": as_text(entry.expires_at),
    }
    insert(connection, "outbox", values, unless_there=True)


def acknowledge(connection: sqlite3.Connection, number: int, until: datetime, who: str) -> None:
    """Keep that somebody is on it."""
    query = "UPDATE incident SET acked_until = ?, acked_by = ? WHERE number = ?"
    connection.execute(query, (as_text(until), who, number))


def hurry(connection: sqlite3.Connection, now: datetime) -> None:
    """Let everything that waits be due now."""
    connection.execute(
        "UPDATE outbox SET not_before = ? WHERE state = ? AND not_before > ?", (as_text(now), PENDING, as_text(now))
    )


def unsent(connection: sqlite3.Connection, channel: str | None = None) -> list[Entry]:
    """Return what still waits, oldest first: of one channel, or of all."""
    query = "SELECT * FROM outbox WHERE state IN (?, ?) AND coalesce(?, channel) = channel ORDER BY id"
    return [_entry(row) for row in connection.execute(query, (PENDING, SENDING, channel)).fetchall()]


def messages_about(connection: sqlite3.Connection, number: int) -> list[Entry]:
    """Return every message about one incident, oldest first."""
    query = "SELECT * FROM outbox WHERE incident = ? ORDER BY id"
    return [_entry(row) for row in connection.execute(query, (number,)).fetchall()]


def _entry(row: Row) -> Entry:
    return Entry(
        notice=row["notice"],
        channel=row["channel"],
        kind=row["kind"],
        message=from_json(json.loads(row["message"])),
        created_at=datetime.fromisoformat(row["created_at"]),
        incident=row["incident"],
        thread=row["thread"],
        id=row["id"],
        attempts=row["attempts"],
        unsure=bool(row["unsure"]),
        state=row["state"],
        not_before=_instant(row["not_before"]),
        leased_till=_instant(row["leased_till"]),
        answer=row["answer"],
    )


def keep_entry(connection: sqlite3.Connection, entry: Entry, sent_at: datetime | None = None) -> None:
    """Write what became of an entry."""
    values = {
        "id": entry.id,
        "state": entry.state,
        "attempts": entry.attempts,
        "unsure": int(entry.unsure),
        "not_before": as_text(entry.not_before or entry.created_at),
        "leased_till": as_text(entry.leased_till),
        "answer": entry.answer,
        "sent_at": as_text(sent_at),
    }
    assignments = ", ".join(f"{name} = :{name}" for name in values if name != "id")
    connection.execute(f"UPDATE outbox SET {assignments} WHERE id = :id", values)  # noqa: S608 - our own names


def expire(connection: sqlite3.Connection, now: datetime) -> None:
    """End what has had its time."""
    query = "UPDATE outbox SET state = ? WHERE state = ? AND expires_at <= ?"
    connection.execute(query, (EXPIRED, PENDING, as_text(now)))


def supersede(connection: sqlite3.Connection, ids: set[int]) -> None:
    """End messages that later ones make needless."""
    rows = [(SUPERSEDED, each) for each in ids]
    connection.executemany("UPDATE outbox SET state = ? WHERE id = ?", rows)


def note_channel(connection: sqlite3.Connection, name: str, now: datetime, dead: bool, answer: str) -> None:
    """Keep whether a channel works: dead_at is the first failure in a row, sent_at the last message that went out."""
    insert(connection, "channel", {"name": name}, unless_there=True)
    if dead:
        query = "UPDATE channel SET dead_at = coalesce(dead_at, ?), answer = ? WHERE name = ?"
    else:
        query = "UPDATE channel SET dead_at = NULL, sent_at = ?, answer = ? WHERE name = ?"
    connection.execute(query, (as_text(now), answer, name))


def channels(connection: sqlite3.Connection) -> dict[str, Row]:
    """Return what is known of each channel, by name: dead_at, answer, sent_at."""
    return {row["name"]: row for row in connection.execute("SELECT * FROM channel").fetchall()}


def silences(connection: sqlite3.Connection, now: datetime) -> tuple[Silence, ...]:
    """Return the silences that have not ended."""
    rows = connection.execute("SELECT key, until FROM silence WHERE until > ? ORDER BY id", (as_text(now),)).fetchall()
    return tuple(Silence(row["key"], datetime.fromisoformat(row["until"])) for row in rows)


def silence(connection: sqlite3.Connection, key: str, until: datetime, who: str, reason: str, now: datetime) -> None:
    """Keep a silence."""
    values = {"key": key, "until": as_text(until), "who": who, "reason": reason, "made_at": as_text(now)}
    insert(connection, "silence", values)


def looked(connection: sqlite3.Connection, at: datetime, night: date, state: str, told: Sequence[date]) -> None:
    """Keep that the watchdog looked, what it judged last and which nights it told of that were over by then."""
    nights = json.dumps([each.isoformat() for each in told])
    insert(connection, "look", {"at": as_text(at), "night": night.isoformat(), "state": state, "told": nights})


def last_look(connection: sqlite3.Connection) -> tuple[datetime, date] | None:
    """Return when the watchdog last looked, and the latest night that it judged then."""
    row = connection.execute("SELECT at, night FROM look ORDER BY id DESC LIMIT 1").fetchone()
    return (datetime.fromisoformat(row["at"]), date.fromisoformat(row["night"])) if row else None


def losses(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Return what was lost with a damaged database and nobody was told of yet, one or two sentences each."""
    return tuple(row["said"] for row in connection.execute("SELECT said FROM loss WHERE NOT told ORDER BY id"))


def losses_told(connection: sqlite3.Connection) -> None:
    """Keep that the losses are in a report now."""
    connection.execute("UPDATE loss SET told = 1")


def looks(connection: sqlite3.Connection, since: datetime) -> list[tuple[datetime, date]]:
    """Return when the watchdog looked from an instant on, and the latest night that it judged then, oldest first."""
    rows = connection.execute("SELECT at, night FROM look WHERE at >= ? ORDER BY at", (as_text(since),)).fetchall()
    return [(datetime.fromisoformat(row["at"]), date.fromisoformat(row["night"])) for row in rows]


def messages_of(connection: sqlite3.Connection, start: datetime, end: datetime) -> tuple[int, int]:
    """Return how many messages of a span went out and how many did not."""
    query = "SELECT state, count(*) AS number FROM outbox WHERE created_at >= ? AND created_at < ? GROUP BY state"
    states = {row["state"]: row["number"] for row in connection.execute(query, (as_text(start), as_text(end)))}
    sent = states.get("sent", 0) + states.get("queued", 0)
    return sent, sum(states.get(each, 0) for each in (PENDING, SENDING, "refused", EXPIRED))


def told_nights(connection: sqlite3.Connection) -> frozenset[date]:
    """Return the nights of which somebody was told that they were not good."""
    rows = connection.execute("SELECT nights FROM incident WHERE told_at IS NOT NULL").fetchall()
    told = connection.execute("SELECT told AS nights FROM look WHERE told != '[]'").fetchall()
    kept = [json.loads(row["nights"]) for row in (*rows, *told)]
    return frozenset(date.fromisoformat(each) for nights in kept for each in nights)


def as_text(instant: datetime | None) -> str | None:
    """Return an instant as it is kept: all in UTC and to the microsecond, so that they compare as text."""
    return instant.astimezone(timezone.utc).isoformat(timespec="microseconds") if instant else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
