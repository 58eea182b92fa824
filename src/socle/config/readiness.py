"""Is this process fit to answer? Each check is one name, one verdict, one sentence."""

from __future__ import annotations

import shutil
import time
from dataclasses import asdict, dataclass
from typing import Any, Literal

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

# Seconds without a sign after which a worker is said late; a worker signs every few seconds.
WORKER_LATE = 60
# Bytes under which the disk of the data folder is said full.
DISK_LEAST = 200 * 1024 * 1024

_migrated = False
_storage_verdict: tuple[float, Check] | None = None


@dataclass(frozen=True)
class Check:
    """``ok``; ``late`` or ``low`` (the site answers, somebody must look); ``down`` (it cannot)."""

    name: str
    verdict: Literal["ok", "late", "low", "down"]
    detail: str = ""


def checks() -> list[Check]:
    """Database, migrations, storage, disk, worker; what needs a database is skipped without it."""
    database = _database()
    found = [database]
    if database.verdict == "ok":
        found.append(_migrations())
        if found[-1].verdict == "ok":
            found.append(_worker())
    return [*found, _storage(), _disk()]


def report() -> tuple[bool, dict[str, Any]]:
    """Whether the process is ready, and every check for people and programs."""
    found = checks()
    ready = all(check.verdict != "down" for check in found)
    late = any(check.verdict != "ok" for check in found)
    status = "down" if not ready else "degraded" if late else "ready"
    return ready, {"status": status, "checks": [asdict(check) for check in found]}


def heartbeat_age() -> float | None:
    """Seconds since any worker gave a sign, None when none ever did."""
    from socle.foundations.tasks.models import Worker

    last = Worker.objects.order_by("-heartbeat_at").values_list("heartbeat_at", flat=True).first()
    return None if last is None else max(0.0, (timezone.now() - last).total_seconds())


def _database() -> Check:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return Check("database", "down", type(error).__name__)
    return Check("database", "ok", connection.vendor)


def _migrations() -> Check:
    # Once true it stays true for the life of the process: new migrations come with new code.
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            return Check("migrations", "down", f"{len(plan)}")
        _migrated = True
    return Check("migrations", "ok")


def _worker() -> Check:
    age = heartbeat_age()
    if age is None or age > WORKER_LATE:
        return Check("worker", "late", "" if age is None else f"{age:.0f} s")
    return Check("worker", "ok", f"{age:.0f} s")


def _storage() -> Check:
    """A small file written, read back and removed; the verdict holds for 30 seconds."""
    global _storage_verdict
    now = time.monotonic()
    if _storage_verdict and now - _storage_verdict[0] < 30:
        return _storage_verdict[1]
    from django.core.files.base import ContentFile

    try:
        name = default_storage.save(".readiness", ContentFile(b"ready"))
        default_storage.delete(name)
        check = Check("storage", "ok", settings.SOCLE.storage.kind)
    except Exception as error:
        # Whatever the storage library raises means the same here.
        check = Check("storage", "down", type(error).__name__)
    _storage_verdict = (now, check)
    return check


def _disk() -> Check:
    try:
        free = shutil.disk_usage(settings.SOCLE.home).free
    except OSError as error:
        return Check("disk", "down", type(error).__name__)
    return Check("disk", "ok" if free > DISK_LEAST else "low", f"{free // 1024**2} MB")
