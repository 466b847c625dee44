"""PURE. Facts as one line of the log, which people read and `grep` finds."""

from collections.abc import Mapping

from datalake.safe_text import written_out


def line_of(facts: Mapping[str, object]) -> str:
    """Return facts as key=value pairs; what could break the line is written out."""
    return " ".join(f"{name}={_value(value)}" for name, value in facts.items())


def _value(value: object) -> str:
    text = written_out(str(value))
    return f'"{text}"' if " " in text or not text else text
