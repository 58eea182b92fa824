"""The account's own pages: overview, address, sessions."""

from __future__ import annotations

from typing import Any

from allauth.account import views as allauth
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions import views as usersessions
from allauth.usersessions.internal.flows import sessions as session_flows
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from socle.foundations.accounts import queries, registry
from socle.kernel.errors import NotFound
from socle.sites.identity.agents import device_name
from socle.sites.identity.views.entrance import _Entrance


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Everything that opens the account, on one page."""
    user: Any = request.user
    acting = queries.actor_for(user)
    kinds = list(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    linked = {row.provider: row for row in queries.identities_of(user.pk)}
    known = {one.key: one for one in registry.providers()}
    return render(
        request,
        "identity/home.html",
        {
            "person": user,
            "has_password": user.has_usable_password(),
            "has_application": Authenticator.Type.TOTP in kinds,
            "keys": kinds.count(Authenticator.Type.WEBAUTHN),
            "has_codes": Authenticator.Type.RECOVERY_CODES in kinds,
            "identities": [
                {
                    "id": row.pk,
                    "label": known[row.provider].label if row.provider in known else row.provider,
                    "linked_at": row.linked_at,
                    "last_login_at": row.last_login_at,
                }
                for row in linked.values()
            ],
            "linkable": [
                one
                for one in known.values()
                if one.key not in linked and (one.audience == "resident" or acting.is_agent)
            ],
            "sessions": UserSession.objects.filter(user=user).count(),
        },
    )


class EmailView(_Entrance, allauth.EmailView):  # type: ignore[misc]
    """Replacing the account's address."""

    template_name = "identity/email.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["waiting"] = (
            EmailAddress.objects.filter(user=self.request.user, verified=False)
            .order_by("-pk")
            .first()
        )
        return context


class SessionsView(usersessions.ListUserSessionsView):  # type: ignore[misc]
    """Where the account is open. Posting closes every other session."""

    template_name = "identity/sessions.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        current = self.request.session.session_key
        context["sessions"] = [
            {
                "id": one.pk,
                "device": device_name(one.user_agent),
                "ip": one.ip,
                "since": one.created_at,
                "seen": one.last_seen_at,
                "current": one.session_key == current,
            }
            for one in sorted(context["sessions"], key=lambda one: one.last_seen_at, reverse=True)
        ]
        return context


@require_POST
@login_required
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """Close one session of one's own."""
    found = UserSession.objects.filter(user=request.user, pk=session_id).first()  # type: ignore[misc]
    if found is None:
        raise NotFound
    session_flows.end_sessions(request, [found])
    if request.user.is_authenticated:
        messages.success(request, _("Cette session est fermée."))
    return redirect("usersessions_list")
