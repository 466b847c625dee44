"""PURE. One message that must arrive in a made-up year, and what its text must say and must not."""

import re
from dataclasses import dataclass
from datetime import date

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LISTED = 7  # nights that one sentence names; of more it gives the number
_DAY = rf"(?:{'|'.join(DAYS)}) \d{{1,2}} (?:{'|'.join(MONTHS)})"
_SPOILT = re.compile(r"(?:Nights|Nights it spoilt): (.+?)\.")
_BEFORE = re.compile(r"(?:told only now|Before it): (.+?)\.")
_NUMBER = re.compile(r"\bproblem (\d+)\b")
_COMMAND = re.compile(r"python3 manage\.py \w+|bash src/\w+\.sh|tail -n \d+ logs/")
BAD_NEWS = "🚨❌✋⏱⏰🔎📵"
_TITLED = re.compile(rf"{_DAY} \d{{4}}")


def said(day: date) -> str:
    """Return `Tue 5 Jan`."""
    return f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}"


def in_full(day: date) -> str:
    """Return `Tue 5 Jan 2027`."""
    return f"{said(day)} {day.year}"


@dataclass(frozen=True)
class Letter:
    """What must arrive. at: the moment of that day; sign: the first of its title.

    problem: which problem it is about, 0 for none; numbered here, in the order of the plan. night: the one its title
    names. spoilt: the nights it lists as the problem's own; before: those that it tells of beside tonight's.
    """

    day: date
    at: str
    sign: str
    problem: int = 0
    night: date | None = None
    spoilt: tuple[date, ...] = ()
    before: tuple[date, ...] = ()
    says: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.sign} of {self.day.isoformat()} {self.at}"


def faults(letter: Letter, title: str, text: str) -> list[str]:
    """Given the title and the whole text of what arrived for a letter, return what is wrong in it."""
    found = [f"does not say {words!r}" for words in letter.says if words not in text]
    if letter.sign in BAD_NEWS and not _COMMAND.search(text):
        found.append("names no command that helps")
    titled = _TITLED.findall(title)
    if letter.night and in_full(letter.night) not in titled:
        found.append(f"its title does not name the night {in_full(letter.night)}")
    if letter.night and any(each != in_full(letter.night) for each in titled):
        found.append(f"its title names {', '.join(titled)}")
    found += _nights_in("the problem's nights", _SPOILT, text, letter.spoilt)
    found += _nights_in("nights beside tonight's", _BEFORE, text, letter.before)
    if bool(letter.problem) != bool(number_in(title)):
        found.append("it has a problem's number" if number_in(title) else "it has no problem's number")
    return found


def _nights_in(what: str, sentence: "re.Pattern[str]", text: str, wanted: tuple[date, ...]) -> list[str]:
    """Compare the nights that a text accuses with those that it must."""
    listed = sentence.search(text)
    words = listed[1] if listed else ""
    named = re.findall(_DAY, words)
    more = re.search(r"and (\d+) more", words)
    due = [said(day) for day in wanted]
    if len(due) > LISTED:
        right = named == due[:LISTED] and more is not None and int(more[1]) == len(due) - LISTED
    else:
        right = named == due and more is None
    return [] if right else [f"names as {what}: {words or 'none'}; they are {', '.join(due) or 'none'}"]


def number_in(title: str) -> int:
    """Return the number of the problem that a title names; 0 for none."""
    found = _NUMBER.search(title)
    return int(found[1]) if found else 0
