"""``socle worker``: carries out the tasks waiting in the database."""

from __future__ import annotations

import typer

from socle.config.cli.house import Data, open_house
from socle.config.cli.speaking import t


def register(app: typer.Typer) -> None:
    @app.command(help=t("Exécuter les tâches en attente.", "Carry out waiting tasks."))
    def worker(data: Data = None) -> None:
        open_house(data)
        from socle.foundations.tasks.worker import run

        run()
