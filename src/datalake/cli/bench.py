"""manage.py bench NAME...: what the work costs on this machine now; several names are measured one after the other."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from datalake.bench.engines import ENGINES
from datalake.cli.door import Door, pass_door
from datalake.errors import EXIT_FAILED, EXIT_OK, UsageError

if TYPE_CHECKING:
    from datalake.bench.figures import Figures

Measured = tuple[str, "Figures"]


@dataclass(frozen=True)
class Bench:
    """What all names of one call share."""

    folder: Path
    json: bool

    def show(self, name: str, figures: "Figures") -> Measured:
        """Show the table of one name as soon as it is there; with --json all are shown together at the end."""
        if not self.json:
            click.echo("\n".join([f"bench {name}", *figures.lines, ""]))
        return name, figures


pass_bench = click.make_pass_decorator(Bench)


@click.group(chain=True)
@click.option("--json", "as_json", is_flag=True, help="Every run, as JSON: an object with a member for each name.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(tempfile.gettempdir()) / "datalake-bench",
    help="Where generated files are made and kept for the next time; by default in the temporary folder.",
)
@click.pass_context
def bench(context: click.Context, as_json: bool, folder: Path) -> None:
    """Measure on this machine what the work costs, beside other tools.

    Several names in one call are measured one after the other. Works on generated files in a folder of its own: your
    data, records and alerts are not touched.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UsageError(f"{folder} cannot be made: {problem.strerror}.", "Name another --folder.") from None
    context.obj = Bench(folder, as_json)


@bench.result_callback()
def _end(measured: Sequence[Measured], as_json: bool, **_: Any) -> int:
    if as_json:
        click.echo(json.dumps({name: figures.values for name, figures in measured}, indent=1))
    return EXIT_OK if all(figures.sound for _, figures in measured) else EXIT_FAILED


def _tell(text: str) -> None:
    click.echo(text, err=True)


@bench.command()
@click.option(
    "--mb", multiple=True, type=click.IntRange(1), default=(10, 100, 1000), show_default=True, help="Sizes of file."
)
@click.option("--runs", type=click.IntRange(1), default=3, show_default=True, help="Runs of each tool; medians count.")
@click.option("--threads", type=click.IntRange(1), default=2, show_default=True, help="For the tools that use them.")
@click.option(
    "--tool", multiple=True, type=click.Choice(tuple(ENGINES)), help="One of the tools; else all are measured."
)
@pass_bench
def clean(shared: Bench, mb: Sequence[int], runs: int, threads: int, tool: Sequence[str]) -> Measured:
    """Clean one large file, beside DuckDB, Polars and pandas.

    Each reads it, checks types, keeps the newest row of each key, hashes the file and writes Parquet. A ratio to
    DuckDB is shown only where row count, sums and row hashes agree. Exit code 1 where ours do not.
    """
    from datalake.bench.clean import figures, missing

    tools = tool or tuple(ENGINES)
    for name in missing(tools):
        _tell(f"{name} is not measured, as it is not here: venv/bin/python -m pip install -r requirements-bench.txt")
    return shared.show("clean", figures(mb, shared.folder, threads, runs, tools, _tell))


@bench.command()
@click.option("--runs", type=click.IntRange(1), default=5, show_default=True, help="Runs of each; medians count.")
@pass_bench
@pass_door
def startup(door: Door, shared: Bench, runs: int) -> Measured:
    """Run nights with nothing to do: what starting costs.

    An empty night and one of two rows, from the first line of cron_runner.sh to its end, and a check after a good
    night, in a scratch copy with alerts off. Exit code 1 where one of them fails.
    """
    from datalake.bench.startup import figures

    return shared.show("startup", figures(door.lake.root, shared.folder, runs, _tell))


@bench.command()
@click.option("--mb", type=click.IntRange(1), default=100, show_default=True, help="Size of the file.")
@click.option("--partitions", type=click.IntRange(1), default=4, show_default=True, help="Of the published table.")
@pass_bench
def scale(shared: Bench, mb: int, partitions: int) -> Measured:
    """Load one large feed for two nights here, and on Dask.

    On this host with two threads, and with one worker and two on loopback; then what more workers would take, on
    paper. Exit code 1 where they do not publish the same bytes.
    """
    from datalake.bench.scale import figures

    return shared.show("scale", figures(mb, partitions, shared.folder, _tell))


@bench.command()
@click.option("--nights", type=click.IntRange(3), default=3650, show_default=True, help="Nights in the record.")
@click.option("--times", type=click.IntRange(1), default=50, show_default=True, help="How often each page is asked.")
@pass_bench
def dashboard(shared: Bench, nights: int, times: int) -> Measured:
    """Ask every page and call of the dashboard over ten years of nights, and fifty at once.

    Eight feeds, their stages and a million rejected rows, written by the pipeline into a temporary lake. Exit code 1
    where an answer is an error or takes more than 100 ms of server time at the 99th percentile.
    """
    from datalake.web.bench import figures

    return shared.show("dashboard", figures(nights, times))


@bench.command()
@click.option(
    "--nights",
    multiple=True,
    type=click.IntRange(1, 3650),
    default=(1, 365, 3650),
    show_default=True,
    help="Nights behind the one that is measured.",
)
@click.option("--runs", type=click.IntRange(1), default=3, show_default=True, help="Runs of each; medians count.")
@pass_bench
@pass_door
def history(door: Door, shared: Bench, nights: Sequence[int], runs: int) -> Measured:
    """Run a night, a check and status after years of nights.

    The past is written by the code of a real night with a moved clock: the first time this takes a second for five
    nights; it is kept in --folder. Exit code 1 where a night fails.
    """
    from datalake.bench.history import figures

    return shared.show("history", figures(door.lake.root, shared.folder, nights, runs, _tell))


@bench.command()
@click.option(
    "--studies", type=click.IntRange(10), default=20_000, show_default=True, help="Rows of irb, of all feeds."
)
@click.option("--mb", type=click.IntRange(0), default=1000, show_default=True, help="Size of the large file; 0: none.")
@click.option("--runs", type=click.IntRange(1), default=3, show_default=True, help="Of the large file; medians count.")
@pass_bench
@pass_door
def night(door: Door, shared: Bench, studies: int, mb: int, runs: int) -> Measured:
    """Run whole nights, and show what each stage costs.

    Every feed, stage by stage; then one large file, raw copy, flush to disk, staging and publish, without a CSV twin,
    beside DuckDB's bare cleaning of it. Exit code 1 where the rows differ.
    """
    from datalake.bench.night import figures

    return shared.show("night", figures(door.lake.root, shared.folder, studies, mb, runs, _tell))
