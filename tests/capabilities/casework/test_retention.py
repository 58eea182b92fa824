"""Closed cases are kept as long as their workflow says, no longer, and their files go with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from pytest_django import DjangoCaptureOnCommitCallbacks
from tests.capabilities.casework.cast import WORKFLOW, World, definition

from socle.capabilities.casework import actions, registry, tasks
from socle.capabilities.casework.models import Case, CaseDocument
from socle.capabilities.casework.pack import Workflow
from socle.foundations.files.models import StoredFile
from socle.foundations.journal import queries as journal
from socle.foundations.journal.models import Entry
from socle.foundations.tasks.models import Task
from socle.foundations.tasks.testing import drain
from socle.kernel.clock import FixedClock

pytestmark = pytest.mark.django_db
FILED = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)
CLOSED = datetime(2026, 1, 20, 22, 30, tzinfo=UTC)  # 23:30 in Paris


@pytest.fixture
def keeps(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Say how many months the workflow in force keeps cases."""

    def say(months: int | None) -> None:
        held = Workflow.model_validate(WORKFLOW | {"retention_months": months})
        monkeypatch.setattr(registry, "workflow_in_force", lambda _kind, _definition: held)

    return say


def closed(world: World, **given: Any) -> Case:
    case = world.case(FixedClock(FILED), **given)
    actions.perform(
        actor=world.camille, case_id=case.pk, transition_id="finish", version=1,
        clock=FixedClock(CLOSED),
    )  # fmt: skip
    case.refresh_from_db()
    return case


def due(at: datetime) -> list[int]:
    return [pk for pk, _version in actions.due_for_oblivion(limit=100, clock=FixedClock(at))]


def test_a_case_is_due_once_its_last_whole_day_is_past(world: World, keeps: Any) -> None:
    case = closed(world)
    keeps(24)
    # 24 months after the 20th of January, counted in days of the territory.
    assert due(datetime(2028, 1, 20, 22, 0, tzinfo=UTC)) == []
    assert due(datetime(2028, 1, 20, 23, 0, tzinfo=UTC)) == [case.pk]


@pytest.mark.parametrize("months", [None, 1200])
def test_nothing_is_erased_before_somebody_decided_when(
    world: World, keeps: Any, months: int | None
) -> None:
    closed(world)
    keeps(months)
    assert due(datetime(2046, 1, 1, tzinfo=UTC)) == []


def test_an_open_case_is_kept_and_a_case_is_erased_once(world: World, keeps: Any) -> None:
    world.case(FixedClock(FILED))
    case = closed(world)
    keeps(1)
    late = datetime(2027, 1, 1, tzinfo=UTC)
    assert due(late) == [case.pk]
    actions.anonymise(case_id=case.pk)
    assert due(late) == []


def test_a_case_reopened_meanwhile_is_left_alone(world: World, keeps: Any) -> None:
    case = closed(world)
    keeps(1)
    late = FixedClock(datetime(2027, 1, 1, tzinfo=UTC))
    actions.perform(
        actor=world.alice, case_id=case.pk, transition_id="reopen", version=2, clock=late
    )
    actions.anonymise_if_due(case_id=case.pk, clock=late)
    case.refresh_from_db()
    assert case.anonymised_at is None
    # Closed again, it is kept for as long again.
    actions.perform(
        actor=world.camille, case_id=case.pk, transition_id="finish", version=3, clock=late
    )
    actions.anonymise_if_due(case_id=case.pk, clock=late)
    case.refresh_from_db()
    assert case.contact_name == "Alice Martin"


def test_the_nightly_task_erases_every_case_that_is_due_and_writes_it_down(
    world: World, keeps: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "BATCH", 3)
    cases = [closed(world) for _n in range(7)]
    recent = world.case()
    actions.perform(actor=world.camille, case_id=recent.pk, transition_id="finish", version=1)
    Case.objects.filter(pk__in=[case.pk for case in cases]).update(
        created_at=FILED - timedelta(days=900), closed_at=CLOSED - timedelta(days=800)
    )
    keeps(12)
    tasks.retention.enqueue()
    drain()
    assert Case.objects.filter(anonymised_at__isnull=False).count() == 7
    assert not Case.objects.filter(anonymised_at__isnull=False).exclude(contact_email="")
    assert Entry.objects.filter(action="case.anonymised").count() == 7
    assert journal.verify().ok
    recent.refresh_from_db()
    assert recent.anonymised_at is None
    # The next night finds nothing more to do.
    before = Task.objects.count()
    tasks.retention()
    assert Task.objects.count() == before


def test_one_case_that_fails_holds_up_no_other(
    world: World, keeps: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = closed(world), closed(world)
    Case.objects.update(
        created_at=FILED - timedelta(days=900), closed_at=CLOSED - timedelta(days=800)
    )
    keeps(12)
    erase = actions.anonymise_if_due

    def failing(*, case_id: int) -> None:
        if case_id == first.pk:
            raise RuntimeError("a bug")
        erase(case_id=case_id)

    monkeypatch.setattr(actions, "anonymise_if_due", failing)
    tasks.retention.enqueue()
    drain(reraise=False)
    assert list(Case.objects.filter(anonymised_at__isnull=False)) == [second]


def test_the_files_of_an_erased_case_go_with_their_bytes(
    world: World, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    stored, others = world.file(world.alice), world.file(world.alice)
    for each in (stored, others):
        default_storage.save(each.storage_key, ContentFile(b"proof"))
    case = closed(world, documents=[{"file_id": str(stored.pk), "label": "Facture"}])
    with django_capture_on_commit_callbacks(execute=True):
        actions.anonymise(case_id=case.pk)
        assert default_storage.exists(stored.storage_key)  # not before the commit
    assert not StoredFile.objects.filter(pk=stored.pk).exists()
    assert not default_storage.exists(stored.storage_key)
    # What belongs to nothing erased stays.
    assert StoredFile.objects.filter(pk=others.pk).exists()
    assert default_storage.exists(others.storage_key)


def test_a_file_another_case_shows_stays_but_is_nobodys(world: World) -> None:
    stored = world.file(world.alice)
    case = closed(world, documents=[{"file_id": str(stored.pk), "label": "Facture"}])
    CaseDocument.objects.create(case=world.case(), file=stored, label="Copie", created_at=FILED)
    actions.anonymise(case_id=case.pk)
    stored.refresh_from_db()
    assert stored.owner_id is None
    assert stored.attached_at is not None


def test_the_workflow_in_force_decides_for_old_cases(world: World) -> None:
    # Nothing in force under this key: the case's own revision.
    kind = registry.CaseKind("request", "x", "x", "x", definition=lambda _revision: definition())
    assert definition().workflow.retention_months is None
    assert kind.definition(world.revision.pk).workflow == definition().workflow
    assert registry.workflow_in_force("request", world.revision.pk).retention_months is None
