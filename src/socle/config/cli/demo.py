"""``socle demo``: a working métropole in one command."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from socle.config.cli import processes
from socle.config.cli.house import Data, Json, choose_data, open_house
from socle.config.cli.speaking import as_json, console, done, fail, french, refuse, say, t
from socle.config.demo_state import DemoState
from socle.config.loading import load
from socle.config.options import LOOPBACK, ROOT, Options

Report = Callable[[int, int], None]


def register(app: typer.Typer) -> None:
    @app.command(
        help=t(
            "Démarrer une démonstration complète : données, serveur et exécutant.",
            "Start a complete demonstration: data, server and worker.",
        )
    )
    def demo(
        port: Annotated[int, typer.Option(help=t("Port.", "Port."), min=1, max=65535)] = 8000,
        host: Annotated[str, typer.Option(help=t("Adresse d'écoute.", "Address."))] = "127.0.0.1",
        data: Data = None,
        fresh: Annotated[
            bool,
            typer.Option("--fresh", help=t("Repartir de zéro.", "Start again from nothing.")),
        ] = False,
        locale: Annotated[
            str | None, typer.Option(help=t("Langue : fr ou en.", "Language: fr or en."))
        ] = None,
        prepare_only: Annotated[
            bool,
            typer.Option("--prepare-only", help=t("Préparer sans démarrer.", "Do not start.")),
        ] = False,
        json: Json = False,
    ) -> None:
        if locale not in {None, "fr", "en"}:
            refuse("La langue est fr ou en.", "The language is fr or en.", 2)
        started = time.monotonic()
        choose_data(data)
        options = _settings(host, port, locale)
        again = "./socle demo" + (f" --data {data}" if data else "")
        state = DemoState(options.home)
        _refuse_unfit(state, again)
        if not prepare_only:
            processes.check_port(options.server, again)
        if fresh or not state.is_ready:
            _build(state, options, fresh=fresh)
        elif state.read().get("code") != _fingerprint(options):
            _bring_up_to_date(state, options)
        if prepare_only:
            _announce(state, options, as_json_document=json, seconds=time.monotonic() - started)
            return
        raise typer.Exit(_run(state, options, started, as_json_document=json))


def _settings(host: str, port: int, locale: str | None) -> Options:
    """The demonstration's settings, for this process and its children.

    It never touches the configured database, mail server or identity providers.
    """
    foreign = ("DATABASE_", "MAIL_", "STORAGE_", "FRANCECONNECT_", "PROCONNECT_", "SECURITY_")
    for name in list(os.environ):
        if name.removeprefix("SOCLE_").startswith(foreign) and name.startswith("SOCLE_"):
            del os.environ[name]
    os.environ["SOCLE_ENV_FILE"] = ""
    os.environ["SOCLE_DEMO"] = "true"
    os.environ["SOCLE_SERVER_HOST"] = host
    if host not in LOOPBACK:
        # Shown to others on a network: they type whatever name this machine has there.
        os.environ["SOCLE_SECURITY_ALLOWED_HOSTS"] = "*"
    os.environ["SOCLE_SERVER_PORT"] = str(port)
    if locale:
        os.environ["SOCLE_LOCALE"] = locale
    options = load()
    if options.pack is None:
        os.environ["SOCLE_PACK"] = str(demonstration_pack())
        options = load()
    return options


def demonstration_pack() -> Path:
    """The one pack under ``packs/`` whose ``pack.toml`` says ``demo = true``."""
    import tomllib

    found = []
    for declaration in sorted((ROOT / "packs").glob("*/pack.toml")):
        try:
            content = tomllib.loads(declaration.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if content.get("demo") is True or content.get("pack", {}).get("demo") is True:
            found.append(declaration.parent)
    if len(found) != 1:
        refuse(
            f"Il faut un seul paquet de démonstration sous « packs/ » ({len(found)} trouvé) ; "
            "désignez-le avec SOCLE_PACK.",
            f"Exactly one demonstration pack is needed under “packs/” ({len(found)} found); "
            "name it with SOCLE_PACK.",
        )
    return found[0]


def _refuse_unfit(state: DemoState, again: str) -> None:
    try:
        # Tried rather than asked: for root, the rights of a folder say nothing.
        state.home.mkdir(parents=True, exist_ok=True)
        probe = state.home / ".building.probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        refuse(
            f"Le dossier « {state.home} » ne peut pas être écrit ({error.strerror}). "
            "Choisissez un dossier à vous : ./socle demo --data ~/socle-demo",
            f"The folder “{state.home}” cannot be written ({error.strerror}). "
            "Choose a folder of yours: ./socle demo --data ~/socle-demo",
        )
    if state.holds_real_data:
        refuse(
            f"« {state.home} » contient des données qui ne viennent pas d'une démonstration ; "
            "elles ne seront pas touchées. Choisissez un autre dossier : "
            "./socle demo --data ~/socle-demo",
            f"“{state.home}” holds data that no demonstration made; they will not be touched. "
            "Choose another folder: ./socle demo --data ~/socle-demo",
        )
    if state.is_half_made:
        say(
            "Une préparation précédente a été interrompue : elle est reprise depuis le début.",
            "An earlier preparation was interrupted: it starts again from the beginning.",
        )


def _fingerprint(options: Options) -> str:
    """Changes with the migrations and with the pack: what an existing demonstration must catch."""
    total = hashlib.sha256()
    migrations = sorted((ROOT / "src").glob("socle/**/migrations/*.py"))
    total.update("\n".join(str(path.relative_to(ROOT)) for path in migrations).encode())
    pack = options.pack
    for path in sorted(pack.rglob("*")) if pack else []:
        if path.is_file():
            stat = path.stat()
            total.update(f"{path.name}:{stat.st_size}:{stat.st_mtime_ns}\n".encode())
    return total.hexdigest()


def _build(state: DemoState, options: Options, *, fresh: bool) -> None:
    """Everything in a side folder, moved into place when complete."""
    if fresh and state.is_demonstration:
        say("L'ancienne démonstration est effacée.", "The former demonstration is erased.")
    building = state.begin()
    os.environ["SOCLE_HOME"] = str(building)
    try:
        open_house()
        with _steps() as step:
            step("Base de données", "Database", _make_database)
            step("Catalogue et territoire", "Catalogue and territory", _apply_pack)
            logins = step("Habitants, agents et demandes", "Residents, agents, requests", _seed)
        _close_database()
    finally:
        os.environ["SOCLE_HOME"] = str(options.home)
    state.finish(code=_fingerprint(options), logins=logins or [])


def _bring_up_to_date(state: DemoState, options: Options) -> None:
    """New code or an edited pack: migrate and apply again; what visitors did stays."""
    open_house()
    with _steps() as step:
        step("Base de données", "Database", _make_database)
        step("Catalogue et territoire", "Catalogue and territory", _apply_pack)
    _close_database()
    state.write(code=_fingerprint(options))


Step = Callable[[str, str, Callable[[Report], Any]], Any]


@contextmanager
def _steps() -> Iterator[Step]:
    """Runs steps one after the other, each with its own bar."""
    with Progress(
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        TimeElapsedColumn(),
        console=console,
    ) as progress:

        def step(in_french: str, in_english: str, act: Callable[[Report], Any]) -> Any:
            task = progress.add_task(t(in_french, in_english), total=None)

            def report(count: int, total: int) -> None:
                progress.update(task, completed=count, total=total)

            result = act(report)
            progress.update(task, total=1, completed=1)
            return result

        yield step


def _make_database(_report: Report) -> None:
    from django.db import connection

    from socle.config.cli import migrate

    if Path(connection.settings_dict["NAME"]).parent.name == ".building":
        with connection.cursor() as cursor:
            # What is interrupted here is made again from nothing: no need to wait for the disk.
            cursor.execute("PRAGMA synchronous=OFF")
    migrate.run()


def _apply_pack(report: Report) -> None:
    from django.conf import settings

    from socle.config.cli import packs

    packs.apply_folder(settings.SOCLE.pack or demonstration_pack(), progress=report)


def _seed(report: Report) -> Any:
    seeding = import_module("socle.config.demo")
    return seeding.seed(report=report)


def _close_database() -> None:
    """Fold the write-ahead log into the file: it is about to be moved."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _run(state: DemoState, options: Options, started: float, *, as_json_document: bool) -> int:
    environment = {
        **os.environ,
        "SOCLE_HOME": str(options.home),
        "PROMETHEUS_MULTIPROC_DIR": str(processes.fresh_metrics(options.home)),
    }
    web = processes.Child("web", processes.web_command(options.server), environment)
    worker = processes.Child("worker", processes.worker_command(), environment)
    with processes.Supervisor() as supervisor:
        supervisor.start(web)
        supervisor.start(worker)
        ready = supervisor.wait_ready(processes.local_url(options.server, "/readyz"), 90)
        if not ready and not supervisor.stopping:
            fail(
                "Le serveur n'a pas démarré ; lancez « ./socle doctor » pour savoir pourquoi.",
                "The server did not start; run “./socle doctor” to learn why.",
            )
            return 1
        if not supervisor.stopping:
            seconds = time.monotonic() - started
            _announce(state, options, as_json_document=as_json_document, seconds=seconds)
        code = supervisor.watch()
    say("Tout est arrêté.", "Everything is stopped.")
    return code


