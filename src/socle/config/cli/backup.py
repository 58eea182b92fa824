"""``socle backup FILE``: everything in one file, while the site goes on serving."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track

import socle
from socle.config import archive
from socle.config.cli import postgres
from socle.config.cli.house import Data, Json, open_house
from socle.config.cli.speaking import as_json, console, done, refuse, say, t
from socle.config.options import Options


def register(app: typer.Typer) -> None:
    @app.command(help=t("Tout sauvegarder à chaud dans un fichier.", "Back up to one file, live."))
    def backup(
        file: Annotated[Path, typer.Argument(metavar="FILE.tar.gz")],
        force: Annotated[
            bool, typer.Option("--force", help=t("Remplacer le fichier.", "Replace the file."))
        ] = False,
        data: Data = None,
        json: Json = False,
    ) -> None:
        options = open_house(data)
        if file.exists() and not force:
            refuse(
                f"« {file} » existe déjà ; choisissez un autre nom ou ajoutez --force.",
                f"“{file}” exists already; choose another name or add --force.",
            )
        if not file.parent.is_dir() or not os.access(file.parent, os.W_OK):
            refuse(
                f"Le dossier « {file.parent} » n'existe pas ou ne peut pas être écrit.",
                f"The folder “{file.parent}” does not exist or cannot be written.",
            )
        manifest = make(options, file, quiet=json)
        size = file.stat().st_size
        if json:
            as_json({"file": str(file), "bytes": size, "members": len(manifest.members)})
            return
        done(
            f"Sauvegarde faite : {file} ({size / 1e6:.1f} Mo, {len(manifest.members)} éléments).",
            f"Backup made: {file} ({size / 1e6:.1f} MB, {len(manifest.members)} members).",
        )
        say(
            "Elle contient des données personnelles et la clé secrète : rangez-la en lieu sûr.",
            "It holds personal data and the secret key: keep it in a safe place.",
        )
        if options.storage.kind == "s3":
            say(
                f"Les fichiers sont dans le compartiment « {options.storage.bucket} » : "
                "sauvegardez-le à part (versions ou réplication).",
                f"Files are in the “{options.storage.bucket}” bucket: "
                "back it up apart (versioning or replication).",
            )


def make(options: Options, file: Path, *, quiet: bool = False) -> archive.Manifest:
    """Write the backup, while the site serves.

    The database and the signed checkpoints of the journal are taken at one moment, or verification
    would find them apart; the files after, so that every file the database names is there.
    """
    manifest = archive.Manifest(
        vendor=options.database.vendor,
        version=socle.__version__,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        storage=options.storage.kind,
    )
    files = options.files_folder if options.storage.kind == "local" else None
    from socle.foundations.journal.actions import default_folder
    from socle.foundations.journal.checkpoints import Book

    with archive.workshop(file.absolute().parent) as folder, archive.Writer(file, manifest) as out:
        with Book(default_folder()).exclusive():
            copy = _database(options, folder)
            for name, path in archive.journal_of(options.home):
                out.add(name, path)
        out.add(copy.name, copy)
        copy.unlink()
        kept = list(archive.files_of(options.home, files))
        for name, path in track(
            kept, t("Fichiers", "Files"), console=console, transient=True, disable=quiet
        ):
            # A file erased meanwhile is erased: the next purge of its row finds nothing to do.
            if path.is_file():
                out.add(name, path)
    return manifest


def _database(options: Options, folder: Path) -> Path:
    if options.database.vendor == "postgresql":
        _dump(folder / "database.pgdump")
        return folder / "database.pgdump"
    source = options.database.sqlite_path(options.home)
    if not source.is_file():
        refuse(
            f"Il n'y a pas de base à sauvegarder dans « {options.home} ».",
            f"There is no database to back up in “{options.home}”.",
        )
    archive.copy_sqlite(source, folder / "database.sqlite3")
    return folder / "database.sqlite3"


def _dump(target: Path) -> None:
    command, environment = client("pg_dump")
    options = ["--format=custom", "--compress=0", "--no-owner", "--no-privileges"]
    ran = subprocess.run(
        [*command, *options, "--file", str(target)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        refuse(
            f"pg_dump a échoué : {ran.stderr.strip()[-300:]}",
            f"pg_dump failed: {ran.stderr.strip()[-300:]}",
        )


def client(name: str) -> tuple[list[str], dict[str, str]]:
    """A PostgreSQL client program on our database; the password travels in the environment."""
    from django.db import connection

    program = postgres.needed(name, "postgresql-client")
    settings = connection.settings_dict
    environment = {**os.environ, "PGPASSWORD": str(settings["PASSWORD"])}
    for option, value in settings["OPTIONS"].items():
        if option in {"sslmode", "sslrootcert", "sslcert", "sslkey"}:
            environment[f"PG{option.upper()}"] = str(value)
    command = [program, "--dbname", str(settings["NAME"]), "--no-password"]
    for flag, key in (("--host", "HOST"), ("--port", "PORT"), ("--username", "USER")):
        if settings[key]:
            command += [flag, str(settings[key])]
    return command, environment
