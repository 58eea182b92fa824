"""Child workers, and examples that forget what they did."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from tests.foundations.tasks import examples

ROOT = Path(__file__).resolve().parents[3]
_CHILD = """
import django; django.setup()
from datetime import timedelta
from tests.foundations.tasks import examples
from socle.foundations.tasks.worker import Worker
finished = Worker(queues=("default",), threads=1, grace=timedelta(seconds={grace})).run()
import os; os._exit(0 if finished else 7)
"""

Child = subprocess.Popen[str]


@pytest.fixture(autouse=True)
def _forgetful_examples() -> Iterator[None]:
    examples.reset()
    yield
    examples.gate.set()


@pytest.fixture
def child_worker(transactional_db: None) -> Iterator[Callable[..., Child]]:
    """Starts real worker processes on the tests' database; ends those left."""
    children: list[Child] = []

    def start(grace: float = 20) -> Child:
        child = subprocess.Popen(
            [sys.executable, "-c", _CHILD.format(grace=grace)],
            cwd=ROOT,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        children.append(child)
        return child

    yield start
    for child in children:
        child.kill()
        child.communicate()


def _environment() -> dict[str, str]:
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        url = f"sqlite:///{name}"
    else:
        url = settings.SOCLE.database.url.get_secret_value()
        url = url.rpartition("/")[0] + f"/{name}"
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "socle.config.settings",
        "SOCLE_DATABASE_URL": url,
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
        "TESTS_CHILD": "1",
    }
