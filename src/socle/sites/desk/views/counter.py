"""Helping someone at a counter or by phone: the same forms, filled in for them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from socle.capabilities.catalogue import queries as catalogue
from socle.domains.procedures import queries as procedures
from socle.foundations.accounts import policies
from socle.kernel.errors import NotFound
from socle.sites.desk.access import actor_of, agents_only


@require_GET
@agents_only
def counter(request: HttpRequest) -> HttpResponse:
    """What can be done for the person in front of me."""
    if not policies.can_assist(actor_of(request)):
        raise NotFound(_("Cette page n’existe pas."))
    language = get_language() or "fr"
    text = request.GET.get("q", "").strip()[:200]
    found = (
        catalogue.search(text, language=language, limit=20).services
        if text
        else catalogue.services(language=language)
    )
    forms = [
        {
            "title": each.title,
            "text": each.summary,
            "icon": each.icon,
            "href": reverse("portal:procedure", args=[each.key]) + "?pour=autrui",
        }
        for each in found
        if each.action == "procedure" and procedures.exists(each.key)
    ]
    others = [
        {
            "title": each.title,
            "text": each.summary,
            "icon": each.icon,
            "href": reverse("portal:service", args=[each.key]),
        }
        for each in found
        if each.action != "procedure"
    ]
    return render(
        request,
        "desk/counter.html",
        {
            "text": text,
            "forms": forms,
            "others": others[:30] if text else [],
            "report": reverse("portal:report") + "?pour=autrui",
        },
    )
