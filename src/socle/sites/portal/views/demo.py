"""The demonstration's mailbox: every e-mail the platform would have sent. Absent in production."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from socle.capabilities.notifications import queries
from socle.kernel.errors import NotFound


def _only_in_demo() -> None:
    if not settings.SOCLE.demo:
        raise NotFound(_("Cette page n’existe pas."))


@never_cache
@require_GET
def mails(request: HttpRequest) -> HttpResponse:
    """The latest e-mails, of one address when `?a=` is given."""
    _only_in_demo()
    address = request.GET.get("a", "")[:254]
    return render(
        request,
        "portal/mails.html",
        {"mails": queries.captured(to=address or None, limit=50), "address": address},
    )


@never_cache
@require_GET
def mail(request: HttpRequest, email_id: int) -> HttpResponse:
    """One e-mail as text, links clickable."""
    _only_in_demo()
    return render(request, "portal/mail.html", {"mail": queries.email(email_id)})
