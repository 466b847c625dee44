"""Sending without an outbox, for when there is none: every channel at once, once, within one limit of time."""

import logging
import queue
import threading
import time
from collections.abc import Mapping

from datalake.alerts.channels import LATER, Answer, Channel, Notice

SPARE = 0.5  # seconds before the limit at which a channel should have given up by itself

logger = logging.getLogger(__name__)


def attempt(channel: Channel, notice: Notice, seconds: float) -> Answer:
    """Try one channel; a fault of ours is an answer too, so that one channel's fault never stops the others."""
    try:
        return channel.send(notice, seconds)
    except Exception as problem:
        return Answer(LATER, f"{type(problem).__name__}, a fault of this program", unsure=True)


def send_now(channels: Mapping[str, Channel], notice: Notice, seconds: float) -> dict[str, Answer]:
    """Send one notice by every channel at once; return what each came to when all are done or the time is up.

    A channel that does not come back in time is left to die with this process: its answer is "later".
    """
    until = time.monotonic() + seconds
    answers: queue.SimpleQueue[tuple[str, Answer]] = queue.SimpleQueue()

    def send(name: str) -> None:
        answers.put((name, attempt(channels[name], notice, seconds - SPARE)))

    for name in channels:
        threading.Thread(target=send, args=(name,), daemon=True).start()
    found = dict.fromkeys(channels, Answer(LATER, f"no answer within {seconds:.0f} s", unsure=True))
    for _ in channels:
        try:
            name, answer = answers.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            break
        found[name] = answer
    for name, answer in found.items():
        log_answer(name, answer, notice.id)
    return found


def log_answer(name: str, answer: Answer, notice: str) -> None:
    """Leave one line about one try."""
    level = logging.INFO if answer.delivered else logging.ERROR
    logger.log(level, "%s: %s: %s (%s)", name, answer.state, answer.said, notice)


def in_a_word(name: str, answer: Answer, notice: str) -> str:
    """Return the same for whoever has one line for all of them: `Slack: dead: 404 no_service (problem-3-1)`."""
    said = "" if answer.delivered else f": {answer.said}"
    return f"{name}: {answer.state}{said} ({notice})"


def leave_answers_to_the_line() -> None:
    """Keep what was told, and each try of it, out of the log of this process: its one line has them in a word."""
    logging.getLogger("datalake.alerts").setLevel(logging.WARNING)
    logger.setLevel(logging.CRITICAL)
