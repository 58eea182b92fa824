"""The platform's own state: tasks in failure, the journal, the declarations in force."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from socle.capabilities.notifications import queries as notifications
from socle.foundations.accounts import policies
from socle.foundations.journal import actions as journal_actions
from socle.foundations.journal import queries as journal
from socle.foundations.packs import queries as packs
from socle.foundations.tasks import actions as tasks_actions
from socle.foundations.tasks import queries as tasks
from socle.foundations.territories import queries as territories
from socle.kernel.errors import NotFound
from socle.sites.desk.access import actor_of, agents_only


def _administrators(request: HttpRequest) -> None:
    if not policies.can_administer_platform(actor_of(request)):
        raise NotFound(_("Cette page n’existe pas."))


@require_GET
@agents_only
def platform(request: HttpRequest) -> HttpResponse:
    """What needs somebody's attention, and what is in force."""
    _administrators(request)
    sections = [
        (name, packs.keys(name))
        for name in (
            "catalogue.service",
            "procedures.procedure",
            "reports.reporting",
            "catalogue.page",
        )
        if packs.keys(name)
    ]
    return render(
        request,
        "desk/platform.html",
        {
            "pack": packs.pack(),
            "failed": tasks.failed(limit=50),
            "backlog": tasks.backlog(),
            "workers": tasks.live_workers(),
            "undelivered": notifications.undelivered(limit=20),
            "applications": packs.applications(10),
            "sections": sections,
        },
    )


@require_POST
@agents_only
def retry(request: HttpRequest, task_id: int) -> HttpResponse:
    """Try a failed task again."""
    _administrators(request)
    tasks_actions.retry(task_id=task_id)
    messages.success(request, _("La tâche sera reprise dans un instant."))
    return HttpResponseRedirect(reverse("desk:platform"))


@require_GET
@agents_only
def register(request: HttpRequest, slug: str) -> HttpResponse:
    """The journal of one organisation, latest first."""
    actor = actor_of(request)
    organisation = territories.organisation(slug)
    if not policies.can_administer(actor, organisation.pk):
        raise NotFound(_("Cette page n’existe pas."))
    before = request.GET.get("avant", "")
    entries = journal.page(
        journal_actions.chain_for(organisation.pk),
        before=int(before) if before.isdigit() else None,
    )
    return render(
        request,
        "desk/journal.html",
        {
            "organisation": organisation,
            "entries": [
                {
                    "id": each.pk,
                    "cells": {
                        "sequence": each.sequence,
                        "at": each.at.isoformat(timespec="seconds"),
                        "action": each.action,
                        "subject": f"{each.subject_type} {each.subject_id}",
                        "actor": f"{each.actor_kind} {each.actor_id or ''}".strip(),
                        "hash": each.hash[:16],
                    },
                }
                for each in entries
            ],
            "next": entries[-1].sequence if entries and entries[-1].sequence > 1 else None,
        },
    )
