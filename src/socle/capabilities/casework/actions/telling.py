"""What an act says to people: letters to the person who asked, words to the team or the agent.

Everything goes through notifications' outbox, in the transaction of the act: a letter leaves if,
and only if, what it announces was done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from socle.capabilities.casework import addresses, letters, links, registry
from socle.capabilities.casework.letters import Letter
from socle.capabilities.casework.models import Case
from socle.capabilities.casework.pack import Effect
from socle.capabilities.casework.queries.cases import placeholders
from socle.capabilities.notifications import actions as notifications
from socle.capabilities.notifications.registry import Enclosure
from socle.foundations.accounts.actors import Actor
from socle.kernel import clock as clocks
from socle.kernel.clock import Clock

OPENED, MESSAGE, STATUS, DOCUMENT = "opened", "message", "status", "document"
TRANSFERRED, MERGED, UNMERGED = "transferred", "merged", "unmerged"


def run_effects(
    case: Case,
    effects: Iterable[Effect],
    actor: Actor,
    clock: Clock,
    *,
    message: str = "",
    enclosures: Sequence[Enclosure] = (),
) -> bool:
    """Send what the effects of an act ask for. Returns whether the person was written to.
    `enclosures` go with the letters to the person.

    The case has already absorbed the act: letters tell its new state, keys carry its new version,
    so that an act that is run twice writes once.
    """
    written = False
    for number, effect in enumerate(effects):
        key = f"case:{case.pk}:{case.version}:{number}"
        if effect.notify == "applicant":
            own = registry.definition(case).letters.get(effect.letter)
            tell_person(
                case,
                own or builtin(STATUS, case),
                actor,
                clock,
                key=key,
                message=message,
                required=own is not None,
                enclosures=enclosures,
            )
            written = True
        elif effect.notify == "team":
            tell_team(case, clock, key=key)
        elif effect.notify == "assignee":
            tell_assignee(case, actor, clock, key=key)
    return written


def builtin(name: str, case: Case) -> Letter:
    """The letters of a workflow that has none of its own, in the person's language."""
    with translation.override(case.language):
        subjects = {
            OPENED: _("Votre demande {reference} est bien reçue"),
            MESSAGE: _("Un message à propos de votre demande {reference}"),
            STATUS: _("Votre demande {reference} : {status}"),
            DOCUMENT: _("Un document pour votre demande {reference}"),
            TRANSFERRED: _("Votre demande {reference} est transmise à {organisation}"),
            MERGED: _("Votre demande {reference} est regroupée avec une autre"),
            UNMERGED: _("Votre demande {reference} est de nouveau suivie à part"),
        }
        bodies = {
            OPENED: _(
                "Bonjour,\n\nNous avons bien reçu votre demande « {title} » le {filed_on}. "
                "Elle porte la référence **{reference}**.\n\n{status_text}"
            ),
            MESSAGE: _("Bonjour,\n\n{organisation} vous a écrit :\n\n{message}"),
            STATUS: _(
                "Bonjour,\n\nVotre demande « {title} » a changé de statut : **{status}**.\n\n"
                "{status_text}"
            ),
            DOCUMENT: _(
                "Bonjour,\n\nUn document vous attend dans le suivi de votre demande « {title} »."
            ),
            TRANSFERRED: _(
                "Bonjour,\n\nVotre demande « {title} » relève de {organisation}, à qui nous "
                "l’avons transmise. Vous n’avez rien à faire : elle garde sa référence, "
                "**{reference}**."
            ),
            MERGED: _(
                "Bonjour,\n\nD’autres personnes nous ont dit la même chose que vous à propos de "
                "« {title} ». Nous traitons tout ensemble. Vous n’avez rien à faire : votre "
                "référence, **{reference}**, reste valable et vous serez prévenu de la suite."
            ),
            UNMERGED: _(
                "Bonjour,\n\nVotre demande « {title} » était traitée avec d’autres. Elle est de "
                "nouveau suivie à part, sous sa référence **{reference}**."
            ),
        }
        closing = _("[Suivre votre demande ou y répondre]({link})")
    body = bodies[name]
    return Letter(subjects[name], f"{body}\n\n{closing}" if links.case_url(case) else body)


def tell_person(
    case: Case,
    letter: Letter,
    actor: Actor,
    clock: Clock,
    *,
    key: str,
    message: str = "",
    required: bool = False,
    enclosures: Sequence[Enclosure] = (),
) -> None:
    """A letter by e-mail when an address is known, and a notification when there is an account.

    `required`: sent even to a person who refused e-mails (acknowledgements, the pack's letters).
    """
    body = letter.body
    if message and "message" not in letters.placeholders(body):
        body += "\n\n{message}"
    with translation.override(case.language):
        known = placeholders(
            case,
            agent=actor.label if actor.kind == "agent" else "",
            message=message,
            today=clocks.local_date(clock.now(), settings.TIME_ZONE),
        )
    # A pack's check refuses unknown names; an old revision must still be able to write.
    names = [*letters.placeholders(letter.subject), *letters.placeholders(body)]
    values = {name: known.get(name, "") for name in names}
    address = case.contact_email or (case.applicant.email if case.applicant else "")
    if address:
        notifications.send_letter(
            to=address,
            subject=letter.subject,
            letter=body,
            values=values,
            key=f"{key}:letter",
            language=case.language,
            reply_to=addresses.reply_address(case),
            headers=addresses.thread_headers(case),
            required=required,
            enclosures=enclosures,
            clock=clock,
        )
    if case.applicant_id is not None and case.applicant_id != actor.user_id:
        notifications.notify(
            user_id=case.applicant_id,
            kind="case.person",
            title=" ".join(letters.fill(letter.subject, values).split()),
            body=case.title,
            url=_path(links.case_url(case)),
            key=f"{key}:person",
            clock=clock,
        )


def tell_team(case: Case, clock: Clock, *, key: str) -> None:
    """A word to the shared address of the team, if it has one."""
    if case.team is None or not case.team.email:
        return
    notifications.send_email(
        to=case.team.email,
        subject=_headline(case),
        template="notifications/message",
        context={"title": _headline(case), "body": case.title, "url": _path(links.desk_url(case))},
        key=f"{key}:team",
        clock=clock,
    )


def tell_assignee(case: Case, actor: Actor, clock: Clock, *, key: str) -> None:
    """A notification to the agent in charge, unless they did it themselves."""
    if case.assignee_id is None or case.assignee_id == actor.user_id:
        return
    notifications.notify(
        user_id=case.assignee_id,
        kind="case.agent",
        title=_headline(case),
        body=case.title,
        url=_path(links.desk_url(case)),
        key=f"{key}:assignee",
        clock=clock,
    )


def _headline(case: Case) -> str:
    status = str(case.get_public_status_display())
    return _("%(reference)s : %(status)s") % {"reference": case.reference, "status": status}


def _path(address: str) -> str:
    """Notifications hold paths of the platform; letters hold whole addresses."""
    return urlsplit(address).path
