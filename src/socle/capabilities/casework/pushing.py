"""What the browsers of those who follow a case are told: its public status, when it changes."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from socle.capabilities.casework import links, registry, rules, tokens
from socle.capabilities.casework.events import CaseAnonymised, CaseStateChanged
from socle.capabilities.casework.models import Case
from socle.capabilities.notifications import push
from socle.capabilities.notifications.registry import Pushed

SOURCE = "case"


def state_changed(event: CaseStateChanged) -> None:
    """Tell the browsers that follow the case, unless nothing changed for the public. Those of the
    person's own account hear of it by their notifications.
    """
    case = Case.objects.filter(pk=event.case_id).first()
    if case is None:
        return
    workflow = registry.definition(case).workflow
    states = (rules.state_of(workflow, each) for each in (event.source, event.target))
    before, after = ((each.public, each.public_text) if each else None for each in states)
    if before == after:
        return
    own = [push.user_topic(case.applicant_id)] if case.applicant_id else []
    push.push(
        topic=push.case_topic(case.pk),
        source=SOURCE,
        source_id=case.pk,
        key=f"case:{case.pk}:{event.version}",
        but_topics=own,
    )


def anonymised(event: CaseAnonymised) -> None:
    """Nobody follows it any more."""
    push.forget_topic(push.case_topic(event.case_id))


def of_case(case_id: int) -> Pushed | None:
    """The words about a case as it is when the message leaves; its private link is made now."""
    case = Case.objects.filter(pk=case_id, anonymised_at=None).first()
    if case is None:
        return None
    state = rules.state_of(registry.definition(case).workflow, case.state)
    status = str(case.get_public_status_display())
    return Pushed(
        title=_("%(reference)s : %(status)s") % {"reference": case.reference, "status": status},
        body=(state.public_text if state else "") or case.title,
        url=urlsplit(links.case_url(case, tokens.token_of(case))).path or "/",
        tag=f"case:{case.reference}",
    )
