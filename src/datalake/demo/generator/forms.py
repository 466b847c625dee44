"""What a whole file looks like: its layout, encoding, delimiter, line ends, header, and how it may have been spoilt."""

from dataclasses import dataclass

DELIMITERS = (",", "|", ";", "\t")
NEWLINES = ("\r\n", "\n", "\r")


@dataclass(frozen=True)
class Form:
    """One file's outward form; the default is that of huron-feeds.md section 6."""

    layout: str = "full"  # full | original | allocations
    encoding: str = "utf-8"  # utf-8 | cp1252 | utf-16
    mark: bool = False  # a byte order mark before UTF-8
    delimiter: str = ","
    newline: str = "\r\n"
    last_newline: bool = True
    header: str = "plain"  # plain | shouting: PROTOCOL_ID | spaced: Protocol Id
    moved: bool = False  # the columns in another order
    renamed: tuple[tuple[str, str], ...] = ()  # column, the header it has instead
    added: tuple[str, ...] = ()  # columns that no rules know
    dropped: tuple[str, ...] = ()  # columns left out
    doubled: str = ""  # a column whose name comes twice
    totals_row: bool = False
    empty: str = ""  # nothing: no byte | header: a header and no row
    cut: str = ""  # row: half of a row at the end | quotes: ends inside quotes | rows: whole rows missing at the end
    packed: str = ""  # gz | zip
    cut_at: float = 0.7  # the share of the rows that are whole when a file is cut


PLAIN = Form()


def header_text(name: str, form: Form) -> str:
    """Return a column's name as the form's header spells it."""
    spelled = dict(form.renamed).get(name, name)
    if form.header == "shouting":
        return spelled.upper()
    return spelled.replace("_", " ").title() if form.header == "spaced" else spelled


def header_cells(names: list[str], form: Form) -> list[str]:
    """Return the header's cells: the columns as the form spells them, then those that no rules know."""
    return [header_text(name, form) for name in names] + extra_headers(form)


def extra_headers(form: Form) -> list[str]:
    """Return the headers of columns that stand after the known ones."""
    return [*form.added, *([form.doubled.upper()] if form.doubled else [])]
