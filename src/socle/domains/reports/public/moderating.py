"""What agents let the public see of a report: its words, its photos, the report itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from socle.capabilities.casework import policies as cases
from socle.capabilities.casework.models import Case, CaseDocument
from socle.capabilities.questionnaires import values
from socle.domains.reports.models import PublicPhoto, PublicReport
from socle.domains.reports.public import counting, lists, photos, projecting
from socle.foundations.accounts.actors import SYSTEM as SYSTEM_ACTOR
from socle.foundations.accounts.actors import Actor
from socle.foundations.files import actions as files
from socle.foundations.files import queries as stored
from socle.foundations.files.models import StoredFile
from socle.foundations.journal import actions as journal
from socle.foundations.territories import queries as territories
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Conflict, Denied, Invalid, NotFound

TEXT_MAX = 4_000
PAGE = 30
_State = PublicReport.Moderation


@transaction.atomic
def moderate(
    *,
    actor: Actor,
    case_id: int,
    moderation: str,
    text: str | None = None,
    photos: Sequence[int] = (),
    clock: Clock = SYSTEM,
) -> PublicReport:
    """Decide what everybody sees of a report: `shown`, `place_only`, `hidden`, `pending` (again).

    `shown`: with `text`, those words; without, the words shown already, else what the person wrote.
    `photos`: documents let through as they are at the same time; others stay as they were. Hiding,
    or leaving the place only, takes words and photos away. Raises NotFound out of sight, Denied for
    one's own report, Invalid for a text too long, Conflict when nothing may be shown any more.
    """
    report, case = _locked(actor, case_id)
    if moderation not in _State.values:
        raise Invalid(_("Cette décision n’existe pas."), fields={"moderation": [moderation[:20]]})
    changes: dict[str, Any] = {"moderation": moderation}
    if moderation == _State.SHOWN:
        if case.anonymised_at is not None:
            raise Conflict(_("Ce signalement est anonymisé : il n’y a plus rien à montrer."))
        words = (report.text or case.description) if text is None else text
        words = values.clean(words[: TEXT_MAX * 4], lines=True)
        if len(words) > TEXT_MAX:
            raise Invalid(
                _("Ce texte est trop long."),
                fields={"text": [_("%(n)s caractères au plus.") % {"n": TEXT_MAX}]},
            )
        changes["text"] = words
    elif moderation in {_State.HIDDEN, _State.PLACE_ONLY}:
        changes["text"] = ""
        for photo in PublicPhoto.objects.select_for_update().filter(report=report).order_by("pk"):
            _hide(photo, actor, clock)
    before = projecting.spot_of(report) if report.visible else None
    for name, value in changes.items():
        setattr(report, name, value)
    report.visible = moderation != _State.HIDDEN and projecting.may_be_seen(case)
    report.updated_at = max(report.updated_at, clock.now())
    report.save(update_fields=[*changes, "visible", "updated_at"])
    after = projecting.spot_of(report) if report.visible else None
    if before != after:
        for spot, n in ((before, -1), (after, 1)):
            if spot is not None:
                counting.delta(spot, n).save()
    if photos and moderation == _State.SHOWN:
        chosen = PublicPhoto.objects.select_for_update().filter(
            report=report, document_id__in=photos
        )
        for photo in chosen.select_related("document").order_by("pk"):
            if not photo.blurred:
                _show(photo, photo.document.file_id, actor, clock)
    _record(report, actor, "report.moderated", {"moderation": moderation}, clock)
    return report


def blur_photo(
    *,
    actor: Actor,
    document_id: int,
    rectangles: Sequence[Sequence[float]],
    clock: Clock = SYSTEM,
) -> PublicPhoto:
    """Show a photo with faces and plates made unreadable; the original stays aside, for agents.

    `rectangles`: `[x, y, width, height]` in fractions of the picture. Call it outside a
    transaction: it draws pictures. Raises NotFound, Denied, Invalid for what is not a rectangle,
    Conflict while the photo is not verified.
    """
    _readable(actor, document_id)
    wanted = photos.checked(rectangles)
    if not wanted:
        raise Invalid(_("Dessinez au moins un rectangle."), fields={"rectangles": []})
    document = CaseDocument.objects.select_related("file").get(pk=document_id)
    if not document.file.is_clean:
        raise Conflict(_("Cette photo est encore en cours de vérification."))
    with stored.open_file(document.file) as stream:
        drawn = photos.blurred(stream, wanted)
    copy = files.receive(
        upload=drawn, name=document.file.name, actor=SYSTEM_ACTOR, accept=("image",), clock=clock
    )
    with transaction.atomic():
        report, photo = _photo(actor, document_id)
        files.attach(file_ids=[copy.pk], actor=SYSTEM_ACTOR, clock=clock)
        projecting.release(photo)
        photo.blurred = [list(each) for each in wanted]
        _show(photo, copy.pk, actor, clock)
        _told(report, clock)
        _record(
            report, actor, "report.photo_blurred",
            {"document": document_id, "rectangles": len(wanted)}, clock,
        )  # fmt: skip
    return photo


def show_photo(
    *, actor: Actor, document_id: int, original: bool = False, clock: Clock = SYSTEM
) -> PublicPhoto:
    """Let everybody see a photo: blurred again where it was, unless the `original` is asked for."""
    _report, photo = _readable(actor, document_id)
    if photo.blurred and not original:
        return blur_photo(
            actor=actor, document_id=document_id, rectangles=photo.blurred, clock=clock
        )
    with transaction.atomic():
        report, photo = _photo(actor, document_id)
        projecting.release(photo)
        photo.blurred = []
        _show(photo, photo.document.file_id, actor, clock)
        _told(report, clock)
        _record(report, actor, "report.photo_shown", {"document": document_id}, clock)
    return photo


@transaction.atomic
def hide_photo(*, actor: Actor, document_id: int, clock: Clock = SYSTEM) -> PublicPhoto:
    """Show a photo no more. Its rectangles are kept: shown again, it is blurred again."""
    report, photo = _photo(actor, document_id)
    _hide(photo, actor, clock)
    _told(report, clock)
    _record(report, actor, "report.photo_hidden", {"document": document_id}, clock)
    return photo


def _show(photo: PublicPhoto, file_id: Any, actor: Actor, clock: Clock) -> None:
    photo.shown_id = file_id
    photo.moderated_at, photo.moderated_by_id = clock.now(), actor.user_id
    photo.save(update_fields=["shown", "blurred", "moderated_at", "moderated_by"])


def _hide(photo: PublicPhoto, actor: Actor, clock: Clock) -> None:
    projecting.release(photo)
    _show(photo, None, actor, clock)


def _told(report: PublicReport, clock: Clock) -> None:
    report.updated_at = max(report.updated_at, clock.now())
    report.save(update_fields=["updated_at"])


def _readable(actor: Actor, document_id: int) -> tuple[PublicReport, PublicPhoto]:
    photo = (
        PublicPhoto.objects.select_related("report__case").filter(document_id=document_id).first()
    )
    if photo is None:
        raise NotFound
    _check(actor, photo.report.case)
    return photo.report, photo


def _photo(actor: Actor, document_id: int) -> tuple[PublicReport, PublicPhoto]:
    """A photo and its report, both locked. A hidden report, or its place only, shows none."""
    _readable(actor, document_id)
    photo = PublicPhoto.objects.select_related("document").get(document_id=document_id)
    report, _case = _locked(actor, photo.report_id)
    photo = (
        PublicPhoto.objects.select_for_update(of=("self",))
        .select_related("document")
        .get(document_id=document_id)
    )
    return report, photo


def _locked(actor: Actor, case_id: int) -> tuple[PublicReport, Case]:
    report = PublicReport.objects.select_for_update().filter(pk=case_id).first()
    case = Case.objects.filter(pk=case_id).first()
    if report is None or case is None:
        raise NotFound
    _check(actor, case)
    return report, case


def _check(actor: Actor, case: Case) -> None:
    if actor.kind == "system":
        return
    if not cases.can_see(actor, case):
        raise NotFound
    if not cases.can_handle(actor, case):
        raise Denied(_("Ce signalement est le vôtre : un collègue doit en décider."))


def _record(
    report: PublicReport, actor: Actor, action: str, data: dict[str, Any], clock: Clock
) -> None:
    journal.record(
        chain=journal.chain_for(report.organisation_id),
        action=action,
        actor=actor,
        subject=("case", str(report.pk)),
        data=data,
        clock=clock,
    )


# --- What waits to be read ---


@dataclass(frozen=True, slots=True)
class ToModerate:
    """A report to read: its public row, what the person wrote, its photos (`document.file`)."""

    report: PublicReport
    title: str
    written: str
    photos: list[PublicPhoto] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Reports to read, the oldest first, and the cursor of the next page."""

    rows: list[ToModerate]
    next: str | None