def _announce(
    state: DemoState, options: Options, *, as_json_document: bool, seconds: float
) -> None:
    address = processes.local_url(options.server)
    logins = state.read().get("logins", [])
    if as_json_document:
        as_json({"url": address, "seconds": round(seconds, 1), "logins": logins})
        return
    console.print()
    done(
        f"La démonstration est prête en {seconds:.1f} s : [bold]{address}[/]",
        f"The demonstration is ready in {seconds:.1f} s: [bold]{address}[/]",
    )
    if logins:
        _show_logins(logins)
    say("Ctrl-C pour tout arrêter.", "Ctrl-C stops everything.")


def _show_logins(logins: list[dict[str, Any]]) -> None:
    passwords = {str(login.get("password", "")) for login in logins}
    # Without borders, each login holds on one line of the smallest terminal (80 columns).
    table = Table(
        title=t("Comptes de démonstration", "Demonstration logins"), title_justify="left",
        box=None, pad_edge=False, padding=(0, 2, 0, 0),
    )  # fmt: skip
    table.add_column(t("Qui", "Who"), no_wrap=True)
    table.add_column(t("Adresse électronique", "E-mail"), no_wrap=True)
    if len(passwords) > 1:
        table.add_column(t("Mot de passe", "Password"), no_wrap=True)
    table.add_column(t("Commencer à", "Start at"), no_wrap=True)
    language = "fr" if french() else "en"
    for login in logins:
        who = login.get("who", "")
        cells = [who.get(language, "") if isinstance(who, dict) else str(who), str(login["email"])]
        if len(passwords) > 1:
            cells.append(str(login.get("password", "")))
        table.add_row(*cells, str(login.get("path", "/")))
    console.print(table)
    if len(passwords) == 1:
        password = passwords.pop()
        say(
            f"Mot de passe de tous : [bold]{password}[/]",
            f"Everybody's password: [bold]{password}[/]",
        )
