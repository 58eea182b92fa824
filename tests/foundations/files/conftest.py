"""A storage of its own for each test, and antiviruses that answer as told."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from socle.foundations.accounts.actors import Actor
from socle.foundations.files import actions, registry
from socle.foundations.files.models import StoredFile
from socle.foundations.files.ports import Verdict
from socle.kernel.errors import Unavailable


@pytest.fixture(autouse=True)
def storage(settings: Any, tmp_path: Path) -> Path:
    """The folder of stored bytes."""
    folder = tmp_path / "files"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(folder)},
        },
    }
    return folder


@pytest.fixture
def resident() -> Actor:
    """A person without account rows: files only need an owner's id when they are stored for one."""
    return Actor(kind="anonymous")


@pytest.fixture
def receive() -> Callable[..., StoredFile]:
    """Receive bytes for the draft ``claim``."""

    def receive(
        content: bytes, name: str = "fichier", claim: str = "claim", **options: Any
    ) -> StoredFile:
        options.setdefault("actor", Actor(kind="anonymous"))
        return actions.receive(upload=io.BytesIO(content), name=name, claim=claim, **options)

    return receive


class SlowAntivirus:
    """Answers from a task. ``down``: does not; ``finds``: this name, in everything."""

    immediate = False

    def __init__(self) -> None:
        self.down = False
        self.finds = ""
        self.scanned: list[bytes] = []

    def scan(self, stream: BinaryIO) -> Verdict:
        if self.down:
            raise Unavailable
        self.scanned.append(stream.read())
        return Verdict(clean=not self.finds, signature=self.finds)


@pytest.fixture
def antivirus(monkeypatch: pytest.MonkeyPatch) -> SlowAntivirus:
    """In place of the null one."""
    slow = SlowAntivirus()
    monkeypatch.setitem(registry._factories, "null", lambda: slow)
    return slow
