"""The second half of `manage.py prove replay`: what is deleted comes back to the byte, and tampering is named."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from datalake.clock import MovedClock
from datalake.pipeline.context import Context
from datalake.pipeline.replay import replay
from datalake.pipeline.verify import verify
from datalake.prove.posting import FILED, PUBLISHED
from datalake.prove.replay import Proof
from datalake.zones.events import EventLog, Position, read
from datalake.zones.files import flushed_at_the_end
from datalake.zones.manifest import Ledger
from datalake.zones.raw import file_sha256

REBUILT = ("staging", "curated")
LATER = timedelta(days=365)
CHAIN = ("seq", "at", "kind", "previous")  # what the log itself adds to an event's facts
TOLD = 20


def rebuilt(proof: Proof) -> list[str]:
    """Delete every feed's staging and published tables; rebuild them with other threads, a year on.

    Returns what is not as it was. The views are not of this: they are made anew by the next night.
    """
    before = dict(_contents(proof))
    for folder in _folders(proof):
        shutil.rmtree(folder)
    clock = MovedClock(proof.now + LATER)
    chosen = replace(proof.settings, threads=proof.settings.threads + 1)
    ledger = Ledger(proof.lake, clock.now)
    context = Context(proof.lake, chosen, clock, ledger, clock.now().date())
    with flushed_at_the_end():
        for contract in proof.contracts:
            replay(context, contract)
    after = dict(_contents(proof))
    differing = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return [f"{name} is not what it was before the rebuild" for name in differing[:TOLD]] + named(proof)


def _folders(proof: Proof) -> list[Path]:
    zones = (proof.lake.data / zone for zone in REBUILT)
    return [zone / each.feed for zone in zones for each in proof.contracts]


def _contents(proof: Proof) -> Iterator[tuple[str, str]]:
    """Every file and link of what is rebuilt, by what is in it. What was only held was never used: it stays away."""
    used = {each.delivery for each in proof.sent if each.must_be in (PUBLISHED, FILED)}
    for folder in _folders(proof):
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(proof.lake.data)
            if name.parts[0] == "staging" and not used.intersection(name.parts):
                continue
            if path.is_symlink():
                yield str(name), str(path.readlink())
            elif path.is_file():
                yield str(name), file_sha256(path)


def named(proof: Proof, **tips: str) -> list[str]:
    """Return what verify names: the place, relative to data/, and what is wrong there."""
    return [f"{each.place}: {each.what}" for each in verify(proof.lake, proof.contracts, tips)[0]]


def tampering(proof: Proof) -> list[str]:
    """Harm the lake in several ways, each undone after; return the harms that verify does not name."""
    problems = []
    for harm in (_flip, _delete):
        for feed in sorted(each.feed for each in proof.contracts):
            for path in _victims(proof, feed):
                problems += _unnoticed(proof, path, harm)
    return problems + _rechained(proof)


def _victims(proof: Proof, feed: str) -> list[Path]:
    """A raw file in the middle of the time, and the published table."""
    raw = sorted((proof.lake.raw_zone / feed).glob("*/*.csv*"))
    return [raw[len(raw) // 2], (proof.lake.curated(feed) / "current" / f"{feed}.parquet").resolve()]


def _unnoticed(proof: Proof, path: Path, harm: Callable[[Path], None]) -> list[str]:
    good, mode = path.read_bytes(), path.stat().st_mode
    harm(path)
    place = str(path.relative_to(proof.lake.data.resolve()))
    found = [each for each in named(proof) if place in each]
    path.unlink(missing_ok=True)
    path.write_bytes(good)
    path.chmod(mode)
    return [] if found else [f"{place}: nobody notices {harm.__name__.strip('_')}"]


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    path.chmod(0o644)
    if data:
        data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data) or b"x")


def _delete(path: Path) -> None:
    path.unlink()


def _rechained(proof: Proof) -> list[str]:
    """Write the log anew with a whole chain and one word changed: only a tip that was noted before can tell."""
    ledger = Ledger(proof.lake, lambda: proof.now)
    tip, told = ledger.tip, [line.event for line in read(proof.lake.events) if line.event]
    kept = proof.lake.events.rename(proof.lake.metadata / "events.kept")
    log = EventLog(proof.lake.events, Position())
    with flushed_at_the_end():
        for event in told:
            facts = {name: value for name, value in event.items() if name not in CHAIN}
            log.append(event["kind"], proof.now, {**facts, "why": "nobody asked"})
    found = named(proof, **{"a message": tip})
    shutil.rmtree(proof.lake.events)
    kept.rename(proof.lake.events)
    return [] if any("written anew" in each for each in found) else ["nobody notices that the log was written anew"]
