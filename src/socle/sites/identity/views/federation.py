"""FranceConnect, ProConnect and whatever else is plugged in: there, back, and the first time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from allauth.account.app_settings import EmailVerificationMethod
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import EmailAddress, Login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from socle.foundations.accounts import queries, registry
from socle.foundations.accounts.actions import unlink_identity
from socle.foundations.accounts.models import User
from socle.foundations.accounts.ports import (
    DemonstrationProvider,
    IdentityProvider,
    LoginCancelled,
    LoginRefused,
)
from socle.kernel.errors import Conflict, Denied, NotFound, Unavailable
from socle.sites.identity import codes, federation, policies, throttle
from socle.sites.identity.forms import CodeForm, EmailForm
from socle.sites.identity.views.entrance import entrance

_log = logging.getLogger("socle.identity")
LINK = "link"


@never_cache
@require_GET
def start(request: HttpRequest, provider: str) -> HttpResponse:
    """Off to the provider's.

    By GET: the policy of the site keeps forms at home, and nothing happens here but the drawing of
    a state.
    """
    chosen = _provider(provider)
    back = policies.safe_return(request, request.GET.get("next"))
    try:
        begun = chosen.begin(redirect_uri=federation.redirect_uri(request, provider))
    except Unavailable as error:
        return _away(request, chosen, error)
    federation.remember(request, provider, begun, back)
    return redirect(begun.url)


@never_cache
@require_GET
def callback(request: HttpRequest, provider: str) -> HttpResponse:
    """Back from the provider's."""
    chosen = _provider(provider)
    kept = federation.take_up(request, provider, request.GET.get("state", ""))
    if kept is None:
        _log.warning("login refused: %s", "unknown-state", extra={"provider": provider})
        return _failed(request, chosen, "", status=400)
    try:
        identity = chosen.finish(
            query=request.GET.dict(),
            memory=kept["memory"],
            redirect_uri=federation.redirect_uri(request, provider),
        )
    except LoginCancelled as cancelled:
        messages.info(request, str(cancelled))
        return redirect(_login(kept["back"]))
    except LoginRefused as refused:
        _log.warning("login refused: %s", refused.reason, extra={"provider": provider})
        return _failed(request, chosen, kept["back"], message=str(refused))
    except Unavailable as error:
        return _away(request, chosen, error)
    throttle.spend(throttle.PROVIDER, request, f"{provider}:{identity.subject}")
    user = queries.user_by_identity(provider, identity.subject)
    if user is None:
        return _first_time(request, chosen, identity, kept["back"])
    if request.user.is_authenticated and request.user.pk != user.pk:
        raise Conflict(
            _("Cette identité ouvre un autre compte. Déconnectez-vous d’abord."),
            code="identity-taken",
        )
    return _or_refusal(
        request, chosen, lambda: federation.enter(request, user, identity, kept["back"])
    )


def _first_time(
    request: HttpRequest, chosen: IdentityProvider, identity: Any, back: str
) -> HttpResponse:
    if chosen.audience == "agent":
        from socle.foundations.accounts.actions import organisation_of_siren

        try:
            organisation_of_siren(identity.siren)
        except Denied as refused:
            return _refused(request, chosen, refused)
    federation.hold(request, identity, back)
    return redirect("identity:link_confirm" if request.user.is_authenticated else "identity:link")


@never_cache
@require_http_methods(["GET", "POST"])
def link(request: HttpRequest) -> HttpResponse:
    """First time with this identity: which address is yours?"""
    found = federation.pending(request)
    if found is None:
        return redirect("account_login")
    if request.user.is_authenticated:
        return redirect("identity:link_confirm")
    form = EmailForm(request.POST or None, initial={"email": found.identity.email})
    if request.method == "POST" and form.is_valid():
        codes.send(request, LINK, form.cleaned_data["email"])
        return redirect("identity:link_code")
    return _page(request, "identity/link.html", found, form)


@never_cache
@require_http_methods(["GET", "POST"])
def link_code(request: HttpRequest) -> HttpResponse:
    """First time with this identity: prove that the address is yours."""
    found = federation.pending(request)
    sent_to = codes.pending(request, LINK)
    if found is None or request.user.is_authenticated:
        return redirect("identity:link")
    if not sent_to:
        messages.info(request, _("Ce code n’est plus valable. Demandez-en un autre."))
        return redirect("identity:link")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email = codes.check(request, LINK, form.cleaned_data["code"])
        if email:
            return _proved(request, found, email)
        if not codes.pending(request, LINK):
            messages.error(request, _("Trop d’essais avec ce code. Demandez-en un autre."))
            return redirect("identity:link")
        form.add_error("code", _("Ce code n’est pas le bon. Vérifiez-le."))
    return _page(request, "identity/link_code.html", found, form, sent_to=sent_to)


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def link_confirm(request: HttpRequest) -> HttpResponse:
    """In the account: may this identity open it from now on?"""
    found = federation.pending(request)
    if found is None:
        return redirect("identity:home")
    chosen = _provider(found.identity.provider)
    user: Any = request.user
    if request.method == "POST":
        if "cancel" in request.POST:
            federation.forget(request)
            messages.info(request, _("Rien n’a changé."))
            return redirect(found.back or "identity:home")
        try:
            federation.link(request, user, found.identity)
        except Denied as refused:
            federation.forget(request)
            return _refused(request, chosen, refused)
        except Conflict:
            federation.forget(request)
            raise
        messages.success(
            request,
            _("%(provider)s ouvre désormais votre compte.") % {"provider": chosen.label},
        )
        return redirect(found.back or "identity:home")
    return render(
        request,
        "identity/link_confirm.html",
        {"identity": found.identity, "provider": chosen, "person": user},
    )


