"""The journal is signed every day without anybody asking."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from socle.foundations.journal.queries import Report
from socle.foundations.tasks import registry
from socle.foundations.tasks.rules import Daily
from socle.foundations.tasks.testing import drain

pytestmark = pytest.mark.django_db


def test_a_nightly_task_signs_the_chains(
    write: Callable[..., None], check: Callable[..., Report], settings: Any, tmp_path: Path
) -> None:
    settings.SOCLE = settings.SOCLE.model_copy(update={"home": tmp_path})
    declared, rhythm = registry.rhythms()["house.checkpoint"]
    assert isinstance(rhythm, Daily)
    write(3)
    declared.enqueue()
    assert drain() == 1
    report = check(checkpoints_dir=tmp_path / "journal")
    assert report.ok
    assert report.checkpoints == 1
