"""A copy of the project whose entrypoints are called as cron calls them, and a stand-in for its ETL."""

import os
import sqlite3
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from support.polling import DEADLINE, until

from datalake.zones.paths import Lake

BASH = os.environ.get("DATALAKE_TEST_BASH", "bash")
BARE = {"PATH": "/usr/bin:/bin", "TZ": "America/New_York"}

# What the stand-in does, first to last; each step is a line of Python.
BEGIN = "begin()"
SUCCEED = "leave('success', 0)"
FAIL = "leave('failure', 1)"
WAIT = "wait()"

STAND_IN = """
import argparse, datetime, os, pathlib, signal, sys, time
from datalake.outcomes import RunOutcome
from datalake.runs import crumbs
from datalake.zones.paths import Lake

words = argparse.ArgumentParser()
words.add_argument("--run-id")
words.add_argument("--trigger")
words = words.parse_args()
root = pathlib.Path(__file__).resolve().parents[1]
lake = Lake(root)
now = datetime.datetime.now(datetime.timezone.utc)
night = datetime.date(2025, 11, 5)

def begin():
    crumbs.begin(lake, words.run_id, now, words.trigger, night)
    crumbs.add_progress(lake, words.run_id, now, "stage", stage="clean", feed="irb")

def leave(status, code):
    end = datetime.datetime.now(datetime.timezone.utc)
    crumbs.leave(lake, RunOutcome(words.run_id, night, words.trigger, now, end, 1.5, status, code))
    if code:
        sys.exit(code)

def wait():
    (root / "working").write_text(str(os.getpid()))
    while not (root / "go").exists():
        time.sleep(0.01)

"""


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    state = Path(f"/proc/{pid}/stat")  # a zombie has ended: whoever inherited it has not looked yet
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z"


@dataclass(frozen=True)
class Ended:
    """How an entrypoint ended and what it said."""

    code: int
    out: str
    err: str


@dataclass
class Installation:
    """One copy of the project; what runs in it runs with a bare environment."""

    root: Path
    environ: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lake = Lake(self.root)
        self.environ = {**BARE, "HOME": str(self.root.parent), "MAILTO": "", **self.environ}

    def etl(self, *steps: str) -> None:
        """Put a stand-in in the place of src/main.py."""
        (self.root / "src" / "main.py").write_text(STAND_IN + "\n".join(steps) + "\n", encoding="utf-8")

    def stand_in(self, name: str, script: str) -> Path:
        """Put a program of that name first on the PATH."""
        folder = self.root / "stand-ins"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
        self.environ["DATALAKE_PATH_PREFIX"] = str(folder)
        return folder / name

    def start(self, script: str = "cron_runner.sh", *words: str, **options: object) -> "subprocess.Popen[str]":
        """Start an entrypoint from / with a bare environment; its output is kept."""
        kept = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        command = [BASH, str(self.root / "src" / script), *words]
        process = subprocess.Popen(command, env=self.environ, cwd="/", text=True, **kept)  # type: ignore[call-overload]
        self.started.append(process)
        return process

    def run(self, script: str = "cron_runner.sh", *words: str, **options: object) -> Ended:
        """Run an entrypoint to its end."""
        return self.end(self.start(script, *words, **options))

    def end(self, process: "subprocess.Popen[str]") -> Ended:
        """Wait until it has ended; return what it said."""
        out, err = process.communicate(timeout=DEADLINE)
        return Ended(process.returncode, out or "", err or "")

    def start_and_reach_the_etl(self) -> tuple["subprocess.Popen[str]", int]:
        """Start the runner, whose ETL waits; return it and the ETL's process id once that is at work."""
        self.etl(BEGIN, WAIT, SUCCEED)
        runner = self.start()
        working = self.root / "working"
        until(lambda: working.exists() and working.read_text(), "the ETL to be at work")
        etl = int(working.read_text())
        working.unlink()
        return runner, etl

    def let_go(self) -> None:
        """Let a waiting ETL go on."""
        (self.root / "go").touch()

    def kill_what_is_left(self) -> None:
        for process in self.started:
            process.kill()
            process.wait()
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()

    def record(self, columns: str = "status, exit_code") -> list[tuple[object, ...]]:
        """The table's rows, oldest first."""
        connection = sqlite3.connect(self.lake.database)
        try:
            return connection.execute(f"SELECT {columns} FROM etl_runtime ORDER BY id").fetchall()
        finally:
            connection.close()

    def csv_statuses(self) -> list[str]:
        """The last cell of each line of the runtime CSV under its header."""
        header, *lines = self.lake.runtime_csv.read_text(encoding="utf-8").splitlines()
        assert header == "date,hostname,start_time,end_time,runtime_sec,runtime_min,status"
        return [line.rpartition(",")[2] for line in lines]

    def log(self) -> str:
        return self.lake.etl_log.read_text(encoding="utf-8")
