"""Following a case: told at each public change, in plain words, until one has had enough.

Somebody with an account follows at once. An e-mail address is written to once, and told nothing
before it answers: nobody can have somebody else flooded.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from socle.capabilities.casework import addresses, history, links, policies, registry, rules, tokens
from socle.capabilities.casework.events import FollowersChanged
from socle.capabilities.casework.letters import fill
from socle.capabilities.casework.models import Case, CaseEvent, Follower, Merge, PublicStatus
from socle.capabilities.casework.queries.bonds import followers_count, survivor_of
from socle.capabilities.notifications import actions as notifications
from socle.foundations.accounts.actors import Actor
from socle.foundations.accounts.models import User
from socle.kernel import events
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Denied, Gone, Invalid, NotFound, Throttled

MAX_UNANSWERED = 5
"""Letters that one address may be sent in a day without having confirmed any."""

CONFIRM_WITHIN = timedelta(days=14)

TOLD = frozenset({history.STATE, history.TRANSFERRED, history.MERGED, history.RESTORED})
"""What followers are told of. Messages and documents are between the person and the agents."""

_BATCH = 500


@transaction.atomic
def follow(
    *, case_id: int, actor: Actor, email: str = "", language: str = "", clock: Clock = SYSTEM
) -> Follower:
    """Be told how a case goes on: with one's account, or at an address that must be confirmed.

    Twice is once, and the answer is the same: it does not say who follows. A merged case gives its
    survivor. Raises `NotFound` for a case that is not public, `Denied` for its own applicant,
    `Invalid` without account nor address, `Throttled` for an address that answers nothing.
    """
    case = Case.objects.select_related("organisation").filter(pk=case_id).first()
    case = survivor_of(case) if case else None
    if case is None or not policies.can_follow(actor, case):
        raise NotFound()
    if policies.concerns(actor, case):
        raise Denied(_("Ce dossier est le vôtre : vous êtes déjà prévenu de tout."))
    language = (language or get_language() or "fr")[:5]
    if actor.user_id is not None and not email:
        return _follow_with_account(case, actor.user_id, language, clock)
    return _follow_by_email(case, email, language, clock)


def _follow_with_account(case: Case, user_id: int, language: str, clock: Clock) -> Follower:
    now = clock.now()
    follower, created = Follower.objects.get_or_create(
        case=case,
        user_id=user_id,
        defaults={
            "language": language, "nonce": (nonce := tokens.new_nonce()), "created_at": now,
            "token_hash": tokens.hashed(tokens.following(nonce)), "confirmed_at": now,
        },
    )  # fmt: skip
    if created:
        changed(case)
    return follower


def _follow_by_email(case: Case, email: str, language: str, clock: Clock) -> Follower:
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        message = _("Cette adresse électronique est incorrecte.")
        raise Invalid(message, fields={"email": [message]}) from None
    present = Follower.objects.filter(case=case, email=email).first()
    now = clock.now()
    if present is not None and (
        present.confirmed_at or present.created_at > now - timedelta(days=1)
    ):
        return present
    asked = Follower.objects.filter(
        email=email, confirmed_at__isnull=True, created_at__gt=now - timedelta(days=1)
    )
    if len(asked.values_list("pk")[: MAX_UNANSWERED + 1]) >= MAX_UNANSWERED:
        raise Throttled(86_400, _("Confirmez d’abord les courriels que vous avez déjà reçus."))
    nonce = tokens.new_nonce()
    values: dict[str, Any] = {
        "language": language, "nonce": nonce, "created_at": now,
        "token_hash": tokens.hashed(tokens.following(nonce)),
    }  # fmt: skip
    if present is not None:
        for name, value in values.items():
            setattr(present, name, value)
        present.save(update_fields=list(values))
    else:
        try:
            with transaction.atomic():
                present = Follower.objects.create(case=case, email=email, **values)
        except IntegrityError:
            return Follower.objects.get(case=case, email=email)
    _ask_to_confirm(present, case, clock)
    return present


def _ask_to_confirm(follower: Follower, case: Case, clock: Clock) -> None:
    with translation.override(follower.language):
        subject = _("Confirmez que vous voulez suivre {reference}")
        letter = _(
            "Bonjour,\n\nQuelqu’un, sans doute vous, a demandé à suivre « {title} » "
            "({reference}) avec cette adresse.\n\n[Oui, je veux être prévenu]({link})\n\n"
            "Si ce n’est pas vous, ne faites rien : nous n’écrirons plus."
        )
    token = tokens.following(follower.nonce)
    notifications.send_letter(
        to=follower.email,
        subject=subject,
        letter=letter,
        values={
            "reference": case.reference,
            "title": public_title(case),
            "link": links.following_url(case, token, "confirm"),
        },
        key=f"case:{case.pk}:confirm:{follower.nonce}",
        language=follower.language,
        required=True,
        clock=clock,
    )


def public_title(case: Case) -> str:
    """What followers may read of what a case is about: its category, else its kind."""
    if case.category:
        return registry.kind(case.kind).category_label(case.category)
    return str(registry.kind(case.kind).label)


@transaction.atomic
def confirm_following(*, token: str, clock: Clock = SYSTEM) -> Follower:
    """The person clicked in the letter. Doing it twice changes nothing.

    Raises `NotFound` for an unknown token, `Gone` two weeks after the letter.
    """
    follower = _by_token(token)
    if follower.confirmed_at is None:
        if clock.now() - follower.created_at > CONFIRM_WITHIN:
            raise Gone(_("Ce lien a expiré : demandez à nouveau à suivre ce dossier."))
        follower.confirmed_at = clock.now()
        follower.save(update_fields=["confirmed_at"])
        changed(follower.case)
    return follower


@transaction.atomic
def unfollow(*, token: str = "", actor: Actor | None = None, case_id: int | None = None) -> bool:
    """No longer be told: by the token of any letter, or with one's account. Whether one was.

    An unknown token is `NotFound`; one that was used already is too: nothing is kept of who left.
    """
    if token:
        follower = _by_token(token)
    else:
        if actor is None or actor.user_id is None or case_id is None:
            raise NotFound()
        case = Case.objects.filter(pk=case_id).first()
        case = survivor_of(case) if case else None
        if case is None:
            raise NotFound()
        found = Follower.objects.filter(case=case, user_id=actor.user_id).first()
        if found is None:
            return False
        follower = found
    case = follower.case
    follower.delete()
    changed(case)
    return True


def _by_token(token: str) -> Follower:
    rows = Follower.objects.select_related("case", "case__organisation").select_for_update(
        of=("self",)
    )
    follower = rows.filter(token_hash=tokens.hashed(token)).first() if token else None
    if follower is None or not follower.token_hash:
        raise NotFound()
    return follower


def changed(case: Case) -> None:
    """Announce how many follow a case now, inside the caller's transaction."""
    events.emit(FollowersChanged(case_id=case.pk, count=followers_count(case)))


