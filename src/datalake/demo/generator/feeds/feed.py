"""What the generator must know of a feed."""

from dataclasses import dataclass, field
from datetime import date

from datalake.demo.generator.cells import Column
from datalake.demo.generator.life import Paths
from datalake.demo.generator.world import Rows

LAYOUTS = ("full", "original")


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
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)  # other headers that its columns may come under

    def laid_out(self, layout: str) -> tuple[Column, ...]:
        """Return the columns of a layout in file order; a feed without an original layout has the full one only."""
        if layout == "full" or not self.original:
            return self.columns
        by_name = {each.name: each for each in self.columns}
        return tuple(by_name[name] for name in self.original)

    def file_on(self, day: date) -> str:
        """Return the name of the file of a data date."""
        return self.file_name.format(date=day.isoformat())
