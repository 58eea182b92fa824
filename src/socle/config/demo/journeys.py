"""Requests and reports of the demonstration, lived through with the real actions on a moving clock."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework import queries as cases
from socle.capabilities.casework.models import Case
from socle.capabilities.casework.pack import Transition
from socle.capabilities.catalogue import queries as catalogue
from socle.capabilities.questionnaires import parsing, rules
from socle.capabilities.questionnaires.models import Draft
from socle.capabilities.questionnaires.pack import Question
from socle.config.demo import outbox, pictures
from socle.config.demo.pack import Demonstration
from socle.config.demo.people import Cast
from socle.config.demo.scenery import Scenery
from socle.domains.procedures import actions as procedures
from socle.domains.procedures import queries as declared
from socle.domains.reports import actions as reports
from socle.domains.reports import queries as reporting
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.actors import ANONYMOUS, Actor
from socle.foundations.packs import queries as packs
from socle.kernel.clock import FixedClock, local
from socle.kernel.errors import NotFound, SocleError

Advance = Callable[[int], None]


class Story:
    """Draws and lives the journeys, from one seed."""

    def __init__(self, plan: Demonstration, cast: Cast, now: datetime) -> None:
        self.plan = plan
        self.cast = cast
        self.now = now
        self.rng = random.Random(plan.seed + 2)
        self.scenery = Scenery(self.rng, plan.streets)
        self.sayings = {each.category: each.texts for each in plan.sayings}
        self.actors = {user.pk: accounts.actor_for(user) for user in cast.residents}
        self.places = procedures.Territory()

    # --- Opening ---
    def report(self, at: datetime) -> Case:
        """One report by a resident, by somebody without an account, or by phone."""
        taxonomy = reporting.in_force().categories
        category = self.rng.choice(taxonomy.categories)
        _area, lon, lat, address = self.scenery.place()
        user = self.rng.choice(self.cast.residents)
        drawn = self.rng.random()
        actor: Actor = ANONYMOUS if drawn < 0.3 else self.actors[user.pk]
        contact = {} if drawn < 0.15 else {"name": user.display_name, "email": user.email}
        claim = f"demonstration-{self.rng.random()}"
        files = (
            [pictures.photo(self.rng, category.label, actor, claim)]
            if self.rng.random() < 0.12
            else []
        )
        sent = reports.submit_report(
            actor=actor,
            category_id=category.id,
            lon=lon,
            lat=lat,
            description=self.rng.choice(self.sayings.get(category.id, (category.label,))),
            address=address,
            file_ids=files,
            claim=claim,
            contact=contact,
            channel="mobile" if self.rng.random() < 0.5 else "web",
            clock=FixedClock(at),
        )
        return sent.case

    def request(self, at: datetime, service_key: str) -> Case:
        """One request, its answers drawn until they hold."""
        user = self.rng.choice(self.cast.residents)
        entity = None
        if self.cast.representatives and self.rng.random() < 0.1:
            user, entity = self.rng.choice(self.cast.representatives)
            self.actors.setdefault(user.pk, accounts.actor_for(user))
        actor = self.actors[user.pk]
        revision = declared.revision_in_force(service_key)
        questionnaire = declared.procedure_of(revision).questionnaire
        today = local(at).date()
        answers: dict[str, Any] = {}
        for _attempt in range(30):
            answers = self._answers(service_key, questionnaire, today, actor)
            if not list(
                parsing.incomplete(questionnaire, answers, places=self.places, today=today)
            ):
                break
        draft = Draft.objects.create(
            definition=revision,
            service_key=service_key,
            owner_id=user.pk,
            answers=answers,
            contact={
                "name": user.display_name,
                "email": user.email,
                **({"entity_id": entity} if entity else {}),
            },
            created_at=at,
            updated_at=at,
        )
        filed = procedures.submit(
            draft=draft, actor=actor, claim="", places=self.places, clock=FixedClock(at)
        )
        return Case.objects.get(reference=filed.reference)

    def _answers(
        self, service_key: str, questionnaire: Any, today: Any, actor: Actor
    ) -> dict[str, Any]:
        hints = {each.service: each.values for each in self.plan.answers}.get(service_key, {})
        answers: dict[str, Any] = {}
        for _page, question in rules.questions(questionnaire):
            reading = rules.Reading(questionnaire, answers, today)
            if question.type == "info" or not reading.visible(question.id):
                continue
            value = self._answer(question, hints, actor)
            if value is not None:
                answers[question.id] = value
        return answers

    def _answer(self, question: Question, hints: dict[str, Any], actor: Actor) -> Any:
        if question.id in hints:
            return self.rng.choice(hints[question.id])
        if not question.required and self.rng.random() < 0.5:
            return None
        low = int(question.minimum) if question.minimum is not None else 1
        high = int(question.maximum) if question.maximum is not None else low + 5
        match question.type:
            case "boolean":
                return self.rng.random() < 0.5
            case "choice":
                return self.rng.choice(question.options).value
            case "choices":
                return [self.rng.choice(question.options).value]
            case "integer":
                return self.rng.randint(low, high)
            case "decimal":
                return str(self.rng.randint(low, high))
            case "address" | "location":
                area, lon, lat, label = self.scenery.place()
                return {"label": label, "lon": lon, "lat": lat, "citycode": area.code}
            case "file":
                return [pictures.document(self.rng, question.label, actor)]
            case "date":
                return (self.now - timedelta(days=self.rng.randint(30, 9000))).date().isoformat()
            case "email":
                return "contact@demonstration.example"
            case "phone":
                return "+33199001234"
            case _:
                return "Sans objet"

    # --- Living ---
    def live(self, case: Case, opened: datetime) -> None:
        """Agents take it, write, move it on; the person answers. It stops where time or chance stops it."""
        at = opened
        age = (self.now - opened).days
        steps = 0 if self.rng.random() < 0.05 + 0.25 * (age < 6) else self.rng.randint(1, 6)
        if age > 60:
            steps = max(steps, 4)
        for _step in range(steps):
            at += timedelta(hours=self.rng.expovariate(1 / 40) + 0.5)
            if at >= self.now:
                return
            fresh = Case.objects.get(pk=case.pk)
            if not fresh.is_open:
                return
            try:
                with transaction.atomic():
                    self._act(fresh, FixedClock(at))
            except SocleError:
                # Not possible in this state for this agent: nothing happened that day.
                continue

    def _act(self, case: Case, clock: FixedClock) -> None:
        members = self.cast.agents.get(case.organisation_id)
        if not members:
            return
        mine = [each for each in members if case.team_id in each.team_ids] or members
        agent = self.rng.choice(mine)
        if case.public_status == "waiting":
            self._person_answers(case, clock)
            return
        if case.assignee_id is None and self.rng.random() < 0.6:
            casework.assign(
                actor=agent,
                case_id=case.pk,
                version=case.version,
                assignee_id=agent.user_id,
                clock=clock,
            )
            return
        if self.plan.notes and self.rng.random() < 0.15:
            casework.reply(
                actor=agent,
                case_id=case.pk,
                body=self.rng.choice(self.plan.notes),
                internal=True,
                clock=clock,
            )
            return
        offered = cases.transitions_for(agent, case, clock=clock)
        if offered:
            self._move(
                case,
                agent,
                self.rng.choices(offered, [_weight(each) for each in offered])[0],
                clock,
            )

    def _move(self, case: Case, agent: Actor, transition: Transition, clock: FixedClock) -> None:
        replies = cases.canned_replies(agent, case, clock=clock)
        text = self.rng.choice(replies).body if replies else "Merci de votre patience."
        casework.perform(
            actor=agent,
            case_id=case.pk,
            transition_id=transition.id,
            version=case.version,
            message=text if "message" in transition.needs else "",
            reason="Vérifié sur place." if "reason" in transition.needs else "",
            clock=clock,
        )

    def _person_answers(self, case: Case, clock: FixedClock) -> None:
        actor = self.actors.get(case.applicant_id or 0)
        if actor is not None and self.plan.replies and self.rng.random() < 0.7:
            casework.reply(
                actor=actor, case_id=case.pk, body=self.rng.choice(self.plan.replies), clock=clock
            )


def _weight(transition: Transition) -> float:
    return {"primary": 6.0, "normal": 2.0, "danger": 0.5}[transition.style]


def create(plan: Demonstration, cast: Cast, now: datetime, advance: Advance) -> None:
    """Live every journey; letters they caused are marked as sent on their day."""
    story = Story(plan, cast, now)
    keys = [key for key in packs.keys(declared.SECTION) if catalogue.find_service(key) is not None]
    done = 0
    # Batches keep the number of disk syncs low; each journey stays whole.
    todo: list[tuple[datetime, str]] = []
    try:
        reporting.revision_in_force()
        todo += [
            (story.scenery.moment(now, plan.months // 3), "") for _rank in range(plan.live_reports)
        ]
    except NotFound:
        pass
    if keys:
        todo += [
            (story.scenery.moment(now, plan.months), story.rng.choice(keys))
            for _rank in range(plan.requests)
        ]
    todo.sort()
    for start in range(0, len(todo), 20):
        with transaction.atomic():
            for at, key in todo[start : start + 20]:
                case = story.request(at, key) if key else story.report(at)
                story.live(case, at)
                done += 1
        advance(done)
    outbox.settle()
