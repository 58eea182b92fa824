"""From quarantine to a case or to oblivion: scanning, attaching, reading, sweeping."""

from __future__ import annotations

import io
import os
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from tests.foundations.files import samples
from tests.foundations.files.conftest import SlowAntivirus

from socle.foundations.accounts.actors import ANONYMOUS, SYSTEM, Actor
from socle.foundations.accounts.events import AccountClosed
from socle.foundations.accounts.models import User
from socle.foundations.files import actions, policies, queries, registry
from socle.foundations.files.downloads import headers_for
from socle.foundations.files.events import FileBlocked, FileCleared
from socle.foundations.files.models import StoredFile
from socle.foundations.files.ports import Verdict
from socle.foundations.journal.models import Entry
from socle.foundations.tasks.models import Task
from socle.foundations.tasks.testing import drain
from socle.kernel import events
from socle.kernel.clock import FixedClock
from socle.kernel.errors import Conflict, Gone, Invalid, NotFound, Unavailable

pytestmark = pytest.mark.django_db

Receive = Callable[..., StoredFile]
PHOTO = samples.picture()


def kept(storage: Path) -> list[str]:
    """The folders that hold bytes: one entry per stored object."""
    return sorted(
        path.relative_to(storage).parts[0] for path in storage.rglob("*") if path.is_file()
    )


@pytest.fixture
def heard() -> Any:
    """Events of files, in order."""
    heard: list[Any] = []
    with events.isolated_subscriptions():
        events.within(FileCleared, heard.append)
        events.within(FileBlocked, heard.append)
        yield heard


@pytest.fixture
def lea() -> Actor:
    return Actor(kind="resident", user_id=User.objects.create_user("lea@example.org").pk)


# --- Antivirus ---


def test_a_file_stays_in_quarantine_until_it_is_scanned(
    receive: Receive,
    antivirus: SlowAntivirus,
    storage: Path,
    heard: list[Any],
    django_capture_on_commit_callbacks: Any,
) -> None:
    stored = receive(PHOTO)
    assert stored.state == StoredFile.State.QUARANTINED
    assert kept(storage) == ["quarantine", "quarantine"]
    with pytest.raises(Gone):
        queries.open_file(stored)
    assert not policies.can_download(ANONYMOUS, stored, "claim")
    drain()
    stored.refresh_from_db()
    assert stored.is_clean
    assert kept(storage) == ["clean", "clean"]
    with queries.open_file(stored) as stream:
        content = stream.read()
    assert antivirus.scanned == [content]
    assert stored.sha256 in stored.storage_key
    assert heard == [FileCleared(file_id=stored.pk)]


def test_an_infected_file_is_destroyed_and_its_sender_known(
    receive: Receive, antivirus: SlowAntivirus, storage: Path, heard: list[Any], lea: Actor
) -> None:
    antivirus.finds = "Win.Test.EICAR_HDB-1"
    stored = receive(PHOTO, actor=lea, claim="")
    drain()
    stored.refresh_from_db()
    assert (stored.state, stored.signature) == (StoredFile.State.INFECTED, "Win.Test.EICAR_HDB-1")
    assert kept(storage) == []
    assert heard == [FileBlocked(file_id=stored.pk, owner_id=lea.user_id)]
    entry = Entry.objects.get(action="file.blocked")
    assert entry.subject_id == str(stored.pk)
    with pytest.raises(Gone):
        queries.open_file(stored)
    with pytest.raises(Invalid):
        actions.attach(file_ids=[stored.pk], actor=lea)


def test_while_the_antivirus_is_away_files_wait_and_are_tried_again(
    receive: Receive, antivirus: SlowAntivirus, clock: FixedClock
) -> None:
    antivirus.down = True
    stored = receive(PHOTO, clock=clock)
    for _attempt in range(3):
        with pytest.raises(Unavailable):
            drain(clock=clock)
        clock.advance(timedelta(hours=2))
    stored.refresh_from_db()
    assert stored.state == StoredFile.State.QUARANTINED
    antivirus.down = False
    drain(clock=clock)
    stored.refresh_from_db()
    assert stored.is_clean


def test_a_file_whose_task_gave_up_is_scanned_by_the_hourly_round(
    receive: Receive, antivirus: SlowAntivirus, clock: FixedClock
) -> None:
    stored = receive(PHOTO, clock=clock)
    Task.objects.all().delete()
    assert actions.rescan_waiting(clock=clock) == 0
    clock.advance(timedelta(hours=1, minutes=1))
    assert actions.rescan_waiting(clock=clock) == 1
    assert actions.rescan_waiting(clock=clock) == 1
    assert Task.objects.count() == 1
    drain(clock=clock)
    stored.refresh_from_db()
    assert stored.is_clean


def test_scanning_twice_is_harmless(
    receive: Receive, antivirus: SlowAntivirus, storage: Path, heard: list[Any]
) -> None:
    stored = receive(PHOTO)
    actions.scan(file_id=stored.pk)
    actions.scan(file_id=stored.pk)
    drain()
    assert len(heard) == 1
    assert kept(storage) == ["clean", "clean"]


