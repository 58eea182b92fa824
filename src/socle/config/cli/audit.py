"""``socle audit``: does the journal still tell what happened?"""

from __future__ import annotations

import dataclasses

import typer

from socle.config.cli.house import Data, Json, open_house
from socle.config.cli.speaking import as_json, done, fail, t


def register(app: typer.Typer) -> None:
    audit = typer.Typer(help=t("Journal inaltérable.", "Tamper-evident journal."))
    app.add_typer(audit, name="audit")

    @audit.callback()
    def everywhere() -> None:
        pass

    @audit.command(
        help=t(
            "Vérifier toutes les chaînes et les points de contrôle signés.",
            "Verify every chain and the signed checkpoints.",
        )
    )
    def verify(data: Data = None, json: Json = False) -> None:
        open_house(data)
        from socle.foundations.journal.queries import verify as verification

        report = verification()
        if json:
            as_json({"ok": report.ok, **dataclasses.asdict(report)})
        elif report.ok:
            done(
                f"Journal intact : {report.entries} écritures, {report.chains} chaînes.",
                f"Journal intact: {report.entries} entries, {report.chains} chains.",
            )
        else:
            for finding in report.findings:
                fail(str(finding), str(finding))
        raise typer.Exit(0 if report.ok else 1)
