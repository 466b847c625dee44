"""manage.py prove NAME: the long proofs, in a scratch copy of this installation, with a seed that repeats them."""

import os
import sys

import click

from datalake.cli.door import Door, pass_door
from datalake.errors import DatalakeError

MOST_TOLD = 50  # problems that are named; they are counted all
WHOLE = 30  # nights from which every quirk and form must have come often enough


@click.group()
def prove() -> None:
    """Prove on this machine what is promised, over many cases.

    Works in a scratch copy: your data, records and alerts are not touched.
    """


@prove.command()
@click.option("--instants", default=50, show_default=True, help="Kills at seeded instants of the night.")
@click.option("--seed", default=1, show_default=True, help="What decides the instants and the files.")
@click.option("--rows", default=2000, show_default=True, help="Records in each of the two files.")
@pass_door
def kills(door: Door, instants: int, seed: int, rows: int) -> None:
    """Kill a night in every way; the next run must load it whole.

    By SIGKILL of all, of Bash alone, of Python alone, by SIGTERM and by SIGINT, at seeded instants and at every
    stage boundary.
    """
    from tqdm import tqdm

    from datalake.prove.kills import proof, seeded_kills

    bash = os.environ.get("DATALAKE_TEST_BASH", "bash")
    with proof(door.lake.root, seed, bash, rows) as prepared:
        planned = seeded_kills(seed, instants, len(prepared.boundaries))
        trials = list(tqdm(prepared.trials(planned), "kills", len(planned), leave=False, disable=None, file=sys.stderr))
        wrong = [trial for trial in trials if trial.problems]
        for trial in wrong:
            click.echo(f"{trial.kill} ({trial.where}): {'; '.join(trial.problems)}")
        if wrong:
            kept = f"Their data and logs are kept in {prepared.scratch.root / 'failed'}."
            raise DatalakeError(f"{len(wrong)} of {len(trials)} killed nights were not whole after the next run.", kept)
        click.echo(f"All {len(trials)} killed nights were whole after the next run (seed {seed}).")


@prove.command()
@click.option("--nights", default=30, show_default=True, type=click.IntRange(1, 3650), help="Nights of every feed.")
@click.option("--seed", default=1, show_default=True, help="What decides the files.")
@click.option("--rows", default=1000, show_default=True, help="Studies on the first night; other feeds follow from it.")
@pass_door
def replay(door: Door, nights: int, seed: int, rows: int) -> None:
    """Load generated nights of every feed, with every quirk; all must be as it was meant.

    Every published cell, every line that is not published and what became of every file is compared with the
    generator's answer keys. Then staging and the published tables are deleted and rebuilt from raw, and files and
    events are tampered with.
    """
    from tqdm import tqdm

    from datalake.prove.rebuild import rebuilt, tampering
    from datalake.prove.replay import OFTEN, proof

    with proof(door.lake.root, seed, rows) as prepared:
        told = tqdm(prepared.nights(nights), "nights", nights, leave=False, disable=None, file=sys.stderr)
        wrong = [problem for problems in told for problem in problems]
        wrong += [*rebuilt(prepared), *tampering(prepared)]
        for problem in wrong[:MOST_TOLD]:
            click.echo(problem)
        if wrong:
            kept = f"The lake is kept in {prepared.lake.root}."
            raise DatalakeError(f"{len(wrong)} things are not as they were meant.", kept)
        click.echo(f"All {nights} nights of {len(prepared.contracts)} feeds are as they were meant (seed {seed}).")
        click.echo("What was deleted came back to the byte, and every tampering was named.")
        rare = f"Too few to prove anything (under {OFTEN}): {', '.join(prepared.rare())}"
        if prepared.rare() and nights >= WHOLE:
            raise DatalakeError(rare, "Give more --nights or --rows.")
        click.echo(rare if prepared.rare() else f"Each quirk and form came {OFTEN} times or more.")


@prove.command()
@click.option("--weeks", default=53, show_default=True, type=click.IntRange(16, 520), help="Weeks of nights.")
@click.option("--seed", default=1, show_default=True, help="What decides the nights.")
@pass_door
def year(door: Door, weeks: int, seed: int) -> None:
    """Live through a year of nights by a moved clock; every bad one must be told once, no good one accused.

    Failures, misses, late, double, short and endless loads, kills, planned work, both changes of the clocks, a week of
    a dead webhook, three days asleep, an old record put back, a person who acknowledges and silences. What arrives at a
    Slack and a mail server of this process, its words, and the weekly reports are held against the plan.
    """
    from tqdm import tqdm

    from datalake.prove.year import FIRST, simulation
    from datalake.prove.year_count import mistakes
    from datalake.prove.year_plan import planned

    plan = planned(FIRST, weeks, seed)
    with simulation(door.lake.root, plan) as done:
        for day in tqdm(plan.days, "nights", leave=False, disable=None, file=sys.stderr):
            done.night(day)
        wrong, arrived = mistakes(done), len(done.sinks.arrived)
    for problem in wrong[:MOST_TOLD]:
        click.echo(problem)
    if wrong:
        raise DatalakeError(f"{len(wrong)} messages or figures are not as they must be (seed {seed}).")
    click.echo(
        f"{len(plan.days)} nights: all {arrived} messages and {weeks - 1} weekly reports are right (seed {seed})."
    )
