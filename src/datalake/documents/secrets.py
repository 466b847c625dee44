"""Secrets: plain KEY=value lines that are parsed and never sourced. No message ever holds a value."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from datalake.documents.nodes import Place, Problem, did_you_mean

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)", re.DOTALL)
SHORTEST_SALT = 16
SHORTEST_TOKEN = 32


def _address_mistake(value: str) -> str:
    """Return why a value is no web address that a secret may be sent to, "" if it is one."""
    try:
        address = urlsplit(value)
        host, _ = address.hostname, address.port
    except ValueError:
        return "is not a web address."
    if not host or not value.isascii() or not value.isprintable() or " " in value:
        return "is not a web address."
    if address.scheme == "https" or (address.scheme == "http" and _is_loopback(host)):
        return ""
    return "must start with https:// (http:// only to this host itself)."


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _salt_mistake(value: str) -> str:
    return "" if len(value) >= SHORTEST_SALT else f"is too short: {SHORTEST_SALT} characters or more."


def _token_mistake(value: str) -> str:
    if len(value) < SHORTEST_TOKEN:
        return f"is too short: {SHORTEST_TOKEN} characters or more."
    return "" if value.isascii() and value.isprintable() and " " not in value else "must be letters, digits and signs."


KNOWN: dict[str, Callable[[str], str]] = {
    "SLACK_WEBHOOK": _address_mistake,
    "HEARTBEAT_URL": _address_mistake,
    "HEARTBEAT_WATCHDOG_URL": _address_mistake,
    "SMTP_PASSWORD": lambda value: "",
    "MASK_SALT": _salt_mistake,
    "DASHBOARD_TOKEN": _token_mistake,
}
FURTHER = "WEBHOOK_"  # how the names of further webhooks begin; settings say which there are


def mistake_in(name: str, value: str) -> str:
    """Return what is wrong with the value of a known secret, "" for nothing."""
    return _address_mistake(value) if name.startswith(FURTHER) else KNOWN[name](value)


def parse(data: bytes, file: str) -> tuple[dict[str, str], list[Problem]]:
    """Given the bytes of a secrets file, return the values by name and what is wrong, with lines and without values."""
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for number, line in enumerate(data.decode("utf-8-sig", "replace").splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _LINE.fullmatch(stripped)
        mistake = _line_mistake(match, found)
        if mistake or match is None:
            problems.append(Problem(Place(file, number), mistake))
        else:
            found[match[1]] = _unquoted(match[2])
    return found, problems


def _line_mistake(match: re.Match[str] | None, found: Mapping[str, str]) -> str:
    if match is None:
        return "is not NAME=value."
    name = match[1]
    if name in found:
        return f"{name} is here twice. Keep one."
    near = did_you_mean(name, KNOWN) if name not in KNOWN and not name.startswith(FURTHER) else ""
    if near:
        return f"unknown secret {name}.{near}"
    return f"{name} is not UTF-8. Save the file as UTF-8." if "\ufffd" in match[2] else ""


def _unquoted(value: str) -> str:
    quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value


def chosen(environ: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """Return the known secrets: from the environment, else from the file; empty ones are none."""
    further = {name for name in (*environ, *found) if name.startswith(FURTHER)}
    values = {name: environ.get(name) or found.get(name, "") for name in (*KNOWN, *sorted(further))}
    return {name: value for name, value in values.items() if value}


def mistakes(secrets: Mapping[str, str], environ: Mapping[str, str], file: str) -> list[Problem]:
    """Given the chosen secrets, return what is wrong with their values, told by where each came from."""
    wrong = {name: mistake_in(name, value) for name, value in secrets.items()}
    places = {name: "the environment" if environ.get(name) else file for name in secrets}
    return [Problem(Place(places[name], 0), f"{name} {why}") for name, why in wrong.items() if why]
