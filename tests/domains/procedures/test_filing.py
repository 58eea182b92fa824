"""From a form to a case, through the real pack engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cast import OUTSIDE, Cast
from tests.domains.procedures.filing import (
    CLAIM,
    CONTACT,
    KEY,
    again,
    begin,
    changed_pack,
    fill,
    home,
    proof,
    save,
    sent,
    submit,
)
from tests.together import together

from socle.capabilities.casework import queries as cases
from socle.capabilities.casework import tokens
from socle.capabilities.casework.models import Case, CaseDocument, CaseEvent
from socle.capabilities.notifications.models import Email
from socle.capabilities.questionnaires import actions as drafts
from socle.capabilities.questionnaires.models import Draft
from socle.capabilities.questionnaires.parsing import Files
from socle.domains.procedures import actions, queries
from socle.foundations.accounts.actors import ANONYMOUS
from socle.foundations.files.models import StoredFile
from socle.foundations.journal import queries as journal
from socle.foundations.packs import queries as packs
from socle.foundations.territories import queries as territories
from socle.kernel.clock import FixedClock
from socle.kernel.errors import Denied, Invalid, NotFound

pytestmark = pytest.mark.django_db


def test_a_filed_request_is_a_case_with_its_answers_place_team_and_evidence(cast: Cast) -> None:
    actor = cast.actor(cast.resident)
    filed = submit(fill(begin(actor), actor), actor)
    case = Case.objects.get()
    assert (filed.reference, filed.created) == (case.reference, True)
    assert case.reference.startswith("CM-")
    assert case.title == "Composteur pour 3 personne(s)"
    assert case.answers["garden_area"] == 40
    assert (case.area_code, case.address) == ("99001", "1 place de la Mairie")
    assert case.lon is not None
    assert case.organisation == territories.organisation("metropole-du-lac")
    assert case.team is not None
    assert case.team.slug == "dechets"
    assert (case.applicant_id, case.filed_by_id, case.channel) == (actor.user_id, None, "web")
    document = CaseDocument.objects.get()
    assert (document.kind, document.label) == ("proof", "Justificatif de domicile")
    assert StoredFile.objects.get().attached_at is not None
    assert Email.objects.filter(to="ada@lac.example").count() == 1
    assert journal.verify().ok
    # The case is pinned to what was asked, and its state may be moved from there.
    assert queries.procedure_of(case.definition).questionnaire.title == "Demander un composteur"
    offered = cases.transitions_for(cast.actor(cast.agent), case)
    assert {each.id for each in offered} == {"start", "ask", "accept"}


def test_a_branch_closed_again_leaves_nothing_in_the_case(cast: Cast) -> None:
    draft = fill(begin(), garden=True)
    assert save(draft, "logement", home(garden=False)).ok
    submit(again(draft))
    assert set(Case.objects.get().answers) == {"address", "household_size", "garden", "proof"}


def test_a_branch_opened_at_the_end_must_be_answered(cast: Cast) -> None:
    draft = fill(begin(), garden=False)
    assert save(draft, "logement", home(garden=True)).ok
    with pytest.raises(Invalid) as caught:
        submit(again(draft))
    assert list(caught.value.fields) == ["garden_area", "model"]
    assert not Case.objects.exists()


def test_every_fault_is_told_at_once_by_field(cast: Cast) -> None:
    with pytest.raises(Invalid) as caught:
        submit(begin())
    assert list(caught.value.fields) == ["address", "household_size", "garden", "contact"]


def test_an_address_outside_the_territory_is_refused_on_its_page_and_at_the_end(cast: Cast) -> None:
    far = {"address_lon": OUTSIDE[0], "address_lat": OUTSIDE[1]}
    draft = begin()
    cleaned = save(draft, "logement", home(**far))
    assert "pas sur le territoire" in cleaned.errors["address"][0]
    assert "address" not in again(draft).answers
    # Nor does one slip in by another way.
    draft = fill(draft, garden=False)
    place = {"label": "Loin", "lon": OUTSIDE[0], "lat": OUTSIDE[1], "citycode": "99001"}
    drafts.save_answers(draft=draft, answers={"address": place})
    with pytest.raises(Invalid) as caught:
        submit(again(draft))
    assert list(caught.value.fields) == ["address"]


def test_evidence_that_is_required_is_missed(cast: Cast, tmp_path: Path) -> None:
    changed_pack(tmp_path, ("required = false\nmax_files = 2", "required = true\nmax_files = 2"))
    draft = begin()
    assert save(draft, "logement", home(garden=False)).ok
    assert save(again(draft), "justificatif", sent()).errors == {"proof": ["Ajoutez un document."]}
    drafts.save_contact(draft=draft, contact=CONTACT)
    with pytest.raises(Invalid) as caught:
        submit(again(draft))
    assert list(caught.value.fields) == ["proof"]
    added = Files([proof(ANONYMOUS, CLAIM)])
    assert save(again(draft), "justificatif", sent(), {"proof": added}).ok
    assert submit(again(draft)).created


# --- Whose it is ---


def test_somebody_else_s_draft_cannot_be_filed(cast: Cast) -> None:
    owner, stranger = cast.actor(cast.resident), cast.actor(cast.neighbour)
    draft = fill(begin(owner), owner)
    for actor, claim in ((stranger, CLAIM), (ANONYMOUS, CLAIM), (cast.actor(cast.agent), "")):
        with pytest.raises(NotFound):
            submit(draft, actor, claim)
    anonymous = fill(begin(claim="b"), claim="b")
    for claim in ("", "c", anonymous.claim):
        with pytest.raises(NotFound):
            submit(anonymous, claim=claim)
    assert not Case.objects.exists()


def test_somebody_else_s_file_cannot_be_filed(cast: Cast) -> None:
    owner, thief = cast.actor(cast.resident), cast.actor(cast.neighbour)
    stolen = proof(owner, "")
    draft = fill(begin(thief), thief, evidence=False)
    drafts.save_answers(draft=draft, answers={"proof": [stolen]})
    with pytest.raises(NotFound):
        submit(again(draft), thief)
    assert not Case.objects.exists()


def test_a_draft_begun_before_signing_in_is_filed_by_its_person_from_another_device(
    cast: Cast,
) -> None:
    draft = fill(begin(claim="phone"), claim="phone")
    actor = cast.actor(cast.resident)
    assert actor.user_id is not None
    drafts.adopt_drafts(user_id=actor.user_id, claim="phone")
    assert begin(actor, claim="desktop").pk == draft.pk
    submit(again(draft), actor, claim="desktop")
    case = Case.objects.get()
    assert case.applicant_id == actor.user_id
    assert CaseDocument.objects.filter(case=case).count() == 1


def test_an_agent_files_for_somebody_at_the_counter(cast: Cast) -> None:
    counter = cast.actor(cast.counter)
    draft = begin(counter, helping=True, contact={"channel": "counter"})
    contact = CONTACT | {"channel": "phone", "user_id": cast.resident.pk}
    submit(fill(draft, counter, contact=contact), counter)
    case = Case.objects.get()
    assert (case.filed_by_id, case.applicant_id) == (counter.user_id, cast.resident.pk)
    assert case.channel == "phone"
    assert cases.case_for_person(cast.actor(cast.resident), case.reference) == case
    with pytest.raises(NotFound):
        cases.case_for_person(counter, case.reference)


def test_somebody_helped_without_an_account_follows_by_the_private_link(cast: Cast) -> None:
    counter = cast.actor(cast.counter)
    draft = begin(counter, helping=True)
    filed = submit(fill(draft, counter, contact={"name": "Jo", "phone": "+33199000000"}), counter)
    case = Case.objects.get()
    assert case.applicant_id is None
    assert cases.case_for_person(ANONYMOUS, case.reference, filed.follow_token) == case


def test_a_resident_does_not_file_for_others(cast: Cast) -> None:
    with pytest.raises(Denied):
        begin(cast.actor(cast.resident), helping=True)
    actor = cast.actor(cast.resident)
    # What a resident writes in the contact does not make them an agent, nor somebody else.
    contact = CONTACT | {"channel": "counter", "user_id": cast.neighbour.pk}
    submit(fill(begin(actor), actor, contact=contact), actor)
    case = Case.objects.get()
    assert (case.channel, case.applicant_id) == ("web", actor.user_id)


def test_nobody_files_in_the_name_of_an_entity_they_do_not_represent(cast: Cast) -> None:
    actor = cast.actor(cast.resident)
    draft = fill(begin(actor), actor, contact=CONTACT | {"entity_id": 10**6})
    with pytest.raises(Denied):
        submit(draft, actor)


# --- Once ---


def test_a_second_submit_gets_the_same_reference_and_link(cast: Cast) -> None:
    draft = fill(begin())
    first, second = submit(draft), submit(draft)
    assert (first.created, second.created) == (True, False)
    assert first.reference == second.reference
    assert first.follow_token == second.follow_token == tokens.token_of(Case.objects.get())


def test_submits_at_the_same_moment_open_one_case(shared_cast: Cast) -> None:
    draft = fill(begin())
    results = together(*[lambda: submit(again(draft)) for _ in range(12)])
    assert [each for each in results if isinstance(each, Exception)] == []
    assert len({each.reference for each in results}) == 1
    assert sum(each.created for each in results) == 1
    assert Case.objects.count() == CaseEvent.objects.count() == CaseDocument.objects.count() == 1
    assert Email.objects.filter(to="ada@lac.example").count() == 1
    assert journal.verify().ok


def test_without_lock_nor_key_the_same_submits_open_several(
    shared_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: what holds is the lock of the draft and the key of the case, not luck."""
    draft = fill(begin(), evidence=False)
    opening = actions.casework.open_case

    def keyless(**given: object) -> object:
        return opening(**given | {"idempotency_key": None})  # type: ignore[arg-type]

    monkeypatch.setattr(actions.casework, "open_case", keyless)
    stale = again(draft)
    monkeypatch.setattr(actions.drafts, "lock_for_filing", lambda _pk: stale_copy(stale))
    monkeypatch.setattr(actions.drafts, "mark_filed", lambda **_given: None)
    results = together(*[lambda: submit(again(draft)) for _ in range(4)])
    assert [each for each in results if isinstance(each, Exception)] == []
    assert Case.objects.count() == 4


