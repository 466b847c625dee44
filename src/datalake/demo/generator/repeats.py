"""Records that come twice in a file: once more the same, or changed; the second some rows after the first."""

import heapq
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from datalake.demo.generator.answer_key import ACCEPTED, DUPLICATE, SUPERSEDED, Entry
from datalake.demo.generator.block import KEY_COLUMN, Block
from datalake.demo.generator.rates import Rates

FARTHEST = 500  # rows between the two
APART = timedelta(seconds=92)  # between two versions of one award: seen at BU (huron-feeds.md, quirk 17)

Line = tuple[str, Entry]


@dataclass
class Waiting:
    """Second appearances that wait for their place in the file."""

    _heap: list[tuple[int, int, Line]] = field(default_factory=list)
    _made: int = 0

    def put(self, place: int, line: Line) -> None:
        """Have a line come after so many of the feed's own records."""
        heapq.heappush(self._heap, (place, self._made, line))
        self._made += 1

    def due(self, place: int) -> list[Line]:
        """Take out the lines whose place has come."""
        taken = []
        while self._heap and self._heap[0][0] <= place:
            taken.append(heapq.heappop(self._heap)[2])
        return taken


def plan_repeats(block: Block, rates: Rates, texts: list[str], entries: list[Entry], start: int, wait: Waiting) -> None:
    """Choose which good rows come twice; start is the number of own records before this block."""
    night = block.rows.night + 1
    chosen: set[int] = set(block.faults)
    for name in ("identical_repeat", *(["differing_repeat"] if "status" in block.at else [])):
        for row, number in block.hits(name, getattr(rates, name), night):
            if row in chosen:
                continue
            chosen.add(row)
            again = (
                _same(texts[row], entries[row]) if name == "identical_repeat" else _changed(block, entries, row, number)
            )
            wait.put(start + row + 1 + number % FARTHEST, again)
            block.quirks[name] += 1


def _same(text: str, entry: Entry) -> Line:
    return text, Entry(DUPLICATE, entry.key, rule="duplicate")


def _changed(block: Block, entries: list[Entry], row: int, number: int) -> Line:
    """Return another version of a row; the one with the newer stamp wins, without stamps the later in the file."""
    texts = [column.text[row] for column in block.cells]
    meant = [column.meant[row] for column in block.cells]
    status = block.at["status"]
    states = [each for each in block.rows.paths.states if each != meant[status]]
    meant[status] = texts[status] = states[number % len(states)]
    newer = True
    if "last_updated" in block.at and meant[block.at["last_updated"]]:
        newer = bool(number // 64 % 2)
        at = block.at["last_updated"]
        texts[at], meant[at] = _restamped(meant[at], APART if newer else -APART)
    later = Entry(ACCEPTED, meant[KEY_COLUMN], tuple(meant[: len(block.columns)]))
    loser = entries[row] if newer else later
    loser.outcome, loser.rule, loser.cells = SUPERSEDED, "superseded_in_file", None
    return block.delimiter.join(texts), later


def _restamped(meant: str, by: timedelta) -> tuple[str, str]:
    moved = datetime.fromisoformat(meant.removesuffix("Z")) + by
    if meant.endswith("Z"):
        return (f"{moved.isoformat()}Z",) * 2
    return moved.strftime("%m/%d/%Y %I:%M:%S %p"), moved.isoformat()
