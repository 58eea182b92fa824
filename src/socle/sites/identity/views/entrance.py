"""Coming in and going out: login, sign-up, codes by e-mail, logout."""

from __future__ import annotations

from typing import Any

from allauth.account import views as allauth
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from socle.foundations.accounts import registry
from socle.sites.identity import federation, policies


def entrance(request: HttpRequest) -> dict[str, Any]:
    """What every page of the entrance shows: providers, and where one was going."""
    back = policies.safe_return(request, request.POST.get("next") or request.GET.get("next"))
    query = f"?{urlencode({'next': back})}" if back else ""
    return {
        "next": back,
        "query": query,
        "providers": [
            {
                "key": one.key,
                "label": one.label,
                "audience": one.audience,
                "href": reverse("identity:start", args=[one.key]) + query,
            }
            for one in registry.providers()
        ],
        "pending": federation.pending(request),
        "demo": settings.SOCLE.demo,
    }


class _Entrance:
    """Adds :func:`entrance` to an allauth view’s context, and its own status to errors."""

    request: HttpRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        return {**context, **entrance(self.request)}

    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        if response.status_code == 200:
            response.status_code = 422
        return response


class LoginView(_Entrance, allauth.LoginView):  # type: ignore[misc]
    """One door for everyone."""

    template_name = "identity/login.html"


class SignupView(_Entrance, allauth.SignupView):  # type: ignore[misc]
    """An account with an address and a password."""

    template_name = "identity/signup.html"


class RequestCodeView(_Entrance, allauth.RequestLoginCodeView):  # type: ignore[misc]
    """A code rather than a password."""

    template_name = "identity/request_code.html"


class ConfirmCodeView(_Entrance, allauth.ConfirmLoginCodeView):  # type: ignore[misc]
    """Typing the login code."""

    template_name = "identity/login_code.html"


class VerifyEmailView(_Entrance, allauth.ConfirmEmailVerificationCodeView):  # type: ignore[misc]
    """Typing the code that proves an address."""

    template_name = "identity/verify_email.html"


class InactiveView(_Entrance, allauth.AccountInactiveView):  # type: ignore[misc]
    """The account exists and is not to be used."""

    template_name = "identity/inactive.html"


class LogoutView(allauth.LogoutView):  # type: ignore[misc]
    """Going out, here and at the provider's."""

    template_name = "identity/logout.html"

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        onwards = federation.leaving(self.request)
        response: HttpResponse = super().post(*args, **kwargs)
        if onwards is None:
            return response
        # A page rather than a redirection: the policy of the site keeps forms at home
        # (form-action), and a browser applies it to where a form's answer leads too.
        federation.expect_return(self.request, onwards, response.headers.get("Location", "/"))
        return render(
            self.request,
            "identity/leaving.html",
            {"href": onwards.url, "label": onwards.label, "home": response.headers["Location"]},
        )


def left(request: HttpRequest, provider: str) -> HttpResponse:
    """Where a provider sends people back after its own logout."""
    return redirect(federation.returned(request, request.GET.get("state", "")))