def queue_telling(case: Case) -> None:
    """Tell followers of the act that was just written, if there are any. After the commit: a case
    may have thousands.
    """
    from socle.capabilities.casework.tasks import tell_followers

    if _confirmed(case.pk).exists():
        tell_followers.enqueue(
            case_id=case.pk, version=case.version, _key=f"casework.tell:{case.pk}:{case.version}"
        )


def followed(case_ids: Iterable[int]) -> set[int]:
    """Which of these cases somebody follows. One query."""
    rows = Follower.objects.filter(case_id__in=list(case_ids), confirmed_at__isnull=False)
    return set(rows.values_list("case_id", flat=True).distinct())


def _confirmed(case_id: int) -> QuerySet[Follower, Follower]:
    return Follower.objects.filter(case_id=case_id, confirmed_at__isnull=False)


@transaction.atomic
def tell_followers(*, case_id: int, version: int, after: int = 0, clock: Clock = SYSTEM) -> int:
    """Write to the followers of a case about one of its acts. Returns the last follower written to
    when there are more, else 0. Running it twice writes once.
    """
    case = Case.objects.select_related("organisation").filter(pk=case_id).first()
    event = CaseEvent.objects.filter(case_id=case_id, version=version).first()
    if case is None or event is None or event.kind not in TOLD or case.anonymised_at:
        return 0
    # Who came after the act is not told of it, however late this runs.
    wanted = _confirmed(case_id).filter(pk__gt=after, confirmed_at__lte=event.at)
    if event.kind == history.MERGED:
        # Those who followed a case that was merged; its applicant had a letter of their own.
        merges = Merge.objects.filter(survivor=case, at=event.at)
        wanted = wanted.filter(pk__in={pk for each in merges for pk in each.moved["followers"]})
    rows = list(wanted.select_related("user", "applicant_of").order_by("pk")[:_BATCH])
    for follower in rows:
        _tell(follower, case, event, clock)
    return rows[-1].pk if len(rows) == _BATCH else 0


