"""Random people do random things; what must always hold, holds."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.capabilities.casework.cast import WORKFLOW, build_world, definition

from socle.capabilities.casework import actions, links, queries, registry, rules
from socle.capabilities.casework.actions import KEEP
from socle.capabilities.casework.filters import InboxFilter
from socle.capabilities.casework.models import Case, CaseEvent
from socle.foundations.accounts.actors import ANONYMOUS, SYSTEM, Actor
from socle.foundations.journal import queries as journal
from socle.foundations.journal.models import Entry
from socle.kernel.clock import FixedClock
from socle.kernel.errors import SocleError

PEOPLE = (
    "camille", "driss", "maud", "sacha", "mei", "counter", "root", "alice", "bruno",
    "nobody", "system",
)  # fmt: skip
people = st.sampled_from(PEOPLE)
which = st.integers(0, 20)
transitions = st.sampled_from([each["id"] for each in WORKFLOW["transition"]])
behind = st.sampled_from([0, 0, 0, 0, 1, 3])


class Desk(RuleBasedStateMachine):
    """What the database must say is kept beside it: versions, and the history as it was."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.stack.enter_context(transaction.atomic())
        kinds = [
            registry.CaseKind(key, key, key, "x", definition=lambda _id: definition())
            for key in ("request", "report")
        ]
        self.stack.enter_context(registry.isolated(*kinds))
        self.stack.enter_context(links.isolated())
        self.world = build_world()
        self.clock = FixedClock(datetime(2026, 3, 4, 9, 30, tzinfo=UTC))
        self.versions: dict[int, int] = {}
        self.history: dict[tuple[int, int], str] = {}
        self.operations: list[tuple[Actor, int]] = []
        self.acts = 0

    def teardown(self) -> None:
        assert journal.verify().ok
        transaction.set_rollback(True)
        self.stack.close()

    def who(self, name: str) -> Actor:
        return {"nobody": ANONYMOUS, "system": SYSTEM}.get(name) or getattr(self.world, name)

    def some(self, number: int) -> int:
        ids = sorted(self.versions)
        return ids[number % len(ids)]

    def attempt(self, case_id: int, act: Any) -> None:
        """An act either happens, and counts for one, or changes nothing."""
        entries = Entry.objects.count()
        try:
            with transaction.atomic():
                act()
        except SocleError:
            assert Case.objects.get(pk=case_id).version == self.versions[case_id]
            assert Entry.objects.count() == entries
            return
        version = Case.objects.get(pk=case_id).version
        assert version - self.versions[case_id] in (0, 1)
        self.acts += version - self.versions[case_id]
        self.versions[case_id] = version

    # --- What people do ---

    @rule(
        name=people,
        north=st.booleans(),
        garden=st.sampled_from([True, False, None]),
        key=st.integers(0, 5),
    )
    def open(self, name: str, north: bool, garden: bool | None, key: int) -> None:
        actor = self.who(name)
        owner = self.world.north if north else self.world.south
        try:
            with transaction.atomic():
                opened = self.world.open(
                    self.clock,
                    actor=actor,
                    applicant_id=actor.user_id,
                    organisation_id=owner.pk,
                    answers={"garden": garden},
                    idempotency_key=f"{name}:{key}",
                    lon=5.0,
                    lat=43.0,
                )
        except SocleError:
            return
        known = opened.case.pk in self.versions
        assert opened.created is not known
        if opened.created:
            self.versions[opened.case.pk] = 1
            self.acts += 1

    @precondition(lambda self: self.versions)
    @rule(name=people, number=which, transition=transitions, late=behind, words=st.booleans())
    def perform(self, name: str, number: int, transition: str, late: int, words: bool) -> None:
        case_id = self.some(number)
        text = "Parce que." if words else ""
        self.attempt(
            case_id,
            lambda: actions.perform(
                actor=self.who(name),
                case_id=case_id,
                transition_id=transition,
                version=self.versions[case_id] - late,
                message=text,
                reason=text,
                clock=self.clock,
            ),
        )

    @precondition(lambda self: self.versions)
    @rule(name=people, number=which, internal=st.booleans())
    def reply(self, name: str, number: int, internal: bool) -> None:
        case_id = self.some(number)
        self.attempt(
            case_id,
            lambda: actions.reply(
                actor=self.who(name),
                case_id=case_id,
                body="Bonjour",
                internal=internal,
                clock=self.clock,
            ),
        )

    @precondition(lambda self: self.versions)
    @rule(name=people, number=which, to=people | st.none(), team=st.sampled_from(["", "n", "s"]))
    def assign(self, name: str, number: int, to: str | None, team: str) -> None:
        case_id = self.some(number)
        teams = {"": KEEP, "n": self.world.north_team.pk, "s": self.world.south_team.pk}
        self.attempt(
            case_id,
            lambda: actions.assign(
                actor=self.who(name),
                case_id=case_id,
                version=self.versions[case_id],
                assignee_id=self.who(to).user_id if to else None,
                team_id=teams[team],
                clock=self.clock,
            ),
        )

    @precondition(lambda self: self.versions)
    @rule(name=people, number=which, north=st.booleans(), late=behind)
    def transfer(self, name: str, number: int, north: bool, late: int) -> None:
        case_id = self.some(number)
        owner = self.world.north if north else self.world.south
        self.attempt(
            case_id,
            lambda: actions.transfer(
                actor=self.who(name),
                case_id=case_id,
                organisation_id=owner.pk,
                reason="Compétence",
                version=self.versions[case_id] - late,
                clock=self.clock,
            ),
        )

    @precondition(lambda self: self.versions)
    @rule(name=people, number=which)
    def document(self, name: str, number: int) -> None:
        case_id, actor = self.some(number), self.who(name)
        sent = self.world.file(actor if actor.user_id else None)
        self.attempt(
            case_id,
            lambda: actions.add_document(
                actor=actor, case_id=case_id, files=[{"file_id": str(sent.pk)}], clock=self.clock
            ),
        )

    @precondition(lambda self: self.versions)
    @rule(name=people, transition=transitions, stale=st.booleans())
    def bulk(self, name: str, transition: str, stale: bool) -> None:
        actor = self.who(name)
        ids = sorted(self.versions)
        try:
            with transaction.atomic():
                result = actions.bulk(
                    actor=actor,
                    kind="transition",
                    case_ids=ids,
                    versions={pk: self.versions[pk] - (stale and pk % 2) for pk in ids},
                    transition_id=transition,
                    message="Bonjour",
                    reason="Parce que",
                    clock=self.clock,
                )
        except SocleError:
            return
        assert [each.case_id for each in result.outcomes] == ids
        self.operations.append((actor, result.operation.pk))
        self.follow(result)

    @precondition(lambda self: self.operations)
    @rule(number=which)
    def undo(self, number: int) -> None:
        actor, operation = self.operations[number % len(self.operations)]
        try:
            with transaction.atomic():
                result = actions.undo_bulk(actor=actor, operation_id=operation, clock=self.clock)
        except SocleError:
            return
        self.follow(result)

    def follow(self, result: actions.BulkResult) -> None:
        for each in result.done:
            self.versions[each.case_id] += 1
            self.acts += 1

    @rule(hours=st.integers(1, 24 * 40))
    def wait(self, hours: int) -> None:
        self.clock.advance(timedelta(hours=hours))
        for case_id, _version in actions.due_timers(clock=self.clock):
            self.attempt(case_id, lambda: actions.run_timer(case_id=case_id, clock=self.clock))  # noqa: B023

    # --- What must always hold ---

    @invariant()
    def rows_agree_with_their_workflow(self) -> None:
        for case in Case.objects.select_related("team"):
            state = rules.state_of(definition().workflow, case.state)
            assert state is not None
            assert case.version == self.versions[case.pk]
            assert (case.is_open, case.public_status) == (state.open, state.public.value)
            assert (case.closed_at is None) is case.is_open
            assert case.is_open or (case.due_at, case.due_left) == (None, None)
            assert case.team is None or case.team.organisation_id == case.organisation_id
            assert (case.timer_at is not None) is (case.state == "waiting") or not case.is_open

    @invariant()
    def history_only_grows(self) -> None:
        now = {
            (event.case_id, event.version): repr((event.kind, event.at, event.data, event.actor_id))
            for event in CaseEvent.objects.all()
        }
        assert self.history.items() <= now.items()
        wanted = {(pk, n) for pk, last in self.versions.items() for n in range(1, last + 1)}
        assert set(now) == wanted
        self.history = now

    @invariant()
    def every_act_is_in_the_journal(self) -> None:
        subjects = Entry.objects.filter(subject_type="case").values_list("subject_id", "data")
        assert len({(subject, data["version"]) for subject, data in subjects}) == self.acts

    @invariant()
    def pages_cut_the_inbox_exactly(self) -> None:
        for actor, owner in (
            (self.world.camille, self.world.north),
            (self.world.sacha, self.world.south),
        ):
            for is_open in (True, False):
                expected = Case.objects.filter(organisation=owner, is_open=is_open)
                seen: list[int] = []
                cursor = None
                while True:
                    page = queries.inbox(
                        actor, InboxFilter(open=is_open), cursor=cursor, limit=2, clock=self.clock
                    )
                    seen += [row.id for row in page.rows]
                    cursor = page.next_cursor
                    if cursor is None:
                        break
                assert len(seen) == len(set(seen))
                assert set(seen) == set(expected.values_list("pk", flat=True))


@pytest.mark.django_db
def test_whatever_people_do_the_cases_stay_true() -> None:
    run_state_machine_as_test(
        Desk, settings=settings(max_examples=25, stateful_step_count=25, deadline=None)
    )
