"""From a case to its public row, its photos and its place in the counts: one transaction for all.

The public row is written in the transaction of the act that changes the case; nothing private ever
enters it. What an agent decided (moderation, the words let through) is theirs: a case that moves
on does not undo it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F, Q

from socle.capabilities.casework.events import CaseAssigned, CaseChanged
from socle.capabilities.casework.models import Case, CaseDocument, Follower
from socle.domains.reports.models import PublicPhoto, PublicReport, ReportDelta
from socle.domains.reports.public import counting, declared
from socle.domains.reports.public.counting import Spot
from socle.foundations.files.models import StoredFile

_BATCH = 500
_FILL = 20_000
_State = PublicReport.Moderation
_READ = (
    "pk", "reference", "organisation_id", "area_code", "category", "definition_id",
    "public_status", "is_open", "lon", "lat", "cell", "address", "created_at", "updated_at",
    "closed_at", "merged_into_id", "anonymised_at", "channel", "description",
)  # fmt: skip
# What a change of these says to the public is new: the row's date follows.
_TOLD = frozenset(
    {"organisation_id", "category", "status", "is_open", "visible", "lon", "lat", "address"}
)


def on_case_changed(event: CaseChanged) -> None:
    """Keep the public rows of a report, and of the one it was merged into, in step."""
    if event.kind != Case.Kind.REPORT or isinstance(event, CaseAssigned):
        return
    other = getattr(event, "survivor_id", None)
    project_many([event.case_id] if other is None else [event.case_id, other])


def on_public_row_deleted(sender: Any, instance: PublicReport, **kwargs: Any) -> None:
    """A case is gone for good: it counts no more."""
    if instance.visible:
        counting.delta(spot_of(instance), -1).save()


def on_photo_deleted(sender: Any, instance: PublicPhoto, **kwargs: Any) -> None:
    """A photo is gone: so is the copy that was shown of it."""
    release(instance)


def release(photo: PublicPhoto) -> None:
    """Let go of the copy shown, if it is one: out of reach at once, swept with its bytes."""
    if photo.shown_id is not None:
        originals = CaseDocument.objects.filter(file_id=photo.shown_id).exists()
        if not originals and photo.blurred:
            StoredFile.objects.filter(pk=photo.shown_id).update(
                attached_at=None, owner=None, claim=""
            )


def project(case: Case | int) -> None:
    """Bring the public row of one case in step, inside the caller's transaction."""
    project_many([case if isinstance(case, int) else case.pk])


def project_many(case_ids: Sequence[int], *, counted: bool = True) -> int:
    """Bring public rows in step; give how many changed. Not `counted`: the counts are left alone,
    for `counting.recount` to follow.
    """
    changed = 0
    for start in range(0, len(case_ids), _BATCH):
        with transaction.atomic():
            changed += _project(case_ids[start : start + _BATCH], counted)
    return changed


def _project(case_ids: Sequence[int], counted: bool) -> int:
    # Both rows locked, cases first: whoever moderates locks the public row alone.
    cases = list(
        Case.objects.select_for_update(of=("self",))
        .filter(pk__in=case_ids, kind=Case.Kind.REPORT, cell__isnull=False)
        .order_by("pk")
        .values_list(*_READ, named=True)
    )
    ids = [case.pk for case in cases]
    rows = {
        row.pk: row
        for row in PublicReport.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    }
    followers = dict(
        Follower.objects.filter(case_id__in=ids, confirmed_at__isnull=False)
        .values_list("case_id")
        .annotate(n=Count("pk"))
        .order_by()
    )
    fresh: list[PublicReport] = []
    deltas = []
    changed = 0
    missing = _missing_photos(ids)
    for case in cases:
        row, values = rows.get(case.pk), _values(case, followers.get(case.pk, 0))
        before = spot_of(row) if row is not None and row.visible else None
        photos = missing.get(case.pk, [])
        if row is None:
            row = PublicReport(case_id=case.pk, **values, updated_at=case.updated_at)
            row.moderation, row.text = first_moderation(
                channel=case.channel, is_open=case.is_open,
                anonymised=case.anonymised_at is not None,
                text=case.description, photos=bool(photos),
            )  # fmt: skip
            fresh.append(row)
        elif differing := _differing(row, values, case, photos):
            PublicReport.objects.filter(pk=row.pk).update(**differing)
            for name, value in differing.items():
                setattr(row, name, value)
            changed += 1
        after = spot_of(row) if row.visible else None
        if before != after:
            deltas += [counting.delta(spot, n) for spot, n in ((before, -1), (after, 1)) if spot]
    PublicReport.objects.bulk_create(fresh)
    _add_photos(missing, rows | {row.pk: row for row in fresh})
    if counted and deltas:
        ReportDelta.objects.bulk_create(deltas)
    return changed + len(fresh)


