"""One file of one feed on one night, and its answer key."""

import gzip
import zipfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from datalake.demo.generator.answer_key import KeyHeader, Totals, header_line, totals_line
from datalake.demo.generator.cells import Column
from datalake.demo.generator.feeds.catalog import FEEDS
from datalake.demo.generator.feeds.feed import Feed
from datalake.demo.generator.forms import PLAIN, Form, header_cells
from datalake.demo.generator.rates import USUAL, Rates
from datalake.demo.generator.rowmaking import RowMaker
from datalake.demo.generator.world import World
from datalake.demo.generator.writing import Sink, Writable


@dataclass(frozen=True)
class Order:
    """What is wanted: one feed's file of one data date, in a form, with quirks at those rates."""

    world: World
    feed: str
    day: date
    form: Form = PLAIN
    rates: Rates = USUAL


@dataclass(frozen=True)
class Generated:
    """A file that was made. refused is the rule by which it must be refused as a whole, or nothing."""

    path: Path
    key: Path | None
    feed: str
    day: date
    totals: Totals
    refused: str = ""


def generate(order: Order, folder: Path, key_folder: Path | None = None, name: str = "") -> Generated:
    """Write the file into a folder, under its feed's usual name if none is given, and its key into another."""
    feed = FEEDS[order.feed]
    columns = laid_out(feed, order.form)
    path = folder / (name or file_name(feed, order))
    key = key_folder / f"{path.name}.key.jsonl" if key_folder else None
    header = _key_header(order, feed, columns, path.name)
    with ExitStack() as files:
        answers = files.enter_context(key.open("w", encoding="utf-8", newline="\n")) if key else None
        sink = Sink(_opened(files, path, order.form), answers, order.form)
        if answers:
            answers.write(header_line(header))
        _write(order, columns, sink)
        if answers:
            answers.write(totals_line(sink.totals))
    return Generated(path, key, feed.name, order.day, sink.totals, header.refused)


def file_name(feed: Feed, order: Order) -> str:
    """Return the name under which the file would come."""
    return feed.file_on(order.day) + (f".{order.form.packed}" if order.form.packed else "")


def _opened(files: ExitStack, path: Path, form: Form) -> Writable:
    """Open the file for writing, packed as the form says; packed files bear no time, so that they are repeatable."""
    if form.packed == "zip":
        archive = files.enter_context(zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED))
        return files.enter_context(archive.open(zipfile.ZipInfo(path.name.removesuffix(".zip")), "w"))
    file = files.enter_context(path.open("wb"))
    if form.packed == "gz":
        return files.enter_context(gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0))
    return file


def laid_out(feed: Feed, form: Form) -> tuple[Column, ...]:
    """Return a feed's columns as the form has them. The key stays first where the others move."""
    columns = tuple(each for each in feed.laid_out(form.layout) if each.name not in form.dropped)
    return (columns[0], *reversed(columns[1:])) if form.moved else columns


def refusal(feed: Feed, form: Form) -> str:
    """Return the rule by which a file of this form cannot be read as its feed at all, or nothing."""
    if form.empty:
        return {"nothing": "empty_file", "header": "header_only"}[form.empty]
    if form.doubled:
        return "duplicate_header"
    if any(each.required and _lost(each, feed, form) for each in feed.laid_out(form.layout)):
        return "missing_column"
    return "unclosed_quote" if form.cut == "quotes" else ""


def _lost(column: Column, feed: Feed, form: Form) -> bool:
    other = dict(form.renamed).get(column.name)
    return column.name in form.dropped or (other is not None and other not in feed.aliases.get(column.name, ()))


def _key_header(order: Order, feed: Feed, columns: Sequence[Column], name: str) -> KeyHeader:
    form = order.form
    known = tuple("" if _lost(each, feed, form) else each.name for each in columns)
    refused, day = refusal(feed, form), order.day.isoformat()
    return KeyHeader(name, feed.name, day, feed.key, known, form.encoding, form.delimiter, refused)


def _write(order: Order, columns: Sequence[Column], sink: Sink) -> None:
    form = order.form
    if form.empty != "nothing":
        header = form.delimiter.join(header_cells([each.name for each in columns], form))
        sink.raw(header)
        if not form.empty:
            RowMaker(order.world, order.feed, order.day, form, order.rates, columns, sink, header).write()
        if form.last_newline and form.cut not in ("row", "quotes"):
            sink.raw(form.newline)
    sink.flush()
