"""PURE. How values are worded on a page: durations, counts, and text that came from outside."""

import re

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")


def plain(text: str) -> str:
    """Given text from a log, a file name or a cell, return it without terminal codes and control characters.

    Line ends and tabs stay; bytes that were not UTF-8 become the replacement character.
    """
    without_codes = _CONTROLS.sub("", _ESCAPES.sub("", text.replace("\r\n", "\n")))
    return _SURROGATES.sub("\ufffd", without_codes)


def duration(seconds: float | None) -> str:
    """Given seconds, return them as people say them: 0.4 s, 42 s, 2 min 15 s, 3 h 05 min."""
    if seconds is None:
        return "–"
    if 0 < seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def count(number: int, one: str, many: str = "") -> str:
    """Given a number and its noun, return "1 run" or "1,240 runs"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
