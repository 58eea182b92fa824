"""What is said here of a report that another server has goes there too, once, in the order it was.

The person's own words, a change of status decided here, the end of the hand-over. What they told us
is never told back; what agents write to the person stays between them.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _

from socle.capabilities.casework.events import CaseChanged, CaseStateChanged, MessagePosted
from socle.capabilities.casework.models import CaseEvent, Message, PublicStatus
from socle.connectors.open311.sender import Open311Sender
from socle.connectors.open311.words import EXTENDED
from socle.domains.reports.handovers import queries
from socle.domains.reports.handovers.ports import NotSent
from socle.domains.reports.models import ExternalBody, Handover
from socle.foundations.tasks import GiveUp, RetryLater
from socle.kernel.clock import SYSTEM, Clock

_log = logging.getLogger("socle.open311")

TAKEN_BACK = "taken_back"
PATIENCE = timedelta(days=5)
WAIT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Said:
    """What is to be told, and their extended status for it."""

    text: str
    status: str = ""


def noticed(event: CaseChanged) -> None:
    """Write the task that tells, in the transaction of the act. One query, for reports only."""
    # The exact class too: a fact noted by reports, such as the end of a hand-over.
    wanted = type(event) is CaseChanged or isinstance(event, CaseStateChanged)
    if isinstance(event, MessagePosted):
        wanted = not (event.internal or event.from_agent)
    if not wanted or event.kind != "report":
        return
    handover_id = (
        Handover.objects.filter(case_id=event.case_id, body__means=ExternalBody.Means.OPEN311)
        .order_by("-pk")
        .values_list("pk", flat=True)
        .first()
    )
    if handover_id is not None:
        from socle.connectors.open311.tasks import tell

        tell.enqueue(
            handover_id=handover_id,
            version=event.version,
            _key=f"open311.tell:{handover_id}:{event.version}",
        )


def tell(*, handover_id: int, version: int, sender: Open311Sender, clock: Clock = SYSTEM) -> bool:
    """Tell what one act said; whether they have it. Bears being run twice: they take it once.

    Raises RetryLater while they cannot be reached or do not have the report yet, GiveUp after five
    days.
    """
    handover = Handover.objects.select_related("case", "body").filter(pk=handover_id).first()
    if handover is None or handover.state == Handover.State.FAILED:
        return False
    event = CaseEvent.objects.filter(case_id=handover.case_id, version=version).first()
    if event is None or event.actor_kind == "system":
        return False
    if handover.ended_at is not None and event.kind != TAKEN_BACK:
        return False
    said = _said(event)
    if said is None:
        return False
    if clock.now() - event.at > PATIENCE:
        raise GiveUp(_("L’autre serveur n’a pas pu être informé en cinq jours."))
    if not handover.external_id:
        if handover.ended_at is not None:
            return False
        raise RetryLater(WAIT, "not sent yet")
    key = f"{handover.case.reference}.{version}"
    try:
        sender.tell(queries.outgoing(handover), key, text=said.text, status=said.status)
    except NotSent as error:
        if error.permanent:
            # Closed there, or a server without this extension: the words are kept here.
            _log.info("handover %s: update refused", handover_id)
            return False
        raise RetryLater(WAIT, error.sentence) from None
    return True


def _said(event: CaseEvent) -> Said | None:
    if event.kind == "message":
        message = Message.objects.filter(pk=event.data.get("message_id"), internal=False).first()
        return Said(message.body) if message is not None and not message.from_agent else None
    if event.kind == TAKEN_BACK:
        reason = str(event.data.get("reason") or "")
        text = _("Nous reprenons ce signalement : il n’est plus attendu de vous.")
        return Said(f"{text} {reason}".strip(), "no_further_action")
    if event.kind == "state":
        status = str(event.data.get("public_status") or "")
        if status not in PublicStatus.values:
            return None
        label = PublicStatus(status).label
        return Said(_("Notre suivi : %(status)s.") % {"status": label}, EXTENDED.get(status, ""))
    return None
