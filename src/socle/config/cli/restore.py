"""``socle restore FILE``: an installation back from its backup, verified first."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from socle.config import archive
from socle.config.cli.backup import client
from socle.config.cli.house import Data, Json, open_house
from socle.config.cli.speaking import as_json, done, refuse, say, t
from socle.config.options import Options


def register(app: typer.Typer) -> None:
    @app.command(
        help=t("Restaurer une sauvegarde, après vérification.", "Restore a verified backup.")
    )
    def restore(
        file: Annotated[Path, typer.Argument(metavar="FILE.tar.gz")],
        force: Annotated[
            bool,
            typer.Option(
                "--force",
                help=t("Remplacer les données présentes.", "Replace the data that are there."),
            ),
        ] = False,
        data: Data = None,
        json: Json = False,
    ) -> None:
        if not file.is_file():
            refuse(f"Le fichier « {file} » n'existe pas.", f"There is no file “{file}”.", 2)
        options = open_house(data)
        manifest = run(options, file, force=force)
        if json:
            as_json({"made_at": manifest.made_at, "members": len(manifest.members)})
            return
        done(
            f"Données du {manifest.made_at} restaurées "
            f"({len(manifest.members)} éléments vérifiés).",
            f"Data of {manifest.made_at} restored ({len(manifest.members)} members verified).",
        )
        say(
            "Ensuite : ./socle migrate, puis ./socle audit verify.",
            "Next: ./socle migrate, then ./socle audit verify.",
        )


def run(options: Options, file: Path, *, force: bool) -> archive.Manifest:
    """Unpack beside, verify every hash, and only then put things in place.

    Nothing is touched when the backup is damaged, of the other database engine, or when there is
    data already (unless ``force``).
    """
    if not force and not _is_empty(options):
        refuse(
            f"« {options.home} » ou la base contient déjà des données ; "
            "ajoutez --force pour les remplacer.",
            f"“{options.home}” or the database holds data already; add --force to replace them.",
        )
    _refuse_running(options)
    with archive.workshop(options.home) as folder:
        try:
            manifest = archive.unpack(file, folder)
        except archive.BadArchive as reason:
            refuse(
                f"Cette sauvegarde est abîmée ou incomplète ({reason}) ; rien n'a été changé.",
                f"This backup is damaged or incomplete ({reason}); nothing was changed.",
            )
        if manifest.vendor != options.database.vendor:
            refuse(
                f"Cette sauvegarde vient de {manifest.vendor} et l'installation utilise "
                f"{options.database.vendor} ; adaptez SOCLE_DATABASE_URL.",
                f"This backup comes from {manifest.vendor} and the installation uses "
                f"{options.database.vendor}; adapt SOCLE_DATABASE_URL.",
            )
        if manifest.vendor == "sqlite":
            _place_sqlite(folder / "database.sqlite3", options.database.sqlite_path(options.home))
        else:
            _load(folder / "database.pgdump", force=force)
        if options.storage.kind == "local":
            _place(folder / "files", options.files_folder)
        _place(folder / "journal", options.home / "journal")
        _place(folder / "secret.key", options.home / "secret.key")
        if (options.home / "secret.key").is_file():
            (options.home / "secret.key").chmod(0o600)
    return manifest


def _refuse_running(options: Options) -> None:
    """A server that keeps the former database open would write into the new one."""
    path = options.database.sqlite_path(options.home)
    if options.database.vendor == "sqlite" and not path.is_file():
        return
    from django.db import DatabaseError, connection

    from socle.config.readiness import heartbeat_age

    try:
        age = heartbeat_age()
    except DatabaseError:
        return
    finally:
        connection.close()
    if age is not None and age < 15:
        refuse(
            "Un exécutant tourne encore sur cette base : arrêtez d'abord socle.",
            "A worker is still running on this database: stop socle first.",
        )


def _is_empty(options: Options) -> bool:
    from django.db import connection

    files = options.files_folder
    if files.is_dir() and any(files.iterdir()):
        return False
    if options.database.vendor == "sqlite":
        path = options.database.sqlite_path(options.home)
        if not path.is_file() or path.stat().st_size == 0:
            return True
    empty = not connection.introspection.table_names()
    connection.close()
    return empty


def _place_sqlite(source: Path, target: Path) -> None:
    from django.db import connection

    connection.close()
    target.parent.mkdir(parents=True, exist_ok=True)
    for suffix in ("-wal", "-shm", "-journal"):
        # The log of another database would be replayed onto this one.
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    shutil.move(source, target)


def _place(source: Path, target: Path) -> None:
    if not source.exists():
        return
    if target.is_dir():
        shutil.rmtree(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(source, target)


def _load(dump: Path, *, force: bool) -> None:
    command, environment = client("pg_restore")
    options = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
    if force:
        options += ["--clean", "--if-exists"]
    ran = subprocess.run(
        [*command, *options, str(dump)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        refuse(
            f"pg_restore a échoué, rien n'a été changé : {ran.stderr.strip()[-300:]}",
            f"pg_restore failed, nothing was changed: {ran.stderr.strip()[-300:]}",
        )
