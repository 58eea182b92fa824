"""The thread of a case: messages to and from the person, notes between agents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from socle.capabilities.casework import history
from socle.capabilities.casework.actions import recording, telling
from socle.capabilities.casework.actions.attaching import NewDocument, attach, speaking
from socle.capabilities.casework.actions.moving import MESSAGE_MAX, clean, post
from socle.capabilities.casework.events import MessagePosted
from socle.capabilities.casework.models import Case, Message
from socle.foundations.accounts.actors import Actor
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Conflict, Denied, Invalid

NewFile = NewDocument | Mapping[str, str] | UUID | str


@transaction.atomic
def reply(
    *,
    actor: Actor,
    case_id: int,
    body: str,
    internal: bool = False,
    files: Sequence[NewFile] = (),
    claim: str = "",
    follow_token: str = "",
    idempotency_key: str | None = None,
    clock: Clock = SYSTEM,
) -> Message:
    """Post a message: from an agent to the person, from the person, or a note between agents.

    A retry with the same key gives the same message. Depends on no version: a word is never in
    conflict. Raises `NotFound` for somebody else's case, `Denied` for a person when the case is
    closed, `Invalid` for an empty or endless text.
    """
    case = recording.locked(case_id)
    recording.not_merged(case)
    from_agent, speaker = speaking(actor, case, follow_token)
    internal = internal and from_agent
    if idempotency_key:
        present = Message.objects.filter(idempotency_key=idempotency_key).first()
        if present is not None:
            if present.case_id != case.pk or present.author_id != actor.user_id:
                raise Conflict(_("Cet envoi a déjà servi. Recommencez."), code="idempotency-key")
            return present
    if not from_agent and not case.is_open:
        raise Denied(_("Cette demande est close : vous ne pouvez plus y répondre."))
    body = _checked(body, has_files=bool(files))
    message = post(
        case,
        actor,
        body,
        clock,
        from_agent=from_agent,
        internal=internal,
        idempotency_key=idempotency_key,
        label=speaker.contact_name if not from_agent and actor.user_id is None else "",
    )
    documents = []
    if files:
        wanted = [_document(each) for each in files]
        documents = attach(
            case, message, wanted, actor, claim=claim, internal=internal, clock=clock
        )
    act = message_act(case, message, speaker, [each.pk for each in documents])
    recording.write(act, actor, clock, then=lambda: tell_message(act, actor, message, clock))
    return message


def message_act(
    case: Case, message: Message, speaker: Case, document_ids: Sequence[int]
) -> recording.Act:
    """What a message that was just posted changes. `speaker`: the case in whose name it was."""
    internal, from_agent = message.internal, message.from_agent
    return recording.Act(
        case,
        history.NOTE if internal else history.MESSAGE,
        changes={} if internal else {"has_news": not from_agent},
        data={
            "message_id": message.pk,
            "from_agent": from_agent,
            **({} if speaker.pk == case.pk else {"for": speaker.pk}),
        },
        facts={
            "message": message.pk,
            "from_agent": from_agent,
            "documents": list(document_ids),
        },
        public=not internal,
        emits=[
            MessagePosted(
                case_id=case.pk,
                organisation_id=case.organisation_id,
                kind=case.kind,
                version=case.version + 1,
                message_id=message.pk,
                internal=internal,
                from_agent=from_agent,
            )
        ],
    )


def _document(file: NewFile) -> NewDocument | Mapping[str, str]:
    return file if isinstance(file, NewDocument | Mapping) else NewDocument(file)


def _checked(body: str, *, has_files: bool) -> str:
    body = clean(body)
    if not body and not has_files:
        raise Invalid(_("Votre message est vide."), fields={"body": [_("Écrivez votre message.")]})
    if len(body) > MESSAGE_MAX:
        raise Invalid(
            _("Votre message est trop long."),
            fields={"body": [_("Ce texte dépasse %(n)s caractères.") % {"n": MESSAGE_MAX}]},
        )
    return body


def tell_message(act: recording.Act, actor: Actor, message: Message, clock: Clock) -> None:
    """The other side of a message that was just written."""
    case = act.case
    key = f"case:{case.pk}:{case.version}"
    if message.internal:
        return
    if message.from_agent:
        letter = telling.builtin(telling.MESSAGE, case)
        telling.tell_person(case, letter, actor, clock, key=key, message=message.body)
    elif case.assignee_id is not None:
        telling.tell_assignee(case, actor, clock, key=key)
