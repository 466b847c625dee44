"""Where everything lies, from one root. No path is built anywhere else."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path


@dataclass(frozen=True)
class Lake:
    """The folders and files of one installation; root is the folder that holds manage.py."""

    root: Path

    # configuration
    @property
    def config(self) -> Path:
        return self.root / "config"

    # zones
    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def incoming(self) -> Path:
        return self.data / "incoming"

    @property
    def claimed(self) -> Path:
        """Files taken out of incoming and not yet in raw: on the same file system, so that a rename takes them."""
        return self.incoming / ".claimed"

    @property
    def metadata(self) -> Path:
        return self.data / "metadata"

    @property
    def manifest(self) -> Path:
        return self.metadata / "manifest.json"

    @property
    def events(self) -> Path:
        """What happened to every delivery: one chained JSON line each, in monthly files."""
        return self.metadata / "events"

    @property
    def rules(self) -> Path:
        """The text of every contract that was ever in force, by feed and fingerprint."""
        return self.metadata / "rules"

    @property
    def demo_marker(self) -> Path:
        """Its presence says that this lake holds synthetic data."""
        return self.metadata / "demo.json"

    @property
    def measures(self) -> Path:
        """What each published version of a feed amounts to; only saves measuring it again."""
        return self.metadata / "measures.json"

    @property
    def unknown(self) -> Path:
        """Published values that lead nowhere: ids without a record, values that no map knows."""
        return self.metadata / "unknown.json"

    @property
    def outcomes(self) -> Path:
        """One file a run that is not yet in the record."""
        return self.metadata / "outcomes"

    @property
    def raw_zone(self) -> Path:
        return self.data / "raw"

    def raw(self, feed: str, day: date) -> Path:
        return self.raw_zone / feed / day.isoformat()

    def staging(self, feed: str, day: date, delivery: str) -> Path:
        return self.data / "staging" / feed / day.isoformat() / delivery

    def quarantine(self, feed: str, day: date, delivery: str) -> Path:
        return self.data / "quarantine" / feed / day.isoformat() / delivery

    def curated(self, feed: str) -> Path:
        return self.data / "curated" / feed

    @property
    def views(self) -> Path:
        return self.data / "curated" / "views"

    # logs
    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def etl_log(self) -> Path:
        return self.logs / "cron_etl.log"

    @property
    def runtime_csv(self) -> Path:
        return self.logs / "etl_runtime_stats.csv"

    @property
    def database(self) -> Path:
        return self.logs / "etl_stats.db"

    @property
    def success_marker(self) -> Path:
        return self.logs / "last_success.txt"

    @property
    def lock(self) -> Path:
        return self.logs / "cron_runner.lock"

    @property
    def watchdog_log(self) -> Path:
        return self.logs / "watchdog_status.log"

    @property
    def summary_log(self) -> Path:
        return self.logs / "summary_status.log"

    @property
    def reports(self) -> Path:
        return self.logs / "reports"
