"""Mail that people send, in the shapes that real programs give it."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from tests.capabilities.casework.cast import World
from tests.capabilities.casework.test_concurrency import together

from socle.capabilities.casework import actions, addresses, inbound, tokens
from socle.capabilities.casework.inbound import openers, parsing, quotes
from socle.capabilities.casework.models import (
    Case,
    CaseDocument,
    CaseEvent,
    InboundEmail,
    Message,
)
from socle.capabilities.notifications.models import Email
from socle.config.options import Mailbox
from socle.foundations.files.models import StoredFile
from socle.kernel.errors import Unavailable

CORPUS = Path(__file__).parent / "mail"
SAID = "Le lampadaire clignote toujours, surtout après 22 h.\n\nPouvez-vous repasser ?"
OURS = "<b1946ac9-0000-4000-8000-000000000001@villeneuve.test>"

WORDS = [
    "gmail", "gmail-english", "outlook-web", "outlook-html-only", "outlook-desktop", "apple-mail",
    "apple-mail-english", "apple-mail-photo", "thunderbird", "thunderbird-flowed", "orange-webmail",
    "orange-webmail-new", "free-webmail", "laposte-html", "charset-declared-utf8-is-cp1252",
    "charset-unknown", "charset-absent-headers-raw", "signed-smime", "no-message-id",
    "logo-in-signature",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _mail(settings: Any) -> Any:
    settings.SOCLE = settings.SOCLE.model_copy(
        update={
            "mailbox": Mailbox(
                domain="reponses.villeneuve.test",
                reports="signalements@villeneuve.test",
                authserv="mx.villeneuve.test",
            )
        }
    )
    with openers.isolated():
        yield


def message(name: str, to: str = "somebody@villeneuve.test") -> bytes:
    return (CORPUS / f"{name}.eml").read_bytes().replace(b"REPLY_TO", to.encode())


def sent(case: Case, name: str) -> InboundEmail:
    return inbound.receive(message(name, addresses.reply_address(case)))


@pytest.mark.parametrize("name", WORDS)
def test_the_person_s_words_reach_the_thread_and_nothing_else(world: World, name: str) -> None:
    case = world.case()
    row = sent(case, name)
    assert (row.outcome, row.reason, row.case_id) == ("threaded", "", case.pk)
    posted = Message.objects.get(case=case)
    assert posted.body == SAID
    assert (posted.from_agent, posted.internal) == (False, False)
    assert (posted.author_id, posted.author_label) == (world.alice.user_id, "Alice Martin")
    case.refresh_from_db()
    assert (case.has_news, case.version) == (True, 2)


def test_answers_written_between_quoted_lines_are_kept(world: World) -> None:
    case = world.case()
    sent(case, "answers-inside-the-quote")
    assert Message.objects.get().body == "Rue des Tilleuls.\n\nLe 12."


@pytest.mark.parametrize(
    ("name", "outcome", "reason"),
    [
        ("auto-rfc3834", "ignored", "auto-reply"),
        ("auto-outlook", "ignored", "auto-reply"),
        ("auto-precedence", "ignored", "auto-reply"),
        ("auto-vacation-x", "ignored", "auto-reply"),
        ("mailing-list", "ignored", "mailing-list"),
        ("loop-of-our-own", "ignored", "loop"),
        ("from-ourselves", "ignored", "loop"),
        ("null-sender", "ignored", "returned"),
        ("bounce-dsn", "ignored", "report"),
        ("bounce-delayed", "ignored", "report"),
        ("empty", "ignored", "empty"),
        ("not-a-message", "refused", "not-a-message"),
        ("deep", "refused", "too-many-parts"),
    ],
)
def test_what_nobody_wrote_is_told_apart(
    world: World, name: str, outcome: str, reason: str
) -> None:
    """The control is the test above: the same addresses, from people."""
    case = world.case()
    before = Email.objects.count()
    row = sent(case, name)
    assert (row.outcome, row.reason) == (outcome, reason)
    assert not Message.objects.exists()
    # Nothing is answered: two machines never talk to each other.
    assert Email.objects.count() == before


def test_a_letter_that_came_back_is_marked(world: World) -> None:
    world.case()
    letter = Email.objects.latest("pk")
    Email.objects.filter(pk=letter.pk).update(message_id=OURS, state=Email.State.SENT)
    assert inbound.receive(message("bounce-delayed")).reason == "report"
    letter.refresh_from_db()
    assert letter.state == Email.State.SENT
    assert inbound.receive(message("bounce-dsn")).reason == "bounce"
    letter.refresh_from_db()
    assert letter.state == Email.State.BOUNCED
    assert "User unknown" in letter.error


def test_thirty_attachments_give_twenty_documents_and_a_word_about_the_rest(world: World) -> None:
    case = world.case()
    assert sent(case, "thirty-attachments").outcome == "threaded"
    assert CaseDocument.objects.filter(case=case, message__isnull=False).count() == 20
    assert "10 pièces jointes n’ont pas pu être reprises" in Message.objects.get().body
    assert not StoredFile.objects.filter(attached_at=None).exists()


@pytest.mark.parametrize("name", ["zip-bomb", "winmail"])
def test_a_dangerous_attachment_is_left_out_and_the_words_stay(world: World, name: str) -> None:
    case = world.case()
    began = perf_counter()
    assert sent(case, name).outcome == "threaded"
    assert perf_counter() - began < 60
    assert not CaseDocument.objects.exists()
    body = Message.objects.get().body
    assert body.startswith(SAID)
    assert "pu être repris" in body


def test_a_photo_in_the_text_becomes_a_document(world: World) -> None:
    case = world.case()
    sent(case, "apple-mail-photo")
    assert [each.label for each in CaseDocument.objects.filter(case=case)] == ["IMG_0042.png"]


def test_a_message_read_twice_is_posted_once(world: World) -> None:
    case = world.case()
    rows = [sent(case, "gmail") for _ in range(3)]
    assert len({row.pk for row in rows}) == 1
    assert Message.objects.count() == 1
    # Without a Message-ID, all of it tells it apart.
    again = [sent(case, "no-message-id") for _ in range(2)]
    assert len({row.pk for row in again}) == 1
    assert Message.objects.count() == 2


def test_two_readers_of_one_message_post_it_once(shared_world: World, settings: Any) -> None:
    case = shared_world.case()
    raw = message("apple-mail-photo", addresses.reply_address(case))
    rows = together(*[lambda: inbound.receive(raw) for _ in range(6)])
    assert [each for each in rows if isinstance(each, Exception)] == []
    assert {row.pk for row in rows} == {rows[0].pk}
    assert (Message.objects.count(), CaseDocument.objects.count()) == (1, 1)
    assert not StoredFile.objects.filter(attached_at=None).exists()


# --- Who may write ---


def letter_of(case: Case) -> Email:
    letter = Email.objects.get(key=f"case:{case.pk}:opened:letter")
    Email.objects.filter(pk=letter.pk).update(message_id=OURS)
    return letter


def test_letters_carry_an_address_to_answer_to_and_hold_together(world: World) -> None:
    case = world.case()
    actions.reply(actor=world.camille, case_id=case.pk, body="Quelle rue ?")
    first, second = Email.objects.order_by("pk")
    assert first.headers["Reply-To"] == addresses.reply_address(case)
    assert first.headers["References"] == second.headers["References"]
    assert len(first.headers["Reply-To"].partition("@")[0]) <= 64
    assert addresses.read(first.headers["Reply-To"].upper()) is not None
    # The address lets one write, and see nothing.
    token = addresses.read(first.headers["Reply-To"])
    assert token is not None
    assert tokens.may_reply(case, token[1])
    assert not tokens.matches(case, token[1])


def test_an_answer_to_a_letter_counts_from_whom_it_was_sent_to(world: World) -> None:
    case = world.case()
    letter_of(case)
    assert inbound.receive(message("gmail")).case_id == case.pk
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ((b"alice@example.org", b"mallory@example.org"), "unknown-sender"),
        (
            (
                b"MIME-Version",
                b"Authentication-Results: mx.villeneuve.test; dmarc=fail\nMIME-Version",
            ),
            "unknown-sender",
        ),
    ],
)
def test_an_answer_to_a_letter_from_somebody_else_is_refused(
    world: World, change: tuple[bytes, bytes], reason: str
) -> None:
    case = world.case()
    letter_of(case)
    row = inbound.receive(message("gmail").replace(*change))
    assert (row.outcome, row.reason) == ("refused", reason)
    assert not Message.objects.filter(case=case).exists()


def test_a_wrong_token_opens_nothing(world: World) -> None:
    case, other = world.case(), world.case()
    wrong = addresses.reply_address(case).replace(tokens.replying(case), tokens.replying(other))
    row = inbound.receive(message("gmail", wrong))
    assert (row.outcome, row.reason) == ("ignored", "unknown")
    assert not Message.objects.exists()


def test_a_reference_in_the_subject_needs_a_known_sender_our_server_vouches_for(
    world: World,
) -> None:
    case = world.case()
    bare = (
        f"From: alice@example.org\nTo: contact@villeneuve.test\nMessage-ID: <s{{n}}@x>\n"
        f"{{more}}Subject: Re: [{case.reference}]\n\nToujours là.\n"
    )
    ours = "Authentication-Results: mx.villeneuve.test; dmarc=pass\n"
    theirs = "Authentication-Results: mx.example.org; dmarc=pass\n"

    def said(n: int, more: str) -> str:
        return inbound.receive(bare.format(n=n, more=more).encode()).outcome

    assert said(1, "") == "ignored"
    # Anybody can write such a header: only our own server's counts.
    assert said(2, theirs) == "ignored"
    mallory = bare.format(n=3, more=ours).replace("alice@", "mallory@")
    assert inbound.receive(mallory.encode()).outcome == "ignored"
    assert not Message.objects.exists()
    assert said(4, ours) == "threaded"


def test_a_follower_s_answer_is_not_the_applicant_s(world: World) -> None:
    case = world.case()
    Email.objects.create(
        to="bruno@example.org", subject="x", text="x", message_id=OURS,
        key=f"case:{case.pk}:2:follower:1",
    )  # fmt: skip
    raw = message("gmail").replace(b"alice@example.org", b"bruno@example.org")
    assert inbound.receive(raw).outcome == "ignored"


def test_a_team_s_or_an_agent_s_mail_never_speaks_as_an_agent(world: World) -> None:
    case = world.case()
    raw = message("gmail", addresses.reply_address(case)).replace(
        b"Alice Martin <alice@example.org>", b"Camille Roux <camille@nord.test>"
    )
    assert inbound.receive(raw).outcome == "threaded"
    posted = Message.objects.get()
    assert (posted.from_agent, posted.author_id) == (False, None)
    assert posted.author_label == "Camille Roux <camille@nord.test>"
    assert CaseEvent.objects.get(case=case, version=2).actor_kind == "anonymous"


def test_a_closed_case_still_hears_the_person(world: World) -> None:
    case = world.case()
    actions.perform(actor=world.camille, case_id=case.pk, transition_id="finish", version=1)
    assert sent(case, "gmail").outcome == "threaded"
    case.refresh_from_db()
    assert (case.has_news, case.is_open) == (True, False)


def test_a_case_takes_so_many_messages_an_hour(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from socle.capabilities.casework.inbound import receiving

    monkeypatch.setattr(receiving, "MAX_AN_HOUR", 2)
    case = world.case()
    outcomes = [sent(case, name).outcome for name in ("gmail", "thunderbird", "apple-mail")]
    assert outcomes == ["threaded", "threaded", "refused"]


# --- What belongs to no case ---


def test_an_unknown_message_is_offered_to_openers_once(world: World) -> None:
    offered: list[openers.Unthreaded] = []

    def opener(mail: openers.Unthreaded, clock: Any) -> openers.Opening | None:
        offered.append(mail)
        return openers.Opening(case_id=world.case().pk)

    with openers.isolated(lambda mail, clock: None, opener):
        raw = message("thunderbird", "signalements@villeneuve.test")
        row = inbound.receive(raw)
        assert inbound.receive(raw) == row
    assert (row.outcome, len(offered)) == ("opened", 1)
    assert offered[0].text == SAID
    assert offered[0].recipients == ("signalements@villeneuve.test",)
    assert inbound.receive(message("gmail")).reason == "unknown"


def test_when_the_antivirus_is_away_the_message_waits(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from socle.capabilities.casework.inbound import receiving

    case = world.case()
    receive = receiving.files.receive

    def away(**given: Any) -> Any:
        raise Unavailable()

    monkeypatch.setattr(receiving.files, "receive", away)
    with pytest.raises(Unavailable):
        sent(case, "apple-mail-photo")
    assert not InboundEmail.objects.exists()
    monkeypatch.setattr(receiving.files, "receive", receive)
    assert sent(case, "apple-mail-photo").outcome == "threaded"


# --- Reading never fails, never lasts ---


@effort(max_examples=150, deadline=None)
@given(st.binary(max_size=3_000))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        parsed = parsing.parse(raw)
    except parsing.Unreadable:
        return
    quotes.reply_of(parsed.text)


@effort(max_examples=150, deadline=None)
@given(st.text(max_size=2_000))
def test_words_are_never_all_lost(text: str) -> None:
    text = text.replace("\x00", "").replace("\r", "\n")
    assert bool(quotes.reply_of(text)) == bool(text.strip())


@pytest.mark.parametrize(
    "text",
    [
        "Le " * 20_000,
        "De : a\n" * 10_000,
        "> " * 50_000 + "\n",
        "_" * 60_000,
        ("Le 1 " + "x" * 400 + "\n") * 500,
        "Mail disclaimer: mail " * 4_000,
        "- a\n" * 20_000,
        " \n" * 40_000 + "a",
    ],
    ids=["le", "headers", "quotes", "underscores", "long", "disclaimer", "list", "blank"],
)
def test_hostile_texts_are_read_in_no_time(text: str) -> None:
    began = perf_counter()
    quotes.reply_of(text)
    parsing.html.to_text("<div>" * 20_000 + text)
    assert perf_counter() - began < 60


@pytest.mark.parametrize(
    "text",
    [
        "Il faut :\n- une lampe\n- un câble",
        "Thanks, the hole is still there.\nIt is getting bigger, and my wheel is bent.",
        "Merci.\nBonne journée à tous, mais le trou est toujours là et je voudrais une réponse.",
        "Le 12 rue des Lilas : le voisin a écrit au maire.\nRien n’a changé.",
        "De : ma fenêtre je vois le trou.",
        "Bonjour,\n\n-- \nle tuyau -- toujours cassé",
    ],
)
def test_what_looks_like_a_quote_and_is_none_is_kept(text: str) -> None:
    kept = quotes.reply_of(text)
    assert kept == text or text.startswith("Bonjour")
