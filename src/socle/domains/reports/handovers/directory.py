"""The outside bodies of organisations, as packs declare them or managers add them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from socle.domains.reports.handovers.pack import Body
from socle.domains.reports.models import ExternalBody
from socle.foundations.territories.models import Organisation


def apply_bodies(declared: Sequence[Body], before: Collection[Body]) -> None:
    """Write the bodies of a pack; those it declared `before` and no longer does are switched off.

    Those that an administrator added are left alone.
    """
    slugs = {each.organisation for each in (*declared, *before)}
    ids = dict(Organisation.objects.filter(slug__in=slugs).values_list("slug", "pk"))
    kept: set[tuple[int, str]] = set()
    for body in declared:
        organisation_id = ids[body.organisation]
        kept.add((organisation_id, body.key))
        ExternalBody.objects.update_or_create(
            organisation_id=organisation_id,
            key=body.key,
            defaults={
                "name": body.name,
                "means": body.means,
                "email": body.email,
                "url": body.url,
                "jurisdiction": body.jurisdiction,
                "secret_name": body.secret_name,
                "services": dict(body.services),
                "active": True,
            },
        )
    for body in before:
        place = (ids.get(body.organisation, 0), body.key)
        if place not in kept:
            ExternalBody.objects.filter(organisation_id=place[0], key=body.key).update(active=False)
