"""The agent's acts from the street: once, in order, never over a colleague's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from tests.cast import INSIDE, OUTSIDE, Cast, assemble, photo

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework.models import Case, Message
from socle.domains.reports import actions, fieldwork
from socle.domains.reports.models import FieldAct
from socle.foundations.accounts.actors import ANONYMOUS
from socle.foundations.files.models import StoredFile

ACTS, ROUND = "/agents/terrain/actes", "/agents/terrain/tournee.json"
JSON = {"Accept": "application/json"}


def reported(words: str = "Un trou", category: str = "nid-de-poule") -> Case:
    lon, lat = INSIDE
    return actions.submit_report(
        actor=ANONYMOUS, category_id=category, lon=lon, lat=lat, description=words
    ).case


def act(browser: Client, case: Case, genre: str, key: str = "", **fields: Any) -> Any:
    data = {"cle": key or str(uuid4()), "reference": case.reference, "genre": genre}
    return browser.post(ACTS, data | {"version": str(case.version)} | fields, headers=JSON)


@pytest.fixture
def carole(cast: Cast) -> Client:
    return cast.client(cast.agent)


def test_the_round_holds_what_is_mine_and_what_my_teams_have_left(
    cast: Cast, carole: Client
) -> None:
    free, mine, elsewhere = reported("libre"), reported("à moi"), reported("tag", "tag")
    actor = cast.actor(cast.agent)
    casework.assign(actor=actor, case_id=mine.pk, version=1, assignee_id=cast.agent.pk)
    data = carole.get(ROUND).json()
    seen = {each["reference"]: each["mine"] for each in data["stops"]}
    assert seen == {free.reference: False, mine.reference: True}
    assert elsewhere.reference not in seen
    workflow = data["workflows"][data["stops"][0]["definition"]]
    assert workflow["states"]["resolved"]["open"] is False
    assert {each["id"] for each in workflow["transitions"]} >= {"start", "resolve"}


def test_the_round_takes_as_many_queries_for_ten_cases_as_for_one(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    from django.test.utils import CaptureQueriesContext

    actor = cast.actor(cast.agent)
    reported()
    fieldwork.round_of(actor)
    with CaptureQueriesContext(connection) as few:
        fieldwork.round_of(actor)
    for _each in range(9):
        reported()
    with django_assert_num_queries(len(few)):
        assert len(fieldwork.round_of(actor)) == 10


def test_an_act_sent_twice_is_done_once(carole: Client, cast: Cast) -> None:
    case, key = reported(), str(uuid4())
    fields = {"rapport": "Trou rebouché", "minutes": "45", "pieces": "2 sacs d’enrobé\ngravier"}
    first = act(carole, case, "rapport", key, **fields, apres=photo(), suite="resolve")
    again = act(carole, case, "rapport", key, **fields, apres=photo(), suite="resolve")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    now = Case.objects.get(pk=case.pk)
    assert (now.state, now.version) == ("resolved", first.json()["version"])
    note = Message.objects.get(case=case)
    assert note.internal
    assert "45" in note.body and "2 × sacs d’enrobé" in note.body and "1 × gravier" in note.body
    assert now.documents.get().kind == fieldwork.AFTER
    assert StoredFile.objects.count() == 1
    # The control: another key is another act.
    act(carole, case, "rapport", rapport="encore")
    assert Message.objects.filter(case=case).count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_same_act_many_times_at_once_is_done_once() -> None:
    cast = assemble()
    case, key = reported(), str(uuid4())

    def attempt(_number: int) -> int:
        try:
            answer = act(cast.client(cast.agent), case, "rapport", key, rapport="Fait")
            return int(answer.status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        codes = sorted(pool.map(attempt, range(5)))
    assert codes == [200] * 4 + [201]
    assert Message.objects.count() == FieldAct.objects.count() == 1


def test_a_colleague_who_was_faster_is_named_and_nothing_is_done(
    carole: Client, cast: Cast
) -> None:
    case = reported()
    other = cast.actor(cast.colleague)
    casework.perform(actor=other, case_id=case.pk, transition_id="resolve", version=1)
    answer = act(carole, case, "rapport", rapport="Rebouché", suite="resolve", avant=photo())
    assert answer.status_code == 409
    assert "Denis" in answer.json()["detail"]
    assert answer.json()["version"] == 2
    assert not Message.objects.exists() and not FieldAct.objects.exists()
    assert not StoredFile.objects.exists()
    # Redone upon what it has become, without the transition that no longer makes sense.
    again = act(carole, case, "rapport", rapport="Rebouché", version="2")
    assert again.status_code == 201


def test_a_report_ends_the_order_it_was_for(carole: Client, cast: Cast) -> None:
    case = reported()
    team = cast.agent.memberships.get().teams.get(slug="voirie")
    order = actions.plan_intervention(
        actor=cast.actor(cast.colleague), case_ids=[case.pk], team_id=team.pk, title="Reboucher"
    )
    case.refresh_from_db()
    (stop,) = carole.get(ROUND).json()["stops"]
    assert [each["id"] for each in stop["interventions"]] == [order.pk]
    answer = act(
        carole, case, "rapport", rapport="Fait", minutes="20", pieces="2 sacs", ordre=order.pk
    )
    assert answer.status_code == 201
    order.refresh_from_db()
    assert (order.state, order.minutes, order.report) == ("done", 20, "Fait")
    assert order.parts == [{"label": "sacs", "quantity": 2}]


def test_taking_a_case(carole: Client, cast: Cast) -> None:
    case = reported()
    answer = act(carole, case, "prise")
    assert answer.status_code == 201
    assert Case.objects.get(pk=case.pk).assignee == cast.agent
    assert act(cast.client(cast.colleague), case, "prise").status_code == 409


def test_somebody_elses_act_or_case_is_closed(carole: Client, cast: Cast) -> None:
    case, key = reported(), str(uuid4())
    assert act(carole, case, "prise", key).status_code == 201
    assert act(cast.client(cast.colleague), case, "prise", key).status_code == 409
    assert act(cast.client(cast.commune_agent), case, "prise").status_code == 404
    assert act(cast.client(cast.resident), case, "prise").status_code == 404
    assert act(Client(), case, "prise").status_code == 302


def test_an_act_needs_the_token_against_forgery(cast: Cast) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.agent, backend="allauth.account.auth_backends.AuthenticationBackend")
    case = reported()
    assert act(browser, case, "prise").status_code == 403
    given = browser.get("/agents/terrain/jeton").json()
    assert given["owner"] == str(cast.agent.pk)
    data = {"cle": str(uuid4()), "reference": case.reference, "genre": "prise", "version": "1"}
    answer = browser.post(ACTS, data, headers={"X-CSRFToken": given["csrf"]})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "report"),
        ({"rapport": "x" * 4001}, "report"),
        ({"rapport": "x", "minutes": "-3"}, "minutes"),
        ({"rapport": "x", "minutes": "1441"}, "minutes"),
        ({"rapport": "x", "pieces": "0 lampe"}, "parts"),
        ({"suite": "decline"}, "message"),
    ],
)
def test_what_is_wrong_is_told(carole: Client, fields: dict[str, str], field: str) -> None:
    answer = act(carole, reported(), "rapport", **fields)
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert not FieldAct.objects.exists()


def test_a_report_for_a_caller_is_taken_once_by_those_who_may(cast: Cast) -> None:
    data = {
        "cle": str(uuid4()), "category": "tag", "description": "Un tag", "name": "Mme Petit",
        "place_lon": str(INSIDE[0]), "place_lat": str(INSIDE[1]), "phone": "01 02 03 04 05",
    }  # fmt: skip
    url = "/agents/terrain/nouveau"
    helper = cast.client(cast.colleague)
    assert helper.post(url, data, headers=JSON).status_code == 201
    assert helper.post(url, data, headers=JSON).status_code == 200
    case = Case.objects.get()
    assert (case.filed_by, case.applicant, case.channel) == (cast.colleague, None, "phone")
    outside = data | {"cle": str(uuid4()), "place_lon": str(OUTSIDE[0])}
    assert helper.post(url, outside, headers=JSON).status_code == 422
    assert cast.client(cast.agent).post(url, data, headers=JSON).status_code == 404
