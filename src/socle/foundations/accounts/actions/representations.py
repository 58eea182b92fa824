"""Acting for a company or an association."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from socle.foundations.accounts import policies, rules
from socle.foundations.accounts.actions.people import CHAIN, locked_user
from socle.foundations.accounts.actors import Actor
from socle.foundations.accounts.events import (
    RepresentationDeclined,
    RepresentationRequested,
    RepresentationVerified,
)
from socle.foundations.accounts.models import LegalEntity, Representation
from socle.foundations.journal.actions import record
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Conflict, Invalid, NotFound
from socle.kernel.events import emit


@transaction.atomic
def request_representation(
    *,
    user_id: int,
    kind: str,
    name: str,
    siret: str = "",
    rna: str = "",
    capacity: str = "",
    address: str = "",
    actor: Actor,
    clock: Clock = SYSTEM,
) -> Representation:
    """Say that one acts for a legal entity; gives no right until an agent confirms it.

    An entity already known keeps its name and numbers: an unverified claim rewrites nothing. Asking
    again what is pending or verified changes nothing. Raises :class:`Invalid` by field and
    :class:`Conflict` after a refusal, or when the two numbers belong to two entities.
    """
    if not policies.can_edit_person(actor, user_id):
        raise NotFound
    identity = rules.entity(kind=kind, name=name, siret_text=siret, rna_text=rna)
    capacity = " ".join(capacity.split())
    if len(capacity) > 100:
        raise Invalid(fields={"capacity": _("Ce texte est trop long : 100 caractères au plus.")})
    locked_user(user_id)
    entity = _entity(identity, " ".join(address.split())[:300], clock)
    representation, created = Representation.objects.get_or_create(
        user_id=user_id,
        entity=entity,
        defaults={"capacity": capacity, "created_at": clock.now()},
    )
    if not created:
        if representation.declined_at is not None:
            raise Conflict(
                _("Cette demande a été refusée. Contactez-nous si la situation a changé."),
                code="declined",
            )
        return representation
    _journal("representation.requested", representation, actor, clock)
    emit(RepresentationRequested(representation_id=representation.pk))
    return representation


@transaction.atomic
def verify_representation(
    *, representation_id: int, entity_name: str = "", actor: Actor, clock: Clock = SYSTEM
) -> Representation:
    """Confirm, papers seen, that the person acts for the entity; also after a refusal.

    `entity_name` corrects the name the claimant typed. Nobody confirms their own claim.
    """
    representation = _claim(representation_id, actor)
    if representation.verified_at is not None:
        return representation
    representation.verified_at = clock.now()
    representation.declined_at = None
    representation.save(update_fields=["verified_at", "declined_at"])
    name = " ".join(entity_name.split())
    if name and name != representation.entity.name:
        representation.entity.name = name[:200]
        representation.entity.save(update_fields=["name"])
    _journal("representation.verified", representation, actor, clock)
    emit(
        RepresentationVerified(
            representation_id=representation.pk,
            user_id=representation.user_id,
            entity_id=representation.entity_id,
        )
    )
    return representation


@transaction.atomic
def decline_representation(
    *, representation_id: int, actor: Actor, clock: Clock = SYSTEM
) -> Representation:
    """Refuse a claim, or take back a confirmation: the person no longer acts for the entity."""
    representation = _claim(representation_id, actor)
    if representation.declined_at is not None:
        return representation
    representation.declined_at = clock.now()
    representation.verified_at = None
    representation.save(update_fields=["verified_at", "declined_at"])
    _journal("representation.declined", representation, actor, clock)
    emit(
        RepresentationDeclined(
            representation_id=representation.pk,
            user_id=representation.user_id,
            entity_id=representation.entity_id,
        )
    )
    return representation


@transaction.atomic
def end_representation(*, representation_id: int, actor: Actor, clock: Clock = SYSTEM) -> None:
    """The person stops acting for the entity. A refused claim stays, so that it stays refused."""
    representation = Representation.objects.select_for_update().filter(pk=representation_id).first()
    if (
        representation is None
        or not policies.can_edit_person(actor, representation.user_id)
        or representation.declined_at is not None
    ):
        raise NotFound
    _journal("representation.ended", representation, actor, clock)
    representation.delete()


def _claim(representation_id: int, actor: Actor) -> Representation:
    representation = (
        Representation.objects.select_for_update(of=("self",))
        .select_related("entity")
        .filter(pk=representation_id)
        .first()
    )
    if representation is None or not policies.can_verify_representations(
        actor, representation.user_id
    ):
        raise NotFound
    return representation


def _entity(identity: rules.EntityIdentity, address: str, clock: Clock) -> LegalEntity:
    same = Q()
    if identity.siret:
        same |= Q(siret=identity.siret)
    if identity.rna:
        same |= Q(rna=identity.rna)
    known = list(LegalEntity.objects.filter(same)[:2])
    if len(known) > 1:
        raise Conflict(
            _("Ces numéros SIRET et RNA appartiennent à deux structures différentes."),
            code="two-entities",
        )
    if known:
        return known[0]
    return LegalEntity.objects.create(
        kind=identity.kind,
        name=identity.name,
        siret=identity.siret,
        rna=identity.rna,
        address=address,
        created_at=clock.now(),
    )


def _journal(action: str, representation: Representation, actor: Actor, clock: Clock) -> None:
    record(
        chain=CHAIN,
        action=action,
        actor=actor,
        subject=("representation", str(representation.pk)),
        data={"user": representation.user_id, "entity": representation.entity_id},
        clock=clock,
    )
