"""The edge to logs/cron_etl.log: what one run left in it. A part of it from the end is searched, never the whole."""

from pathlib import Path

from datalake.web.figures.log import LogLine, lines_of
from datalake.zones.paths import Lake

SEARCHED = 32 * 2**20  # bytes from the log's end: more than ten years of nights
MOST = 512 * 2**10  # bytes of one run that are shown, the last ones


def read_log(lake: Lake, run_id: str, ended: bool = True) -> list[LogLine]:
    """Return the run's lines in the log, oldest first; none where the log has none. Raises OSError if unreadable."""
    try:
        content = _from_first(lake.etl_log, f"run={run_id} ".encode("utf-8", "replace"), ended)
    except FileNotFoundError:
        return []
    return lines_of(content.decode("utf-8", "replace"), run_id, ended)


def _from_first(path: Path, mark: bytes, ended: bool) -> bytes:
    """The log from the first line with the mark on, and no further than a bit behind the last one of an ended run."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - SEARCHED))
        searched = file.read(SEARCHED)
    first, last = searched.find(mark), searched.rfind(mark)
    if first < 0:
        return b""
    first = searched.rfind(b"\n", 0, first) + 1
    end = min(len(searched), last + MOST // 8) if ended else len(searched)
    return _whole_lines(searched, max(first, end - MOST), end)


def _whole_lines(content: bytes, first: int, end: int) -> bytes:
    """From the start of a line to the end of one; a line that is still being written is left for the next look."""
    if first and content[first - 1 : first] != b"\n":
        first = content.find(b"\n", first) + 1
    stop = content.rfind(b"\n", first, end)
    return content[first : stop + 1] if stop >= 0 else content[first:end]
