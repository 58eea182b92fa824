"""What was given to whom, and what leaves the house with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings

from socle.capabilities.casework import policies as cases
from socle.capabilities.casework.models import Case, CaseDocument
from socle.domains.reports.handovers.ports import Addressee, Outgoing, Photo
from socle.domains.reports.models import ExternalBody, Handover, PublicPhoto
from socle.domains.reports.questions import ASSET
from socle.foundations.accounts.actors import Actor
from socle.foundations.files import queries as files
from socle.foundations.files.models import StoredFile
from socle.kernel.clock import SYSTEM, Clock, local_date
from socle.kernel.errors import NotFound

State = Handover.State
PHOTOS_MAX = 10


def bodies_for(actor: Actor, case: Case) -> list[ExternalBody]:
    """Who this report may be handed over to, by name: those of its organisation, for its category.

    Raises `NotFound` outside the actor's organisations.
    """
    if not cases.can_see(actor, case):
        raise NotFound()
    rows = ExternalBody.objects.filter(organisation_id=case.organisation_id, active=True)
    return [
        each
        for each in rows.order_by("name", "pk")
        if not each.services or case.category in each.services
    ]


def handovers_of(actor: Actor, case: Case) -> list[Handover]:
    """The hand-overs of a case, newest first, each with its body. Raises `NotFound`."""
    if not cases.can_see(actor, case):
        raise NotFound()
    return list(Handover.objects.filter(case=case).select_related("body").order_by("-pk"))


def bodies_in(actor: Actor, organisation_id: int) -> list[ExternalBody]:
    """Everybody outside whom an organisation may hand reports over to, by name.

    Raises `NotFound` outside the actor's organisations.
    """
    if not cases.can_handle_in(actor, organisation_id):
        raise NotFound()
    rows = ExternalBody.objects.filter(organisation_id=organisation_id, active=True)
    return list(rows.order_by("name", "pk"))


def failed(actor: Actor, limit: int = 50, *, organisation_id: int | None = None) -> list[Handover]:
    """Hand-overs that could not be sent, newest first, in the actor's organisations (or one)."""
    rows = Handover.objects.filter(state=State.FAILED, ended_at__isnull=True)
    scope = cases.scope(actor)
    if scope is not None:
        rows = rows.filter(case__organisation_id__in=scope)
    if organisation_id is not None:
        rows = rows.filter(case__organisation_id=organisation_id)
    return list(rows.select_related("case", "body").order_by("-pk")[:limit])


def by_external_id(body_id: int, external_id: str) -> Handover | None:
    """The hand-over that an outside body knows under a reference of its own."""
    if not external_id:
        return None
    rows = Handover.objects.select_related("case", "body")
    return rows.filter(body_id=body_id, external_id=external_id).first()


def to_sync(since_seconds: int, limit: int = 500, clock: Clock = SYSTEM) -> list[int]:
    """Hand-overs whose news were not asked for lately, the longest ago first."""
    before = clock.now() - timedelta(seconds=since_seconds)
    rows = Handover.objects.filter(
        state__in=(State.SENT, State.ACCEPTED), ended_at__isnull=True
    ).exclude(body__means=ExternalBody.Means.EMAIL)
    rows = rows.filter(synced_at__isnull=True) | rows.filter(synced_at__lt=before)
    return list(rows.order_by("synced_at", "pk").values_list("pk", flat=True)[:limit])


def secret(name: str) -> str:
    """The value of a secret of the installation (`SOCLE_OUTGOING_SECRETS`); empty when unknown."""
    found = settings.SOCLE.outgoing.secrets.get(name) if name else None
    return found.get_secret_value() if found else ""


def outgoing(handover: Handover) -> Outgoing:
    """A report as it leaves the house: nothing in it says who reported it."""
    from socle.domains.reports import queries

    case, body = handover.case, handover.body
    declared = queries.category(case.category)
    day = local_date(case.created_at, settings.TIME_ZONE)
    known = case.answers if isinstance(case.answers, dict) else {}
    readable = queries.answers_readable(case.category, known, day)
    attributes = {name: value for name, value in known.items() if name != ASSET}
    return Outgoing(
        id=handover.pk,
        key=f"{case.reference}.{handover.pk}",
        attempts=handover.attempts,
        body=Addressee(
            id=body.pk,
            key=body.key,
            name=body.name,
            email=body.email,
            url=body.url,
            jurisdiction=body.jurisdiction,
            secret=secret(body.secret_name),
        ),
        reference=case.reference,
        category=case.category,
        category_label=declared.label if declared else case.category,
        service_code=str(body.services.get(case.category) or case.category),
        title=case.title,
        description=case.description,
        reason=handover.reason,
        address=case.address,
        area_code=case.area_code,
        lon=case.lon,
        lat=case.lat,
        created_at=case.created_at,
        handed_at=handover.created_at,
        priority=case.priority,
        answers=dict(readable),
        attributes=attributes,
        photos=_photos(case),
        external_id=handover.external_id,
        external_token=handover.external_token,
        external_status=handover.external_status,
        sent_at=handover.sent_at,
        synced_at=handover.synced_at,
    )


def _photos(case: Case) -> tuple[Photo, ...]:
    """The photos that may leave: as an agent blurred them, when one did."""
    documents = list(
        CaseDocument.objects.filter(case=case, internal=False)
        .select_related("file")
        .order_by("pk")[: PHOTOS_MAX * 2]
    )
    shown = {
        each.document_id: each.shown
        for each in PublicPhoto.objects.filter(document__in=documents).select_related("shown")
        if each.shown is not None and each.blurred
    }
    stored = [shown.get(each.pk) or each.file for each in documents]
    return tuple(
        Photo(each.name, each.media_type, _reader(each))
        for each in stored
        if each.is_clean and each.media_type.startswith("image/")
    )[:PHOTOS_MAX]


def _reader(stored: StoredFile) -> Callable[[], bytes]:
    def read() -> bytes:
        with files.open_file(stored) as stream:
            return stream.read()

    return read
