"""The thread, the documents, the words people are sent."""

from __future__ import annotations

import pytest
from tests.capabilities.casework.cast import World

from socle.capabilities.casework import actions, queries
from socle.capabilities.casework.models import Case, CaseEvent, Message
from socle.capabilities.notifications.models import Email, Notification
from socle.foundations.accounts.actors import ANONYMOUS
from socle.kernel.errors import Conflict, Denied, Invalid, NotFound


def test_an_agent_s_message_reaches_the_person_by_mail_and_in_the_application(
    world: World,
) -> None:
    case = world.case()
    Email.objects.all().delete()
    message = actions.reply(
        actor=world.camille, case_id=case.pk, body="Bonjour,\r\nnous passons mardi."
    )
    assert (message.from_agent, message.body) == (True, "Bonjour,\nnous passons mardi.")
    letter = Email.objects.get(to="alice@example.org")
    assert "nous passons mardi." in letter.text
    assert "Villeneuve-Nord" in letter.text
    assert Notification.objects.filter(user_id=world.alice.user_id).exists()


def test_a_note_is_seen_by_agents_only(world: World) -> None:
    case = world.case()
    Email.objects.all().delete()
    actions.reply(actor=world.camille, case_id=case.pk, body="Voisin difficile", internal=True)
    assert [each.body for each in queries.thread(case, internal=True)] == ["Voisin difficile"]
    assert queries.thread(case, internal=False) == []
    assert len(queries.timeline(case, public=True)) == 1
    assert not Email.objects.exists()


def test_a_person_cannot_write_a_note(world: World) -> None:
    case = world.case()
    message = actions.reply(actor=world.alice, case_id=case.pk, body="Coucou", internal=True)
    assert not message.internal


def test_the_person_s_word_is_news_until_an_agent_answers(world: World) -> None:
    case = world.case()
    actions.reply(actor=world.alice, case_id=case.pk, body="Du nouveau ?")
    case.refresh_from_db()
    assert case.has_news
    actions.reply(actor=world.camille, case_id=case.pk, body="À voir entre nous", internal=True)
    case.refresh_from_db()
    assert case.has_news
    actions.reply(actor=world.camille, case_id=case.pk, body="Bientôt.")
    case.refresh_from_db()
    assert (case.has_news, case.version) == (False, 4)


def test_the_agent_in_charge_is_told_of_an_answer(world: World) -> None:
    case = actions.assign(
        actor=world.camille, case_id=world.case().pk, version=1, assignee_id=world.driss.user_id
    )
    before = Notification.objects.filter(user_id=world.driss.user_id).count()
    actions.reply(actor=world.alice, case_id=case.pk, body="Voici.")
    assert Notification.objects.filter(user_id=world.driss.user_id).count() == before + 1


def test_a_retry_posts_once(world: World) -> None:
    case = world.case()
    Email.objects.all().delete()
    first = actions.reply(
        actor=world.camille, case_id=case.pk, body="Oui", idempotency_key="form:1"
    )
    second = actions.reply(
        actor=world.camille, case_id=case.pk, body="Oui", idempotency_key="form:1"
    )
    assert first.pk == second.pk
    assert Message.objects.count() == 1
    assert Email.objects.count() == 1
    with pytest.raises(Conflict):
        actions.reply(actor=world.driss, case_id=case.pk, body="Oui", idempotency_key="form:1")


@pytest.mark.parametrize("body", ["", "   ", "\x00", "x" * 20_001])
def test_a_message_says_something_and_ends(world: World, body: str) -> None:
    case = world.case()
    with pytest.raises(Invalid):
        actions.reply(actor=world.alice, case_id=case.pk, body=body)
    assert CaseEvent.objects.filter(case=case).count() == 1


def test_strangers_post_nothing(world: World) -> None:
    case = world.case()
    for actor in (world.bruno, world.sacha, world.mei, ANONYMOUS):
        with pytest.raises(NotFound):
            actions.reply(actor=actor, case_id=case.pk, body="Bonjour")
    with pytest.raises(NotFound):
        actions.reply(actor=world.alice, case_id=999_999, body="Bonjour")


def test_a_closed_case_takes_no_word_from_the_person(world: World) -> None:
    case = actions.perform(
        actor=world.camille, case_id=world.case().pk, transition_id="finish", version=1
    )
    with pytest.raises(Denied):
        actions.reply(actor=world.alice, case_id=case.pk, body="Et alors ?")
    with pytest.raises(Denied):
        actions.add_document(
            actor=world.alice, case_id=case.pk, files=[{"file_id": str(world.file(world.alice).pk)}]
        )
    assert actions.reply(actor=world.camille, case_id=case.pk, body="Bonne journée").pk


def test_the_holder_of_the_link_answers_without_an_account(world: World) -> None:
    opened = world.open(actor=ANONYMOUS)
    message = actions.reply(
        actor=ANONYMOUS,
        case_id=opened.case.pk,
        body="Voici la pièce.",
        files=[world.file(claim="k" * 40).pk],
        claim="k" * 40,
        follow_token=opened.follow_token,
    )
    assert message.author_label == "Alice Martin"
    assert message.documents.count() == 1


# --- Documents ---


