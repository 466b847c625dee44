"""PURE. Channels that do not work, as findings: a dead channel is told by the others."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from datalake.alerts.incidents import Finding, signature
from datalake.alerts.message import Line, Message, Part, Span, line, made_safe, marked, paragraph, steps
from datalake.alerts.outbox import Entry
from datalake.settings import Settings
from datalake.words import count

PREFIX = "channel:"
TEST = "Then prove it: `python3 manage.py alerts test`"


def key(name: str) -> str:
    """Return the key of a channel's own incident."""
    return f"{PREFIX}{name}"


def judged(key_of: str, open_keys: Collection[str]) -> bool:
    """Judge channels alone."""
    return key_of.startswith(PREFIX)


def findings(
    names: Iterable[str], states: Mapping[str, Any], waiting: Iterable[Entry], now: datetime, settings: Settings
) -> list[Finding]:
    """Given the channels that are set up, what is known of each and what waits, return those that do not work."""
    stuck: dict[str, list[Entry]] = {}
    for entry in waiting:
        if entry.is_stuck(now):
            stuck.setdefault(entry.channel, []).append(entry)
    broken = [name for name in names if name in stuck or (name in states and states[name]["dead_at"])]
    return [_finding(name, states.get(name), stuck.get(name, []), settings) for name in broken]


def _finding(name: str, state: Any, stuck: list[Entry], settings: Settings) -> Finding:
    said = state["answer"] if state and state["dead_at"] else stuck[-1].answer
    title = f"{name} does not take our messages"
    why = f"Its answer: {said}."
    waits = f"{count(len(stuck), 'message')} for it {'waits' if len(stuck) == 1 else 'wait'}." if stuck else ""
    told = Message(
        "channel",
        f"📵 {title} · {settings.name}",
        f"NOT TOLD: {title}. {why}",
        (
            paragraph(line(Span(f"{title}: you read this by another way.", "bold")), line(f"{why} {waits}".strip())),
            _do(name),
        ),
    )
    return Finding(key(name), signature("dead", said), title, made_safe(told, settings))


def _do(name: str) -> Part:
    first: Line = (
        marked("Make a new incoming webhook in Slack and put it into config/secrets.env as SLACK_WEBHOOK")
        if name == "Slack"
        else line(
            f"Put {name} right: alerts in config/local/settings.yaml, secrets in config/secrets.env; then try again"
        )
    )
    return steps(first, marked(TEST), marked("What waits is sent by itself, or now: `python3 manage.py alerts flush`"))
