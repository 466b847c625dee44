"""How long every page and call takes over ten years of nights, and fifty at once: `manage.py bench dashboard`.

The lake is a temporary one, filled by the recorders and the pipeline. Times are of the server, on this machine, now.
"""

import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from flask.testing import FlaskClient

from datalake.bench.figures import Figures
from datalake.clock import MovedClock
from datalake.web.app import create_app
from datalake.web.bench_lake import LAST, SETTINGS, fill
from datalake.web.serve import listen, spare_collector
from datalake.zones.paths import Lake

NIGHTS = 3_650
TIMES = 50
AT_ONCE = 50
LIMIT_MS = 100.0
PATHS = (
    *("/", "/runs", "/runs?sort=-runtime", "/runs?status=failure&feed=irb", "/runs.csv", "/runs/{run}"),
    *("/feeds", "/feeds/irb", "/rejects", "/rejects?from=2015-01-01", "/rejects/irb/{day}/{delivery}"),
    *("/feeds/irb/changes", "/feeds/irb/changes?kind=gone", "/runs/{first}"),
    *("/views", "/views/records", "/views/records.csv", "/data", "/data/irb", "/data/irb?q=r0001&sort=-amount"),
    *("/record", "/record?q=R0000012", "/record?feed=irb&key=R0000012", "/alerts", "/reports", "/status", "/about"),
    *("/status.json", "/metrics", "/healthz", "/api/v1/runs", "/api/v1/runs?limit=500", "/api/v1/runs.csv"),
    *("/api/v1/changes", "/api/v1/changes.csv", "/api/v1/changes?kind=gone", "/api/v1/runs/{first}/log"),
    *("/api/v1/views", "/api/v1/incidents", "/api/v1/reports", "/api/v1/stats?bucket=day"),
    *("/api/v1/runs/{run}/stages", "/api/v1/nights", "/api/v1/nights?limit=500", "/api/v1/feeds"),
    *("/api/v1/feeds/irb/outcomes?limit=500", "/api/v1/rejects?limit=500", "/api/v1/stats", "/api/v1/openapi.json"),
)


@dataclass(frozen=True)
class Timed:
    """One address: milliseconds of server time at the middle and at the 99th percentile, of processor time at the
    middle (far less on a busy machine), and bytes as compressed."""

    path: str
    status: int
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    bytes: int


def measure(lake: Lake, times: int) -> list[Timed]:
    """Given a filled lake, ask every address so many times, one after the other."""
    client = create_app(lake, SETTINGS, MovedClock(_morning())).test_client()
    spare_collector()  # as where it is served
    run = client.get("/api/v1/runs/latest").get_json()["run_id"]
    first = client.get("/api/v1/runs?sort=start&limit=1").get_json()["data"][0]["run_id"]
    files = client.get(f"/api/v1/runs/{run}/files").get_json()["data"]
    delivery = next(each["delivery"] for each in files if each["feed"] == "irb")
    names = {"run": run, "first": first, "day": LAST.isoformat(), "delivery": delivery}
    return [_timed(client, path.format(**names), times) for path in PATHS]


def _timed(client: FlaskClient, path: str, times: int) -> Timed:
    headers = {"Accept-Encoding": "gzip"}
    client.get(path, headers=headers)
    took, worked = [], []
    for _ in range(times):
        begun, busy = time.perf_counter(), time.process_time()
        answer = client.get(path, headers=headers)
        took.append((time.perf_counter() - begun) * 1000)
        worked.append((time.process_time() - busy) * 1000)
    shown = (_at(took, 0.5), _at(took, 0.99), _at(worked, 0.5))
    return Timed(path, answer.status_code, *shown, len(answer.data))


def _at(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 1)


@contextmanager
def served(lake: Lake) -> Iterator[str]:
    """Serve the lake on a free port, as the program does."""
    app = create_app(lake, SETTINGS, MovedClock(_morning()))
    server = listen(app, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.task_dispatcher.shutdown()
    server.trigger.pull_trigger(server.close)
    thread.join()


def ask_at_once(address: str, number: int) -> list[int]:
    """Ask for the overview and other pages so many times at once; return the answers' statuses."""
    paths = [("/", "/runs", "/feeds", "/api/v1/runs", "/status.json")[place % 5] for place in range(number)]
    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(lambda path: _status(f"{address}{path}"), paths))


def _status(url: str) -> int:
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310  (our own address)
        answer.read()
        return int(answer.status)


def _morning() -> datetime:
    return datetime.combine(LAST, datetime.min.time(), timezone.utc) + timedelta(hours=12)


def table(timed: Sequence[Timed]) -> list[str]:
    """Return the figures as lines, the slowest first."""
    lines = [f"{'address':45} {'p50 ms':>8} {'p99 ms':>8} {'cpu ms':>8} {'kB':>7}"]
    ordered = sorted(timed, key=lambda each: -each.p99_ms)
    return lines + [
        f"{each.path:45} {each.p50_ms:8.1f} {each.p99_ms:8.1f} {each.cpu_ms:8.1f} {each.bytes / 1000:7.1f}"
        for each in ordered
    ]


@dataclass(frozen=True)
class Result:
    """What was measured; ok: no error, and nothing over the limit."""

    timed: list[Timed]
    at_once_seconds: float
    errors: int

    @property
    def slow(self) -> list[str]:
        return [each.path for each in self.timed if each.p99_ms > LIMIT_MS]


def run(nights: int, times: int) -> Result:
    """Fill a temporary lake and measure."""
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder))
        fill(lake, nights, LAST - timedelta(days=nights - 1))
        timed = measure(lake, times)
        with served(lake) as address:
            begun = time.perf_counter()
            statuses = ask_at_once(address, AT_ONCE)
            seconds = time.perf_counter() - begun
    errors = sum(status != 200 for status in (*statuses, *(each.status for each in timed)))
    return Result(timed, seconds, errors)


def told(result: Result) -> list[str]:
    """Return what a person is told of a measurement."""
    over = ", ".join(result.slow) or "none"
    last = f"{AT_ONCE} requests at once: {result.at_once_seconds:.2f} s, {result.errors} errors."
    return [*table(result.timed), last, f"Over {LIMIT_MS:.0f} ms at the 99th percentile: {over}."]


def figures(nights: int, times: int) -> Figures:
    """Fill a temporary lake and measure; sound: no answer is an error, and none is slower than the limit."""
    result = run(nights, times)
    return Figures(told(result), asdict(result), not result.slow and not result.errors)
