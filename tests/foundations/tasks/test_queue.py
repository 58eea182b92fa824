"""The queue: what is written, when it runs, how it fails."""

from __future__ import annotations

import pytest

from socle.foundations.tasks.models import Task
from socle.foundations.tasks.registry import task
from socle.foundations.tasks.testing import drain

pytestmark = pytest.mark.django_db

calls: list[int] = []


@task(name="tests.note")
def note(number: int) -> None:
    calls.append(number)


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    calls.clear()


def test_an_enqueued_task_runs_once_and_is_done() -> None:
    row = note.enqueue(number=7)
    assert drain() == 1
    assert calls == [7]
    row.refresh_from_db()
    assert row.state == Task.State.DONE