def to_moderate(actor: Actor, cursor: str | None = None, *, limit: int = PAGE) -> Waiting:
    """Reports of the actor's organisations that nobody has read yet. Constant number of queries.

    Raises Denied to who is no agent, Invalid for a cursor that is not one.
    """
    if not actor.is_agent and actor.kind != "system":
        raise Denied
    _upwards, position = lists.read_cursor(cursor)
    scope = cases.scope(actor)
    organisations = (
        sorted(scope) if scope is not None else [each.pk for each in territories.organisations()]
    )
    limit = max(1, min(limit, 200))
    found = _oldest(organisations, position, limit + 1)
    ids = [pk for _at, pk in found[:limit]]
    reports = PublicReport.objects.in_bulk(ids)
    told = {
        pk: (title, description)
        for pk, title, description in Case.objects.filter(pk__in=ids).values_list(
            "pk", "title", "description"
        )
    }
    by_report: dict[int, list[PublicPhoto]] = {}
    pictures = PublicPhoto.objects.filter(report_id__in=ids).select_related("document__file")
    for each in pictures.order_by("pk"):
        by_report.setdefault(each.report_id, []).append(each)
    rows = [
        ToModerate(reports[pk], *told[pk], by_report.get(pk, [])) for pk in ids if pk in reports
    ]
    further = lists.make_cursor(found[limit - 1]) if len(found) > limit else None
    return Waiting(rows, further)


