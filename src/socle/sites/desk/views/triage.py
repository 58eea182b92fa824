"""Acts on many cases at once: assign, close, regroup, share out again, put aside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from socle.capabilities.casework import actions, policies, queries
from socle.capabilities.casework.models import Case
from socle.domains.reports import actions as reports
from socle.kernel.errors import Conflict, Denied, Invalid, NotFound
from socle.sites.desk import present, reading
from socle.sites.desk.access import actor_of, agents_only

LIMIT = 500
REASONS = 5
"""Different reasons why cases were left alone that are told at once."""


def back_of(request: HttpRequest) -> str:
    """The list the agent came from."""
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return target if target and safe else reverse("desk:inbox")


@require_POST
@agents_only
def bulk(request: HttpRequest) -> HttpResponse:
    """Do one thing to the cases ticked; say what was skipped; offer to undo where one may."""
    ids = reading.numbers(request.POST.getlist("selected"))
    back = back_of(request)
    if not ids:
        messages.warning(request, _("Cochez d’abord un ou plusieurs dossiers."))
        return HttpResponseRedirect(back)
    act = _ACTS.get(request.POST.get("action", ""))
    if act is None:
        raise Invalid(_("Cette action n’existe pas."))
    operations = act(request, ids)
    if len(operations) == 1:
        back += ("&" if "?" in back else "?") + f"annuler={operations[0]}"
    return HttpResponseRedirect(back)


def _take(request: HttpRequest, ids: list[int]) -> list[int]:
    return _run(request, "assign", ids, assignee_id=actor_of(request).user_id)


def _team(request: HttpRequest, ids: list[int]) -> list[int]:
    team = request.POST.get("team", "")
    if not team.isdigit():
        messages.warning(request, _("Choisissez une équipe."))
        return []
    return _run(request, "team", ids, team_id=int(team))


def _transition(request: HttpRequest, ids: list[int]) -> list[int]:
    return _run(request, "transition", ids, transition_id=request.POST.get("transition", "")[:80])


def _run(request: HttpRequest, kind: Any, ids: list[int], **parameters: Any) -> list[int]:
    outcome = actions.bulk(actor=actor_of(request), kind=kind, case_ids=ids, **parameters)
    _tell(request, len(outcome.done), [each.sentence for each in outcome.skipped])
    return [outcome.operation.pk] if outcome.done else []


def _close(request: HttpRequest, ids: list[int]) -> list[int]:
    """Close each by its own workflow; those that owe the person a word are left to be opened."""
    actor = actor_of(request)
    ways: dict[str, list[int]] = defaultdict(list)
    reasons: list[str] = []
    rows = Case.objects.filter(pk__in=ids[:LIMIT]).select_related("definition").order_by("-pk")
    for case in rows:
        if not policies.can_handle(actor, case):
            reasons.append(_("Introuvable, ou hors de votre périmètre"))
            continue
        offered = queries.transitions_for(actor, case)
        way = present.closing(queries.workflow_of(case), [e for e in offered if not e.needs])
        if way:
            ways[way].append(case.pk)
        elif case.is_open:
            reasons.append(_("Pour être clos, un dossier demande un message : ouvrez-le."))
        else:
            reasons.append(_("Ce dossier est déjà clos."))
    done, operations = 0, []
    for way, chosen in ways.items():
        outcome = actions.bulk(actor=actor, kind="transition", case_ids=chosen, transition_id=way)
        reasons += [each.sentence for each in outcome.skipped]
        done += len(outcome.done)
        if outcome.done:
            operations.append(outcome.operation.pk)
    _tell(request, done, reasons)
    return operations


def _merge(request: HttpRequest, ids: list[int]) -> list[int]:
    """Regroup all under the oldest, which waited longest; undone from its page."""
    actor = actor_of(request)
    rows = list(Case.objects.filter(pk__in=ids).order_by("created_at", "pk"))
    if len(rows) < 2:
        messages.warning(request, _("Cochez au moins deux dossiers à regrouper."))
        return []
    survivor, others = rows[0], rows[1:]
    try:
        actions.merge(
            actor=actor,
            survivor_id=survivor.pk,
            merged_ids=[each.pk for each in others],
            versions={each.pk: each.version for each in rows},
        )
    except (Invalid, Conflict, Denied, NotFound) as error:
        messages.warning(request, str(error))
        return []
    messages.success(
        request,
        ngettext(
            "%(n)s dossier regroupé dans %(reference)s.",
            "%(n)s dossiers regroupés dans %(reference)s.",
            len(others),
        )
        % {"n": len(others), "reference": survivor.reference},
    )
    return []


def _reroute(request: HttpRequest, ids: list[int]) -> list[int]:
    found = reports.reroute(actor=actor_of(request), case_ids=ids)
    messages.success(
        request,
        ngettext(
            "%(n)s signalement a changé de mains.", "%(n)s signalements ont changé de mains.",
            len(found.moved),
        )
        % {"n": len(found.moved)},
    )  # fmt: skip
    if found.unchanged:
        messages.info(
            request,
            ngettext(
                "%(n)s signalement était déjà au bon endroit.",
                "%(n)s signalements étaient déjà au bon endroit.",
                len(found.unchanged),
            )
            % {"n": len(found.unchanged)},
        )
    _warn(request, list(found.skipped.values()))
    return []


def _spam(request: HttpRequest, ids: list[int]) -> list[int]:
    found = reports.mark_spam(actor=actor_of(request), case_ids=ids)
    if found.done:
        messages.success(
            request,
            ngettext(
                "%(n)s signalement mis de côté.", "%(n)s signalements mis de côté.", len(found.done)
            )
            % {"n": len(found.done)},
        )
    _warn(request, list(found.skipped.values()))
    return []


_ACTS = {
    "take": _take, "team": _team, "transition": _transition, "close": _close, "merge": _merge,
    "reroute": _reroute, "spam": _spam,
}  # fmt: skip


@require_POST
@agents_only
def undo(request: HttpRequest, operation_id: int) -> HttpResponse:
    """Undo a bulk act where nobody has touched the case since."""
    outcome = actions.undo_bulk(actor=actor_of(request), operation_id=operation_id)
    messages.success(
        request,
        ngettext("%(n)s dossier rétabli.", "%(n)s dossiers rétablis.", len(outcome.done))
        % {"n": len(outcome.done)},
    )
    _warn(request, [each.sentence for each in outcome.skipped])
    return HttpResponseRedirect(back_of(request))


def _tell(request: HttpRequest, done: int, reasons: Sequence[str]) -> None:
    if done or not reasons:
        messages.success(
            request,
            ngettext("%(n)s dossier modifié.", "%(n)s dossiers modifiés.", done) % {"n": done},
        )
    _warn(request, reasons)


def _warn(request: HttpRequest, reasons: Sequence[str]) -> None:
    for reason in sorted(set(reasons))[:REASONS]:
        messages.warning(request, reason)
