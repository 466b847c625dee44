"""What went wrong, what to do about it, and the exit code that says so.

Every error a user can meet is a DatalakeError: its message names the thing and what is wrong with it, its fix is
what to do. The doors (manage.py, src/*.py) turn it into one line on stderr and an exit code.
"""

from typing import Any

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_LOCK_HELD = 75
EXIT_CONFIGURATION = 78


class DatalakeError(Exception):
    """Given what is wrong and what to do about it, an error that ends one piece of work with a clear sentence."""

    exit_code = EXIT_FAILED

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message} {self.fix}".strip()


class UsageError(DatalakeError):
    """The command cannot be carried out as it was given; nothing was touched."""

    exit_code = EXIT_USAGE


class LockHeld(DatalakeError):
    """Another run holds the lock."""

    exit_code = EXIT_LOCK_HELD


class DataLost(DatalakeError):
    """The record tells of data, and data/ holds none; nothing was written there."""

    def __init__(self, root: object) -> None:
        fix = f"Mount it and run it again. If it was emptied on purpose: mkdir -p {root}/data/metadata/events"
        super().__init__("data/ is empty, but the record tells of data in it: is its disk not mounted?", fix)


class ConfigurationError(DatalakeError):
    """The configuration is wrong; the message holds every mistake, one a line, each with file and line."""

    exit_code = EXIT_CONFIGURATION


class Refused(DatalakeError):
    """A file cannot be read as its contract at all; rule is a stable word, line counts from 1 where one is known."""

    def __init__(self, rule: str, message: str, fix: str = "", line: int | None = None) -> None:
        super().__init__(message, fix)
        self.rule = rule
        self.line = line

    def __reduce__(self) -> tuple[Any, ...]:
        """So that it can come from another process: by default an exception is made again from its message alone."""
        return type(self), (self.rule, self.message, self.fix, self.line)
