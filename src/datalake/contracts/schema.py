"""What editors and readers are given of the words: JSON Schemas in config/schema, and the tables of docs/contracts.md.

`cd src && ../venv/bin/python -m datalake.contracts.schema` writes them anew after a word has changed; a test compares.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datalake.contracts.keys import CONTRACT
from datalake.documents.forms import Form, Key, Kind, Many
from datalake.settings_words import SETTINGS

SCHEMAS = {
    "config/schema/feed.schema.json": ("The rules of one feed: config/modules/<feed>.yaml", CONTRACT),
    "config/schema/settings.schema.json": ("config/settings.yaml", SETTINGS),
}
REFERENCE = "docs/contracts.md"
BEGIN = "<!-- The tables from here on are made by: python -m datalake.contracts.schema -->"
END = "<!-- end of the tables -->"


def schema_text(title: str, form: Form) -> str:
    """Return a form as a JSON Schema (draft 7, which YAML editors speak), as it stands in its file."""
    document = {"$schema": "http://json-schema.org/draft-07/schema#", "title": title, **form.schema()}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def reference_tables(form: Form, name: str = "") -> Iterator[str]:
    """Yield the form's keys as Markdown tables, its own first, then those of the mappings in it."""
    heading = f"### `{name}`" if name else "### The file"
    yield "\n".join([heading, "", "| key | value | left out | meaning |", "|---|---|---|---|", *map(_row, form.keys)])
    for key in form.keys:
        inner = _form_of(key.kind)
        if inner is not None:
            yield from reference_tables(inner, f"{name}.{key.name}" if name else key.name)


def _row(key: Key) -> str:
    inner = _form_of(key.kind)
    value = key.kind.words if inner is None else ("a list of mappings" if isinstance(key.kind, Many) else "a mapping")
    absent = "**must be there**" if key.required else f"`{key.default}`" if key.default else ""
    cells = (f"`{key.name}`", value if inner is None else f"{value}, see below", absent, key.about)
    return f"| {' | '.join(each.replace('|', chr(92) + '|') for each in cells)} |"


def _form_of(kind: Kind) -> Form | None:
    inner: Any = kind.item if isinstance(kind, Many) else kind
    return inner if isinstance(inner, Form) else None


def with_tables(document: str) -> str:
    """Given the text of docs/contracts.md, return it with the tables as they should be."""
    before, rest = document.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n\n" + "\n\n".join(reference_tables(CONTRACT)) + f"\n\n{END}{after}"


def write(root: Path) -> None:
    """Write the schemas and the tables of an installation."""
    for name, (title, form) in SCHEMAS.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(schema_text(title, form), encoding="utf-8")
    page = root / REFERENCE
    page.write_text(with_tables(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).resolve().parents[3])
