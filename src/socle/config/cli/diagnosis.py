"""What can be wrong with an installation, each with its remedy."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from socle.config.cli.speaking import french, t
from socle.config.mistakes import ConfigurationError
from socle.config.options import ROOT, Options


@dataclass(frozen=True)
class Finding:
    """``good``; ``worth`` a look; ``bad``: must be mended. With what to do about it."""

    name: str
    verdict: Literal["good", "worth", "bad"]
    sentence: str
    remedy: str = ""

    def document(self) -> dict[str, str]:
        return {
            "name": self.name,
            "verdict": self.verdict,
            "sentence": self.sentence,
            "remedy": self.remedy,
        }


def examine(*, thorough: bool) -> list[Finding]:
    """Every finding, from the machine up. ``thorough`` looks at what is not needed to serve."""
    from socle.config.loading import load

    findings = [*_python(), *_dependencies()]
    try:
        options = load()
    except ConfigurationError as error:
        for mistake in error.mistakes:
            sentence = mistake.french if french() else mistake.english
            findings.append(Finding(mistake.variable, "bad", sentence))
        return findings
    findings.append(Finding(t("réglages", "settings"), "good", str(options.home)))
    findings += [*_folder(options), *_production(options)]
    if any(finding.verdict == "bad" for finding in findings):
        return findings
    for examination in (_django, _database):
        findings += _guarded(examination)
    if not any(finding.verdict == "bad" for finding in findings):
        findings += [*_guarded(_packs), *_guarded(_worker)]
    if thorough:
        findings += [*_frontend(), *_programs(options)]
    return findings


def _guarded(examination: Callable[[], Iterator[Finding]]) -> list[Finding]:
    try:
        return list(examination())
    except Exception as error:
        # A diagnosis never falls: that something raised is the finding.
        name = examination.__name__.lstrip("_")
        return [Finding(name, "bad", f"{type(error).__name__}: {str(error).strip()[:300]}")]


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", "good", version)
    if sqlite3.sqlite_version_info < (3, 35):
        yield Finding(
            "sqlite",
            "bad",
            t("SQLite est trop ancien.", "SQLite is too old.") + f" ({sqlite3.sqlite_version})",
            t("Il faut SQLite 3.35 ou plus récent.", "SQLite 3.35 or later is needed."),
        )


def _dependencies() -> Iterator[Finding]:
    lock = ROOT / "requirements" / "base.lock"
    if not lock.is_file():
        return
    # Lines of the lock that hold for this machine: those without an environment marker.
    wanted = dict(re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+) *\\?$", lock.read_text(), re.M))
    wrong = []
    for name, version in wanted.items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{name} (—)")
            continue
        if found != version:
            wrong.append(f"{name} ({found} ≠ {version})")
    name = t("dépendances", "dependencies")
    if wrong:
        yield Finding(
            name,
            "bad",
            ", ".join(wrong[:8]),
            t(
                "Effacez le dossier .venv et relancez la commande.",
                "Erase the .venv folder and run the command again.",
            ),
        )
    else:
        yield Finding(name, "good", t("celles du verrou", "as locked") + f" ({len(wanted)})")


def _folder(options: Options) -> Iterator[Finding]:
    name = t("données", "data")
    folder = options.home
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".doctor"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        yield Finding(
            name,
            "bad",
            f"{folder}: {error.strerror}",
            t(
                "Donnez ce dossier au compte qui lance socle, ou choisissez-en un autre (--data).",
                "Give this folder to the account that runs socle, or choose another (--data).",
            ),
        )
        return
    free = shutil.disk_usage(folder).free // 1024**2
    low = free < 1024
    yield Finding(
        name,
        "worth" if low else "good",
        t(f"{free} Mo libres", f"{free} MB free"),
        t("Faites de la place.", "Make room.") if low else "",
    )


def _production(options: Options) -> Iterator[Finding]:
    """What is allowed, but not what one wants in front of the public."""
    if not options.production:
        yield Finding("mode", "good", t("démonstration", "demonstration"))
        return
    remarks: list[tuple[str, str, str]] = []
    if not options.https:
        remarks.append(
            (
                "https",
                t("Les cookies circulent en clair.", "Cookies travel in clear."),
                t(
                    "Réglez SOCLE_SERVER_PUBLIC_URL=https://…",
                    "Set SOCLE_SERVER_PUBLIC_URL=https://…",
                ),
            )
        )
    if options.mail.kind == "capture":
        remarks.append(
            (
                "mail",
                t("Aucun courriel ne part.", "No e-mail leaves."),
                t("Réglez SOCLE_MAIL_KIND=smtp.", "Set SOCLE_MAIL_KIND=smtp."),
            )
        )
    if options.antivirus.kind == "null":
        remarks.append(
            (
                "antivirus",
                t("Les fichiers reçus ne sont pas analysés.", "Received files are not scanned."),
                t("Réglez SOCLE_ANTIVIRUS_KIND=clamd.", "Set SOCLE_ANTIVIRUS_KIND=clamd."),
            )
        )
    for name, sentence, remedy in remarks:
        yield Finding(name, "worth", sentence, remedy)


def _django() -> Iterator[Finding]:
    from django.core.checks import ERROR, run_checks

    from socle.config.cli.house import open_house

    open_house()
    serious = [message for message in run_checks() if message.level >= ERROR]
    for message in serious:
        yield Finding(message.id or "django", "bad", str(message.msg), str(message.hint or ""))
    if not serious:
        yield Finding("application", "good", t("cohérente", "consistent"))


def _database() -> Iterator[Finding]:
    from django.db import OperationalError, connection

    from socle.config.cli.migrate import pending

    name = t("base", "database")
    try:
        connection.ensure_connection()
    except OperationalError as error:
        yield Finding(
            name,
            "bad",
            str(error).strip().partition("\n")[0],
            t(
                "Vérifiez SOCLE_DATABASE_URL et que le serveur tourne.",
                "Check SOCLE_DATABASE_URL and that the server runs.",
            ),
        )
        return
    version: Any = connection.get_database_version()
    label = f"{connection.vendor} {'.'.join(map(str, version))}"
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            verdict = cursor.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            yield Finding(
                name, "bad", str(verdict), t("./socle restore SAUVEGARDE", "./socle restore BACKUP")
            )
            return
    elif version < (15,):
        yield Finding(name, "bad", label, t("Il faut PostgreSQL 15.", "PostgreSQL 15 is needed."))
        return
    missing = pending()
    if missing:
        sentence = t(f"{missing} migration(s) en attente", f"{missing} pending migration(s)")
        yield Finding(name, "bad", f"{label}, {sentence}", "./socle migrate")
    else:
        yield Finding(name, "good", label)


def _packs() -> Iterator[Finding]:
    from django.conf import settings

    from socle.foundations import packs as doors
    from socle.foundations.packs.models import Application

    last = Application.objects.order_by("-pk").first()
    name = t("paquet", "pack")
    if last is None:
        yield Finding(
            name,
            "worth",
            t("Aucun paquet appliqué.", "No pack applied."),
            t("./socle packs apply DOSSIER", "./socle packs apply FOLDER"),
        )
    else:
        yield Finding(name, "good", f"{last.pack} {last.version}")
    if settings.SOCLE.pack is not None:
        wrong = [problem for problem in doors.check(settings.SOCLE.pack) if problem.is_error]
        if wrong:
            yield Finding(name, "bad", str(wrong[0]), f"./socle packs check {settings.SOCLE.pack}")


def _worker() -> Iterator[Finding]:
    from socle.config.readiness import WORKER_LATE, heartbeat_age
    from socle.foundations.tasks.models import Task

    name = t("tâches", "tasks")
    age = heartbeat_age()
    if age is None or age > WORKER_LATE:
        yield Finding(
            name,
            "worth",
            t("Aucun exécutant ne tourne.", "No worker is running."),
            "./socle worker",
        )
    failed = Task.objects.filter(state=Task.State.FAILED)[:1000].count()
    if failed:
        yield Finding(
            name,
            "worth",
            t(f"{failed} tâche(s) en échec.", f"{failed} failed task(s)."),
            t("Voyez l'espace agents, page Tâches.", "See the desk's Tasks page."),
        )
    elif age is not None and age <= WORKER_LATE:
        yield Finding(name, "good", f"{age:.0f} s")


def _frontend() -> Iterator[Finding]:
    name = t("interface", "front end")
    bundles = ROOT / "src/socle/design/static/dist"
    if bundles.is_dir() and any(bundles.iterdir()):
        yield Finding(name, "good", t("assemblée", "bundled"))
    else:
        yield Finding(
            name,
            "bad",
            t("L'interface n'est pas assemblée.", "The front end is not bundled."),
            t(
                "Lancez une commande par ./socle : elle l'assemble.",
                "Run any command through ./socle: it bundles it.",
            ),
        )


def _programs(options: Options) -> Iterator[Finding]:
    from socle.config.cli.postgres import program

    if options.database.vendor == "postgresql" and program("pg_dump") is None:
        yield Finding(
            "pg_dump",
            "worth",
            t("Les sauvegardes en ont besoin.", "Backups need it."),
            "apt install postgresql-client",
        )
