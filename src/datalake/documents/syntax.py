"""A YAML parser's complaint in words that say what to change."""

import yaml

_START_OF_VALUE = "quote the value if it is meant to start with it."
NO_ALIASES = f"YAML aliases are not allowed; {_START_OF_VALUE}"
NO_ANCHORS = f"YAML anchors are not allowed; {_START_OF_VALUE}"
NO_TAGS = f"YAML tags are not allowed; {_START_OF_VALUE}"

# (part of the context, part of the problem) -> what to do; the first that fits is told
_ADVICE = (
    ("alias", "", NO_ALIASES),
    ("anchor", "", NO_ANCHORS),
    ("tag", "", NO_TAGS),
    ("", "unknown escape", "a backslash in double quotes needs a second one: write '\\\\d', or use single quotes."),
    ("quoted scalar", "end of stream", "a quote is opened here and never closed."),
    ("flow sequence", "", "a list opened here with [ is not closed with ], or lacks a comma."),
    ("flow node", "", "a list or mapping opened before with [ or { is not closed, or has nothing between its commas."),
    ("flow mapping", "", "a mapping opened here with { is not closed with }, or lacks a comma."),
    ("", "mapping values are not allowed", 'there is a ": " where none can be. Quote the value, or indent the line.'),
    ("", "sequence entries are not allowed", "a list item, - ..., starts a line of its own under its key."),
    ("", "cannot start any token", "the value starts with a character that YAML keeps for itself. Quote the value."),
    ("", "could not find expected ':'", 'this line is not "key: value".'),
    ("block", "", "this line is not indented like the lines it belongs to, or text follows a closing quote."),
)
_OPENED = ("quoted scalar", "flow sequence", "flow mapping")  # told where it was opened, not where the file ended


def explain(problem: yaml.YAMLError, text: str) -> tuple[int, str]:
    """Given what the parser raised and the text, return the line (from 1) and a sentence on what is wrong there."""
    mark = getattr(problem, "problem_mark", None)
    context = getattr(problem, "context", None) or ""
    complaint = getattr(problem, "problem", None) or str(problem)
    if any(word in context for word in _OPENED) and "escape" not in complaint:
        mark = getattr(problem, "context_mark", None) or mark
    line = mark.line + 1 if mark else 1
    return line, f"cannot be read as YAML: {_advice(context, complaint, _line(text, line))}"


def _advice(context: str, complaint: str, line: str) -> str:
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "the line is indented with a tab. Use spaces."
    for where, what, advice in _ADVICE:
        if where in context and what in complaint:
            return advice
    return f"{complaint}."


def _line(text: str, number: int) -> str:
    lines = text.splitlines()
    return lines[number - 1] if number <= len(lines) else ""
