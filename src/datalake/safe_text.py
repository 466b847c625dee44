"""PURE. Text that came from outside (file names, cells, logs), made fit to be shown.

written_out loses nothing: for records, logs and the terminal. printable drops what cannot be seen: for messages and
pages, which also need it without secrets and no longer than allowed.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable

# ECMA-48: control sequences, operating system commands, two-character escapes
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_HIDDEN = "\ufffd"
REMOVED = "[removed]"
_SECRETS = (
    (re.compile(r"https?://hooks\.slack(?:-gov)?\.com/\S*", re.I), "https://hooks.slack.com/" + REMOVED),
    (re.compile(r"/services/T[A-Za-z0-9]+/B[A-Za-z0-9]+/[A-Za-z0-9]+"), "/services/" + REMOVED),
    (re.compile(r"\b(authorization\s*[:=]\s*)\S+(?:[ \t]+\S+)?", re.I), r"\1" + REMOVED),
    (
        re.compile(r"(?<![a-z0-9])((?:pass(?:word|wd)?|secret|token|api[_-]?key|salt)\s*[:=]\s*)\S+", re.I),
        r"\1" + REMOVED,
    ),
    (re.compile(r"(\w+://)[^\s/:@]+:[^\s/@]+@"), r"\1" + REMOVED + "@"),
    (re.compile(r"\b(?:xox[a-z]-[\w-]{8,}|AKIA[0-9A-Z]{12,}|gh[pousr]_\w{20,})"), REMOVED),
)
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}")


def written_out(text: str) -> str:
    """Return text on one line, with what is no character to be seen written out: a newline as \\n, an escape as \\x1b.

    The result is valid UTF-8: a byte of a file name that is not UTF-8 is written out too, as \\xe9.
    """
    return text if text.isprintable() else "".join(each if each.isprintable() else _code(each) for each in text)


def _code(character: str) -> str:
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:  # what os.fsdecode makes of such a byte, PEP 383
        return f"\\x{number - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")


def printable(text: str) -> str:
    """Given any text, return it without terminal codes and control characters; line ends stay, tabs become spaces."""
    if text.isprintable():
        return text
    plain = _ANSI.sub("", text).replace("\r\n", "\n").replace("\t", "    ")
    return "".join(map(_shown, plain))


def _shown(character: str) -> str:
    if character == "\n":
        return character
    kind = unicodedata.category(character)
    if kind == "Cs":  # half a character, or a byte of a file name that is not UTF-8
        return _HIDDEN
    return "" if kind in ("Cc", "Cf", "Zl", "Zp") else character


def one_line(text: str) -> str:
    """Return text as one printable line: line ends and runs of spaces become one space."""
    return " ".join(printable(text).split())


def redacted(text: str, secrets: Iterable[str] = (), addresses: bool = False) -> str:
    """Return text without the secrets that are known, and without what looks like one.

    Mail addresses go too, unless they are allowed.
    """
    for secret in secrets:
        if secret:
            text = text.replace(secret, REMOVED)
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text if addresses else _ADDRESS.sub("[address removed]", text)


def clipped(text: str, limit: int, cost: Callable[[str], int] = len) -> str:
    """Return text of at most limit, keeping head and tail and saying how much was cut between them.

    cost tells what one character counts, such as 5 for one that will be escaped as five.
    """
    if sum(map(cost, text)) <= limit:
        return text
    room = limit - len(_mark(len(text)))
    head = _fitting(text, room * 2 // 3, cost)
    tail = _fitting(text[::-1], room - room * 2 // 3, cost)
    cut = len(text) - head - tail
    return text[:head].rstrip() + _mark(cut) + text[len(text) - tail :].lstrip()


def _mark(cut: int) -> str:
    return f" […{cut:,} characters cut…] "


def _fitting(text: str, room: int, cost: Callable[[str], int]) -> int:
    """Return how many characters from the start fit into the room."""
    used = 0
    for count, character in enumerate(text):
        used += cost(character)
        if used > room:
            return count
    return len(text)
