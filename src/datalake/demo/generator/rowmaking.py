"""All rows of one file, block by block: made, spoilt where the rates say so, repeated, cut."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from datalake.demo.generator.answer_key import ACCEPTED, EXCLUDED, REJECTED, Entry
from datalake.demo.generator.block import KEY_COLUMN, Block, make_block
from datalake.demo.generator.cells import Cells, Column
from datalake.demo.generator.faults import apply_faults
from datalake.demo.generator.feeds.catalog import FEEDS
from datalake.demo.generator.forms import Form, extra_headers
from datalake.demo.generator.quirks import apply_quirks
from datalake.demo.generator.rates import Rates
from datalake.demo.generator.repeats import Waiting, plan_repeats
from datalake.demo.generator.shapes import apply_shapes
from datalake.demo.generator.world import Rows, World, living
from datalake.demo.generator.writing import Sink


@dataclass
class RowMaker:
    """Writes the rows of one file into a sink."""

    world: World
    feed: str
    day: date
    form: Form
    rates: Rates
    columns: Sequence[Column]
    sink: Sink
    header: str
    _waiting: Waiting = field(default_factory=Waiting)

    def __post_init__(self) -> None:
        size = self.world.size(self.feed)
        self._bad_left = int(size * self.rates.bad_rows_at_most)
        self._own_left = max(1, int(size * self.form.cut_at)) if self.form.cut else -1

    def write(self) -> None:
        """Write every row of the night."""
        feed, night = FEEDS[self.feed], self.world.night_of(self.day)
        for records in living(self.world, self.feed, night):
            if not self._block(feed.rows(self.world, self.feed, feed.paths, night, records)):
                return
        for text, entry in self._waiting.due(self.sink.places + 10**9):
            self.sink.row(text, entry)
        if self.form.totals_row:
            self.sink.row(self._totals_row(), Entry(EXCLUDED, None, rule="skip_rows"))

    def _block(self, rows: Rows) -> bool:
        """Write one block; return whether the file goes on after it."""
        block = self._made(rows)
        texts, entries = block.texts(), _entries(block)
        if not self.form.cut:  # of a file that is cut a second appearance might be missing
            plan_repeats(block, self.rates, texts, entries, self.sink.places, self._waiting)
        headers = {row for row, _ in block.hits("repeated_header", self.rates.repeated_header, rows.night + 1)}
        block.quirks["repeated_header"] += len(headers)
        self.sink.totals.add_quirks(block.quirks)
        for row, (text, entry) in enumerate(zip(texts, entries, strict=True)):
            if self._own_left == 0:
                self._cut(block, row, text, entry)
                return False
            self._own_left -= 1
            self._own(text, entry)
            if row in headers:
                self.sink.row(self.header, Entry(EXCLUDED, None, rule="repeated_header"))
        return True

    def _made(self, rows: Rows) -> Block:
        block = make_block(rows, self.columns, self.form.delimiter)
        apply_shapes(block, self.rates)
        apply_quirks(block, self.rates)
        apply_faults(block, self.rates, self._bad_left)
        self._bad_left -= len(block.faults)
        block.cells += [_unknown(rows) for _ in extra_headers(self.form)]
        return block

    def _own(self, text: str, entry: Entry) -> None:
        self.sink.row(text, entry)
        self.sink.places += 1
        for line in self._waiting.due(self.sink.places):
            self.sink.row(*line)

    def _cut(self, block: Block, row: int, text: str, entry: Entry) -> None:
        """End the file in the middle of this row, or before it."""
        if self.form.cut == "row":
            block.short[row] = max(2, len(self.columns) // 2)
            self.sink.row(block.texts()[row], Entry(REJECTED, entry.key, rule="cell_count"))
        elif self.form.cut == "quotes":
            self.sink.raw(f'{self.form.newline}{entry.key}{self.form.delimiter}"A model study that never')

    def _totals_row(self) -> str:
        return self.form.delimiter.join(["Total", *[""] * (len(self.columns) + len(extra_headers(self.form)) - 1)])


def _entries(block: Block) -> list[Entry]:
    """Return what each row of a block must come to."""
    width = len(block.columns)
    entries = [Entry(ACCEPTED, cells[KEY_COLUMN], cells[:width]) for cells in block.meanings()]
    for row, fault in block.faults.items():
        key = None if fault.key_lost else entries[row].key
        entries[row] = Entry(REJECTED, key, rule=fault.rule, column=fault.column)
    return entries


def _unknown(rows: Rows) -> Cells:
    texts = [f"note {each % 7}" for each in rows.k.tolist()]
    return Cells(texts, list(texts))
