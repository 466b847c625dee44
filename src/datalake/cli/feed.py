"""manage.py feed new: a draft of a new feed's rules, from sample files."""

import re
from pathlib import Path

import click

from datalake.cli import text
from datalake.cli.door import Door, pass_door
from datalake.errors import ConfigurationError, UsageError
from datalake.safe_text import written_out


@click.group()
def feed() -> None:
    """Add a feed: write a draft of its rules from sample files."""


@feed.command()
@click.argument("name")
@click.option(
    "--from", "first", type=click.Path(path_type=Path), required=True, help="A file of the feed, as it comes."
)
@click.argument("more", nargs=-1, type=click.Path(path_type=Path))
@pass_door
def new(door: Door, name: str, first: Path, more: tuple[Path, ...]) -> None:
    """Write config/local/modules/NAME.yaml from sample files: feed new NAME --from FILE [FILE ...]

    Types, key, allowed values and forms are guessed and marked so. A draft publishes nothing: look it over, and set
    status to active.
    """
    from datalake.drafts.draft import draft
    from datalake.drafts.samples import read_sample
    from datalake.drafts.writing import text_of

    path = _free(door, name)
    drafted = draft(name, [read_sample(each) for each in (first, *more)])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text_of(drafted), encoding="utf-8")
    key = ", ".join(drafted.key) or "none found"
    click.echo(f"Wrote {path.relative_to(door.lake.root)}: {len(drafted.columns)} columns, key: {key}.")
    _tell_mistakes(door)
    for line in _next(name, first):
        click.echo(line)


def _free(door: Door, name: str) -> Path:
    """Return where the rules go; raise UsageError for a name that is none, or taken."""
    from datalake.contracts.keys import NAME

    if not re.fullmatch(NAME, name, re.ASCII):
        told = f"{text.clipped(name, 60)!r} is no name of a feed."
        raise UsageError(told, "Use small letters, digits and _, such as clinic_visits.")
    for folder in ("config/modules", "config/local/modules"):
        if (door.lake.root / folder / f"{name}.yaml").exists():
            raise UsageError(f"{folder}/{name}.yaml is there already.", "Change that, or choose another name.")
    return door.lake.root / "config" / "local" / "modules" / f"{name}.yaml"


def _tell_mistakes(door: Door) -> None:
    try:
        door.contracts()
    except ConfigurationError as problem:
        click.echo(f"It needs a correction first:\n{problem}")


def _next(name: str, sample: Path) -> list[str]:
    return [
        "Look it over. Then: python3 manage.py check",
        f"and: python3 manage.py try {written_out(str(sample))} --as {name}",
        "When it is right, set its status to active.",
    ]
