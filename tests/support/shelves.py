"""A lake with tables published row by row, by hand, and the views that come of them."""

import json
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from datalake.clean.schema import output_schema
from datalake.contracts.config import load_contracts
from datalake.contracts.model import Contract
from datalake.settings import Schedule, Settings
from datalake.views.refresh import Refreshed, refresh
from datalake.zones import curated
from datalake.zones.paths import Lake
from datalake.zones.state import FeedState

NIGHT, TUESDAY = date(2025, 11, 5), date(2025, 11, 4)
Rows = list[dict[str, Any]]


@dataclass
class Shelves:
    """An installation whose feeds are published without a file; the nights are those of the tests."""

    lake: Lake
    settings: Settings = field(default_factory=lambda: Settings(schedule=Schedule(zone="America/New_York"), threads=1))
    states: dict[str, FeedState] = field(default_factory=dict)
    night: date = NIGHT

    @property
    def contracts(self) -> dict[str, Contract]:
        return {each.feed: each for each in load_contracts(self.lake.root)}

    def publish(self, feed: str, *rows: dict[str, Any], day: date = TUESDAY, absent: tuple[str, ...] = ()) -> None:
        """Make a feed show these rows; a column that a row does not name is empty in it."""
        schema = output_schema(self.contracts[feed])
        unknown = {name for row in rows for name in row} - set(schema.names)
        assert not unknown, unknown
        seq = (self.states[feed].seq if feed in self.states else 0) + 1
        facts = self._facts(feed, seq, day, len(rows), absent)
        draft = curated.begin(self.lake, feed)
        pq.write_table(pa.Table.from_pylist(list(rows), schema), curated.table_path(draft, feed))
        curated.swap(self.lake, feed, curated.finish(self.lake, feed, draft, facts))
        self.states[feed] = FeedState(
            feed, as_of=day, version=facts["version"], seq=seq, rows=len(rows), published=facts
        )

    def _facts(self, feed: str, seq: int, day: date, rows: int, absent: tuple[str, ...]) -> dict[str, Any]:
        return {
            "feed": feed,
            "version": curated.version_name(seq, day),
            "seq_of_feed": seq,
            "data_date": day.isoformat(),
            "night": self.night.isoformat(),
            "name": f"{feed}_{day.isoformat()}.csv",
            "rules": "0123456789ab",
            **{"rows": rows, "kept": 0, "new": rows, "changed": 0, "gone": 0},
            "baseline": {"rows_read": rows + 1, "rejected": 1, "absent": list(absent)},
        }

    def confirm(self, feed: str, day: date) -> None:
        """The same file came again for a later date."""
        self.states[feed] = replace(self.states[feed], as_of=day)

    def refresh(self, night: date | None = None) -> dict[str, Refreshed]:
        """Make the views of a night; return what became of each."""
        self.night = night or self.night
        done = refresh(self.lake, self.settings, tuple(self.contracts.values()), self.states, self.night)
        return {each.view: each for each in done}

    def view(self, name: str) -> Rows:
        """Make the views and return the rows of one, which must have been made."""
        done = self.refresh()[name]
        assert done.status == "updated", done
        return self.rows(name)

    def rows(self, name: str) -> Rows:
        """The rows of a view as a reader of its Parquet file gets them."""
        rows: Rows = pq.read_table(self.current(name) / f"{name}.parquet").to_pylist()
        return rows

    def current(self, name: str) -> Path:
        return self.lake.views / name / "current"

    def card(self, name: str) -> dict[str, Any]:
        card: dict[str, Any] = json.loads((self.current(name) / "card.json").read_text(encoding="utf-8"))
        return card

    def left_out(self, name: str) -> dict[str, int]:
        """How many records a view's card says are left out, by reason, where there are any."""
        return {each["reason"]: each["records"] for each in self.card(name)["left_out"] if each["records"]}

    def unmapped(self, name: str) -> dict[str, int]:
        """How many values a view's card says are unknown, by column, where there are any."""
        return {each["column"]: each["records"] for each in self.card(name)["unmapped"] if each["records"]}

    def write_view(self, name: str, sql: str) -> None:
        """Put a view file into config/local/views."""
        folder = self.lake.root / "config" / "local" / "views"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.sql").write_text(sql, encoding="utf-8")


def only(rows: Rows, *names: str) -> list[tuple[Any, ...]]:
    """Return those columns of rows, as tuples."""
    return [tuple(row[name] for name in names) for row in rows]