def stale_copy(draft: Draft) -> Draft:
    return Draft(**{f.attname: getattr(draft, f.attname) for f in Draft._meta.concrete_fields})


def test_a_failure_at_the_end_files_nothing_and_keeps_the_draft(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = fill(begin())

    def fail(**_given: object) -> None:
        raise RuntimeError("the lights go out")

    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr(actions.drafts, "mark_filed", fail)
        submit(draft)
    assert not Case.objects.exists()
    assert StoredFile.objects.get().attached_at is None
    assert submit(again(draft)).created


# --- The form changes under the person ---


def test_a_form_that_changed_keeps_answers_and_names_the_pages_to_read_again(
    cast: Cast, tmp_path: Path
) -> None:
    draft = fill(begin())
    old = draft.definition_id
    changed_pack(
        tmp_path, ("maximum = 20", "maximum = 2"), ('title = "Votre jardin"', 'title = "Jardin"')
    )
    with pytest.raises(Invalid) as caught:
        submit(draft)
    assert "relisez" in caught.value.fields[""][0]
    # What no longer holds is told with it.
    assert caught.value.fields["household_size"] == ["Indiquez au plus 2."]
    moved = again(draft)
    assert moved.definition_id != old
    assert moved.review == ["logement"]
    assert moved.answers["garden_area"] == 40
    assert not save(moved, "logement", home()).ok
    assert again(draft).review == ["logement"]
    assert save(again(draft), "logement", home(household_size="2")).ok
    filed = submit(again(draft))
    assert filed.created
    assert Case.objects.get().definition == packs.current(queries.SECTION, KEY)


def test_words_that_change_ask_for_nothing_again(cast: Cast, tmp_path: Path) -> None:
    draft = fill(begin())
    changed_pack(tmp_path, ('intro = "Quelques', 'intro = "Trois ou quatre'))
    assert submit(draft).created


def test_a_page_that_changed_in_a_branch_now_closed_is_not_asked(
    cast: Cast, tmp_path: Path
) -> None:
    draft = fill(begin(), garden=False)
    changed_pack(tmp_path, ("maximum = 100000", "maximum = 500"))
    assert submit(draft).created


def test_a_filed_case_stays_with_the_form_it_was_asked_by(cast: Cast, tmp_path: Path) -> None:
    submit(fill(begin()))
    before = Case.objects.get().definition_id
    changed_pack(tmp_path, ("maximum = 20", "maximum = 2"))
    case = Case.objects.get()
    assert case.definition_id == before
    assert queries.procedure_of(case.definition).questionnaire.pages[0].field[1].maximum == 20


def test_a_page_that_is_gone_says_so(cast: Cast) -> None:
    with pytest.raises(Invalid, match="n’existe plus"):
        save(begin(), "inconnue", sent())
    with pytest.raises(NotFound):
        actions.begin(actor=ANONYMOUS, claim=CLAIM, service_key="licorne")
    with pytest.raises(NotFound):
        # A service without a procedure.
        actions.begin(actor=ANONYMOUS, claim=CLAIM, service_key="collecte-des-encombrants")


def test_the_day_of_filing_is_the_day_in_france(cast: Cast, clock: FixedClock) -> None:
    draft = fill(begin())
    submit(draft, clock=clock)
    assert Case.objects.get().created_at == clock.now()