def _values(case: Any, followers: int) -> dict[str, Any]:
    return {
        "reference": case.reference,
        "organisation_id": case.organisation_id,
        "area_code": case.area_code,
        "category": case.category,
        "status": case.public_status,
        "is_open": case.is_open,
        # Hidden by an agent: see `_differing`.
        "visible": may_be_seen(case),
        "lon": case.lon,
        "lat": case.lat,
        "cell": case.cell,
        "address": case.address,
        "created_at": case.created_at,
        "closed_at": case.closed_at,
        "followers": followers,
    }


def _differing(
    row: PublicReport, values: dict[str, Any], case: Any, photos: Sequence[tuple[int, str]]
) -> dict[str, Any]:
    """Columns to write of a row that exists."""
    values = {**values, "visible": values["visible"] and row.moderation != _State.HIDDEN}
    if case.anonymised_at is not None:
        values["text"] = ""
        if row.moderation != _State.HIDDEN:
            values["moderation"] = _State.PLACE_ONLY
    elif row.moderation == _State.SHOWN and any(kind == "photo" for _pk, kind in photos):
        # Something new to read; what was let through stays.
        values["moderation"] = _State.PENDING
    found = {name: value for name, value in values.items() if getattr(row, name) != value}
    if _TOLD & found.keys():
        found["updated_at"] = max(row.updated_at, case.updated_at)
    return found


def first_moderation(
    *, channel: str, is_open: bool, anonymised: bool, text: str, photos: bool
) -> tuple[str, str]:
    """The moderation of a report newly public, and the words shown at once.

    What comes from history or is closed already waits for nobody: its place and dates are shown.
    """
    if channel == Case.Channel.IMPORT or not is_open or anonymised:
        return _State.PLACE_ONLY.value, ""
    if not text and not photos:
        return _State.SHOWN.value, ""
    return _State.PENDING.value, text if declared.moderation() == declared.AFTER else ""


def may_be_seen(case: Any) -> bool:
    """Whether a case may have a visible row, unless an agent hid it."""
    return case.merged_into_id is None and declared.is_public(case.category, case.definition_id)


def spot_of(row: PublicReport) -> Spot:
    """Where a row counts when it is visible."""
    return Spot(row.cell, row.organisation_id, row.category, row.status, row.lon, row.lat)


# --- Photos ---


