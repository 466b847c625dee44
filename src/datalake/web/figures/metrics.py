"""PURE. The lake's figures as Prometheus wants them: base units, no run id and no file name as a label."""

import platform
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from datalake import __version__
from datalake.runs.history import RecordedRun
from datalake.web.figures.feeds import Feed
from datalake.web.rows import StageRow

JOB = "nightly"


@dataclass(frozen=True)
class Alerts:
    """What the alerts have open: the keys of the problems, and since when messages could not be sent."""

    open: Sequence[str]
    unsent: Sequence[datetime]
    now: datetime


@dataclass(frozen=True)
class Measured:
    """What the metrics are made of. last_check in seconds since 1970; None: not there.

    alerts: None where the record keeps none. arrivals: when the run that took a feed's newest file began, by feed.
    """

    newest: RecordedRun | None
    success: RecordedRun | None
    runs: dict[str, int]
    missed: int
    running: bool
    feeds: Sequence[Feed]
    stages: Sequence[StageRow]
    next_due: datetime
    last_check: float | None
    alerts: Alerts | None = None
    arrivals: Mapping[str, datetime] = field(default_factory=dict)


class Collected:
    """A collector, as prometheus_client asks for one, of figures that were read already."""

    def __init__(self, measured: Measured) -> None:
        self._measured = measured

    def collect(self) -> Iterator[Metric]:
        """Yield each family of metrics."""
        yield from _of_runs(self._measured)
        yield from _of_feeds(self._measured.feeds)
        yield from _of_arrivals(self._measured.arrivals)
        yield from _of_stages(self._measured.stages)
        if self._measured.alerts:
            yield from _of_alerts(self._measured.alerts)
        build = {"version": __version__, "python": platform.python_version()}
        yield _gauge("build_info", "always 1: what runs here", 1, build)


def _of_runs(seen: Measured) -> Iterator[Metric]:
    newest, success = seen.newest, seen.success
    start, end = (newest.start, newest.end) if newest else (None, None)
    values = (
        (
            "run_last_success_timestamp_seconds",
            "when the last success ended",
            _seconds(success.end) if success else None,
        ),
        (
            "run_last_completion_timestamp_seconds",
            "when the newest run ended",
            _seconds(end),
        ),
        ("run_last_start_timestamp_seconds", "when the newest run began", _seconds(start)),
        ("run_last_duration_seconds", "how long the newest run took", newest.runtime_sec if newest else None),
        ("run_last_exit_code", "how the newest run ended", newest.exit_code if newest else None),
        ("run_running", "1 while a load is at work", int(seen.running)),
    )
    yield from (_gauge(name, about, value, {"job": JOB}) for name, about, value in values if value is not None)
    yield _gauge("slot_deadline_timestamp_seconds", "when the next night is due", seen.next_due.timestamp())
    if seen.last_check is not None:
        yield _gauge("watchdog_last_check_timestamp_seconds", "when the morning check last looked", seen.last_check)
    yield _counters("runs", "runs in the record", "state", {str(key): value for key, value in seen.runs.items()})
    yield CounterMetricFamily("datalake_slots_missed", "scheduled nights without a load", value=seen.missed)


def _of_feeds(feeds: Sequence[Feed]) -> Iterator[Metric]:
    fresh = GaugeMetricFamily("datalake_feed_fresh", "1 while the feed shows what it should", labels=["feed"])
    as_of = GaugeMetricFamily("datalake_feed_as_of_timestamp_seconds", "midnight UTC of its data date", labels=["feed"])
    rows = GaugeMetricFamily(
        "datalake_run_last_rows", "rows of the feed's last outcome", labels=["job", "feed", "kind"]
    )
    for feed in feeds:
        fresh.add_metric([feed.name], int(feed.current))
        if feed.state.as_of:
            as_of.add_metric([feed.name], _midnight(feed))
        if feed.row:
            counts = (("read", feed.row.rows_read), ("loaded", feed.row.accepted), ("rejected", feed.row.rejected))
            for kind, value in counts:
                rows.add_metric([JOB, feed.name, kind], value)
    yield from (fresh, as_of, rows)


def _of_arrivals(arrivals: Mapping[str, datetime]) -> Iterator[Metric]:
    about = "when the run that took its newest file began"
    family = GaugeMetricFamily("datalake_feed_last_arrival_timestamp_seconds", about, labels=["feed"])
    for feed, instant in sorted(arrivals.items()):
        family.add_metric([feed], instant.timestamp())
    yield family


def _of_alerts(alerts: Alerts) -> Iterator[Metric]:
    """A problem's kind is the first word of its key: `feed` of `feed:grants`."""
    problems = GaugeMetricFamily("datalake_incidents_open", "open problems", labels=["kind"])
    for kind, number in sorted(Counter(key.partition(":")[0] for key in alerts.open).items()):
        problems.add_metric([kind], number)
    yield problems
    yield _gauge("outbox_pending", "messages that are not sent yet", len(alerts.unsent))
    oldest = (alerts.now - min(alerts.unsent)).total_seconds() if alerts.unsent else 0
    yield _gauge("outbox_oldest_pending_seconds", "how long the oldest of them waits", oldest)


def _of_stages(stages: Sequence[StageRow]) -> Iterator[Metric]:
    sums: dict[str, float] = defaultdict(float)
    for each in stages:
        sums[each.stage] += each.seconds
    family = GaugeMetricFamily("datalake_stage_last_duration_seconds", "of the newest run", labels=["job", "stage"])
    for stage, seconds in sums.items():
        family.add_metric([JOB, stage], round(seconds, 3))
    yield family


def _gauge(name: str, about: str, value: float, labels: dict[str, str] | None = None) -> Metric:
    family = GaugeMetricFamily(f"datalake_{name}", about, labels=list(labels or ()))
    family.add_metric(list((labels or {}).values()), value)
    return family


def _counters(name: str, about: str, label: str, values: dict[str, int]) -> Metric:
    family = CounterMetricFamily(f"datalake_{name}", about, labels=["job", label])
    for word, value in values.items():
        family.add_metric([JOB, word], value)
    return family


def _seconds(instant: datetime | None) -> float | None:
    return instant.timestamp() if instant else None


def _midnight(feed: Feed) -> float:
    day = feed.state.as_of
    return datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp() if day else 0.0
