"""What a stage counts, part by part; the sums of parts are the counts of the file."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from datalake.clean.rules import Rules
from datalake.clean.schema import published
from datalake.engine.job import Staged


@dataclass
class Tally:
    """Counts of a part, or of all parts so far."""

    rows: int = 0
    fates: Counter[str] = field(default_factory=Counter)  # accepted rejected duplicate superseded excluded
    rejected_by_rule: Counter[str] = field(default_factory=Counter)
    fixes: dict[str, Counter[str]] = field(default_factory=dict)
    filled: Counter[str] = field(default_factory=Counter)
    sums: Counter[str] = field(default_factory=Counter)  # in units of the last digit: whole numbers never round
    keys_known: bool = True

    def add(self, other: "Tally") -> None:
        """Add the counts of another part."""
        self.rows += other.rows
        for mine, theirs in (
            (self.fates, other.fates),
            (self.rejected_by_rule, other.rejected_by_rule),
            (self.filled, other.filled),
            (self.sums, other.sums),
        ):
            for name, count in theirs.items():
                mine[name] += count
        for column, fixes in other.fixes.items():
            self.fixes.setdefault(column, Counter()).update(fixes)
        self.keys_known = self.keys_known and other.keys_known

    def staged(self, rules: Rules) -> Staged:
        """Return what of it staged.json says."""
        columns = published(rules.contract)
        numbers = [each for each in columns if each.type == "number" and not each.mask]
        return Staged(
            rows_read=self.rows,
            accepted=self.fates["accepted"],
            rejected=self.fates["rejected"],
            duplicates=self.fates["duplicate"],
            superseded=self.fates["superseded"],
            excluded=self.fates["excluded"],
            rejected_by_rule={name: count for name, count in sorted(self.rejected_by_rule.items()) if count},
            fixes={column: dict(sorted(fixes.items())) for column, fixes in sorted(self.fixes.items())},
            filled={each.name: self.filled[each.name] for each in columns},
            sums={each.name: f"{Decimal(self.sums[each.name]).scaleb(-each.precision[1]):f}" for each in numbers},
            rejected_keys_known=self.keys_known,
        )
