"""Applications come one by one, whoever starts them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections, transaction
from tests.foundations.packs.conftest import Folder

from socle.foundations import packs
from socle.foundations.packs import actions
from socle.foundations.packs.applying import Applying
from socle.foundations.packs.document import Document
from socle.foundations.packs.models import Application, Head, Revision
from socle.foundations.packs.parts import Toml
from socle.foundations.packs.registry import Item, Section

pytestmark = pytest.mark.django_db(transaction=True)


class Note(Document):
    text: str


class Meeting:
    """Sees whether two threads are ever inside at the same time."""

    def __init__(self) -> None:
        self.both = threading.Barrier(2)
        self.met = False

    def enter(self) -> None:
        try:
            self.both.wait(timeout=0.5)
            self.met = True
        except threading.BrokenBarrierError:
            self.both.reset()


def _in_two_threads(act: Callable[[], Any]) -> list[Any]:
    def run(_index: int) -> Any:
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, range(2)))


def _slow(lakeside: Folder, meeting: Meeting) -> Section:
    lakeside.write("zz-note.toml", 'text = "hello"\n')

    def apply(item: Item[Note], applying: Applying) -> None:
        meeting.enter()

    return Section(
        name="zz-note", where=".", parts=(Toml("zz-note.toml"),), model=Note, apply=apply
    )


def test_two_applications_never_run_together_and_only_one_writes(
    lakeside: Folder, with_section: Callable[[Section], Section]
) -> None:
    meeting = Meeting()
    with_section(_slow(lakeside, meeting))
    results = _in_two_threads(lambda: packs.apply(lakeside.path))
    assert not meeting.met
    assert sorted(result.changed for result in results) == [False, True]
    assert Application.objects.count() == 1
    assert Head.objects.count() == 1
    assert Revision.objects.count() == len(results[0].plan.changes or results[1].plan.changes)


@pytest.mark.postgres
def test_without_the_lock_they_would_run_together(
    lakeside: Folder,
    with_section: Callable[[Section], Section],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The control: what the first test watches for does happen when the row is not locked."""
    meeting = Meeting()
    section = with_section(_slow(lakeside, meeting))
    packs.apply(lakeside.path)

    def act() -> None:
        monkeypatch.setattr(actions, "_lock", lambda: Head.objects.get(pk=Head.ONLY))
        with transaction.atomic():
            actions._lock()
            section.apply(None, None)  # type: ignore[arg-type]

    _in_two_threads(act)
    assert meeting.met


@pytest.mark.sqlite
def test_without_a_transaction_they_would_run_together(lakeside: Folder) -> None:
    """The control on SQLite, where the transaction itself is the lock."""
    meeting = Meeting()
    _in_two_threads(meeting.enter)
    assert meeting.met
    assert connection.vendor == "sqlite"
