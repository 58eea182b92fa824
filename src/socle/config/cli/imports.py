"""``socle import``: bring historic data in."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from socle.config.cli.house import Data, Json, open_house
from socle.config.cli.speaking import as_json, console, done, refuse, say, t


def register(app: typer.Typer) -> None:
    imports = typer.Typer(help=t("Reprises de données.", "Imports of historic data."))
    app.add_typer(imports, name="import")

    @imports.callback()
    def everywhere() -> None:
        pass

    @imports.command(
        help=t(
            "Reprendre des signalements (CSV, CSV.gz) avec leur correspondance (TOML).",
            "Import reports (CSV, CSV.gz) with their mapping (TOML).",
        )
    )
    def reports(
        file: Annotated[Path, typer.Argument(metavar="FILE.csv")],
        mapping: Annotated[
            Path, typer.Option("--map", metavar="FILE.toml", help=t("Correspondance.", "Mapping."))
        ],
        rejects: Annotated[
            Path | None,
            typer.Option(
                help=t("Fichier des lignes refusées.", "File of refused lines."),
                show_default=False,
            ),
        ] = None,
        data: Data = None,
        json: Json = False,
    ) -> None:
        for path in (file, mapping):
            if not path.is_file():
                refuse(f"Le fichier « {path} » n'existe pas.", f"There is no file “{path}”.", 2)
        open_house(data)
        from socle.domains.reports import importing
        from socle.domains.reports.mapping import load

        refused = rejects or file.with_name(f"{file.name.partition('.')[0]}.rejects.csv")
        importer = importing.Importer(load(mapping))
        started = time.monotonic()
        with Progress(
            TextColumn(t("Signalements", "Reports")),
            BarColumn(),
            TextColumn("{task.fields[lines]:,}".replace(",", " ")),
            TimeRemainingColumn(),
            console=console,
            disable=json,
        ) as progress:
            task = progress.add_task("", total=file.stat().st_size, lines=0)
            run = importer.run(
                file,
                rejects=refused,
                progress=lambda lines, position: progress.update(
                    task, completed=position, lines=lines
                ),
            )
        seconds = time.monotonic() - started
        if json:
            as_json(
                {
                    "read": run.read,
                    "created": run.created,
                    "known": run.known,
                    "rejected": run.rejected,
                    "rejects": str(refused) if run.rejected else None,
                    "seconds": round(seconds, 2),
                }
            )
            return
        done(
            f"{run.created} signalements repris, {run.known} déjà connus, {run.rejected} refusés "
            f"({run.read} lignes en {seconds:.1f} s).",
            f"{run.created} reports imported, {run.known} known already, {run.rejected} refused "
            f"({run.read} lines in {seconds:.1f} s).",
        )
        if run.rejected:
            say(f"Lignes refusées et raisons : {refused}", f"Refused lines and reasons: {refused}")
