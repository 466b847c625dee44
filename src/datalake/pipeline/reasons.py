"""PURE. Why something was not done, and what to do, in the words that people get."""

import errno
from collections.abc import Sequence

from datalake.errors import DatalakeError, Refused
from datalake.words import few

_STORAGE = {
    errno.ENOSPC: ("the disk is full", "Free space on that disk; the next run goes on where this one stopped."),
    errno.EDQUOT: ("the disk quota is used up", "Have the quota raised; the next run goes on where this one stopped."),
    errno.EROFS: ("the file system is read-only", "Look for disk errors with `dmesg`, then have it mounted writable."),
    errno.EACCES: ("permission is denied", "Give the account that runs the nightly load access to it."),
    errno.EPERM: ("the system does not permit it", "Give the account that runs the nightly load access to it."),
    errno.EIO: ("the disk reports an error", "Look for disk errors with `dmesg`; nothing wrong was published."),
    errno.EMFILE: ("too many files are open", "Raise the limit (`ulimit -n`)."),
    errno.ENFILE: ("too many files are open on this host", "Raise the system's limit."),
    errno.EFBIG: ("a file would be larger than allowed", "Raise the limit (`ulimit -f`)."),
    errno.EXDEV: ("the folders of data/ lie on different disks", "Keep data/ on one file system."),
}


def worded(problem: BaseException, feed: str = "") -> tuple[str, str]:
    """Given what was raised, return why in a sentence, and what to do about it."""
    if isinstance(problem, DatalakeError):
        return problem.message, problem.fix
    if isinstance(problem, MemoryError):
        return "There was not enough memory.", "Lower `threads` in config/local/settings.yaml, or give the host more."
    if isinstance(problem, OSError):
        return _storage(problem)
    name = f"of {feed} " if feed else ""
    return (
        f"The load {name}stopped on a fault in the program ({type(problem).__name__}: {problem}).",
        "The traceback is in logs/cron_etl.log; nothing wrong was published.",
    )


def _storage(problem: OSError) -> tuple[str, str]:
    code = problem.errno
    if code is None and "No space left" in str(problem):
        code = errno.ENOSPC
    where = str(problem.filename or "data/")
    if code not in _STORAGE:
        return f"{where}: {problem.strerror or problem}.", "The traceback is in logs/cron_etl.log."
    reason, fix = _STORAGE[code]
    return f"{where} could not be read or written: {reason}.", fix


# What no change of the rules mends: another file must come, and the refused one taken again would be refused again.
ANOTHER_FILE = (
    "check_failed",
    "checksum",
    "duplicate_header",
    "empty_file",
    "header_only",
    "not_csv",
    "unclosed_quote",
)


def refused(name: str, problem: Refused, feed: str) -> tuple[str, str]:
    """Return why a file was refused and what to do."""
    said = problem.message.startswith(
        (f"Line {problem.line or 0:,} ", f"Line {problem.line or 0:,}:")
    )  # once is enough
    place = f", line {problem.line:,}" if problem.line and not said else ""
    if problem.rule in ANOTHER_FILE:
        ask = problem.fix or "Have the file put right and sent again."
        fix = f"{ask} It loads by itself the next night, or at once: `bash src/cron_runner.sh`."
    else:
        fix = f"{problem.fix or 'Put it right.'} Then `python3 manage.py retry {feed}`."
    return f"{name}{place}: {problem.message}", fix


def also_refused(names: Sequence[str]) -> str:
    """Return a sentence about a feed's further refused files, led by a space; nothing where there are none."""
    return f" Also refused: {few(names)}: see `python3 manage.py held`." if names else ""


def held(name: str, reasons: Sequence[str], feed: str) -> tuple[str, str]:
    """Return why a file waits for OK and how to give it."""
    fix = (
        f"Look with `python3 manage.py held`; then `python3 manage.py approve {feed} --why '...'`"
        f" or `python3 manage.py decline {feed} --why '...'`."
    )
    return f"{name} waits for OK: {'; '.join(reasons)}.", fix
