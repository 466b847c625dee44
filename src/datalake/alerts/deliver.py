"""The edge that sends: every channel at once, each for itself, all within one limit of time."""

import logging
import queue
import threading
import time
from collections.abc import Sequence

from datalake.alerts.channels import LATER, Answer, Channel, Notice
from datalake.alerts.sendmail import Sendmail
from datalake.alerts.slack import SlackWebhook
from datalake.settings import Settings

SPARE = 0.5  # seconds before the limit at which a channel should have given up by itself

logger = logging.getLogger(__name__)


def channels(settings: Settings) -> tuple[Channel, ...]:
    """Given the settings, return the ways there are to tell somebody; none is possible."""
    found: list[Channel] = []
    webhook, mail = settings.secrets.get("SLACK_WEBHOOK", ""), settings.alerts.mail
    if webhook and settings.alerts.slack.enabled:
        found.append(SlackWebhook(webhook))
    if mail.to:
        found.append(Sendmail(mail.sendmail, mail.to, mail.sender))
    return tuple(found)


def deliver(notice: Notice, ways: Sequence[Channel], seconds: float) -> dict[str, Answer]:
    """Send one notice by every channel at once; return what each came to when all are done or the time is up.

    A channel that does not come back in time is left to die with this process: its answer is "later".
    """
    until = time.monotonic() + seconds
    answers: queue.SimpleQueue[tuple[str, Answer]] = queue.SimpleQueue()
    for channel in ways:
        threading.Thread(target=_try, args=(channel, notice, seconds - SPARE, answers), daemon=True).start()
    found = {channel.name: Answer(LATER, f"no answer within {seconds:.0f} s") for channel in ways}
    for _ in ways:
        try:
            name, answer = answers.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            break
        found[name] = answer
    return found


def _try(channel: Channel, notice: Notice, seconds: float, answers: "queue.SimpleQueue[tuple[str, Answer]]") -> None:
    try:
        answer = channel.send(notice, seconds)
    except Exception as problem:  # one channel's fault never stops the others
        logger.debug("%s: %s", channel.name, type(problem).__name__)
        answer = Answer(LATER, f"{type(problem).__name__}, a fault of this program")
    answers.put((channel.name, answer))
