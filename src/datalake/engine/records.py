"""Where records begin and end in a buffer of bytes, exactly as the csv module would say, thousands at a time.

A quote opens a quoted cell only where a cell starts; within one a doubled quote is a quote; after the closing quote
text goes on unquoted. Line ends are CR, LF and CRLF, mixed as they come; inside quotes they are text.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from datalake.clean.arrow import distinct

Places = npt.NDArray[np.int64]

LF, CR = 10, 13


@dataclass(frozen=True)
class Grammar:
    """The two bytes that tell cells apart."""

    delimiter: int
    quote: int


@dataclass(frozen=True)
class Records:
    """The whole records of a buffer that starts where a record starts; blank lines are none.

    lines: of each record, the physical lines before it in this buffer. stray: records with a cell that goes on after
    its closing quote. used: bytes up to where the next record starts; line_count: physical lines in these.
    """

    starts: Places
    lines: Places
    stray: Places
    used: int
    line_count: int
    quoted_rest: bool = False  # what follows the last whole record is inside quotes where the buffer ends


def split(buffer: bytes | bytearray | memoryview, grammar: Grammar, last: bool) -> Records:
    """Find the records of a buffer. last: nothing follows it, so the last record needs no line end."""
    data = np.frombuffer(buffer, np.uint8)
    breaks = _line_ends(data, last)
    toggles, stray = _quotes(data, grammar, last)
    inside = np.searchsorted(toggles, breaks) & 1 if len(toggles) else np.zeros(len(breaks), np.int64)
    ending = np.flatnonzero(inside == 0)
    used = int(breaks[ending[-1]]) + 1 if len(ending) else 0
    quoted = len(toggles) % 2 == 1
    starts = np.concatenate([_ZERO, breaks[ending] + 1])
    lines = np.concatenate([_ZERO, ending + 1])
    if last and used < len(data) and not quoted:
        used, line_count = len(data), len(breaks) + 1
    else:
        starts, lines, line_count = starts[:-1], lines[:-1], int(lines[-1])
    kept = _not_blank(data, starts, used)
    return _records(starts[kept], lines[kept], stray, used, line_count, quoted)


_ZERO = np.zeros(1, np.int64)


def _records(starts: Places, lines: Places, stray: Places, used: int, line_count: int, quoted: bool) -> Records:
    owners = distinct(np.searchsorted(starts, stray[stray < used], side="right") - 1)
    return Records(starts, lines, owners, used, line_count, quoted)


def _line_ends(data: npt.NDArray[np.uint8], last: bool) -> Places:
    """Return the place of the last byte of each line end; a CR at the very end may be half of one."""
    low = np.flatnonzero(data <= CR)  # one look at every byte instead of two; tabs and the like are rare
    bytes_there = data[low]
    feeds, returns = low[bytes_there == LF], low[bytes_there == CR]
    if not len(returns):
        return low if len(feeds) == len(low) else feeds
    following = np.append(data, 0)[returns + 1] if returns[-1] + 1 == len(data) else data[returns + 1]
    alone = returns[following != LF]
    if len(alone) and alone[-1] + 1 == len(data) and not last:
        alone = alone[:-1]
    ends: Places = np.sort(np.concatenate([feeds, alone])) if len(alone) else feeds
    return ends


def _not_blank(data: npt.NDArray[np.uint8], starts: Places, used: int) -> npt.NDArray[np.bool_]:
    """Return which records are more than a line end."""
    if not len(starts):
        return np.zeros(0, bool)
    first = data[starts]
    kept: npt.NDArray[np.bool_] = (first != LF) & (first != CR)
    return kept


def _quotes(data: npt.NDArray[np.uint8], grammar: Grammar, last: bool) -> tuple[Places, Places]:
    """Return the quotes that lead into and out of quoted cells in turn, and those after which such a cell goes on.

    A doubled quote leads out and in again, which changes nothing for the line ends.
    """
    quotes = np.flatnonzero(data == grammar.quote)
    if not len(quotes):
        return quotes, quotes
    opens = _after_boundary(data, quotes, grammar)
    doubled = np.zeros(len(quotes), bool)
    doubled[1:] = quotes[1:] == quotes[:-1] + 1
    wrong = np.flatnonzero(~(opens[::2] | doubled[::2]))
    toggles = quotes if not len(wrong) else _walk(quotes, opens, doubled, int(wrong[0]) * 2)
    return toggles, _going_on(data, toggles, grammar)


def _after_boundary(data: npt.NDArray[np.uint8], quotes: Places, grammar: Grammar) -> npt.NDArray[np.bool_]:
    before = data[np.maximum(quotes - 1, 0)]
    opens: npt.NDArray[np.bool_] = (before == grammar.delimiter) | (before == LF) | (before == CR) | (quotes == 0)
    return opens


def _walk(quotes: Places, opens: npt.NDArray[np.bool_], doubled: npt.NDArray[np.bool_], start: int) -> Places:
    """Go through the quotes one by one from the first that is mere text in an unquoted cell."""
    kept = quotes[:start].tolist()
    quoted = False
    places, can_open, next_doubled = quotes.tolist(), opens.tolist(), [*doubled.tolist()[1:], False]
    index = start
    while index < len(places):
        if quoted and next_doubled[index]:
            kept += places[index : index + 2]
            index += 2
            continue
        if quoted or can_open[index]:
            kept.append(places[index])
            quoted = not quoted
        index += 1
    return np.array(kept, np.int64)


def _going_on(data: npt.NDArray[np.uint8], toggles: Places, grammar: Grammar) -> Places:
    """Return the closing quotes after which neither a delimiter nor a line end nor the second half of a pair stands."""
    closing = toggles[1::2]
    inner = closing[closing + 1 < len(data)]
    after = data[inner + 1]
    fine = (after == grammar.delimiter) | (after == LF) | (after == CR) | (after == grammar.quote)
    going_on: Places = inner[~fine]
    return going_on