def test_internal_documents_are_for_agents(world: World) -> None:
    case = world.case()
    actions.add_document(
        actor=world.camille,
        case_id=case.pk,
        files=[{"file_id": str(world.file(world.camille).pk), "label": "Avis"}],
        internal=True,
    )
    actions.add_document(
        actor=world.camille,
        case_id=case.pk,
        files=[{"file_id": str(world.file(world.camille).pk), "label": "Décision"}],
    )
    labels = [each.label for each in queries.documents_visible(world.alice, case)]
    assert labels == ["Décision"]
    labels = [each.label for each in queries.documents_visible(world.camille, case)]
    assert labels == ["Avis", "Décision"]
    assert queries.documents_visible(world.bruno, case) == []
    assert queries.documents_visible(world.sacha, case) == []


def test_an_agent_who_is_the_applicant_sees_what_a_person_sees(world: World) -> None:
    case = world.case(actor=world.root, applicant_id=world.camille.user_id)
    actions.add_document(
        actor=world.driss,
        case_id=case.pk,
        files=[{"file_id": str(world.file(world.driss).pk), "label": "Avis"}],
        internal=True,
    )
    assert queries.documents_visible(world.camille, case) == []
    with pytest.raises(Denied):
        queries.case_for_agent(world.camille, case.reference)


def test_a_person_s_document_is_never_internal_and_is_news(world: World) -> None:
    case = world.case()
    actions.add_document(
        actor=world.alice,
        case_id=case.pk,
        files=[{"file_id": str(world.file(world.alice).pk)}],
        internal=True,
    )
    case.refresh_from_db()
    assert case.has_news
    assert [each.label for each in queries.documents_visible(world.alice, case)] == ["preuve.pdf"]


# --- Canned replies, timeline ---


def test_canned_replies_are_filled_from_the_case(world: World) -> None:
    case = world.case()
    (reply,) = queries.canned_replies(world.camille, case)
    assert reply.body == f"Bonjour Alice Martin, il manque un justificatif pour {case.reference}."


def test_the_public_timeline_names_no_agent(world: World) -> None:
    case = world.case()
    actions.perform(actor=world.camille, case_id=case.pk, transition_id="start", version=1)
    actions.reply(actor=world.camille, case_id=case.pk, body="Bonjour")
    case.refresh_from_db()
    lines = queries.timeline(case, public=True)
    assert [line.title for line in lines] == [
        "Vous avez envoyé votre demande",
        "En cours",
        "Nous vous avons écrit",
    ]
    assert lines[1].text == "Un agent étudie votre demande."
    assert all(line.by == "" for line in lines)
    assert [line.by for line in queries.timeline(case, public=False)] == [
        "Alice Martin",
        "Camille Roux",
        "Camille Roux",
    ]


def test_the_history_is_append_only(world: World) -> None:
    case = world.case()
    event = CaseEvent.objects.get(case=case)
    event.kind = "nothing"
    with pytest.raises(TypeError):
        event.save()
    with pytest.raises(TypeError):
        CaseEvent.objects.filter(case=case).update(kind="nothing")
    with pytest.raises(TypeError):
        CaseEvent.objects.filter(case=case).delete()


# --- The person's own cases ---


def test_my_cases_are_mine_and_my_company_s_each_once(world: World) -> None:
    mine = world.case(actor=world.bruno, applicant_id=world.bruno.user_id)
    both = world.case(
        actor=world.bruno, applicant_id=world.bruno.user_id, entity_id=world.company.pk
    )
    company = world.case(actor=world.root, applicant_id=None, entity_id=world.company.pk)
    world.case()
    page = queries.my_cases(world.bruno)
    assert [case.pk for case in page.rows] == [company.pk, both.pk, mine.pk]
    assert (page.next_cursor, page.previous_cursor) == (None, None)
    assert queries.my_cases(ANONYMOUS).rows == []


def test_my_cases_are_paged_both_ways(world: World) -> None:
    ids = [world.case().pk for _ in range(5)][::-1]
    first = queries.my_cases(world.alice, limit=2)
    second = queries.my_cases(world.alice, first.next_cursor, limit=2)
    third = queries.my_cases(world.alice, second.next_cursor, limit=2)
    assert [case.pk for page in (first, second, third) for case in page.rows] == ids
    assert third.next_cursor is None
    back = queries.my_cases(world.alice, third.previous_cursor, limit=2)
    assert [case.pk for case in back.rows] == [case.pk for case in second.rows]
    top = queries.my_cases(world.alice, back.previous_cursor, limit=2)
    assert [case.pk for case in top.rows] == ids[:2]
    assert top.previous_cursor is None


def test_a_reference_alone_opens_nothing(world: World) -> None:
    opened = world.open()
    reference = opened.case.reference
    assert queries.case_for_person(world.alice, reference).pk == opened.case.pk
    assert queries.case_for_person(ANONYMOUS, reference, opened.follow_token).pk == opened.case.pk
    for actor, token in ((ANONYMOUS, None), (world.bruno, ""), (ANONYMOUS, "x" * 27)):
        with pytest.raises(NotFound):
            queries.case_for_person(actor, reference, token)
    other = world.open()
    with pytest.raises(NotFound):
        queries.case_for_person(ANONYMOUS, other.case.reference, opened.follow_token)
    # An agent of the organisation is not the person.
    with pytest.raises(NotFound):
        queries.case_for_person(world.camille, reference)


def test_the_export_of_a_person_s_data_holds_their_words_but_no_note(world: World) -> None:
    case = world.case()
    actions.reply(actor=world.alice, case_id=case.pk, body="Mes mots")
    actions.reply(actor=world.camille, case_id=case.pk, body="Note secrète", internal=True)
    assert world.alice.user_id is not None
    exported = str(queries.of_person(world.alice.user_id))
    assert case.reference in exported and "Mes mots" in exported
    assert "Note secrète" not in exported
    assert Case.objects.count() == 1
