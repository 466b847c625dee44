"""Every message of the check, of problems and of channels: as it was last looked at, and as Slack takes it."""

import json
import re
import shlex

import click
import pytest
from slack_sdk.models.blocks import Block
from support import told
from support.slack_server import PATH, judge, unescaped
from support.snapshots import agrees

from datalake.alerts.blocks import payload
from datalake.alerts.mail import html, plain
from datalake.alerts.message import Message
from datalake.cli.main import commands

COMMANDS = re.compile(r"(?:`|\d\. )python3 manage\.py ([^`\n]+)")


@pytest.mark.parametrize("name", told.EVERY)
def test_every_message_is_as_it_was_last_looked_at(name: str) -> None:
    made = told.EVERY[name]()
    agrees(f"{name}.slack.json", json.dumps(payload(made), indent=1, ensure_ascii=False) + "\n")
    agrees(f"{name}.mail.txt", f"Subject: {made.subject}\n\n{plain(made)}")
    agrees(f"{name}.mail.html", html(made))


@pytest.mark.parametrize("name", told.EVERY)
def test_every_message_passes_slacks_own_validators_and_limits(name: str) -> None:
    made = payload(told.EVERY[name]())
    for block in Block.parse_all(made["blocks"]):
        block.validate_json()
    assert judge(PATH, "application/json", json.dumps(made).encode()) == (200, "ok")
    assert not unescaped(made) and len(made["blocks"]) <= 12


def kinds(made: Message) -> list[str]:
    return [part.kind for part in made.parts]


@pytest.mark.parametrize("name", [each for each in told.EVERY if each not in ("late", "recovery", "recovery-alone")])
def test_what_it_means_comes_before_what_to_do_and_detail_last(name: str) -> None:
    made = told.EVERY[name]()
    assert kinds(made)[0] == "paragraph" and made.parts[0].lines[0], "first what it means"
    assert "log" not in kinds(made)[: kinds(made).index("steps")] if "steps" in kinds(made) else True
    if name not in ("recovery-late", "joined", "closed"):
        assert "steps" in kinds(made), "nothing is wrong without something to do"


def parses(words: list[str]) -> click.Context:
    """Read a manage.py command as it would be read when pasted, without doing it; raise UsageError if it is none."""
    command: click.Command = commands
    while isinstance(command, click.Group):
        name = words.pop(0)
        found = command.get_command(click.Context(command), name)
        assert found is not None, f"manage.py {name}"
        command = found
    return command.make_context(command.name, words)


@pytest.mark.parametrize("name", told.EVERY)
def test_every_command_in_a_message_works_when_pasted(name: str) -> None:
    for command in COMMANDS.findall(plain(told.EVERY[name]())):
        assert parses(shlex.split(command))


def test_a_command_that_lacks_a_word_would_be_noticed() -> None:
    with pytest.raises(click.UsageError):
        parses(["diff", "irb"])


@pytest.mark.parametrize("name", told.EVERY)
def test_the_text_beside_the_blocks_is_one_sentence_that_begins_with_the_state(name: str) -> None:
    text = payload(told.EVERY[name]())["text"]
    assert re.match(r"[A-Z]{2,}[A-Z ]*: ", text) and "\n" not in text
