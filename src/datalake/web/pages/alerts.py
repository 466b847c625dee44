"""Problems, unsent messages, and whether each channel is proven: what stays visible when Slack is down."""

from dataclasses import dataclass, field
from datetime import datetime

from flask import render_template

from datalake.alerts import book, proofs
from datalake.alerts.incidents import Incident, Silence
from datalake.alerts.outbox import Entry
from datalake.web import queries
from datalake.web.blueprint import blueprint
from datalake.web.record import Record, ask
from datalake.web.site import Site, this_site, when

CLOSED = 30  # problems of before that are listed


@dataclass(frozen=True)
class Channel:
    """One way to tell people: when it last worked, since when it has not, and when a person last saw a test of it."""

    name: str
    sent: datetime | None
    dead: datetime | None
    answer: str
    proven: datetime | None


@dataclass(frozen=True)
class Alerts:
    """What the record knows of problems and messages; kept: whether it keeps any at all."""

    problem: str
    kept: bool
    open: list[Incident] = field(default_factory=list)
    closed: list[Incident] = field(default_factory=list)
    unsent: list[Entry] = field(default_factory=list)
    channels: list[Channel] = field(default_factory=list)
    silences: tuple[Silence, ...] = ()
    looked: datetime | None = None


@blueprint.get("/alerts")
def alerts() -> str:
    """Problems, unsent messages, channels."""
    site = this_site()
    read = ask(site.lake, lambda record: _read(site, record))
    return render_template("alerts.html", read=read, when=lambda instant: when(site, instant) if instant else "–")


def _read(site: Site, record: Record) -> Alerts:
    connection = record.connection
    if not queries.keeps_alerts(connection):
        return Alerts(record.problem, kept=False)
    looked = book.last_look(connection)
    return Alerts(
        record.problem,
        kept=True,
        open=book.open_incidents(connection),
        closed=[each for each in book.incidents(connection, CLOSED) if not each.open],
        unsent=book.unsent(connection),
        channels=_channels(record),
        silences=book.silences(connection, site.clock.now()),
        looked=looked[0] if looked else None,
    )


def _channels(record: Record) -> list[Channel]:
    known, proven = book.channels(record.connection), proofs.last(record.connection)
    return [
        Channel(name, _instant(row["sent_at"]), _instant(row["dead_at"]), str(row["answer"]), proven.get(name))
        for name, row in sorted(known.items())
    ]


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
