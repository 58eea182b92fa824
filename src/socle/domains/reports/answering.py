"""What the person answers once their report is closed: thank you, or it is still not fixed."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework import links, policies
from socle.capabilities.casework import queries as cases
from socle.capabilities.casework.actions import recording, telling
from socle.capabilities.casework.actions.attaching import NewDocument
from socle.capabilities.casework.models import Case, PublicStatus
from socle.capabilities.casework.pack import Transition
from socle.capabilities.notifications import actions as notifications
from socle.domains.reports.models import Feedback
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.actors import Actor
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Conflict, Denied, Gone, Invalid, NotFound

COMMENT_MAX = 2000
TEAM_MAX = 50
"""Agents of a team who are told one by one."""

_ANSWERED = frozenset(
    {
        PublicStatus.RESOLVED, PublicStatus.NOT_OURS, PublicStatus.REFUSED, PublicStatus.CLOSED,
    }
)  # fmt: skip


@transaction.atomic
def give_feedback(
    *,
    actor: Actor,
    case_id: int,
    score: int,
    comment: str = "",
    follow_token: str = "",
    clock: Clock = SYSTEM,
) -> Feedback:
    """Say what one thinks of how the report was treated: 1 (not at all satisfied) to 5.

    Once, by who sent it (account or private link), after it was closed. Raises `NotFound` for
    somebody else's, `Conflict` when it was said already or the report is open, `Invalid` for a
    score that is not one.
    """
    case = _own(actor, case_id, follow_token)
    if isinstance(score, bool) or score not in range(1, 6):
        message = _("Choisissez une note de 1 à 5.")
        raise Invalid(message, fields={"score": [message]})
    comment = comment.replace("\x00", "").strip()
    if len(comment) > COMMENT_MAX:
        message = _("Ce texte dépasse %(n)s caractères.") % {"n": COMMENT_MAX}
        raise Invalid(message, fields={"comment": [message]})
    if case.is_open or case.public_status not in _ANSWERED:
        raise Conflict(_("Votre signalement n’est pas encore terminé."), code="open")
    try:
        with transaction.atomic():
            return Feedback.objects.create(
                case=case,
                organisation_id=case.organisation_id,
                category=case.category,
                area_code=case.area_code,
                score=score,
                comment=comment,
                at=clock.now(),
            )
    except IntegrityError:
        raise Conflict(_("Vous avez déjà donné votre avis : merci."), code="answered") from None


def may_give_feedback(case: Case) -> bool:
    """Whether the person may still say what they think."""
    return (
        not case.is_open
        and case.public_status in _ANSWERED
        and not Feedback.objects.filter(case=case).exists()
    )


def _own(actor: Actor, case_id: int, follow_token: str) -> Case:
    case = recording.whole().filter(pk=case_id, kind=Case.Kind.REPORT).first()
    if case is None or not policies.is_party(actor, case, follow_token):
        raise NotFound()
    return case


def reopening(
    actor: Actor, case: Case, *, follow_token: str = "", clock: Clock = SYSTEM
) -> Transition | None:
    """The transition by which the person says that it is not fixed; None once the delay is over."""
    if case.is_open or (case.timer_at is not None and case.timer_at <= clock.now()):
        return None
    open_states = {state.id for state in cases.workflow_of(case).states if state.open}
    offered = cases.transitions_for(actor, case, follow_token=follow_token, clock=clock)
    return next((each for each in offered if each.target in open_states), None)


@transaction.atomic
def not_fixed(
    *,
    actor: Actor,
    case_id: int,
    message: str,
    follow_token: str = "",
    files: Sequence[NewDocument] = (),
    claim: str = "",
    clock: Clock = SYSTEM,
) -> Case:
    """Say that it is still not fixed: within the workflow's delay the report is open again.

    The agent in charge is told, or every agent of the team when there is nobody, and the team's own
    address. Raises `NotFound` for somebody else's, `Conflict` when it is open already, `Gone` when
    the delay is over, `Denied` when this workflow does not reopen, `Invalid` without a word.
    """
    case = _own(actor, case_id, follow_token)
    if case.is_open:
        raise Conflict(_("Votre signalement est déjà ouvert."), code="open")
    if not message.strip():
        text = _("Dites en quelques mots ce qui ne va toujours pas.")
        raise Invalid(text, fields={"message": [text]})
    found = reopening(actor, case, follow_token=follow_token, clock=clock)
    if found is None:
        raise _too_late(case)
    case = casework.perform(
        actor=actor,
        case_id=case.pk,
        transition_id=found.id,
        version=case.version,
        message=message,
        files=files,
        claim=claim,
        follow_token=follow_token,
        clock=clock,
    )
    _tell(case, found, actor, clock)
    return case


def _too_late(case: Case) -> Exception:
    """Why it is not reopened: the delay, or the workflow."""
    workflow = cases.workflow_of(case)
    open_states = {state.id for state in workflow.states if state.open}
    ever = any(
        "applicant" in each.who and each.target in open_states for each in workflow.transitions
    )
    if ever and case.public_status == PublicStatus.RESOLVED:
        return Gone(
            _("Le délai pour rouvrir ce signalement est passé. Vous pouvez en faire un nouveau.")
        )
    return Denied(_("Ce signalement ne peut pas être rouvert. Vous pouvez en faire un nouveau."))


def _tell(case: Case, found: Transition, actor: Actor, clock: Clock) -> None:
    """Whoever answers for it must hear it, whatever the workflow tells by itself."""
    key = f"case:{case.pk}:{case.version}:not-fixed"
    told = {effect.notify for effect in found.effects}
    if "team" not in told:
        telling.tell_team(case, clock, key=key)
    wanted: list[int] = []
    if case.assignee_id is not None:
        wanted = [case.assignee_id]
    elif case.team_id is not None:
        agents = accounts.agents_of(case.organisation_id, team_id=case.team_id)
        wanted = list(agents.values_list("pk", flat=True)[:TEAM_MAX])
    for user_id in wanted:
        if user_id != actor.user_id:
            notifications.notify(
                user_id=user_id,
                kind="report.not_fixed",
                title=gettext_lazy("Un signalement réglé ne l’est pas, dit la personne"),
                body=f"{case.reference} – {case.title}",
                url=urlsplit(links.desk_url(case)).path,
                key=f"{key}:{user_id}",
                clock=clock,
            )