def _missing_photos(ids: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
    """`(document, kind)` of pictures people may be shown that their report does not list yet."""
    documents = CaseDocument.objects.filter(
        case_id__in=ids, internal=False, file__media_type__startswith="image/"
    )
    listed = dict(
        PublicPhoto.objects.filter(document__case_id__in=ids).values_list(
            "document_id", "report_id"
        )
    )
    found: dict[int, list[tuple[int, str]]] = {}
    for pk, case_id, kind in documents.order_by("pk").values_list("pk", "case_id", "kind"):
        if listed.get(pk) != case_id:
            found.setdefault(case_id, []).append((pk, kind))
    return found


def _add_photos(missing: dict[int, list[tuple[int, str]]], rows: dict[int, PublicReport]) -> None:
    if not missing:
        return
    ids = [pk for photos in missing.values() for pk, _kind in photos]
    moved = set(
        PublicPhoto.objects.filter(document_id__in=ids).values_list("document_id", flat=True)
    )
    after = declared.moderation() == declared.AFTER
    fresh = []
    for case_id, photos in missing.items():
        shown = after and rows[case_id].moderation == _State.PENDING
        files = _files(photos) if shown else {}
        for pk, kind in photos:
            if pk in moved:
                # Its case was merged, or taken apart again: the document went, its photo follows.
                PublicPhoto.objects.filter(document_id=pk).update(report_id=case_id)
            else:
                file_id = files.get(pk) if kind == "photo" else None
                fresh.append(PublicPhoto(report_id=case_id, document_id=pk, shown_id=file_id))
    PublicPhoto.objects.bulk_create(fresh)


def _files(photos: Sequence[tuple[int, str]]) -> dict[int, Any]:
    rows = CaseDocument.objects.filter(pk__in=[pk for pk, _kind in photos])
    return dict(rows.values_list("pk", "file_id"))


# --- In bulk ---


def fill(references: Sequence[str]) -> int:
    """Public rows of historic cases just written, and their counts, inside the caller's
    transaction; give how many. Rows that exist are left alone.
    """
    spots: list[Spot] = []
    for start in range(0, len(references), _BATCH):
        part = references[start : start + _BATCH]
        marks = ", ".join(["%s"] * len(part))
        cases = Case.objects.filter(reference__in=part, kind=Case.Kind.REPORT, cell__isnull=False)
        found: list[Any] = list(
            cases.filter(public_report__isnull=True).values_list(
                "cell", "organisation_id", "category", "public_status", "lon", "lat",
                "merged_into_id",
            )
        )  # fmt: skip
        public = _public_among({row[2] for row in found})
        _insert(f"c.reference IN ({marks})", list(part), public)
        spots += [Spot(*row[:6]) for row in found if row[2] in public and row[6] is None]
    return counting.add_spots(spots)


def fill_missing() -> int:
    """Public rows of every report that has none, without touching the counts; give how many."""
    categories = (
        Case.objects.filter(kind=Case.Kind.REPORT).values_list("category", flat=True)
        .order_by().distinct()
    )  # fmt: skip
    public = _public_among(set(categories))
    total = 0
    for low, high in _spans():
        with transaction.atomic():
            total += _insert("c.id >= %s AND c.id < %s", [low, high], public)
    return total


def _public_among(categories: Iterable[str]) -> set[str]:
    found = set()
    for each in categories:
        definition = None
        if not declared.is_public(each):
            # No longer declared, or not public: the last revision that knew it says.
            newest = Case.objects.filter(kind=Case.Kind.REPORT, category=each).order_by("-pk")
            definition = newest.values_list("definition_id", flat=True).first()
        if declared.is_public(each, definition):
            found.add(each)
    return found


def _spans() -> Iterator[tuple[int, int]]:
    last = Case.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    first = Case.objects.order_by("pk").values_list("pk", flat=True).first() or 0
    for low in range(first, last + 1, _FILL):
        yield low, low + _FILL


_PHOTO_OF = (
    "casework_casedocument d JOIN files_storedfile f ON f.id = d.file_id"
    " WHERE d.case_id = c.id AND NOT d.internal AND f.media_type LIKE 'image/%%'"
)


def _insert(which: str, values: Sequence[Any], public: set[str]) -> int:
    """Public rows straight from the cases', in one statement."""
    names = sorted(public)
    shown = f"c.category IN ({', '.join(['%s'] * len(names))})" if names else "1 = 0"
    waiting = "c.channel <> 'import' AND c.is_open AND c.anonymised_at IS NULL"
    text = "c.description" if declared.moderation() == declared.AFTER else "''"
    sql = f"""
        INSERT INTO {PublicReport._meta.db_table} (
          case_id, reference, organisation_id, area_code, category, status, is_open, visible,
          moderation, text, lon, lat, cell, address, created_at, updated_at, closed_at, followers)
        SELECT c.id, c.reference, c.organisation_id, c.area_code, c.category, c.public_status,
          c.is_open, c.merged_into_id IS NULL AND {shown},
          CASE WHEN NOT ({waiting}) THEN 'place_only'
               WHEN c.description = '' AND NOT EXISTS (SELECT 1 FROM {_PHOTO_OF}) THEN 'shown'
               ELSE 'pending' END,
          CASE WHEN {waiting} THEN {text} ELSE '' END,
          c.lon, c.lat, c.cell, c.address, c.created_at, c.updated_at, c.closed_at,
          (SELECT COUNT(*) FROM casework_follower w
            WHERE w.case_id = c.id AND w.confirmed_at IS NOT NULL)
          FROM casework_case c
         WHERE {which} AND c.kind = 'report' AND c.cell IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM {PublicReport._meta.db_table} p WHERE p.case_id = c.id)
        """  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [*names, *values])
        return int(cursor.rowcount)