@require_POST
@login_required
def unlink(request: HttpRequest, identity_id: int) -> HttpResponse:
    """This identity no longer opens the account."""
    unlink_identity(identity_id=identity_id, actor=request.actor)  # type: ignore[attr-defined]
    messages.success(request, _("Cette identité n’ouvre plus votre compte."))
    return redirect("identity:home")


@never_cache
@require_http_methods(["GET", "POST"])
def demo(request: HttpRequest, provider: str) -> HttpResponse:
    """The provider's own page, played by the house in a demonstration."""
    twin = registry.provider(provider)
    if not settings.SOCLE.demo or not isinstance(twin, DemonstrationProvider):
        raise NotFound
    state = request.POST.get("state") or request.GET.get("state", "")
    address = reverse("identity:callback", args=[provider])
    if request.method == "POST":
        query = {"code": twin.play(request.POST.get("ticket", "")), "state": state}
        return redirect(f"{address}?{urlencode(query)}")
    cancel = f"{address}?{urlencode({'error': 'access_denied', 'state': state})}"
    return render(
        request,
        "identity/demo.html",
        {"provider": twin, "personas": twin.personas(), "state": state, "cancel": cancel},
    )


def _proved(request: HttpRequest, found: federation.Pending, email: str) -> HttpResponse:
    """The person owns this address: into its account to confirm, or into a new one."""
    chosen = _provider(found.identity.provider)
    user = federation.owner_of(email)
    if user is None:
        return _or_refusal(request, chosen, lambda: federation.open_account(request, found, email))
    if user.is_active:
        try:
            federation.admissible(found.identity, user)
        except Denied as refused:
            federation.forget(request)
            return _refused(request, chosen, refused)
    return _enter_to_confirm(request, user, email)


def _enter_to_confirm(request: HttpRequest, user: User, email: str) -> HttpResponse:
    record_authentication(request, user, method="code", email=email)
    address, _created = EmailAddress.objects.get_or_create(
        user=user, email=email, defaults={"primary": True}
    )
    if not address.verified:
        from allauth.account.internal.flows.email_verification import verify_email

        verify_email(request, address)
    login = Login(
        user=user,
        email=email,
        email_verification=EmailVerificationMethod.NONE,
        redirect_url=reverse("identity:link_confirm"),
    )
    response: HttpResponse = perform_login(request, login)
    return response


def _or_refusal(
    request: HttpRequest, chosen: IdentityProvider, proceed: Callable[[], HttpResponse]
) -> HttpResponse:
    try:
        return proceed()
    except Denied as refused:
        federation.forget(request)
        return _refused(request, chosen, refused)


def _provider(key: str) -> IdentityProvider:
    chosen = registry.provider(key)
    if chosen is None:
        raise NotFound
    return chosen


def _login(back: str) -> str:
    return reverse("account_login") + (f"?{urlencode({'next': back})}" if back else "")


def _page(
    request: HttpRequest, template: str, found: federation.Pending, form: Any, **more: Any
) -> HttpResponse:
    context = {
        **entrance(request),
        "identity": found.identity,
        "provider": _provider(found.identity.provider),
        "form": form,
        **more,
    }
    return render(request, template, context, status=422 if form.errors else 200)


def _failed(
    request: HttpRequest,
    chosen: IdentityProvider,
    back: str,
    *,
    message: str = "",
    status: int = 403,
) -> HttpResponse:
    context = {**entrance(request), "provider": chosen, "message": message, "retry": _login(back)}
    return render(request, "identity/provider_failed.html", context, status=status)


def _refused(request: HttpRequest, chosen: IdentityProvider, error: Denied) -> HttpResponse:
    _log.warning("login refused: %s", error.code, extra={"provider": chosen.key})
    context = {**entrance(request), "provider": chosen, "message": str(error)}
    return render(request, "identity/provider_refused.html", context, status=403)


def _away(request: HttpRequest, chosen: IdentityProvider, error: Unavailable) -> HttpResponse:
    _log.error("identity provider away: %s", error.code, extra={"provider": chosen.key})
    context = {**entrance(request), "provider": chosen, "message": str(error)}
    response = render(request, "identity/provider_away.html", context, status=503)
    response.headers["Retry-After"] = "60"
    return response
