"""``socle audit``: does the journal still tell what happened?"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from socle.config.cli.house import Data, Json, open_house
from socle.config.cli.speaking import as_json, done, fail, say, t


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
    def verify(
        chain: Annotated[
            str | None, typer.Option(help=t("Une seule chaîne.", "One chain only."))
        ] = None,
        checkpoints: Annotated[
            Path | None,
            typer.Option(
                help=t("Copie des points de contrôle.", "Folder of a copy of the checkpoints."),
                show_default=False,
            ),
        ] = None,
        public_key: Annotated[
            str | None,
            typer.Option(
                help=t("Clé publique notée par l'auditeur.", "Public key noted by the auditor."),
                show_default=False,
            ),
        ] = None,
        data: Data = None,
        json: Json = False,
    ) -> None:
        open_house(data)
        from socle.foundations.journal.actions import default_folder
        from socle.foundations.journal.queries import verify as verification

        report = verification(chain=chain, checkpoints_dir=checkpoints, public_key=public_key)
        if json:
            findings = [
                {**dataclasses.asdict(each), "sentence": str(each)} for each in report.findings
            ]
            as_json({"ok": report.ok, **dataclasses.asdict(report), "findings": findings})
        elif report.ok:
            done(
                f"Journal intact : {report.entries} écritures, {report.chains} chaînes, "
                f"{report.checkpoints} points de contrôle.",
                f"Journal intact: {report.entries} entries, {report.chains} chains, "
                f"{report.checkpoints} checkpoints.",
            )
            folder = checkpoints or default_folder()
            say(
                f"Points de contrôle (copiez-les ailleurs) : {folder}",
                f"Checkpoints (copy them elsewhere): {folder}",
            )
            if report.public_key and not public_key:
                say(
                    f"Clé publique, à noter ailleurs : {report.public_key}",
                    f"Public key, to be noted elsewhere: {report.public_key}",
                )
        else:
            for finding in report.findings:
                fail(str(finding), str(finding))
        raise typer.Exit(0 if report.ok else 1)
