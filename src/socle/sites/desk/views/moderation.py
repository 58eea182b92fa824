"""What people wrote and photographed, before everybody sees it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from socle.domains.reports import actions, queries
from socle.domains.reports.models import PublicReport
from socle.kernel.errors import Conflict, Invalid
from socle.sites.desk import reading
from socle.sites.desk.access import actor_of, agents_only

COLUMNS, ROWS = 8, 6
"""A photo is blurred by squares that are ticked: with a mouse, a finger or the keyboard alone."""
PAGE = 10
_State = PublicReport.Moderation
_DECISIONS = {"show": _State.SHOWN, "place": _State.PLACE_ONLY, "hide": _State.HIDDEN}


@require_GET
@agents_only
def index(request: HttpRequest) -> HttpResponse:
    """Reports nobody has read yet, the oldest first."""
    return _show(request)


def _show(
    request: HttpRequest, errors: dict[str, list[str]] | None = None, case_id: int = 0
) -> HttpResponse:
    waiting = queries.to_moderate(actor_of(request), request.GET.get("suite") or None, limit=PAGE)
    rows: list[dict[str, Any]] = []
    for each in waiting.rows:
        mine = each.report.pk == case_id
        rows.append(
            {
                "id": each.report.pk,
                "first": not rows,
                "title": each.title,
                "reference": each.report.reference,
                "at": each.report.created_at,
                "text": request.POST.get("text", "") if mine else each.written,
                "errors": (errors or {}) if mine else {},
                "photos": [_photo(photo, each.report.reference) for photo in each.photos],
            }
        )
    return render(
        request,
        "desk/moderation.html",
        {
            "rows": rows,
            "next": f"?suite={waiting.next}" if waiting.next else None,
            "columns": COLUMNS,
            "lines": ROWS,
            "errors": errors or {},
        },
        status=422 if errors else 200,
    )


def _photo(photo: Any, reference: str) -> dict[str, Any]:
    ticked = {
        f"{row}-{column}"
        for x, y, width, height in photo.blurred
        for row in range(ROWS)
        for column in range(COLUMNS)
        if x <= (column + 0.5) / COLUMNS <= x + width and y <= (row + 0.5) / ROWS <= y + height
    }
    return {
        "id": photo.document_id,
        "src": reverse("desk:case-document", args=[reference, photo.document_id]),
        "shown": photo.shown_id is not None,
        "ticked": ticked,
    }


def rectangles(cells: list[str]) -> list[list[float]]:
    """Ticked squares as rectangles: runs of a row, joined with the same run below. Pure."""
    ticked: dict[int, set[int]] = {}
    for cell in cells:
        row, _dash, column = cell.partition("-")
        if row.isdigit() and column.isdigit() and int(row) < ROWS and int(column) < COLUMNS:
            ticked.setdefault(int(row), set()).add(int(column))
    runs: dict[tuple[int, int], list[int]] = {}
    for row, columns in sorted(ticked.items()):
        start = previous = None
        for column in [*sorted(columns), COLUMNS + 1]:
            if previous is not None and column != previous + 1:
                runs.setdefault((start or 0, previous), []).append(row)
                start = None
            if start is None:
                start = column
            previous = column
    found = []
    for (first, last), lines in runs.items():
        top = previous_line = lines[0]
        for line in [*lines[1:], ROWS + 1]:
            if line != previous_line + 1:
                found.append(
                    [
                        first / COLUMNS,
                        top / ROWS,
                        (last - first + 1) / COLUMNS,
                        (previous_line - top + 1) / ROWS,
                    ]
                )
                top = line
            previous_line = line
    return found


@require_POST
@agents_only
def decide(request: HttpRequest, case_id: int) -> HttpResponse:
    """Show (with the words as corrected, the photos ticked), leave the place only, or hide."""
    actor = actor_of(request)
    decision = _DECISIONS.get(request.POST.get("decision", ""))
    try:
        if decision is None:
            raise Invalid(_("Choisissez une décision."))
        chosen = reading.numbers(request.POST.getlist("photo"))
        marked = {each: rectangles(request.POST.getlist(f"cell-{each}")) for each in chosen}
        report = actions.moderate(
            actor=actor,
            case_id=case_id,
            moderation=decision,
            text=request.POST.get("text") if decision == _State.SHOWN else None,
            photos=[each for each in chosen if not marked[each]],
        )
        if decision == _State.SHOWN:
            for document_id, boxes in marked.items():
                if boxes:
                    actions.blur_photo(actor=actor, document_id=document_id, rectangles=boxes)
    except (Invalid, Conflict) as error:
        return _show(request, getattr(error, "fields", None) or {"": [str(error)]}, case_id)
    words = {
        _State.SHOWN: _("Le signalement %(reference)s est visible de tous."),
        _State.PLACE_ONLY: _("Le signalement %(reference)s montre son lieu, sans texte ni photo."),
        _State.HIDDEN: _("Le signalement %(reference)s est masqué."),
    }
    messages.success(request, words[decision] % {"reference": report.reference})
    return HttpResponseRedirect(reverse("desk:moderation"))
