"""The public row is in step with its case, holds nothing private, and counts are exact."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.cast import Cast
from tests.domains.reports.public import recounting
from tests.domains.reports.public.conftest import CATEGORIES, root

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework.events import CaseChanged
from socle.capabilities.casework.models import Case, Merge
from socle.capabilities.casework.queries import transitions_for
from socle.domains.reports import queries
from socle.domains.reports.models import PublicPhoto, PublicReport, ReportCount, ReportDelta
from socle.domains.reports.public import counting, moderating, projecting
from socle.foundations.accounts.actors import SYSTEM
from socle.foundations.territories import queries as territories
from socle.kernel import events
from socle.kernel.errors import Conflict, Invalid, NotFound

pytestmark = pytest.mark.django_db


def move(case: Case, transition: str) -> Case:
    case = Case.objects.get(pk=case.pk)
    return casework.perform(
        actor=root(), case_id=case.pk, transition_id=transition, version=case.version,
        message="Bonjour.", reason="Parce que.",
    )  # fmt: skip


def row_of(case: Case) -> PublicReport:
    return PublicReport.objects.get(pk=case.pk)


def test_place_category_and_dates_show_at_once_words_wait(report: Callable[..., Case]) -> None:
    case = report(description="Devant chez Mme Dupont", contact_name="Ada Byron")
    row = queries.public_report(case.reference)
    assert (row.category, row.status, row.cell) == (case.category, "received", case.cell)
    assert (row.moderation, row.text, row.visible) == ("pending", "", True)


def test_a_report_without_words_nor_photo_has_nothing_to_read(report: Callable[..., Case]) -> None:
    assert row_of(report(description="")).moderation == "shown"


def test_a_request_has_no_public_face(report: Callable[..., Case]) -> None:
    case = report()
    Case.objects.filter(pk=case.pk).update(kind="request")
    PublicReport.objects.all().delete()
    projecting.rebuild([case.pk])
    assert not PublicReport.objects.exists()


def test_state_and_owner_follow_in_the_same_transaction(report: Callable[..., Case]) -> None:
    case = report()
    move(case, "start")
    case.refresh_from_db()
    neighbour = territories.organisation("villeneuve-du-lac")
    casework.transfer(
        actor=SYSTEM, case_id=case.pk, organisation_id=neighbour.pk, version=case.version,
        reason="Chez vous.",
    )  # fmt: skip
    row = row_of(case)
    assert (row.status, row.organisation_id) == ("in_progress", neighbour.pk)
    move(case, "resolve")
    assert (row_of(case).is_open, row_of(case).status) == (False, "resolved")
    assert recounting.actual() == recounting.expected()


def test_an_act_undone_leaves_the_public_row_as_it_was(report: Callable[..., Case]) -> None:
    case = report()
    before = ReportDelta.objects.count()

    class Refused(Exception):
        pass

    def refuse(event: CaseChanged) -> None:
        raise Refused

    with events.isolated_subscriptions():
        events.within(CaseChanged, projecting.on_case_changed)
        events.within(CaseChanged, refuse)
        with pytest.raises(Refused):
            move(case, "resolve")
    assert row_of(case).status == "received"
    assert ReportDelta.objects.count() == before


def test_the_public_date_moves_only_when_something_public_changes(
    cast: Cast, report: Callable[..., Case]
) -> None:
    case = report()
    told = row_of(case).updated_at
    casework.reply(actor=SYSTEM, case_id=case.pk, body="Entre nous.", internal=True)
    assert row_of(case).updated_at == told
    move(case, "start")
    assert row_of(case).updated_at > told


def test_a_category_that_is_not_public_is_not_shown(
    report: Callable[..., Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = report(category="tag")
    secret = queries.category("tag")
    assert secret is not None
    private = secret.model_copy(update={"public": False})
    monkeypatch.setattr(queries, "category", lambda *args: private)
    projecting.refresh_categories()
    with pytest.raises(NotFound):
        queries.public_report(case.reference)
    assert counting.count(8, counting.WORLD) == 0
    monkeypatch.undo()
    projecting.refresh_categories()
    assert queries.public_report(case.reference).pk == case.pk
    assert recounting.actual() == recounting.expected()


def test_a_merged_reference_answers_its_survivor_and_its_photos_go_with_it(
    report: Callable[..., Case], picture: Callable[..., str]
) -> None:
    survivor = report()
    merged = report(documents=[{"file_id": picture(), "kind": "photo", "label": "Photo"}])
    photo = PublicPhoto.objects.get(report_id=merged.pk)
    moderating.moderate(
        actor=SYSTEM, case_id=merged.pk, moderation="shown", photos=[photo.document_id]
    )
    (merge,) = casework.merge(
        actor=root(), survivor_id=survivor.pk, merged_ids=[merged.pk],
        versions={survivor.pk: survivor.version, merged.pk: merged.version},
    )  # fmt: skip
    answer = queries.public_report(merged.reference)
    assert answer.reference == survivor.reference
    assert [each.pk for each in answer.shown_photos] == [photo.pk]
    assert counting.count(8, counting.WORLD) == 1
    casework.unmerge(actor=root(), merge_id=merge.pk)
    answer = queries.public_report(merged.reference)
    assert answer.reference == merged.reference
    assert [each.pk for each in answer.shown_photos] == [photo.pk]
    assert recounting.actual() == recounting.expected()


def test_a_case_gone_for_good_counts_no_more(report: Callable[..., Case]) -> None:
    case, other = report(), report()
    counting.roll_up()
    PublicReport.objects.filter(pk=case.pk).delete()
    assert counting.count(8, counting.WORLD) == 1
    assert row_of(other).visible


def test_rebuilding_finds_what_was_never_projected(report: Callable[..., Case]) -> None:
    cases = [report(description="Des mots.") for _ in range(5)]
    move(cases[0], "resolve")
    moderating.moderate(actor=SYSTEM, case_id=cases[1].pk, moderation="hidden")
    PublicReport.objects.filter(pk__in=[cases[2].pk, cases[3].pk]).delete()
    Case.objects.filter(pk=cases[4].pk).update(category="eclairage")
    ReportCount.objects.all().delete()
    ReportDelta.objects.all().delete()
    assert projecting.rebuild() == 3
    assert recounting.actual() == recounting.expected()
    assert row_of(cases[2]).moderation == "pending"
    assert row_of(cases[1]).visible is False
    assert projecting.rebuild() == 0


def test_counts_that_are_wrong_are_seen(report: Callable[..., Case]) -> None:
    """The recount of these tests is not satisfied by anything."""
    report()
    counting.roll_up()
    ReportCount.objects.filter(level=12, category="").update(n=2)
    assert recounting.actual() != recounting.expected()


class Acts(RuleBasedStateMachine):
    """Any acts in any order, with the roll-up at any moment: counts equal a recount."""

    def __init__(self) -> None:
        super().__init__()
        self.cases: list[Case] = []
        self.actor = root()
        self.organisations = [each.pk for each in territories.organisations()]

    def some(self, number: int) -> Case:
        return Case.objects.get(pk=self.cases[number % len(self.cases)].pk)

    @rule(
        category=st.sampled_from(CATEGORIES),
        lon=st.floats(2.0, 2.1),
        lat=st.floats(46.0, 46.1),
        owner=st.integers(0, 9),
        words=st.booleans(),
    )
    def opens(self, category: str, lon: float, lat: float, owner: int, words: bool) -> None:
        opened = casework.open_case(
            actor=SYSTEM, kind="report", service_key="signaler-un-probleme",
            definition=queries.revision_in_force(), prefix="SG", title="Signalement",
            category=category, organisation_id=self.organisations[owner % len(self.organisations)],
            lon=lon, lat=lat, description="Secret" if words else "",
        )  # fmt: skip
        self.cases.append(opened.case)

    @precondition(lambda self: self.cases)
    @rule(number=st.integers(0, 50), which=st.integers(0, 5))
    def moves(self, number: int, which: int) -> None:
        case = self.some(number)
        offered = transitions_for(self.actor, case)
        if offered and case.merged_into_id is None:
            casework.perform(
                actor=self.actor, case_id=case.pk,
                transition_id=offered[which % len(offered)].id,
                version=case.version, message="Bonjour.", reason="Motif.",
            )  # fmt: skip

    @precondition(lambda self: self.cases)
    @rule(number=st.integers(0, 50), owner=st.integers(0, 9))
    def is_transferred(self, number: int, owner: int) -> None:
        case = self.some(number)
        target = self.organisations[owner % len(self.organisations)]
        if target != case.organisation_id and case.merged_into_id is None:
            casework.transfer(
                actor=SYSTEM, case_id=case.pk, organisation_id=target, version=case.version,
                reason="Chez vous.",
            )  # fmt: skip

    @precondition(lambda self: self.cases)
    @rule(number=st.integers(0, 50), category=st.sampled_from(CATEGORIES))
    def changes_category(self, number: int, category: str) -> None:
        case = self.some(number)
        with transaction.atomic():
            Case.objects.filter(pk=case.pk).update(category=category)
            projecting.project(case)

    @precondition(lambda self: len(self.cases) > 1)
    @rule(one=st.integers(0, 50), other=st.integers(0, 50))
    def is_merged(self, one: int, other: int) -> None:
        survivor, merged = self.some(one), self.some(other)
        with contextlib.suppress(Invalid, Conflict):
            casework.merge(
                actor=self.actor, survivor_id=survivor.pk, merged_ids=[merged.pk],
                versions={survivor.pk: survivor.version, merged.pk: merged.version},
            )  # fmt: skip

    @rule(number=st.integers(0, 50))
    def is_taken_apart(self, number: int) -> None:
        merges = list(Merge.objects.filter(undone_at=None).order_by("pk"))
        if merges:
            with contextlib.suppress(Conflict):
                casework.unmerge(actor=self.actor, merge_id=merges[number % len(merges)].pk)

    @precondition(lambda self: self.cases)
    @rule(
        number=st.integers(0, 50), how=st.sampled_from(["shown", "hidden", "place_only", "pending"])
    )
    def is_moderated(self, number: int, how: str) -> None:
        case = self.some(number)
        if how != "shown" or case.anonymised_at is None:
            moderating.moderate(actor=SYSTEM, case_id=case.pk, moderation=how)

    @precondition(lambda self: self.cases)
    @rule(number=st.integers(0, 50))
    def is_anonymised(self, number: int) -> None:
        case = self.some(number)
        if not case.is_open:
            casework.anonymise(case_id=case.pk)

    @rule(batch=st.sampled_from([1, 2, 7, 5_000]))
    def rolls_up(self, batch: int) -> None:
        counting.roll_up(batch=batch)

    @rule()
    def sweeps(self) -> None:
        counting.sweep()

    @rule()
    def counts_anew(self) -> None:
        counting.recount()

    @invariant()
    def counts_equal_a_recount(self) -> None:
        assert recounting.actual() == recounting.expected()

    @invariant()
    def words_not_let_through_are_nowhere(self) -> None:
        shown = PublicReport.objects.exclude(moderation="shown").exclude(text="")
        # Shown, then put back to be read again: what was let through stays.
        assert not shown.exclude(moderation="pending").exists()
        gone = Case.objects.filter(anonymised_at__isnull=False).values("pk")
        assert not PublicReport.objects.filter(pk__in=gone).exclude(text="").exists()

    @invariant()
    def readers_agree_with_the_rows(self) -> None:
        visible = PublicReport.objects.filter(visible=True)
        assert counting.count(8, counting.WORLD) == visible.count()
        for category in CATEGORIES[:2]:
            wanted = queries.PublicFilter(categories=frozenset({category}))
            assert (
                counting.count(16, counting.WORLD, wanted)
                == visible.filter(category=category).count()
            )


def test_counts_equal_a_recount_whatever_happens(db: None, cast: Cast) -> None:
    class Each(Acts):
        def __init__(self) -> None:
            self.point = transaction.savepoint()
            super().__init__()

        def teardown(self) -> None:
            transaction.savepoint_rollback(self.point)

    machine: Any = Each
    assert connection.in_atomic_block
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
