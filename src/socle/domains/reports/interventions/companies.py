"""The companies an organisation works with."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from socle.domains.reports import policies
from socle.domains.reports.models import Contractor
from socle.foundations.accounts.actors import Actor
from socle.foundations.journal import actions as journal
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Denied, Invalid, NotFound

NAME_MAX = 200


@transaction.atomic
def add_contractor(
    *, actor: Actor, organisation_id: int, name: str, email: str = "", clock: Clock = SYSTEM
) -> Contractor:
    """Add a company, or open again one of the same name. `email`: where its orders are sent.

    Raises `NotFound` outside the actor's organisations, `Denied` for who does not manage it,
    `Invalid` for a name that is empty or taken, or an address that is none.
    """
    _may(actor, organisation_id)
    name, email = " ".join(name.replace("\x00", "").split()), email.strip()
    fields: dict[str, list[str]] = {}
    if not name:
        fields["name"] = [_("Donnez le nom de l’entreprise.")]
    elif len(name) > NAME_MAX:
        fields["name"] = [_("Ce nom dépasse %(n)s caractères.") % {"n": NAME_MAX}]
    if email:
        try:
            validate_email(email)
        except ValidationError:
            fields["email"] = [_("Cette adresse électronique n’est pas valable.")]
    rows = Contractor.objects.filter(organisation_id=organisation_id, name__iexact=name)
    known = rows.order_by("-active", "pk").first() if name else None
    if known is not None and known.active:
        fields["name"] = [_("Cette entreprise est déjà dans la liste.")]
    if fields:
        raise Invalid(_("Cette entreprise ne peut pas être ajoutée."), fields=fields)
    row = known or Contractor(organisation_id=organisation_id)
    row.name, row.email, row.active = name, email, True
    row.save()
    _record(actor, row, "contractor.added", clock)
    return row


@transaction.atomic
def close_contractor(*, actor: Actor, contractor_id: int, clock: Clock = SYSTEM) -> Contractor:
    """Give a company no new order; those it has go on. Raises `NotFound`, `Denied`."""
    row = Contractor.objects.filter(pk=contractor_id, active=True).first()
    if row is None:
        raise NotFound()
    _may(actor, row.organisation_id)
    row.active = False
    row.save(update_fields=["active"])
    _record(actor, row, "contractor.closed", clock)
    return row


def _may(actor: Actor, organisation_id: int) -> None:
    if not policies.can_plan(actor, organisation_id):
        raise NotFound()
    if not policies.can_manage_contractors(actor, organisation_id):
        raise Denied(_("Seul un responsable choisit les entreprises."))


def _record(actor: Actor, row: Contractor, action: str, clock: Clock) -> None:
    journal.record(
        chain=journal.chain_for(row.organisation_id),
        action=action,
        actor=actor,
        subject=("contractor", str(row.pk)),
        data={"active": row.active},
        clock=clock,
    )
