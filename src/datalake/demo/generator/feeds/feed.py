"""What the generator must know of a feed."""

from dataclasses import dataclass, field
from datetime import date

from datalake.demo.generator.cells import Column
from datalake.demo.generator.life import Paths
from datalake.demo.generator.world import Rows

LAYOUTS = ("full", "original", "allocations")


@dataclass(frozen=True)
class Feed:
    """One feed: its file's name, its key and its columns in file order."""

    name: str
    file_name: str  # {date} is the data date, YYYY-MM-DD
    key: str
    paths: Paths
    columns: tuple[Column, ...]
    rows: type[Rows] = Rows
    original: tuple[str, ...] = ()  # the columns of the shorter layout that came first, where there is one
    layouts: dict[str, tuple[Column, ...]] = field(default_factory=dict)  # others that it may come in
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)  # other headers that its columns may come under

    def laid_out(self, layout: str) -> tuple[Column, ...]:
        """Return the columns of a layout in file order; a feed that does not know the layout has the full one."""
        if layout in self.layouts:
            return self.layouts[layout]
        if layout != "original" or not self.original:
            return self.columns
        by_name = {each.name: each for each in self.columns}
        return tuple(by_name[name] for name in self.original)

    def file_on(self, day: date) -> str:
        """Return the name of the file of a data date."""
        return self.file_name.format(date=day.isoformat())
