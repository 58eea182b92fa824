"""``socle worker``: carries out the tasks waiting in the database."""

from __future__ import annotations

import logging
import os
import sys
from datetime import timedelta
from typing import Annotated

import typer

from socle.config.cli.house import Data, open_house
from socle.config.cli.speaking import t


def register(app: typer.Typer) -> None:
    @app.command(help=t("Exécuter les tâches en attente.", "Carry out waiting tasks."))
    def worker(
        threads: Annotated[
            int, typer.Option(help=t("Tâches à la fois.", "Tasks at a time."), min=1, max=64)
        ] = 2,
        queue: Annotated[
            list[str] | None,
            typer.Option(
                help=t("File à servir (plusieurs fois).", "Queue to serve (repeatable)."),
                show_default=False,
            ),
        ] = None,
        grace: Annotated[
            int,
            typer.Option(
                help=t(
                    "Secondes laissées aux tâches en cours à l'arrêt.",
                    "Seconds left to running tasks when stopping.",
                ),
                min=0,
            ),
        ] = 12,
        data: Data = None,
    ) -> None:
        open_house(data)
        from socle.foundations.tasks.worker import Worker

        finished = Worker(
            queues=queue or None, threads=threads, grace=timedelta(seconds=grace)
        ).run()
        if not finished:
            # A thread may still be inside a task that was given back: leave at once.
            logging.shutdown()
            sys.stderr.flush()
            os._exit(0)
