"""What both engines say of a file or a record that is built wrongly, and the rows that are no records by rule."""

from collections.abc import Callable

import re2

from datalake.clean.batch import FAILS, outcome_of
from datalake.clean.rules import whole
from datalake.contracts.model import Contract
from datalake.errors import Refused

NUL_MESSAGE = "the row holds a NUL byte"
QUOTE_MESSAGE = "a quoted cell goes on after its closing quote; where the row ends is uncertain"
HEADER_MESSAGE = "the header once more, no record"
BLANK_MESSAGE = "no cell of it has a value, no record"
SKIP_MESSAGE = "left out by rule, no record"
_RESEND = "Ask for the export to be sent again."


def count_message(cells: int, width: int) -> str:
    """Say that a row has too few or too many cells."""
    return f"{cells:,} cells; the header has {width:,}"


def duplicate_message(line: int) -> str:
    """Say of which row this one is a repeat."""
    return f"the same row as line {line:,}"


def superseded_message(line: int) -> str:
    """Say to which row this one lost."""
    return f"line {line:,} has the same key and is newer, or comes later"


def unique_message(line: int) -> str:
    """Say which row has the value already."""
    return f"line {line:,} already has this value, which the rules allow once"


def empty_file() -> Refused:
    """Return the refusal of a file without a single character."""
    return Refused("empty_file", "The file is empty.", _RESEND, None)


def header_only() -> Refused:
    """Return the refusal of a file that would empty the published table."""
    return Refused("header_only", "The file has a header and no rows.", _RESEND, None)


def too_large(size: int, limit: int) -> Refused:
    """Return the refusal of a file that is larger than the settings allow."""
    fix = "If that is right, raise max_bytes under file_limits in settings.yaml."
    return Refused("too_large", f"The file has {size:,} bytes; the limit is {limit:,}.", fix)


def too_long(line: int, limit: int, quoted: bool) -> Refused:
    """Return the refusal of a file with a record beyond the limit: inside quotes one was never closed."""
    if quoted:
        message = f"A quote opened in the row that starts at line {line:,} is not closed within {limit:,} bytes."
        return Refused("unclosed_quote", message, _RESEND, line)
    fix = "If that is right, raise max_line_bytes under file_limits in settings.yaml."
    return Refused("line_too_long", f"Line {line:,} is longer than {limit:,} bytes.", fix, line)


def unclosed(line: int) -> Refused:
    """Return the refusal of a file that ends inside quotes."""
    message = f"A quote opened in the row that starts at line {line:,} is never closed."
    return Refused("unclosed_quote", message, _RESEND, line)


def skip_patterns(contract: Contract) -> tuple[tuple[str, Callable[[str], bool]], ...]:
    """Return for each skip rule its column and what tells whether a cell matches."""
    compiled = [(each.column, re2.compile(whole(each.pattern))) for each in contract.skip_rows]
    return tuple((name, lambda text, form=form: form.fullmatch(text) is not None) for name, form in compiled)


def failed_by_rule(line: int, message: str) -> Refused:
    """Return the refusal of a file that has something which by rule fails all of it."""
    return Refused("check_failed", f"Line {line:,}: {message}; by rule that fails the file.", "", line)


def settled(on_fail: str, kept: bool, line: int, message: str, nothing_to_null: bool = False) -> str:
    """Return what becomes of something that failed; raise Refused where by rule that is the whole file."""
    outcome = outcome_of(on_fail, kept, nothing_to_null)
    if outcome == FAILS:
        raise failed_by_rule(line, message)
    return outcome
