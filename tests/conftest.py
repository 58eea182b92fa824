"""A hostile environment: no network, no mail, no leftovers, a wrong order when none was asked.

The settings are read here, from a clean environment, before any test module is imported: what the
machine's own ``.env`` or ``SOCLE_*`` variables say has no effect. ``SOCLE_TEST_DATABASE_URL`` names
a PostgreSQL server (``./socle test --db postgres`` starts one); without it the tests run on SQLite.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

if "django.conf" in sys.modules and os.environ.get("DJANGO_SETTINGS_MODULE"):
    raise pytest.UsageError("unset DJANGO_SETTINGS_MODULE: the tests choose their own settings")

HOME = Path(tempfile.mkdtemp(prefix="socle-tests-"))
DATABASE_URL = os.environ.get("SOCLE_TEST_DATABASE_URL", "")
# `./socle test` looks for the browser; pytest alone takes Debian's.
CHROMIUM = os.environ.get("CHROMIUM_PATH") or "/usr/bin/chromium"

for _name in [name for name in os.environ if name.startswith("SOCLE_")]:
    if _name != "SOCLE_TEST_DATABASE_URL":
        del os.environ[_name]
os.environ |= {
    "SOCLE_ENV_FILE": "",
    "SOCLE_HOME": str(HOME),
    "SOCLE_DATABASE_URL": DATABASE_URL,
    "SOCLE_SECURITY_SECRET_KEY": "only-for-tests-" + "0" * 40,
    "SOCLE_SECURITY_ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    "SOCLE_SECURITY_HTTPS": "false",
    # Agents enter without a second factor; tests of the second factor ask for it.
    "SOCLE_SECURITY_AGENTS_SECOND_FACTOR": "false",
    "SOCLE_LOGGING_FORMAT": "console",
    "SOCLE_LOGGING_LEVEL": "WARNING",
    "DJANGO_SETTINGS_MODULE": "socle.config.settings",
    # Playwright's synchronous API runs an event loop in the test's own thread.
    "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
}

import django  # noqa: E402
from django.conf import settings as django_settings  # noqa: E402

django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
_default = django_settings.DATABASES["default"]
if not DATABASE_URL:
    # In a file, not in memory: threads and child processes see it. Durability is tested apart.
    _default["TEST"] = {"NAME": str(HOME / "test.sqlite3")}
    _default["OPTIONS"]["init_command"] += ";PRAGMA synchronous=OFF"
django.setup()
# Not inherited: a child process (a parallel worker, a command) chooses its own.
del os.environ["DJANGO_SETTINGS_MODULE"]

import hypothesis  # noqa: E402
from django.core.cache import caches  # noqa: E402
from django.db.models.query import QuerySet  # noqa: E402
from django.utils import translation  # noqa: E402

hypothesis.settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[
        hypothesis.HealthCheck.too_slow,
        hypothesis.HealthCheck.function_scoped_fixture,
    ],
)
hypothesis.settings.register_profile(
    "explore", parent=hypothesis.settings.get_profile("ci"), derandomize=False, max_examples=2000
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_report_header() -> str:
    return f"database: {django_settings.SOCLE.database.vendor}"


def pytest_unconfigure() -> None:
    shutil.rmtree(HOME, ignore_errors=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of the other database are left out, not skipped: nothing is missing."""
    vendor = django_settings.SOCLE.database.vendor
    other = "sqlite" if vendor == "postgresql" else "postgres"
    left_out = [item for item in items if item.get_closest_marker(other)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker(other)]


@pytest.fixture(scope="session", autouse=True)
def _strict_templates() -> None:
    """A misspelt variable in a template is an error, not an empty string."""
    from django.template import engines
    from jinja2 import StrictUndefined

    for engine in engines.all():
        environment = getattr(engine, "env", None)
        if environment is not None:
            environment.undefined = StrictUndefined


@pytest.fixture(scope="session", autouse=True)
def _journal_can_be_emptied() -> Iterator[None]:
    """The journal's triggers stay on; only emptying the database between two tests lifts them."""
    from socle.foundations.journal.testing import emptiable

    with emptiable():
        yield


@pytest.fixture(autouse=True)
def _shuffled_when_unordered(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database gives rows in any order unless told: code that counts on luck fails here."""
    if request.node.get_closest_marker("ordered"):
        return
    fetch = QuerySet._fetch_all
    dice = random.Random(request.node.nodeid)

    def shuffled(queryset: QuerySet[Any]) -> None:
        fresh = queryset._result_cache is None
        fetch(queryset)
        if fresh and not queryset.ordered:
            dice.shuffle(queryset._result_cache)

    monkeypatch.setattr(QuerySet, "_fetch_all", shuffled)


@pytest.fixture(autouse=True)
def _nothing_left_over(request: pytest.FixtureRequest) -> Iterator[None]:
    """Caches and the active language do not travel from test to test."""
    from socle.capabilities.casework import registry
    from socle.foundations.packs import queries as packs

    yield
    # What the test applied is rolled back with its database.
    packs.forget()
    registry.definition_of.cache_clear()
    translation.deactivate()
    caches["local"].clear()
    marker = request.node.get_closest_marker("django_db")
    if (marker and marker.kwargs.get("transaction")) or (
        {"transactional_db", "live_server", "django_db_serialized_rollback"}
        & set(request.fixturenames)
    ):
        # The cache's table is no model: emptying the database leaves it full.
        blocker = request.getfixturevalue("django_db_blocker")
        with blocker.unblock():
            caches["default"].clear()


@pytest.fixture
def clock() -> Any:
    """A clock that stands still: Wednesday 4 March 2026, 10:30 in Paris. ``advance`` moves it."""
    from socle.kernel.clock import FixedClock

    return FixedClock(datetime(2026, 3, 4, 9, 30, tzinfo=UTC))


@pytest.fixture
def data_home() -> Path:
    """The data folder of this run (``SOCLE_HOME``); gone at the end."""
    return HOME


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The one browser of this process: playwright's synchronous API allows a single driver."""
    from playwright.sync_api import sync_playwright

    # Quiet: it must not look for its maker's hosts on a closed network.
    quiet = [
        "--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader", "--disable-sync",
        "--disable-background-networking", "--disable-component-update", "--no-first-run",
    ]  # fmt: skip
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=quiet)
        yield opened
        opened.close()
