"""Erasing people, and historic imports."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.capabilities.casework.cast import World

from socle.capabilities.casework import actions, queries
from socle.capabilities.casework.models import Case, CaseDocument, CaseEvent, Message
from socle.foundations.accounts.actors import ANONYMOUS, SYSTEM
from socle.foundations.files.models import StoredFile
from socle.foundations.journal import queries as journal
from socle.foundations.journal.models import Entry
from socle.kernel import geo, references
from socle.kernel.errors import Conflict, Denied, Invalid, NotFound

PERSONAL = ("Alice", "Martin", "alice@example.org", "0601020304", "mon jardin", "12 rue des Lilas")


def closed_case(world: World, **given: Any) -> Case:
    case = world.case(
        contact_phone="0601020304",
        description="Pour mon jardin",
        address="12 rue des Lilas",
        lon=5.123456,
        lat=43.654321,
        answers={"why": "mon jardin"},
        title="Composteur d’Alice Martin",
        documents=[{"file_id": str(world.file(world.alice).pk), "label": "Facture d’Alice"}],
        **given,
    )
    actions.reply(actor=world.alice, case_id=case.pk, body="Alice, de mon jardin")
    actions.perform(actor=world.camille, case_id=case.pk, transition_id="finish", version=2)
    case.refresh_from_db()
    return case


def test_nothing_of_the_person_remains_and_everything_countable_does(world: World) -> None:
    opened = world.open()
    case = closed_case(world)
    before = Case.objects.filter(pk=case.pk).values().get()
    actions.anonymise(actor=SYSTEM, case_id=case.pk)
    row = Case.objects.filter(pk=case.pk).values().get()
    for kept in ("reference", "kind", "service_key", "state", "created_at", "closed_at",
                 "area_code", "organisation_id", "channel"):  # fmt: skip
        assert row[kept] == before[kept]
    everything = str(row) + str(list(CaseEvent.objects.filter(case=case).values()))
    assert not [word for word in PERSONAL if word in everything]
    assert not Message.objects.filter(case=case).exists()
    assert not CaseDocument.objects.filter(case=case).exists()
    assert not StoredFile.objects.filter(owner_id=world.alice.user_id).exists()
    # A few hundred metres of blur.
    assert 0 < geo.distance_m(5.123456, 43.654321, row["lon"], row["lat"]) < 600
    assert opened.case.contact_name == "Alice Martin"
    assert journal.verify().ok
    assert queries.timeline(Case.objects.get(pk=case.pk), public=False)


def test_the_link_opens_nothing_any_more(world: World) -> None:
    opened = world.open()
    actions.perform(actor=world.camille, case_id=opened.case.pk, transition_id="finish", version=1)
    actions.anonymise(case_id=opened.case.pk)
    with pytest.raises(NotFound):
        queries.case_for_person(ANONYMOUS, opened.case.reference, opened.follow_token)


def test_a_report_keeps_its_place(world: World) -> None:
    case = closed_case(world, kind="report")
    actions.anonymise(case_id=case.pk)
    case.refresh_from_db()
    assert (case.lon, case.lat, case.address) == (5.123456, 43.654321, "12 rue des Lilas")


def test_erasing_waits_for_the_end_and_is_not_for_agents(world: World) -> None:
    case = world.case()
    with pytest.raises(Conflict):
        actions.anonymise(case_id=case.pk)
    for actor in (world.camille, world.maud, world.alice):
        with pytest.raises(Denied):
            actions.anonymise(actor=actor, case_id=case.pk)


def test_erasing_twice_changes_nothing(world: World) -> None:
    case = closed_case(world)
    actions.anonymise(case_id=case.pk)
    version = Case.objects.get(pk=case.pk).version
    actions.anonymise(case_id=case.pk)
    assert Case.objects.get(pk=case.pk).version == version


def test_closing_an_account_erases_what_is_closed_and_unlinks_what_is_open(world: World) -> None:
    closed = closed_case(world)
    still = world.case(contact_email="")
    assert world.alice.user_id is not None
    actions.forget_person(user_id=world.alice.user_id, email="alice@example.org")
    closed.refresh_from_db()
    still.refresh_from_db()
    assert closed.anonymised_at is not None
    assert (still.applicant_id, still.contact_email) == (None, "alice@example.org")
    assert queries.my_cases(world.alice).rows == []


# --- Historic imports ---


def historic(world: World, number: int, **given: Any) -> Case:
    values: dict[str, Any] = {
        "kind": "report",
        "service_key": "signaler",
        "definition": world.revision,
        "title": f"Nid-de-poule {number}",
        "category": "pothole",
        "state": "done",
        "public_status": "resolved",
        "is_open": False,
        "created_at": datetime(2019, 5, 1, tzinfo=UTC),
        "closed_at": datetime(2019, 5, 3, tzinfo=UTC),
        "organisation": world.north,
        "lon": 5.0,
        "lat": 43.0,
        "source_id": str(number),
    }
    return Case(**values | given)


def test_an_import_run_twice_adds_nothing(world: World) -> None:
    first = actions.add_historic(
        actor=SYSTEM, cases=[historic(world, n) for n in range(30)], source="old", prefix="SG"
    )
    second = actions.add_historic(
        actor=SYSTEM, cases=[historic(world, n) for n in range(40)], source="old", prefix="SG"
    )
    assert (first.created, first.known) == (30, 0)
    assert (second.created, second.known) == (10, 30)
    assert Case.objects.count() == 40
    assert CaseEvent.objects.count() == 40
    assert Case.objects.filter(cell=geo.encode(5.0, 43.0)).count() == 40
    drawn = list(Case.objects.values_list("reference", flat=True))
    assert len(set(drawn)) == 40
    assert all(references.normalise(each) == each and each[3:5] == "19" for each in drawn)
    assert Entry.objects.filter(action="case.imported").count() == 2
    assert journal.verify().ok


def test_the_same_line_twice_in_one_file_is_one_case(world: World) -> None:
    done = actions.add_historic(
        actor=SYSTEM, cases=[historic(world, 1), historic(world, 1)], source="old", prefix="SG"
    )
    assert (done.created, done.known) == (1, 1)


def test_an_import_needs_a_source_an_identity_and_the_right(world: World) -> None:
    with pytest.raises(Invalid):
        actions.add_historic(
            actor=SYSTEM, cases=[historic(world, 1, source_id="")], source="old", prefix="SG"
        )
    for actor in (world.camille, world.alice, world.sacha):
        with pytest.raises(Denied):
            actions.add_historic(actor=actor, cases=[historic(world, 1)], source="old", prefix="SG")
    done = actions.add_historic(
        actor=world.maud, cases=[historic(world, 1)], source="old", prefix="SG"
    )
    assert done.created == 1
