"""Acting for a company: asked in the profile, confirmed or refused at the desk, told to the person."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.cast import Cast

from socle.capabilities.notifications.models import Notification
from socle.foundations.accounts import queries
from socle.foundations.accounts.models import Admission, Representation, User
from socle.foundations.journal.models import Entry
from socle.foundations.territories import queries as territories

pytestmark = pytest.mark.django_db

CLAIM = {
    "kind": "association",
    "name": "Amis du lac",
    "rna": "W991234567",
    "capacity": "trésorière",
}


def ask(cast: Cast, person: User) -> Representation:
    answer = cast.client(person).post("/profil/representations", CLAIM)
    assert answer.status_code == 302
    return Representation.objects.get(user=person)


def answer(browser: Client, claim: Representation, act: str, **data: str) -> int:
    return browser.post(f"/agents/representations/{claim.pk}", {"do": act, **data}).status_code


def test_a_claim_gives_nothing_until_an_agent_confirms_it(cast: Cast) -> None:
    claim = ask(cast, cast.resident)
    assert not cast.actor(cast.resident).entity_ids
    counter = cast.client(cast.counter)
    page = counter.get("/agents/representations").content.decode()
    assert "Amis du lac" in page
    assert "trésorière" in page
    assert answer(counter, claim, "verify", name="Les Amis du lac") == 302
    assert cast.actor(cast.resident).entity_ids == {claim.entity_id}
    assert "Amis du lac" not in counter.get("/agents/representations").content.decode()
    assert "Les Amis du lac" in cast.client(cast.resident).get("/profil").content.decode()
    told = Notification.objects.get(user=cast.resident)
    assert told.kind == "representation.verified"
    assert "Les Amis du lac" in told.body
    assert Entry.objects.filter(action="representation.verified").count() == 1


def test_a_refusal_is_told_and_takes_the_right_back(cast: Cast) -> None:
    claim = ask(cast, cast.resident)
    counter = cast.client(cast.counter)
    answer(counter, claim, "verify")
    answer(counter, claim, "decline")
    assert not cast.actor(cast.resident).entity_ids
    assert Notification.objects.filter(kind="representation.declined").count() == 1
    assert "Refusé" in cast.client(cast.resident).get("/profil").content.decode()


def test_nobody_confirms_their_own_claim(cast: Cast) -> None:
    claim = ask(cast, cast.counter)
    page = cast.client(cast.counter).get("/agents/representations").content.decode()
    assert "un collègue doit y répondre" in page
    assert answer(cast.client(cast.counter), claim, "verify") == 404
    assert not cast.actor(cast.counter).entity_ids
    # A colleague may: the refusal is about whose claim it is.
    assert answer(cast.client(cast.colleague), claim, "verify") == 302


@pytest.mark.parametrize("who", ["resident", "neighbour", "agent"])
def test_only_those_who_help_people_verify(cast: Cast, who: str) -> None:
    claim = ask(cast, cast.resident)
    browser = cast.client(getattr(cast, who))
    assert browser.get("/agents/representations").status_code == 404
    assert answer(browser, claim, "verify") == 404
    assert not queries.representations_of(cast.resident.pk)[0].verified_at


def test_a_wrong_number_is_said_beside_its_field_and_the_words_stay(cast: Cast) -> None:
    browser = cast.client(cast.resident)
    reply = browser.post("/profil/representations", CLAIM | {"rna": "12"})
    assert reply.status_code == 422
    assert "Amis du lac" in reply.content.decode()
    assert not Representation.objects.exists()


def test_the_person_stops_acting_and_nobody_else_stops_it_for_them(cast: Cast) -> None:
    claim = ask(cast, cast.resident)
    path = f"/profil/representations/{claim.pk}/fin"
    assert cast.client(cast.neighbour).post(path).status_code == 404
    assert Representation.objects.exists()
    assert cast.client(cast.resident).post(path).status_code == 302
    assert not Representation.objects.exists()


def admission(cast: Cast, person: User, **data: str) -> int:
    path = "/agents/organisations/villeneuve-du-lac/changement"
    return cast.client(person).post(path, {"do": "admission", **data}).status_code


def test_an_administrator_opens_and_closes_the_entry_by_proconnect(cast: Cast) -> None:
    organisation = territories.organisation("villeneuve-du-lac").pk
    assert admission(cast, cast.administrator, by_proconnect="on") == 302
    assert queries.admits_by_proconnect(organisation)
    page = cast.client(cast.administrator).get("/agents/organisations/villeneuve-du-lac")
    assert "checked" in page.content.decode().split('name="by_proconnect"')[1].split(">")[0]
    assert admission(cast, cast.administrator) == 302
    assert not queries.admits_by_proconnect(organisation)


def test_a_manager_does_not_decide_who_enters_by_proconnect(cast: Cast) -> None:
    assert admission(cast, cast.commune_agent, by_proconnect="on") == 404
    assert not Admission.objects.exists()
    page = cast.client(cast.commune_agent).get("/agents/organisations/villeneuve-du-lac")
    assert "by_proconnect" not in page.content.decode()
