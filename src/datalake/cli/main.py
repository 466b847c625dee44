"""manage.py's commands, and the one place where an error becomes a line on stderr and an exit code."""

import sys

import click

from datalake import __version__
from datalake.cli import journal
from datalake.cli.door import Door
from datalake.cli.groups import SectionedGroup
from datalake.errors import EXIT_FAILED, EXIT_OK, DatalakeError, UsageError

SECTIONS = {
    "Day by day": {
        "run": "datalake.cli.run:run",
        "status": "datalake.cli.status:status",
        "try": "datalake.cli.trial:try_file",
        "held": "datalake.cli.waiting:held",
        "approve": "datalake.cli.waiting:approve",
        "decline": "datalake.cli.waiting:decline",
        "retry": "datalake.cli.waiting:retry",
        "take": "datalake.cli.take:take",
        "backfill": "datalake.cli.backfill:backfill",
        "rejects": "datalake.cli.rejects:rejects",
        "alerts": "datalake.cli.alerts:alerts",
    },
    "Explain and repeat": {
        "trace": "datalake.cli.explain:trace",
        "diff": "datalake.cli.explain:diff",
        "asof": "datalake.cli.explain:asof",
        "compare": "datalake.cli.compare:compare",
        "sql": "datalake.cli.sql:sql",
        "replay": "datalake.cli.rebuild:replay",
        "verify": "datalake.cli.rebuild:verify",
        "retention": "datalake.cli.retention:retention",
    },
    "Set-up and checks": {
        "demo": "datalake.cli.demo:demo",
        "setup": "datalake.cli.setup:setup",
        "feed": "datalake.cli.feed:feed",
        "check": "datalake.cli.check:check",
        "doctor": "datalake.cli.doctor:doctor",
        "cron": "datalake.cli.cron:cron",
        "test": "datalake.cli.selftest:test",
        "prove": "datalake.cli.prove:prove",
        "bench": "datalake.cli.bench:bench",
    },
}
INTERRUPTED = 130


@click.group(
    cls=SectionedGroup,
    sections=SECTIONS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="About one: manage.py COMMAND --help. With its traceback: manage.py --debug COMMAND. Exit codes: "
    "docs/operations.md.",
)
@click.version_option(__version__, message="Research Data Lake %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def commands(debug: bool) -> None:
    """Research Data Lake: nightly Huron files, from incoming to published tables."""


def main(arguments: list[str], door: Door | None = None) -> int:
    """Given the words after manage.py, do it and return the exit code."""
    door = door or Door()
    try:
        done = commands.main(args=arguments, prog_name="manage.py", standalone_mode=False, obj=door)
        return done if isinstance(done, int) else EXIT_OK
    except click.exceptions.NoArgsIsHelpError as problem:
        click.echo(problem.format_message(), err=True)
        return problem.exit_code
    except click.ClickException as problem:
        click.echo(f"error: {problem.format_message()} {_hint(problem)}".rstrip(), err=True)
        return problem.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        return INTERRUPTED
    except DatalakeError as problem:
        return _told(problem, door, arguments)
    except BrokenPipeError:
        sys.stderr.close()  # `manage.py status | head`: the reader has seen enough
        return EXIT_OK
    except ModuleNotFoundError as problem:
        return _told(DatalakeError(f"venv is damaged: {problem}.", "Mend it: python3 manage.py setup"), door, arguments)
    except Exception as problem:
        return _surprised(problem, door, arguments)


def _hint(problem: click.ClickException) -> str:
    context = getattr(problem, "ctx", None)
    return f"See `python3 {context.command_path} --help`." if context else ""


def _told(problem: DatalakeError, door: Door, arguments: list[str]) -> int:
    if not isinstance(problem, UsageError):  # nothing was touched: nothing to look up later
        journal.keep_traceback(door.lake, problem)
    _say(problem, str(problem), arguments)
    return problem.exit_code


def _surprised(problem: Exception, door: Door, arguments: list[str]) -> int:
    journal.keep_traceback(door.lake, problem)
    fix = f"This is a fault in the program: the traceback is in {door.lake.etl_log}."
    _say(problem, f"{type(problem).__name__}: {problem}. {fix}", arguments)
    return EXIT_FAILED


def _say(problem: Exception, sentence: str, arguments: list[str]) -> None:
    if "--debug" in arguments:
        sys.excepthook(type(problem), problem, problem.__traceback__)
    click.echo(f"error: {sentence}", err=True)
