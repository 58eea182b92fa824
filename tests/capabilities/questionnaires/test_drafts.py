"""Answers under way: whose they are, and that none is lost."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.capabilities.questionnaires.samples import (
    CHOICES,
    TODAY,
    Town,
    page,
    question,
    questionnaire,
    raw,
)
from tests.together import together

from socle.capabilities.questionnaires import actions, parsing, queries
from socle.capabilities.questionnaires.models import Draft
from socle.capabilities.questionnaires.pack import Questionnaire
from socle.foundations.accounts import actions as people
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.actors import ANONYMOUS, SYSTEM, Actor
from socle.foundations.accounts.models import Membership, User
from socle.foundations.files.models import StoredFile
from socle.foundations.packs.models import Revision
from socle.foundations.territories.models import Organisation
from socle.kernel.clock import FixedClock
from socle.kernel.errors import Conflict, Denied, NotFound

pytestmark = pytest.mark.django_db

FORM = questionnaire(
    page("a", question("name"), question("garden", "boolean", required=False)),
    page(
        "b",
        question("town", required=False),
        question("proof", "file", required=False, max_files=3),
    ),
)


@pytest.fixture
def revision() -> Revision:
    return Revision.objects.create(section="tests", key="arbre", digest="1", content={})


def person(name: str) -> Actor:
    return accounts.actor_for(User.objects.create_user(f"{name}@example.org", None))


@pytest.fixture
def alice() -> Actor:
    return person("alice")


@pytest.fixture
def bruno() -> Actor:
    return person("bruno")


@pytest.fixture
def counter() -> Actor:
    organisation = Organisation.objects.create(slug="mairie", kind="commune", name="Mairie")
    user = User.objects.create_user("guichet@example.org", None)
    Membership.objects.create(user=user, organisation=organisation, role="counter")
    return accounts.actor_for(user)


def start(revision: Revision, actor: Actor = ANONYMOUS, claim: str = "", **given: Any) -> Draft:
    return actions.start_draft(
        actor=actor, claim=claim, service_key="arbre", definition=revision, **given
    )


def stored(actor: Actor | None = None, claim: str = "") -> StoredFile:
    return StoredFile.objects.create(
        name="preuve.pdf", media_type="application/pdf", size=10, sha256="0" * 64,
        storage_key=f"clean/{uuid.uuid4()}", state=StoredFile.State.CLEAN,
        owner_id=actor.user_id if actor else None, claim=claim,
    )  # fmt: skip


def answer_of(file: StoredFile) -> dict[str, Any]:
    return {"id": str(file.pk), "name": file.name, "size": file.size}


def save(draft: Draft, page_id: str, files: Any = None, **values: Any) -> parsing.Cleaned:
    asked = next(each for each in FORM.pages if each.id == page_id)
    read = parsing.read_page(asked, raw(**values), draft.answers, places=Town())
    return actions.save_read_page(
        draft=draft, questionnaire=FORM, page=asked, read=read, files=files or {}, today=TODAY
    )


# --- Whose it is ---


def test_a_browser_finds_its_draft_again_with_its_token_only(revision: Revision) -> None:
    draft = start(revision, claim="token-a")
    assert queries.draft_for(ANONYMOUS, "token-a", draft.pk) == draft
    assert start(revision, claim="token-a") == draft
    assert start(revision, claim="token-b") != draft
    for claim in ("token-b", "", queries.claim_hash("token-a"), draft.claim):
        with pytest.raises(NotFound):
            queries.draft_for(ANONYMOUS, claim, draft.pk)
    # The token itself is not in the database.
    assert "token-a" not in str(list(Draft.objects.values_list()))


def test_a_person_opens_their_own_drafts_and_nobody_else_s(
    revision: Revision, alice: Actor, bruno: Actor, counter: Actor
) -> None:
    draft = start(revision, alice, "token")
    assert queries.draft_for(alice, "", draft.pk) == draft
    root = Actor(kind="agent", user_id=10**6, is_administrator=True)
    for other, claim in (
        (bruno, ""),
        (bruno, "token"),
        (counter, ""),
        (ANONYMOUS, "token"),
        (root, ""),
    ):
        with pytest.raises(NotFound):
            queries.draft_for(other, claim, draft.pk)
        assert queries.open_draft(other, claim, "arbre") is None
    with pytest.raises(NotFound):
        queries.draft_for(alice, "", uuid.uuid4())


def test_nobody_without_a_token_begins_nothing(revision: Revision) -> None:
    with pytest.raises(Denied):
        start(revision)


def test_an_agent_who_helps_gets_a_new_draft_for_each_person(
    revision: Revision, counter: Actor, alice: Actor
) -> None:
    own = start(revision, counter)
    first = start(revision, counter, helping=True, contact={"channel": "counter"})
    second = start(revision, counter, helping=True)
    assert len({own.pk, first.pk, second.pk}) == 3
    assert queries.draft_for(counter, "", first.pk).helper_id == counter.user_id
    assert [each.pk for each in queries.open_drafts(counter, "")] == [own.pk]
    with pytest.raises(Denied):
        start(revision, alice, helping=True)


def test_an_agent_who_no_longer_helps_people_no_longer_opens_their_drafts(
    revision: Revision, counter: Actor
) -> None:
    draft = start(revision, counter, helping=True)
    Membership.objects.filter(user_id=counter.user_id or 0).update(is_active=False)
    former = accounts.actor_by_id(counter.user_id or 0)
    with pytest.raises(NotFound):
        queries.draft_for(former, "", draft.pk)


def test_drafts_and_their_files_follow_the_person_who_signs_in(
    revision: Revision, alice: Actor, bruno: Actor
) -> None:
    hashed = actions.claim_hash("token")
    draft = start(revision, claim="token")
    mine, other = stored(claim=hashed), stored(claim=actions.claim_hash("else"))
    draft = actions.save_answers(draft=draft, answers={"proof": [answer_of(mine)]})
    assert actions.adopt_drafts(user_id=alice.user_id or 0, claim="token") == 1
    assert queries.draft_for(alice, "", draft.pk).answers == draft.answers
    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.owner_id, mine.claim) == (alice.user_id, "")
    assert other.owner_id is None
    # The browser alone, or its next user, no longer opens it.
    for actor in (ANONYMOUS, bruno):
        with pytest.raises(NotFound):
            queries.draft_for(actor, "token", draft.pk)
    assert actions.adopt_drafts(user_id=bruno.user_id or 0, claim="token") == 0
    assert actions.adopt_drafts(user_id=bruno.user_id or 0, claim="") == 0


# --- Nothing is lost ---


def test_two_windows_saving_different_pages_keep_both(revision: Revision) -> None:
    draft = start(revision, claim="t")
    first, second = Draft.objects.get(pk=draft.pk), Draft.objects.get(pk=draft.pk)
    save(first, "a", name="Ada")
    save(second, "b", town="Saint-Test")
    draft.refresh_from_db()
    assert (draft.answers["name"], draft.answers["town"]) == ("Ada", "Saint-Test")


def test_two_windows_adding_a_file_to_one_question_keep_both(revision: Revision) -> None:
    draft = start(revision, claim="t")
    first, second = Draft.objects.get(pk=draft.pk), Draft.objects.get(pk=draft.pk)
    one, two = answer_of(stored()), answer_of(stored())
    save(first, "b", files={"proof": parsing.Files([one])})
    save(second, "b", files={"proof": parsing.Files([two])})
    draft.refresh_from_db()
    assert draft.answers["proof"] == [one, two]


def _many_saves(draft: Draft, write: Callable[[Draft, int], Any]) -> set[str]:
    def work(number: int) -> Callable[[], Any]:
        return lambda: write(Draft.objects.get(pk=draft.pk), number)

    results = together(*[work(number) for number in range(16)])
    assert [each for each in results if isinstance(each, Exception)] == []
    draft.refresh_from_db()
    return set(draft.answers)


@pytest.mark.django_db(transaction=True)
def test_saves_at_the_same_moment_are_all_kept(revision: Revision) -> None:
    draft = start(revision, claim="t")

    def write(each: Draft, number: int) -> None:
        actions.save_answers(draft=each, answers={f"q{number}": number})

    assert len(_many_saves(draft, write)) == 16
    assert draft.version == 16


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_saves_at_the_same_moment_are_lost(revision: Revision) -> None:
    draft = start(revision, claim="t")
    everybody = together(*[lambda: Draft.objects.get(pk=draft.pk)] * 16)

    def write(_each: Draft, number: int) -> None:
        stale = everybody[number]
        Draft.objects.filter(pk=draft.pk).update(answers=stale.answers | {f"q{number}": number})

    assert len(_many_saves(draft, write)) == 1


def test_a_filed_draft_is_closed_to_writing(revision: Revision, alice: Actor) -> None:
    draft = start(revision, alice)
    actions.mark_filed(draft=draft, reference="DM-26-7K4M2X")
    for act in (
        lambda: save(draft, "a", name="x"),
        lambda: actions.save_answers(draft=draft, answers={}),
        lambda: actions.save_contact(draft=draft, contact={}),
    ):
        with pytest.raises(Conflict):
            act()
    actions.delete_draft(draft=draft)
    assert queries.draft_for(alice, "", draft.pk).case_reference == "DM-26-7K4M2X"
    assert queries.open_draft(alice, "", "arbre") is None
    # A second filing does not replace the first.
    actions.mark_filed(draft=Draft.objects.get(pk=draft.pk), reference="DM-26-222222")
    draft.refresh_from_db()
    assert draft.case_reference == "DM-26-7K4M2X"


def test_a_save_on_a_deleted_draft_says_so(revision: Revision) -> None:
    draft = start(revision, claim="t")
    copy = Draft.objects.get(pk=draft.pk)
    actions.delete_draft(draft=draft)
    actions.delete_draft(draft=copy)
    with pytest.raises(Conflict, match="supprimée"):
        save(copy, "a", name="x")


# --- Files ---


def test_a_file_taken_away_is_erased_and_only_from_one_s_own_draft(
    revision: Revision, alice: Actor, bruno: Actor
) -> None:
    draft = start(revision, alice)
    mine, kept, foreign = stored(alice), stored(alice), stored(bruno)
    actions.save_answers(draft=draft, answers={"proof": [answer_of(mine), answer_of(kept)]})
    removed = frozenset({str(mine.pk), str(foreign.pk), "not-an-id"})
    save(draft, "b", files={"proof": parsing.Files(removed=removed)})
    assert set(StoredFile.objects.values_list("pk", flat=True)) == {kept.pk, foreign.pk}


def test_deleting_a_draft_erases_its_files_but_those_already_filed(
    revision: Revision, alice: Actor
) -> None:
    draft = start(revision, alice)
    loose, attached = stored(alice), stored(alice)
    StoredFile.objects.filter(pk=attached.pk).update(attached_at="2026-01-01T00:00:00Z")
    actions.save_answers(draft=draft, answers={"proof": [answer_of(loose), answer_of(attached)]})
    actions.delete_draft(draft=draft)
    assert list(StoredFile.objects.values_list("pk", flat=True)) == [attached.pk]
    assert not Draft.objects.exists()


# --- The form changes ---

CHANGED = questionnaire(
    page("a", question("name"), question("garden", "integer", required=False)),
    page("new", question("size", "choice", options=CHOICES)),
    page("b", question("town", required=False, max_length=20),
         question("proof", "file", required=False, max_files=3)),
)  # fmt: skip


def migrate(draft: Draft, to: Revision, forms: dict[int, Questionnaire]) -> Draft:
    return actions.migrate_draft(
        draft=draft, definition=to, questionnaire_of=lambda each: forms[each.pk]
    )


def test_answers_survive_a_change_of_the_form_and_changed_pages_are_named(
    revision: Revision,
) -> None:
    later = Revision.objects.create(section="tests", key="arbre", digest="2", content={})
    forms = {revision.pk: FORM, later.pk: CHANGED}
    draft = start(revision, claim="t")
    files = [answer_of(stored())]
    actions.save_answers(
        draft=draft,
        answers={"name": "Ada", "garden": True, "town": "Ici", "proof": files, "old": 1},
    )
    moved = migrate(draft, later, forms)
    assert moved.answers == {"name": "Ada", "town": "Ici", "proof": files}
    assert moved.review == ["a", "new", "b"]
    assert moved.definition_id == later.pk
    # Twice, from a window that has not noticed, changes nothing more.
    assert migrate(draft, later, forms).version == moved.version
    # A page of the old form cannot be saved over the new one.
    with pytest.raises(Conflict, match="changer"):
        save(draft, "a", name="Bob")


def test_a_page_read_again_leaves_the_list_when_it_is_right(revision: Revision) -> None:
    draft = start(revision, claim="t")
    Draft.objects.filter(pk=draft.pk).update(review=["a", "b"])
    assert not save(draft, "a", name=" ").ok
    draft.refresh_from_db()
    assert draft.review == ["a", "b"]
    assert save(draft, "a", name="Ada").ok
    draft.refresh_from_db()
    assert draft.review == ["b"]


def test_a_second_change_forgets_no_page_of_the_first(revision: Revision) -> None:
    later, last = (
        Revision.objects.create(section="tests", key="arbre", digest=each, content={})
        for each in ("2", "3")
    )
    forms = {revision.pk: FORM, later.pk: CHANGED, last.pk: CHANGED}
    draft = migrate(start(revision, claim="t"), later, forms)
    assert migrate(draft, last, forms).review == ["a", "new", "b"]


def test_a_choice_no_longer_offered_is_dropped() -> None:
    fits = actions._fits
    options = question(type="choice", options=CHOICES).options
    assert fits(options, "wood")
    assert fits(options, ["wood", "plastic"])
    assert not fits(options, "gold")
    assert not fits(options, ["wood", "gold"])


# --- Not for ever ---


def test_drafts_nobody_came_back_to_are_erased(revision: Revision, clock: FixedClock) -> None:
    old = start(revision, claim="old", clock=clock)
    filed = start(revision, claim="filed", clock=clock)
    actions.mark_filed(draft=filed, reference="DM-26-7K4M2X", clock=clock)
    clock.advance(timedelta(days=8))
    assert actions.sweep(clock=clock) == 1
    assert set(Draft.objects.values_list("pk", flat=True)) == {old.pk}
    clock.advance(timedelta(days=15))
    actions.save_answers(draft=old, answers={"x": 1}, clock=clock)
    clock.advance(timedelta(days=29))
    assert actions.sweep(clock=clock) == 0
    clock.advance(timedelta(days=2))
    assert actions.sweep(clock=clock) == 1
    assert not Draft.objects.exists()


def test_closing_an_account_erases_its_drafts(
    revision: Revision, alice: Actor, bruno: Actor
) -> None:
    start(revision, alice)
    kept = start(revision, bruno)
    people.close_account(actor=SYSTEM, user_id=alice.user_id or 0)
    assert list(Draft.objects.values_list("pk", flat=True)) == [kept.pk]


def test_a_person_receives_their_drafts_with_their_data(revision: Revision, alice: Actor) -> None:
    draft = start(revision, alice)
    actions.save_answers(draft=draft, answers={"name": "Ada"})
    assert [each["answers"] for each in queries.of_person(alice.user_id or 0)] == [{"name": "Ada"}]
