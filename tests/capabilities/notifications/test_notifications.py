"""Notifications: told once, in the person's language, read by their owner only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils.translation import gettext_lazy

from socle.capabilities.notifications import actions, queries
from socle.capabilities.notifications.models import Email, Notification
from socle.foundations.accounts.models import User
from socle.foundations.files.events import FileBlocked
from socle.kernel import events
from socle.kernel.clock import FixedClock
from socle.kernel.errors import Invalid, NotFound

pytestmark = pytest.mark.django_db


def tell(user: User, **options: Any) -> Notification:
    told = actions.notify(
        **{"user_id": user.pk, "kind": "case.closed", "title": "Close", **options}
    )
    assert told is not None
    return told


def test_a_person_is_told_and_reads(lea: User, clock: FixedClock) -> None:
    tell(lea, url="/mes-demandes/")
    second = tell(lea)
    assert queries.unread_count(lea.pk) == 2
    assert actions.mark_read(user_id=lea.pk, notification_ids=[second.pk], clock=clock) == 1
    assert actions.mark_read(user_id=lea.pk, notification_ids=[second.pk]) == 0
    assert queries.unread_count(lea.pk) == 1
    assert actions.mark_read(user_id=lea.pk) == 1
    assert queries.unread_count(lea.pk) == 0


def test_nobody_reads_for_somebody_else(lea: User) -> None:
    noe = User.objects.create_user("noe@example.org")
    told = tell(lea)
    assert actions.mark_read(user_id=noe.pk, notification_ids=[told.pk]) == 0
    assert queries.recent(noe.pk) == []
    with pytest.raises(NotFound):
        queries.of_user(noe.pk, told.pk)
    assert queries.of_user(lea.pk, told.pk) == told


def test_the_same_key_tells_once(lea: User) -> None:
    assert tell(lea, key="a").pk == tell(lea, key="a", title="Again").pk
    assert len(queries.recent(lea.pk)) == 1


def test_nobody_is_told_when_the_person_is_gone(lea: User) -> None:
    User.objects.filter(pk=lea.pk).update(is_active=False)
    assert actions.notify(user_id=lea.pk, kind="x", title="x") is None
    assert actions.notify(user_id=0, kind="x", title="x") is None


def test_it_is_said_in_the_persons_language(lea: User) -> None:
    User.objects.filter(pk=lea.pk).update(language="en")
    assert tell(lea, title=gettext_lazy("Monday")).title == "Monday"
    User.objects.filter(pk=lea.pk).update(language="fr")
    assert tell(lea, title=gettext_lazy("Monday")).title == "lundi"


def test_an_email_goes_along_if_they_want_emails(lea: User) -> None:
    tell(lea, email=True, key="a", body="Bonjour")
    assert [email.to for email in Email.objects.all()] == ["lea@example.org"]
    User.objects.filter(pk=lea.pk).update(email_notifications=False)
    tell(lea, email=True, key="b")
    assert Email.objects.count() == 1
    assert len(queries.recent(lea.pk)) == 2


def test_the_centre_is_paged_without_gap_nor_repeat(lea: User, clock: FixedClock) -> None:
    for number in range(7):
        tell(lea, title=str(number), clock=clock)
        if number % 3 == 2:
            clock.advance(timedelta(seconds=1))
    seen, cursor = [], None
    for _page in range(5):
        page = queries.page(lea.pk, cursor, limit=2)
        seen += [row.title for row in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]


@pytest.mark.parametrize("cursor", ["x", "2026-01-01~1", "2026-01-01T00:00:00+00:00~x", "~"])
def test_a_made_up_cursor_is_refused(lea: User, cursor: str) -> None:
    with pytest.raises(Invalid):
        queries.page(lea.pk, cursor)


def test_reading_costs_the_same_whatever_there_is(
    lea: User, django_assert_num_queries: Any
) -> None:
    for _count in range(130):
        tell(lea)
    with django_assert_num_queries(3):
        assert queries.unread_count(lea.pk) == queries.CAP
        queries.recent(lea.pk)
        queries.page(lea.pk)


def test_the_sender_of_a_dangerous_file_is_told(lea: User) -> None:
    from uuid import uuid4

    file_id = uuid4()
    with transaction.atomic():
        events.emit(FileBlocked(file_id=file_id, owner_id=lea.pk))
        events.emit(FileBlocked(file_id=file_id, owner_id=lea.pk))
        events.emit(FileBlocked(file_id=uuid4(), owner_id=None))
    [told] = queries.recent(lea.pk)
    assert "refusé" in told.title
    assert Email.objects.count() == 1


def test_a_persons_share_of_the_export_is_what_they_were_told(lea: User) -> None:
    tell(lea, body="Bonjour")
    [entry] = queries.of_person(lea.pk)
    assert (entry["title"], entry["body"], entry["read_at"]) == ("Close", "Bonjour", None)
