"""Text from outside can neither break a line nor act on a terminal, and is valid UTF-8 wherever it is shown."""

import os

import pytest

from datalake.safe_text import printable, written_out


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a b.csv", "a b.csv"),
        ("Žluť 北京.csv", "Žluť 北京.csv"),
        ("a\nb\x1b[0m", "a\\nb\\x1b[0m"),
        ("a\u2028b\u202ec", "a\\u2028b\\u202ec"),  # a line separator; text that turns the direction of writing
        (os.fsdecode(b"caf\xe9"), "caf\\xe9"),
    ],
)
def test_what_a_line_or_a_terminal_would_act_on_is_written_out(text: str, shown: str) -> None:
    assert written_out(text) == shown
    shown.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("a\r\nb\tc", "a\nb    c"),
        ("a\u202eb\x00c", "abc"),
        (os.fsdecode(b"caf\xe9"), "caf\ufffd"),
    ],
)
def test_a_message_holds_only_what_can_be_seen(text: str, shown: str) -> None:
    assert printable(text) == shown
