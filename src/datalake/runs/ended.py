"""PURE. What a run came to that ended before it could say so: from the crumbs that it left."""

from dataclasses import replace

from datalake.errors import EXIT_FAILED, EXIT_OK
from datalake.outcomes import FAILURE, SUCCESS, RunOutcome, StageTime, Status
from datalake.runs.crumbs import Left, feeds_done
from datalake.schedule import night_of
from datalake.settings import Schedule

KILLED = 137  # 128 + SIGKILL: nothing was left to say otherwise
RUN_AGAIN = "What is left is loaded by the next run: `bash src/cron_runner.sh`"
MOST_MISTAKES = 3

# what Bash knows of a run that never reached the ETL, by the reason in its crumb
BEFORE_THE_ETL = {
    "python": ("No Python ran on this host.", "Install Python 3.11 to 3.13, then: bash src/cron_runner.sh"),
    "setup": ("The environment could not be set up: logs/cron_etl.log says why.", "python3 manage.py setup"),
}
BY_EXIT_CODE = {
    78: ("The configuration is wrong; nothing was touched.", "python3 manage.py check"),
    129: ("The run was ended because its terminal was closed (SIGHUP){where}.", RUN_AGAIN),
    130: ("The run was interrupted (Ctrl-C){where}.", RUN_AGAIN),
    134: ("The ETL process crashed (signal 6){where}.", RUN_AGAIN),
    135: ("The ETL process crashed (signal 7, a file cut while it was read?){where}.", RUN_AGAIN),
    137: ("The run was killed (signal 9; out of memory, or a restart?){where}.", RUN_AGAIN),
    139: ("The ETL process crashed (signal 11){where}.", RUN_AGAIN),
    143: ("The run was ended from outside (SIGTERM){where}.", RUN_AGAIN),
}
BY_SIGNAL = {129: "SIGHUP", 130: "SIGINT", 143: "SIGTERM"}
UNKNOWN = ("The ETL process ended without leaving its outcome{where}.", "logs/cron_etl.log says more.")


def outcome_of(left: Left, schedule: Schedule) -> RunOutcome:
    """Given what a dead run left, return its outcome: its own where it left one, a success where all that was missing
    was to say so, else a failure.
    """
    code = _exit_code(left)
    if left.outcome is not None:
        return _as_the_runner_ended(left.outcome, code)
    feeds = feeds_done(left)
    if any(line["event"] == "done" for line in left.progress) and not any(feed.failed for feed in feeds):
        return _outcome(left, schedule, SUCCESS, EXIT_OK, "", "")
    error, fix = BEFORE_THE_ETL.get(left.exit.get("reason", "")) or BY_EXIT_CODE.get(code, UNKNOWN)
    error = f"{error.format(where=_where(left))} {_mistakes(left)}".strip()
    return _outcome(left, schedule, FAILURE, code or EXIT_FAILED, error, fix)


def _exit_code(left: Left) -> int:
    code = left.exit.get("exit_code", "")
    return int(code) if code.isdecimal() else KILLED


def _as_the_runner_ended(run: RunOutcome, code: int) -> RunOutcome:
    """Bash passes an interrupt on as SIGTERM, for a background child ignores SIGINT: the signal is the one it got."""
    if run.exit_code not in BY_SIGNAL or code not in BY_SIGNAL or run.exit_code == code:
        return run
    error = run.error.replace(BY_SIGNAL[run.exit_code], BY_SIGNAL[code])
    return replace(run, exit_code=code, error=error)


def _outcome(left: Left, schedule: Schedule, status: Status, code: int, error: str, fix: str) -> RunOutcome:
    end = left.last_sign
    return RunOutcome(
        run_id=left.run_id,
        night=left.night or night_of(schedule, left.start),
        trigger=left.trigger,
        start=left.start,
        end=end,
        runtime_sec=(end - left.start).total_seconds(),
        status=status,
        exit_code=code,
        demo=left.demo,
        feeds=feeds_done(left),
        stages=_stages(left),
        error=error,
        fix=fix,
    )


def _mistakes(left: Left) -> str:
    """What the ETL said as it gave up before the run had begun: the mistakes in the configuration."""
    said = [str(line.get("text", "")) for line in left.progress if line["event"] == "mistakes"]
    lines = [each.strip() for each in (said[-1] if said else "").splitlines() if each.strip()]
    more = len(lines) - MOST_MISTAKES
    return "; ".join(lines[:MOST_MISTAKES]) + (f"; and {more} more" if more > 0 else "")


def _where(left: Left) -> str:
    """Name the stage it was at."""
    begun = [line for line in left.progress if line["event"] == "stage"]
    if not begun:
        return ""
    last = begun[-1]
    return f" while at {last['stage']}" + (f" of {last['feed']}" if last.get("feed") else "")


def _stages(left: Left) -> tuple[StageTime, ...]:
    """How long each stage took that has a next one; of the last only the sign of life is known."""
    begun = [line for line in left.progress if line["event"] == "stage"]
    ends = [*(line["at"] for line in begun), left.last_sign][1:]
    return tuple(
        StageTime(line["stage"], line.get("feed", ""), (end - line["at"]).total_seconds())
        for line, end in zip(begun, ends, strict=False)
    )
