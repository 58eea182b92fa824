"""``socle serve``: the web server, and the worker too when everything runs on one machine."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from socle.config.cli import processes
from socle.config.cli.house import Data, choose_data, open_house
from socle.config.cli.speaking import done, refuse, t
from socle.config.demo_state import DemoState


def register(app: typer.Typer) -> None:
    @app.command(help=t("Démarrer le serveur.", "Start the server."))
    def serve(
        data: Data = None,
        host: Annotated[
            str | None, typer.Option(help=t("Adresse d'écoute.", "Address to listen on."))
        ] = None,
        port: Annotated[
            int | None, typer.Option(help=t("Port.", "Port."), min=1, max=65535)
        ] = None,
        worker: Annotated[
            bool | None,
            typer.Option(
                "--worker/--no-worker",
                help=t(
                    "Démarrer aussi un exécutant de tâches (par défaut : oui avec SQLite).",
                    "Also start a task worker (default: yes with SQLite).",
                ),
                show_default=False,
            ),
        ] = None,
    ) -> None:
        choose_data(data)
        if host:
            os.environ["SOCLE_SERVER_HOST"] = host
        if port:
            os.environ["SOCLE_SERVER_PORT"] = str(port)
        run(with_worker=worker)


def run(*, with_worker: bool | None = None) -> None:
    """Serve until a signal, then end every child. Exits with 1 when a child keeps falling."""
    options = open_house()
    _refuse_demonstration()
    from socle.config.cli import migrate

    missing = migrate.pending()
    if missing:
        refuse(
            f"La base attend {missing} migration(s) : lancez d'abord « ./socle migrate ».",
            f"The database is {missing} migration(s) behind: run “./socle migrate” first.",
        )
    if with_worker is None:
        with_worker = options.database.vendor == "sqlite"
    server = options.server
    processes.check_port(server, "./socle serve")
    environment = {
        **os.environ,
        "PROMETHEUS_MULTIPROC_DIR": str(processes.fresh_metrics(options.home)),
    }
    with processes.Supervisor() as supervisor:
        supervisor.start(processes.Child("web", processes.web_command(server), environment))
        if with_worker:
            supervisor.start(processes.Child("worker", processes.worker_command(), environment))
        if supervisor.wait_ready(processes.local_url(server, "/readyz"), 60):
            address = server.public_url or processes.local_url(server)
            done(f"Prêt : {address}", f"Ready: {address}")
        code = supervisor.watch()
    raise typer.Exit(code)


def _refuse_demonstration() -> None:
    from django.conf import settings

    if DemoState(settings.SOCLE.home).is_demonstration and not settings.SOCLE.demo:
        refuse(
            "Ce dossier contient une démonstration, aux mots de passe publics : "
            "lancez « ./socle demo », ou choisissez un autre dossier avec --data.",
            "This folder holds a demonstration, whose passwords are public: "
            "run “./socle demo”, or choose another folder with --data.",
        )
