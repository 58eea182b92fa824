"""The command line: one file per group of commands.

``main`` is the only place where an error becomes a sentence and an exit code: 0 done, 1 refused or
found wrong, 2 wrong settings or wrong usage, 130 interrupted.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated

import typer

import socle
from socle.config.cli.speaking import Refusal, console, fail, output, t
from socle.config.mistakes import ConfigurationError

# Each module adds its commands to the application it is given.
_GROUPS = (
    "demo",
    "serve",
    "worker",
    "migrate",
    "check",
    "packs",
    "backup",
    "restore",
    "audit",
    "users",
    "imports",
    "mail",
    "test",
)


def application() -> typer.Typer:
    """The whole command tree."""
    app = typer.Typer(
        name="socle",
        help=t(
            "Un socle numérique pour une métropole et ses communes.",
            "One digital foundation for a métropole and its communes.",
        ),
        no_args_is_help=True,
        invoke_without_command=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def everywhere(
        version: Annotated[
            bool, typer.Option("--version", help=t("Dire la version.", "Say the version."))
        ] = False,
    ) -> None:
        if version:
            output.print(f"socle {socle.__version__}", highlight=False)
            raise typer.Exit

    for group in _GROUPS:
        import_module(f"socle.config.cli.{group}").register(app)
    return app


def main() -> None:
    """Entry point of ``./socle``."""
    try:
        # Usage mistakes, Ctrl-C and exit codes are the library's; sentences are ours.
        application()(prog_name="./socle")
    except ConfigurationError as error:
        for mistake in error.mistakes:
            fail(f"{mistake.variable} : {mistake.french}", f"{mistake.variable}: {mistake.english}")
        sys.exit(error.exit_code)
    except Refusal as refusal:
        fail(refusal.french, refusal.english)
        sys.exit(refusal.exit_code)
    except Exception as error:
        sys.exit(_unforeseen(error))


def _unforeseen(error: Exception) -> int:
    """Typed errors of the house and a database that is away are sentences; the rest is a bug."""
    from django.db import DatabaseError, OperationalError

    from socle.kernel.errors import SocleError

    if isinstance(error, SocleError):
        console.print(f"[red]✗[/] {error}", highlight=False)
        return 1
    if isinstance(error, OperationalError):
        fail(
            f"La base de données ne répond pas ou n'est pas prête ({_first_line(error)}). "
            "Lancez « ./socle doctor ».",
            f"The database does not answer or is not ready ({_first_line(error)}). "
            "Run “./socle doctor”.",
        )
        return 1
    if isinstance(error, DatabaseError):
        fail(
            f"La base de données refuse la requête ({_first_line(error)}) : le schéma est-il à "
            "jour ? Lancez « ./socle migrate ».",
            f"The database refuses the query ({_first_line(error)}): is the schema up to date? "
            "Run “./socle migrate”.",
        )
        return 1
    raise error


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
