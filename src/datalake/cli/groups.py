"""The commands by the moment they are for, each loaded only when it is asked for, and their help on one screen."""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module

import click

Sections = Mapping[str, Mapping[str, str]]  # heading -> command -> "module:attribute"


class SectionedGroup(click.Group):
    """A click group whose commands stand under headings and are imported one by one."""

    def __init__(self, sections: Sections, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.sections = sections

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for commands in self.sections.values() for name in commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for commands in self.sections.values():
            if cmd_name in commands:
                return _load(commands[cmd_name])
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; a word that is nearly a command is answered with that command."""
        near = get_close_matches(args[0], self.list_commands(ctx), 1)
        if near and self.get_command(ctx, args[0]) is None:
            ctx.fail(f"No such command {args[0]!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Leave the few options to the last line: the commands fill the screen."""
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(len(name) for name in self.list_commands(ctx))
        for heading, commands in self.sections.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(width), _summary(place)) for name, place in commands.items()])


def _load(place: str) -> click.Command:
    module, attribute = place.split(":")
    command: click.Command = getattr(import_module(module), attribute)
    return command


def _summary(place: str) -> str:
    return _load(place).get_short_help_str(limit=90)
