"""Reading a page as a person does: its text, its tables, the data of its charts."""

import json
import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient


def markup(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, f"{path}: {answer.status}"
    return answer.get_data(as_text=True)


def text(client: FlaskClient, path: str) -> str:
    """All the text of a page, in one line."""
    return in_one_line(markup(client, path))


def in_one_line(content: str) -> str:
    return " ".join(unescape(re.sub(r"<script.*?</script>|<[a-z/!][^>]*>", " ", content, flags=re.DOTALL)).split())


def chart(client: FlaskClient, path: str, name: str) -> dict[str, Any]:
    found = re.search(rf'id="{name}-data">(.*?)</script>', markup(client, path), re.DOTALL)
    assert found, f"{path} has no chart {name}"
    data: dict[str, Any] = json.loads(found[1])
    return data


def links(client: FlaskClient, path: str) -> list[str]:
    """Every address of ours that a page leads to."""
    return sorted({unescape(each) for each in re.findall(r'(?:href|src)="(/[^"#]*)', markup(client, path))})


def link_to(client: FlaskClient, path: str, words: str) -> str:
    """Where the link with these words leads, "" where there is none."""
    found = re.search(rf'<a[^>]*href="([^"]*)"[^>]*>{words}</a>', markup(client, path))
    return unescape(found[1]) if found else ""


def rows(client: FlaskClient, path: str, label: str) -> list[list[str]]:
    """The body of the table in the region of that name, a list of cell texts a row."""
    tables = _Tables()
    tables.feed(markup(client, path))
    return tables.found[label]


class _Tables(HTMLParser):
    """Collects the body rows of each table by the aria-label of the region that it stands in."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[list[str]]] = {}
        self._label = ""
        self._body = False
        self._cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        label = dict(attrs).get("aria-label")
        if tag == "div" and label:
            self._label = label
            self.found.setdefault(label, [])
        if tag == "tbody":
            self._body = True
        if tag == "tr" and self._body:
            self.found[self._label].append([])
        if tag in ("td", "th") and self._body:
            self._cell = []

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._cell is not None:
            self.found[self._label][-1].append(" ".join("".join(self._cell).split()))
            self._cell = None
        if tag == "tbody":
            self._body = False