def _tell(follower: Follower, case: Case, event: CaseEvent, clock: Clock) -> None:
    user: User | None = follower.user
    if user is not None and (not user.is_active or user.pk == event.actor_id):
        return
    language = user.language if user is not None else follower.language
    with translation.override(language):
        subject, body, values = _words(case, event)
        values["reference"] = case.reference
        values["title"] = public_title(case)
        own = follower.applicant_of
        values["link"] = (
            links.case_url(own, tokens.token_of(own)) if own else links.following_url(case)
        )
        stop = links.following_url(case, tokens.following(follower.nonce), "stop")
        values["stop"] = stop
        letter = _("Bonjour,\n\n") + body
        if values["link"]:
            letter += "\n\n" + _("[Voir le suivi]({link})")
        if stop and follower.nonce:
            letter += "\n\n" + _(
                "Vous recevez ce courriel parce que vous suivez ce dossier. "
                "[Ne plus le suivre]({stop})"
            )
    key = f"case:{case.pk}:{event.version}:follower:{follower.pk}"
    address = follower.email or (user.email if user else "")
    headers = addresses.thread_headers(case)
    if stop and follower.nonce:
        headers["List-Unsubscribe"] = f"<{stop}>"
    if address:
        notifications.send_letter(
            to=address,
            subject=subject,
            letter=letter,
            values=values,
            key=key,
            language=language,
            reply_to=addresses.reply_address(own) if own else "",
            headers=headers,
            clock=clock,
        )
    if user is not None:
        notifications.notify(
            user_id=user.pk,
            kind="case.followed",
            title=fill(subject, values),
            body=values["title"],
            url=_path(values["link"]),
            key=key,
            clock=clock,
        )


def _path(address: str) -> str:
    from urllib.parse import urlsplit

    return urlsplit(address).path


def _words(case: Case, event: CaseEvent) -> tuple[str, str, dict[str, str]]:
    """Subject, body and values that tell an act, as it was when it was written."""
    values = {"organisation": case.organisation.name, "status": "", "status_text": ""}
    if event.kind == history.TRANSFERRED:
        values["organisation"] = str(event.data.get("to", ""))
        return (
            _("{reference} est transmis à {organisation}"),
            _("« {title} » ({reference}) est désormais suivi par {organisation}."),
            values,
        )
    if event.kind == history.MERGED:
        return (
            _("Ce que vous suiviez continue sous {reference}"),
            _("Le dossier que vous suiviez continue avec d’autres, sous la référence {reference}."),
            values,
        )
    workflow = registry.definition(case).workflow
    state = rules.state_of(workflow, str(event.data.get("to", "")))
    status = state.public.value if state else str(event.data.get("public_status", ""))
    values["status"] = str(PublicStatus(status).label) if status in PublicStatus.values else status
    values["status_text"] = state.public_text if state else ""
    return (
        _("{reference} : {status}"),
        _("« {title} » ({reference}) a changé de statut : **{status}**.\n\n{status_text}"),
        values,
    )