def _oldest(
    organisations: Sequence[int], position: lists.Position | None, limit: int
) -> list[lists.Position]:
    """One walk of the index of what waits for each organisation, merged."""
    if not organisations:
        return []
    keyset, given = "", []
    if position is not None:
        at = connection.ops.adapt_datetimefield_value(position[0])
        keyset = " AND created_at >= %s AND (created_at > %s OR case_id > %s)"
        given = [at, at, position[1]]
    one = (
        f"SELECT created_at, case_id FROM {lists.held('public_pending_idx')}"  # noqa: S608
        f" WHERE moderation = 'pending' AND organisation_id = %s AND visible{keyset}"
        f" ORDER BY created_at, case_id LIMIT {int(limit)}"
    )
    walks = " UNION ALL ".join([f"SELECT * FROM ({one}) AS walk"] * len(organisations))  # noqa: S608
    given_all: list[Any] = []
    for each in organisations:
        given_all += [each, *given]
    return lists.fetched(f"{walks} ORDER BY 1, 2 LIMIT {int(limit)}", given_all)


def public_photo(document_id: int) -> StoredFile:
    """The file everybody may see of a photo. Raises NotFound for one that is not shown."""
    found = lists.shown_photos().filter(document_id=document_id).first()
    if found is None or found.shown is None:
        raise NotFound
    shown: StoredFile = found.shown
    return shown