def rebuild(case_ids: Sequence[int] | None = None) -> int:
    """Bring public rows in step with their cases: some, or all and every count. Give how many rows
    were added or changed.

    What agents let through or hid stays so. All: a few minutes a million reports; acts wait during
    the recount only.
    """
    if case_ids is not None:
        return project_many(list(case_ids))
    changed = fill_missing()
    for ids in _out_of_step():
        changed += project_many(ids)
    counting.recount()
    return changed


def _out_of_step() -> Iterator[list[int]]:
    """Reports whose row says something else than their case, or lacks a photo."""
    differs = (
        ~Q(public_report__reference=F("reference"))
        | ~Q(public_report__organisation=F("organisation"))
        | ~Q(public_report__area_code=F("area_code"))
        | ~Q(public_report__category=F("category"))
        | ~Q(public_report__status=F("public_status"))
        | ~Q(public_report__is_open=F("is_open"))
        | ~Q(public_report__cell=F("cell"))
        | ~Q(public_report__address=F("address"))
        | Q(merged_into__isnull=False, public_report__visible=True)
        | (Q(anonymised_at__isnull=False) & ~Q(public_report__text=""))
    )
    categories = set(PublicReport.objects.values_list("category", flat=True).order_by().distinct())
    public = _public_among(categories)
    hidden = Q(public_report__moderation=_State.HIDDEN)
    differs |= Q(public_report__visible=True) & ~Q(category__in=public)
    differs |= (
        Q(public_report__visible=False, merged_into__isnull=True, category__in=public) & ~hidden
    )
    pictures = CaseDocument.objects.filter(internal=False, file__media_type__startswith="image/")
    for low, high in _spans():
        cases = Case.objects.filter(
            pk__gte=low, pk__lt=high, kind=Case.Kind.REPORT, public_report__isnull=False
        )
        ids = set(cases.filter(differs).values_list("pk", flat=True))
        lacking = pictures.filter(case_id__gte=low, case_id__lt=high)
        ids.update(
            lacking.exclude(
                pk__in=PublicPhoto.objects.filter(report_id=F("document__case_id")).values(
                    "document_id"
                )
            ).values_list("case_id", flat=True)
        )
        if ids:
            yield sorted(ids)


def refresh_categories() -> int:
    """After another pack is applied: show and hide what became public or stopped being so."""
    public = _public_among(
        PublicReport.objects.values_list("category", flat=True).order_by().distinct()
    )
    changed = 0
    rows = PublicReport.objects.filter(
        Q(visible=True) & ~Q(category__in=public)
        | Q(visible=False, category__in=public, case__merged_into__isnull=True)
        & ~Q(moderation=_State.HIDDEN)
    ).order_by("pk")
    last = 0
    while ids := list(rows.filter(pk__gt=last).values_list("pk", flat=True)[:_BATCH]):
        changed += project_many(ids)
        last = ids[-1]
    return changed
