"""``socle check``: is everything in order, before or after a deployment?"""

from __future__ import annotations

import typer

from socle.config.cli.diagnosis import Finding, examine
from socle.config.cli.house import Data, Json, choose_data
from socle.config.cli.speaking import as_json, console, t


def register(app: typer.Typer) -> None:
    @app.command(
        help=t(
            "Vérifier réglages, dépendances, base et paquet. Code 1 si quelque chose manque.",
            "Check settings, dependencies, database and pack. Code 1 when something is wrong.",
        )
    )
    def check(data: Data = None, json: Json = False) -> None:
        choose_data(data)
        findings = examine(thorough=False)
        report(findings, json=json, remedies=False)

    @app.command(
        help=t(
            "Examiner l'installation et dire comment réparer.",
            "Examine the installation and say how to mend it.",
        )
    )
    def doctor(data: Data = None, json: Json = False) -> None:
        choose_data(data)
        findings = examine(thorough=True)
        report(findings, json=json, remedies=True)


def report(findings: list[Finding], *, json: bool, remedies: bool) -> None:
    """Print the findings; exit with 1 when one is bad."""
    bad = any(finding.verdict == "bad" for finding in findings)
    if json:
        as_json({"ok": not bad, "findings": [finding.document() for finding in findings]})
        raise typer.Exit(int(bad))
    signs = {"good": "[green]✓[/]", "worth": "[yellow]![/]", "bad": "[red]✗[/]"}
    for finding in findings:
        console.print(f"{signs[finding.verdict]} [bold]{finding.name}[/] ", end="", highlight=False)
        console.print(finding.sentence, highlight=False, markup=False, soft_wrap=True)
        if finding.remedy and (remedies or finding.verdict == "bad"):
            console.print(f"    → {finding.remedy}", highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(int(bad))
