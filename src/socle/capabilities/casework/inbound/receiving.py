"""Receiving one message: at most once, whoever reads it and however often."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import ngettext

from socle.capabilities.casework import addresses, tokens
from socle.capabilities.casework.actions import recording
from socle.capabilities.casework.actions.attaching import MAX_DOCUMENTS, NewDocument, attach
from socle.capabilities.casework.actions.moving import MESSAGE_MAX, clean, post
from socle.capabilities.casework.actions.talking import message_act, tell_message
from socle.capabilities.casework.inbound import classifying, openers, parsing, quotes
from socle.capabilities.casework.models import Case, Follower, InboundEmail, Message
from socle.capabilities.casework.queries.bonds import survivor_of
from socle.capabilities.notifications import actions as notifications
from socle.capabilities.notifications import queries as letters
from socle.foundations.accounts.actors import ANONYMOUS, Actor
from socle.foundations.accounts.actors import SYSTEM as SYSTEM_ACTOR
from socle.foundations.files import actions as files
from socle.foundations.files.models import StoredFile
from socle.kernel import references
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import NotFound, SocleError, Unavailable

MAX_AN_HOUR = 30
"""Messages that one case takes in an hour: two machines that answer each other stop there."""

_LETTER = re.compile(r"case:([0-9]{1,18}):.*:letter")
_FOLLOWER = re.compile(r"case:[0-9]{1,18}:[0-9]+:follower:([0-9]{1,18})")
_REFERENCE = re.compile(r"\[?\b([A-Z]{2}-?\d{2}-?[0-9A-Z]{6})\b\]?", re.IGNORECASE)

Outcome = InboundEmail.Outcome


@dataclass(frozen=True, slots=True)
class _Match:
    """A case that a message belongs to, and whether the sender is known to it."""

    case: Case
    known: bool


@dataclass
class _Files:
    """Takes the attachments in, when they are first asked for."""

    mail: parsing.Parsed
    clock: Clock
    claim: str
    taken: list[StoredFile] | None = None
    refused: list[str] = field(default_factory=list)

    def take(self) -> list[StoredFile]:
        if self.taken is not None:
            return self.taken
        self.taken = []
        for each in self.mail.attachments:
            if len(self.taken) >= MAX_DOCUMENTS:
                self.refused.append(each.name)
                continue
            try:
                stored = files.receive(
                    upload=BytesIO(each.content),
                    name=each.name,
                    actor=SYSTEM_ACTOR,
                    claim=self.claim,
                    accept=("image", "pdf", "document"),
                    clock=self.clock,
                )
            except Unavailable:
                raise
            except SocleError:
                self.refused.append(each.name)
            else:
                self.taken.append(stored)
        return self.taken

    def discard(self) -> None:
        """Forget what nothing was made of."""
        for stored in self.taken or ():
            try:
                files.discard(file_id=stored.pk, actor=SYSTEM_ACTOR, claim=self.claim)
            except NotFound:
                # Attached.
                continue


def receive(raw: bytes, *, clock: Clock = SYSTEM) -> InboundEmail:
    """Take in one message and say what became of it; the same message again gives the same answer.

    Call it outside a transaction: attachments are decoded and stored. Raises only what trying again
    later may mend (`Unavailable`, a database that is away).
    """
    try:
        mail = parsing.parse(raw)
    except parsing.Unreadable as error:
        key = parsing.key_of(raw, "")
        return _said(key, Outcome.REFUSED, str(error), clock)
    present = InboundEmail.objects.filter(key=mail.key).first()
    if present is not None:
        return present
    if len(raw) > settings.SOCLE.mailbox.max_megabytes * 1_000_000:
        return _said(mail.key, Outcome.REFUSED, "too-large", clock)
    bounce = classifying.bounce_of(mail)
    if bounce is not None:
        known = notifications.record_bounce(message_id=bounce.message_id, reason=bounce.reason)
        return _said(mail.key, Outcome.IGNORED, "bounce" if known else "report", clock)
    reason = classifying.why_ignored(mail, own=addresses.is_own(mail.sender))
    if reason:
        return _said(mail.key, Outcome.IGNORED, reason, clock)
    claim = "mail:" + hashlib.sha256(mail.key.encode()).hexdigest()[:40]
    taken = _Files(mail, clock, claim)
    try:
        match = _by_address(mail) or _by_thread(mail) or _by_subject(mail)
        if match is not None:
            return _thread(mail, match, taken, clock)
        return _open(mail, taken, clock)
    finally:
        taken.discard()


def _said(
    key: str, outcome: str, reason: str, clock: Clock, case_id: int | None = None
) -> InboundEmail:
    """Keep what became of a message; what was kept first wins."""
    InboundEmail.objects.bulk_create(
        [
            InboundEmail(
                key=key, outcome=outcome, reason=reason[:60], case_id=case_id,
                received_at=clock.now(),
            )
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    return InboundEmail.objects.get(key=key)


# --- Which case ---


def _by_address(mail: parsing.Parsed) -> _Match | None:
    """By the address it was sent to: whoever holds its token was written to."""
    for recipient in mail.recipients:
        read = addresses.read(recipient)
        case = Case.objects.filter(reference=read[0]).first() if read else None
        if read and case is not None and tokens.may_reply(case, read[1]):
            return _Match(case, known=True)
    return None


def _by_thread(mail: parsing.Parsed) -> _Match | None:
    """By the letter it answers, when it comes from the address that letter was sent to."""
    for letter in letters.sent_as(mail.answers):
        key = letter.key or ""
        case_id = None
        if found := _LETTER.fullmatch(key):
            case_id = int(found[1])
        elif found := _FOLLOWER.fullmatch(key):
            # Who follows is only told, unless what they had asked was merged there.
            row = Follower.objects.filter(pk=int(found[1]), applicant_of__isnull=False).first()
            case_id = row.applicant_of_id if row else None
        case = Case.objects.filter(pk=case_id, anonymised_at=None).first() if case_id else None
        if case is not None:
            vouched = classifying.dmarc(mail, settings.SOCLE.mailbox.authserv) != "fail"
            return _Match(case, known=vouched and letter.to.lower() == mail.sender)
    return None


def _by_subject(mail: parsing.Parsed) -> _Match | None:
    """By a reference in the subject: from an address the case knows, that our server vouches for.
    Anybody may know a reference, and write any sender.
    """
    if classifying.dmarc(mail, settings.SOCLE.mailbox.authserv) != "pass":
        return None
    for found in _REFERENCE.finditer(mail.subject):
        reference = references.normalise(found[1])
        case = (
            Case.objects.select_related("applicant").filter(reference=reference).first()
            if reference
            else None
        )
        if case is not None and mail.sender in _addresses_of(case):
            return _Match(case, known=True)
    return None


def _addresses_of(case: Case) -> set[str]:
    return {
        case.contact_email.lower(),
        case.applicant.email.lower() if case.applicant else "",
    } - {""}


# --- What becomes of it ---


def _thread(mail: parsing.Parsed, match: _Match, taken: _Files, clock: Clock) -> InboundEmail:
    if not match.known:
        return _said(mail.key, Outcome.REFUSED, "unknown-sender", clock, match.case.pk)
    case_id = survivor_of(match.case).pk
    since = clock.now() - timedelta(hours=1)
    recent = InboundEmail.objects.filter(
        case_id=case_id, outcome=Outcome.THREADED, received_at__gt=since
    )
    if len(recent.order_by().values_list("pk")[: MAX_AN_HOUR + 1]) >= MAX_AN_HOUR:
        return _said(mail.key, Outcome.REFUSED, "too-many", clock, case_id)
    stored = taken.take()
    body = _body(mail, taken)
    if not body and not stored:
        return _said(mail.key, Outcome.IGNORED, "empty", clock, case_id)
    try:
        with transaction.atomic():
            # First: of two readers of one message, the second stops here.
            row = InboundEmail.objects.create(
                key=mail.key, outcome=Outcome.THREADED, received_at=clock.now()
            )
            case = recording.locked(survivor_of(match.case).pk)
            row.case, row.message = case, _post(case, match.case, mail, body, taken, clock)
            row.save(update_fields=["case", "message"])
            return row
    except IntegrityError:
        present = InboundEmail.objects.filter(key=mail.key).first()
        if present is None:
            raise
        return present


def _post(
    case: Case, speaker: Case, mail: parsing.Parsed, body: str, taken: _Files, clock: Clock
) -> Message:
    """The person's message, as if they had written it in the application; also to a closed case:
    nobody has to learn our states before writing to us.
    """
    actor, label = _author(speaker, mail)
    message = post(case, actor, body, clock, from_agent=False, label=label)
    documents = []
    if taken.taken:
        wanted = [NewDocument(each.pk) for each in taken.taken]
        documents = attach(
            case, message, wanted, actor, claim=taken.claim, internal=False, clock=clock
        )
    act = message_act(case, message, speaker, [each.pk for each in documents])
    act.data["by_mail"] = True
    recording.write(act, actor, clock, then=lambda: tell_message(act, actor, message, clock))
    return message


def _author(speaker: Case, mail: parsing.Parsed) -> tuple[Actor, str]:
    """Who signs: the person when their own address wrote; else the address, for agents to judge.

    A message never acts as an agent, whatever its sender: anybody can write one.
    """
    applicant = speaker.applicant
    name = speaker.contact_name or (applicant.display_name if applicant else "")
    if applicant is not None and mail.sender == applicant.email.lower():
        actor = Actor(kind="resident", user_id=applicant.pk, label=applicant.display_name)
        return actor, name or actor.label
    if mail.sender in _addresses_of(speaker):
        return ANONYMOUS, name or mail.sender
    return ANONYMOUS, (f"{mail.sender_name} <{mail.sender}>" if mail.sender_name else mail.sender)


def _body(mail: parsing.Parsed, taken: _Files) -> str:
    body = clean(quotes.reply_of(mail.text))
    if len(body) > MESSAGE_MAX - 600:
        body = body[: MESSAGE_MAX - 600].rstrip() + " […]"
    if taken.refused:
        names = ", ".join(taken.refused[:8]) + ("…" if len(taken.refused) > 8 else "")
        count = len(taken.refused)
        note = ngettext(
            "(%(n)s pièce jointe n’a pas pu être reprise : %(names)s)",
            "(%(n)s pièces jointes n’ont pas pu être reprises : %(names)s)",
            count,
        ) % {"n": count, "names": names[:400]}
        body = f"{body}\n\n{note}".strip()
    return body


def _open(mail: parsing.Parsed, taken: _Files, clock: Clock) -> InboundEmail:
    offered = openers.Unthreaded(
        sender=mail.sender,
        sender_name=mail.sender_name,
        recipients=mail.recipients,
        subject=mail.subject,
        text=clean(quotes.reply_of(mail.text)),
        key=mail.key,
        claim=taken.claim,
        files=taken.take,
        refused=lambda: list(taken.refused),
    )
    for each in openers.openers():
        opening = each(offered, clock)
        if opening is None:
            continue
        outcome = Outcome.OPENED if opening.case_id is not None else Outcome.IGNORED
        return _said(mail.key, outcome, opening.reason, clock, opening.case_id)
    return _said(mail.key, Outcome.IGNORED, "unknown", clock)
