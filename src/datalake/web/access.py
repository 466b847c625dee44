"""PURE. Who asks, and what that person may see.

viewer: everything but the values of confidential and restricted columns. reader: those, too. steward: also the raw rows
of what was rejected. Every read of such a value by name is logged.
"""

import hmac
import ipaddress
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, replace

from datalake.errors import UsageError
from datalake.settings import Dashboard

VIEWER, READER, STEWARD = "viewer", "reader", "steward"
HIDDEN_CLASSES = ("confidential", "restricted")
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  (named to be told apart, not to be listened on)


@dataclass(frozen=True)
class Visitor:
    """Who asks: the login as the proxy gives it, "" where there is none, and the role."""

    login: str = ""
    role: str = VIEWER

    @property
    def reads(self) -> bool:
        """Whether values of confidential and restricted columns are shown."""
        return self.role in (READER, STEWARD)

    @property
    def stewards(self) -> bool:
        """Whether raw rows are shown."""
        return self.role == STEWARD


def identify(address: str, header: Callable[[str], str], settings: Dashboard, token: str) -> Visitor | None:
    """Given where a request comes from and what reads its headers, return who asks; None where that cannot be told.

    A login header is believed from the listed addresses alone and, where there is a token, only together with it: on
    this host any account could send the header.
    """
    knows_token = bool(token) and _sends(header("Authorization"), token)
    if address in settings.proxies:
        login = header(settings.login_header).strip()
        believed = login and (knows_token or not token)
        return Visitor(login, _role_of(login, settings)) if believed else None
    if knows_token:
        return Visitor(role=settings.token_role)
    return Visitor(role=settings.local_role) if _is_loopback(address) else None


def in_demo(known: Visitor) -> Visitor:
    """Given who asks of a demo lake, return the same as a reader at least: nothing in it is anybody's."""
    return known if known.reads else replace(known, role=READER)


def _sends(authorization: str, token: str) -> bool:
    """As a bearer token, or as the password of a browser's login."""
    kind, _, value = authorization.partition(" ")
    if kind.lower() == "basic":
        try:
            value = b64decode(value, validate=True).decode("utf-8").partition(":")[2]
        except ValueError:
            return False
    elif kind.lower() != "bearer":
        return False
    return hmac.compare_digest(value.encode("utf-8", "replace"), token.encode())


def _role_of(login: str, settings: Dashboard) -> str:
    if login in settings.stewards:
        return STEWARD
    return READER if login in settings.readers else VIEWER


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def check_address(settings: Dashboard, host: str, token: str) -> None:
    """Raise UsageError where others could reach the address and nothing would tell who they are."""
    if host == "localhost" or _is_loopback(host):
        _check_proxies(settings, token)
        return
    if not token and not settings.proxies:
        raise UsageError(
            f"{host} can be reached by others, and nothing would tell who they are.",
            "Use --host 127.0.0.1, set DASHBOARD_TOKEN in config/secrets.env, or list dashboard.proxies.",
        )
    _check_proxies(settings, token)


def _check_proxies(settings: Dashboard, token: str) -> None:
    local = [each for each in settings.proxies if _is_loopback(each)]
    if local and not token:
        raise UsageError(
            f"The proxy {local[0]} is on this host, where any account could say it is somebody else.",
            "Set DASHBOARD_TOKEN and have the proxy send it: Authorization: Bearer ...",
        )


def trusted_names(settings: Dashboard, host: str) -> list[str]:
    """Return the host names that are answered to: another one is a rebinding attack."""
    own = [] if host in EVERYWHERE or ":" in host else [host]
    return ["127.0.0.1", "localhost", *settings.names, *own]