def test_a_file_refused_at_once_is_not_kept(
    receive: Receive, monkeypatch: pytest.MonkeyPatch, storage: Path
) -> None:
    class Strict:
        immediate = True

        def scan(self, stream: object) -> Verdict:
            return Verdict(clean=False, signature="Eicar")

    monkeypatch.setitem(registry._factories, "null", Strict)
    with pytest.raises(Invalid) as refused:
        receive(PHOTO)
    assert refused.value.code == "infected-file"
    assert kept(storage) == []
    assert Entry.objects.filter(action="file.blocked").exists()


def test_without_its_antivirus_nothing_is_received(
    receive: Receive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(registry._factories, "null")
    with pytest.raises(LookupError):
        receive(PHOTO)


# --- Whose it is ---


def test_a_file_is_its_senders_or_the_drafts_that_claims_it(receive: Receive, lea: Actor) -> None:
    stranger = Actor(kind="resident", user_id=(lea.user_id or 0) + 1)
    mine, drafts = receive(PHOTO, actor=lea, claim=""), receive(PHOTO)
    assert policies.can_download(lea, mine)
    assert policies.can_download(ANONYMOUS, drafts, "claim")
    assert policies.can_download(SYSTEM, mine)
    for actor, stored, claim in (
        (stranger, mine, ""),
        (ANONYMOUS, mine, ""),
        (ANONYMOUS, drafts, ""),
        (ANONYMOUS, drafts, "other"),
        (lea, drafts, ""),
    ):
        assert not policies.can_download(actor, stored, claim)
        with pytest.raises(NotFound):
            queries.for_download(actor, stored.pk, claim)
    assert queries.for_download(lea, str(mine.pk)).pk == mine.pk


@pytest.mark.parametrize("unknown", [uuid.UUID(int=0), "not an id", ""])
def test_an_unknown_file_is_not_found(unknown: Any) -> None:
    with pytest.raises(NotFound):
        queries.by_id(unknown)
    with pytest.raises(NotFound):
        actions.attach(file_ids=[unknown], actor=SYSTEM)


def test_files_are_attached_in_order_once_by_their_holder(
    receive: Receive, clock: FixedClock
) -> None:
    first, second = receive(PHOTO), receive(PHOTO)
    with pytest.raises(NotFound):
        actions.attach(file_ids=[first.pk], actor=ANONYMOUS, claim="other")
    attached = actions.attach(
        file_ids=[second.pk, str(first.pk), second.pk], actor=ANONYMOUS, claim="claim", clock=clock
    )
    assert [stored.pk for stored in attached] == [second.pk, first.pk]
    assert attached[0].attached_at == clock.now()
    with pytest.raises(Conflict):
        actions.attach(file_ids=[first.pk], actor=ANONYMOUS, claim="claim")


def test_one_foreign_file_attaches_none(receive: Receive) -> None:
    mine, foreign = receive(PHOTO), receive(PHOTO, claim="other")
    with pytest.raises(NotFound):
        actions.attach(file_ids=[mine.pk, foreign.pk], actor=ANONYMOUS, claim="claim")
    mine.refresh_from_db()
    assert mine.attached_at is None


def test_once_attached_the_claim_no_longer_opens_it(receive: Receive) -> None:
    stored = receive(PHOTO)
    [attached] = actions.attach(file_ids=[stored.pk], actor=ANONYMOUS, claim="claim")
    assert not policies.can_download(ANONYMOUS, attached, "claim")


def test_files_of_a_draft_are_listed_without_the_others(receive: Receive) -> None:
    mine, foreign = receive(PHOTO), receive(PHOTO, claim="other")
    listed = queries.for_claim(ANONYMOUS, [foreign.pk, mine.pk, uuid.uuid4()], "claim")
    assert [stored.pk for stored in listed] == [mine.pk]


@pytest.mark.django_db(transaction=True)
def test_a_file_can_be_taken_back_until_it_is_attached(receive: Receive, storage: Path) -> None:
    stored, attached = receive(PHOTO), receive(PHOTO)
    actions.attach(file_ids=[attached.pk], actor=ANONYMOUS, claim="claim")
    for file_id, claim in ((stored.pk, "other"), (attached.pk, "claim")):
        with pytest.raises(NotFound):
            actions.discard(file_id=file_id, actor=ANONYMOUS, claim=claim)
    actions.discard(file_id=stored.pk, actor=ANONYMOUS, claim="claim")
    assert [row.pk for row in StoredFile.objects.all()] == [attached.pk]
    assert len(kept(storage)) == 2


# --- Oblivion ---


@pytest.mark.django_db(transaction=True)
def test_what_nobody_attached_is_swept_with_its_bytes(
    receive: Receive, clock: FixedClock, storage: Path
) -> None:
    old, attached = receive(PHOTO, clock=clock), receive(PHOTO, clock=clock)
    actions.attach(file_ids=[attached.pk], actor=ANONYMOUS, claim="claim", clock=clock)
    clock.advance(actions.UNATTACHED_FOR - timedelta(minutes=1))
    recent = receive(PHOTO, clock=clock)
    assert actions.sweep_unattached(clock=clock) == 0
    clock.advance(timedelta(minutes=2))
    assert actions.sweep_unattached(clock=clock) == 1
    assert {row.pk for row in StoredFile.objects.all()} == {attached.pk, recent.pk}
    with pytest.raises(NotFound):
        queries.by_id(old.pk)
    assert len(kept(storage)) == 4


def test_what_a_room_still_refers_to_is_not_swept(
    receive: Receive, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, forgotten = receive(PHOTO, clock=clock), receive(PHOTO, clock=clock)
    monkeypatch.setattr(registry, "_holders", [])
    registry.hold(lambda file_ids: [file_id for file_id in file_ids if file_id == held.pk])
    clock.advance(actions.UNATTACHED_FOR + timedelta(days=1))
    assert actions.sweep_unattached(clock=clock) == 1
    assert [row.pk for row in StoredFile.objects.all()] == [held.pk]
    monkeypatch.setattr(registry, "_holders", [])
    assert actions.sweep_unattached(clock=clock) == 1
    with pytest.raises(NotFound):
        queries.by_id(forgotten.pk)


def test_bytes_that_no_row_knows_are_swept_after_two_days(
    receive: Receive, storage: Path, clock: FixedClock
) -> None:
    stored = receive(PHOTO)
    orphan = storage / "quarantine" / "ab" / "abcd-1"
    young = storage / "quarantine" / "ab" / "abcd-2"
    orphan.parent.mkdir(parents=True)
    for path, age in ((orphan, 3), (young, 1), (storage / stored.storage_key, 30)):
        if not path.exists():
            path.write_bytes(b"lost")
        at = (datetime.now(UTC) - timedelta(days=age)).timestamp()
        os.utime(path, (at, at))
    more = [orphan.with_name(f"more-{number}") for number in range(1010)]
    for path in more:
        path.write_bytes(b"")
        os.utime(path, (0, 0))
    actions.sweep_unattached()
    assert not orphan.exists()
    assert not any(path.exists() for path in more)
    assert young.exists()
    assert (storage / stored.storage_key).exists()


@pytest.mark.django_db(transaction=True)
def test_a_closed_account_takes_its_unattached_files_along(
    receive: Receive, lea: Actor, storage: Path
) -> None:
    receive(PHOTO, actor=lea, claim="")
    kept_file = receive(PHOTO, actor=lea, claim="")
    actions.attach(file_ids=[kept_file.pk], actor=lea)
    assert [entry["attached"] for entry in queries.of_person(lea.user_id or 0)] == [False, True]
    with transaction.atomic():
        events.emit(AccountClosed(user_id=lea.user_id or 0, email="lea@example.org"))
    assert [row.pk for row in StoredFile.objects.all()] == [kept_file.pk]
    assert len(kept(storage)) == 2


def test_lost_bytes_are_gone_not_a_crash(receive: Receive, storage: Path) -> None:
    stored = receive(PHOTO)
    (storage / stored.storage_key).unlink()
    with pytest.raises(Gone):
        queries.open_file(stored)
    with pytest.raises(NotFound):
        queries.open_thumbnail(receive(samples.pdf()))


# --- Serving ---


def test_a_file_is_served_so_that_it_cannot_act(receive: Receive) -> None:
    headers = headers_for(receive(samples.pdf(), "Reçu de Léa; 50 €.pdf"), inline=True)
    assert headers["Content-Type"] == "application/pdf"
    disposition = headers["Content-Disposition"]
    assert disposition.startswith(
        "attachment; filename*=utf-8''Re%C3%A7u%20de%20L%C3%A9a_%2050%20%E2%82%AC.pdf"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"].startswith("private")


def test_only_pictures_are_shown_in_the_page_and_only_when_asked(receive: Receive) -> None:
    stored = receive(PHOTO, "vélo.jpg")
    assert headers_for(stored, inline=True)["Content-Disposition"].startswith("inline")
    assert headers_for(stored)["Content-Disposition"].startswith("attachment")
    small = headers_for(stored, inline=True, thumbnail=True)
    assert small["ETag"] != headers_for(stored)["ETag"]
    assert "Content-Length" not in small


def test_what_is_served_has_the_announced_length_and_digest(receive: Receive) -> None:
    stored = receive(PHOTO)
    with queries.open_file(stored) as stream:
        content = stream.read()
    assert headers_for(stored)["Content-Length"] == str(len(content)) == str(stored.size)
    assert io.BytesIO(content).getbuffer().nbytes == stored.size


def test_erasing_takes_attached_files_and_their_bytes(
    receive: Receive, storage: Path, lea: Actor, django_capture_on_commit_callbacks: Any
) -> None:
    gone, stays = (receive(PHOTO, actor=lea, claim="") for _n in range(2))
    actions.attach(file_ids=[gone.pk, stays.pk], actor=lea)
    before = len(kept(storage))
    with django_capture_on_commit_callbacks(execute=True):
        assert actions.erase(file_ids=[gone.pk, uuid.uuid4()]) == 1
    assert list(StoredFile.objects.all()) == [stays]
    assert len(kept(storage)) == before // 2
