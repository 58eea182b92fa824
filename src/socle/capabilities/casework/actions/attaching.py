"""Documents of a case: evidence, photos, decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from socle.capabilities.casework import history, policies
from socle.capabilities.casework.actions import recording, telling
from socle.capabilities.casework.events import DocumentAdded
from socle.capabilities.casework.models import Case, CaseDocument, Message
from socle.capabilities.casework.queries.bonds import spoken_for
from socle.foundations.accounts.actors import Actor
from socle.foundations.files import actions as files
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Denied, Invalid, NotFound

MAX_DOCUMENTS = 20
"""Files that one act may add."""


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A received file and what it is."""

    file_id: UUID | str
    kind: str = "attachment"
    label: str = ""


def attach(
    case: Case,
    message: Message | None,
    documents: Sequence[NewDocument | Mapping[str, str]],
    actor: Actor,
    *,
    claim: str,
    internal: bool,
    clock: Clock,
) -> list[CaseDocument]:
    """Make files documents of a case, inside the caller's act."""
    wanted = [each if isinstance(each, NewDocument) else NewDocument(**each) for each in documents]
    if len(wanted) > MAX_DOCUMENTS:
        raise Invalid(
            _("Pas plus de %(n)s fichiers à la fois.") % {"n": MAX_DOCUMENTS},
            fields={"files": [_("Trop de fichiers.")]},
        )
    stored = files.attach(
        file_ids=[each.file_id for each in wanted], actor=actor, claim=claim, clock=clock
    )
    by_id = {str(each.pk): each for each in stored}
    now = clock.now()
    rows = [
        CaseDocument(
            case=case,
            message=message,
            file=by_id[str(UUID(str(each.file_id)))],
            kind=each.kind[:60],
            label=(each.label or by_id[str(UUID(str(each.file_id)))].name)[:200],
            added_by_id=actor.user_id,
            internal=internal,
            created_at=now,
        )
        for each in wanted
    ]
    # One by one: bulk_create gives no ids back on every database.
    for row in rows:
        row.save(force_insert=True)
    return rows


@transaction.atomic
def add_document(
    *,
    actor: Actor,
    case_id: int,
    files: Sequence[NewDocument | Mapping[str, str]],
    internal: bool = False,
    claim: str = "",
    follow_token: str = "",
    clock: Clock = SYSTEM,
) -> list[CaseDocument]:
    """Add files to a case: an agent's decision or evidence, a piece the person was asked for.

    `internal`: seen by agents only. Raises `NotFound` for somebody else's case, `Denied` for a
    person when the case is closed, `Invalid` without files.
    """
    if not files:
        raise Invalid(_("Choisissez un fichier."), fields={"files": [_("Choisissez un fichier.")]})
    case = recording.locked(case_id)
    recording.not_merged(case)
    from_agent, speaker = speaking(actor, case, follow_token)
    if not from_agent:
        internal = False
        if not case.is_open:
            raise Denied(_("Cette demande est close : vous ne pouvez plus y ajouter de document."))
    added = attach(case, None, files, actor, claim=claim, internal=internal, clock=clock)
    ids = [each.pk for each in added]
    act = recording.Act(
        case,
        history.DOCUMENT,
        changes={} if internal else {"has_news": not from_agent},
        data={
            "document_ids": ids,
            "labels": [each.label for each in added],
            "from_agent": from_agent,
            **({} if speaker.pk == case.pk else {"for": speaker.pk}),
        },
        facts={"documents": ids, "internal": internal, "from_agent": from_agent},
        public=not internal,
        emits=[
            DocumentAdded(
                case_id=case.pk,
                organisation_id=case.organisation_id,
                kind=case.kind,
                version=case.version + 1,
                document_ids=tuple(ids),
                from_agent=from_agent,
            )
        ],
    )
    recording.write(act, actor, clock, then=lambda: _tell(act, actor, clock))
    return added


def _tell(act: recording.Act, actor: Actor, clock: Clock) -> None:
    case = act.case
    key = f"case:{case.pk}:{case.version}"
    if not act.data["from_agent"]:
        telling.tell_assignee(case, actor, clock, key=key)
    elif act.public:
        letter = telling.builtin(telling.DOCUMENT, case)
        telling.tell_person(case, letter, actor, clock, key=key)


def sides(actor: Actor, case: Case, follow_token: str) -> bool:
    """Whether the actor speaks as an agent (true) or as the person; `NotFound` when neither."""
    if actor.kind == "system" or policies.can_handle(actor, case):
        return True
    if policies.is_party(actor, case, follow_token):
        return False
    raise NotFound()


def speaking(actor: Actor, case: Case, follow_token: str) -> tuple[bool, Case]:
    """Whether the actor speaks as an agent, and in the name of which case: this one, or one merged
    into it whose applicant they are. `NotFound` when neither.
    """
    if actor.kind == "system" or policies.can_handle(actor, case):
        return True, case
    speaker = spoken_for(actor, case, follow_token)
    if speaker is None:
        raise NotFound()
    return False, speaker
