"""What readers are given of the views' cards: the part of docs/views.md that is made from them.

`cd src && ../venv/bin/python -m datalake.views.page` writes it anew after a card has changed; a test compares.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from datalake.views.card import VERSIONS, Source, View
from datalake.views.load import load_views

PAGE = "docs/views.md"
BEGIN = "<!-- The cards from here on are made by: python -m datalake.views.page -->"
END = "<!-- end of the cards -->"


def cards(views: Sequence[View]) -> Iterator[str]:
    """Yield each view's card as Markdown."""
    for view in views:
        yield "\n\n".join([f"### {view.title}: `{view.name}`", view.definition, _facts(view), _table(view)])


def _facts(view: View) -> str:
    lines = [f"- One row is {view.row}.", *(_source(each) for each in view.sources)]
    if view.left_out:
        lines.append("- Left out, and counted:")
        lines += [f"  - {what} (`{reason}`)" for reason, what in view.left_out.items()]
    lines += [f"- Listed one by one in {', '.join(f'`{each}`' for each in _listings(view))}."] if view.lists else []
    return "\n".join([*lines, f"- Owner: {view.owner}"])


def _listings(view: View) -> list[str]:
    return sorted({each.view for each in view.lists.values()})


def _source(source: Source) -> str:
    if source.feed == VERSIONS:
        return "- Made from what was published of every feed."
    known = f"- Needs of {source.feed}: {', '.join(source.needs)}."
    known += f" Shows if there: {', '.join(source.may_use)}." if source.may_use else ""
    return known + (" Goes on without this feed where it never came." if source.optional else "")


def _table(view: View) -> str:
    rows = [f"| `{name}` | {what} |" for name, what in view.columns.items()]
    return "\n".join(["| column | what it is |", "|---|---|", *rows])


def with_cards(document: str, views: Sequence[View]) -> str:
    """Given the text of docs/views.md, return it with the cards as they should be."""
    before, rest = document.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n\n" + "\n\n".join(cards(views)) + f"\n\n{END}{after}"


def write(root: Path) -> None:
    """Write the cards of an installation's views into its docs."""
    page = root / PAGE
    views = [each.view for each in load_views(root) if each.view]
    page.write_text(with_cards(page.read_text(encoding="utf-8"), views), encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).resolve().parents[3])
