"""PURE. What each feed sends on each of many nights: every quirk of whole files in turn, alone and together.

A night of a feed has a number, its slot. The form of the file, and what happens to it on the way, follow from it.
"""

from dataclasses import dataclass, replace

from datalake.demo.generator.feeds.catalog import FEEDS
from datalake.demo.generator.forms import DELIMITERS, NEWLINES, Form
from datalake.demo.generator.rates import BAD, USUAL

# Bad rows of every kind, all in all under the limit at which a file would wait for OK; every other quirk as usual.
RATES = replace(USUAL, **dict.fromkeys(BAD, 0.0006), repeated_header=0.0006, cut_text=0.004, bad_rows_at_most=0.008)

# The rule or the end that a spoilt first copy of a night's file must meet; the good one follows it.
SPOILT = {
    "nothing": "empty_file",
    "header": "header_only",
    "quotes": "unclosed_quote",
    "dropped": "missing_column",
    "doubled": "duplicate_header",
    "rows": "held",
    "row": "held",
}
LATE, OVERTAKEN, AGAIN, USUAL_WAY = "late", "out of order", "again", "usual"
# In this order, a file that is overtaken is never followed by one that is late: then it would not be overtaken.
WAYS = (*SPOILT, LATE, OVERTAKEN, AGAIN, USUAL_WAY)
PACKED = {"safety": "gz", "coi": "zip"}
CALM = 2  # first nights on which nothing happens on the way: what is held is held against a file before
CUT_AT = 0.6


@dataclass(frozen=True)
class Export:
    """One feed's file of one night: its form, and what happens to it on the way (one of WAYS)."""

    feed: str
    form: Form
    way: str

    @property
    def spoilt(self) -> Form | None:
        """The form of the copy that comes before the good one, if one does."""
        changes: dict[str, dict[str, object]] = {
            "nothing": {"empty": "nothing"},
            "header": {"empty": "header"},
            "quotes": {"cut": "quotes", "cut_at": CUT_AT},
            "dropped": {"dropped": ("status",), "renamed": ()},
            "doubled": {"doubled": "status", "renamed": ()},
            "rows": {"cut": "rows", "cut_at": CUT_AT},
            "row": {"cut": "row", "cut_at": CUT_AT},
        }
        return replace(self.form, **changes[self.way]) if self.way in changes else None  # type: ignore[arg-type]


def export_of(feed: str, night: int) -> Export:
    """Return what a feed sends on a night, counted from 0."""
    slot = night * len(FEEDS) + sorted(FEEDS).index(feed)
    way = WAYS[slot % len(WAYS)] if night >= CALM else USUAL_WAY
    return Export(feed, form_of(feed, slot), way)


def form_of(feed: str, slot: int) -> Form:
    """Return the form of the file of a slot: the strides have no common divisor, so that every pair meets."""
    aliases = FEEDS[feed].aliases
    encoding = ("utf-8", "utf-8", "cp1252", "utf-16")[slot // 3 % 4]
    return Form(
        encoding=encoding,
        mark=encoding == "utf-8" and slot % 2 == 0,
        delimiter=DELIMITERS[slot // 2 % len(DELIMITERS)],
        newline=NEWLINES[slot // 5 % len(NEWLINES)],
        last_newline=slot % 7 != 0,
        header=("plain", "shouting", "spaced")[slot // 4 % 3],
        moved=slot % 6 == 0,
        renamed=tuple((name, others[0]) for name, others in aliases.items()) if slot % 3 == 0 else (),
        added=("reviewer_note", "x2") if slot % 5 == 0 else (),
        totals_row=slot % 4 == 1,
        packed=PACKED.get(feed, ""),
    )


def traits(export: Export) -> list[str]:
    """Name what is odd about an export, so that it can be counted."""
    form = export.form
    named = {
        "byte order mark": form.mark,
        "no last newline": not form.last_newline,
        "columns moved": form.moved,
        "column under another name": bool(form.renamed),
        "columns added": bool(form.added),
        "totals row": form.totals_row,
        "packed": bool(form.packed),
    }
    values = (form.encoding, repr(form.delimiter), repr(form.newline), f"{form.header} header", export.way)
    return [*values, *(name for name, so in named.items() if so)]
