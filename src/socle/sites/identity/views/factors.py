"""Second factors: applications, passkeys, recovery codes; confirmations that protect them."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.models import Login
from allauth.account.views import BaseReauthenticateView
from allauth.account.views import ReauthenticateView as AllauthReauthenticateView
from allauth.mfa.base import views as base
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.mfa.webauthn.internal import flows as key_flows
from django.contrib.auth.decorators import login_required
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _

from socle.sites.identity import codes, policies
from socle.sites.identity.forms import CodeForm
from socle.sites.identity.views.entrance import _Entrance

CONFIRM = "confirm"
# Where an agent was going when the second factor was asked for.
_BACK = "identity.second_factor_back"


class _PublicKey:
    """Gives the browser's script what it needs, as one attribute."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        data = context.pop("js_data", {})
        options = data.get("creation_options") or data.get("request_options")
        context["public_key"] = DjangoJSONEncoder(separators=(",", ":")).encode(options)
        return context


class AuthenticateView(_PublicKey, _Entrance, base.AuthenticateView):  # type: ignore[misc]
    """Second step of a login."""

    template_name = "identity/second_step.html"

    def form_invalid(self, form: Any) -> HttpResponse:
        response = base.AuthenticateView.form_invalid(self, form)
        response.status_code = 422
        return response


class IndexView(base.IndexView):  # type: ignore[misc]
    """What protects the account."""

    template_name = "identity/factors.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "required": policies.must_show_second_factor(self.request.actor)
            or getattr(self.request, "second_factor_missing", False),
            "back": self.request.session.get(_BACK, ""),
            "showed": policies.showed_second_factor(self.request),
        }


class ReauthenticateView(_Entrance, AllauthReauthenticateView):  # type: ignore[misc]
    """Is it really you? By password."""

    template_name = "identity/confirm_password.html"


class ReauthenticateCodeView(_Entrance, base.ReauthenticateView):  # type: ignore[misc]
    """Is it really you? By application or recovery code."""

    template_name = "identity/confirm_application.html"


class ReauthenticateKeyView(_PublicKey, webauthn.ReauthenticateWebAuthnView):  # type: ignore[misc]
    """Is it really you? By passkey."""

    template_name = "identity/confirm_key.html"

    def form_invalid(self, form: Any) -> HttpResponse:
        super().form_invalid(form)
        return HttpResponseRedirect(self.passthrough_next_url(self.request.path))


@method_decorator(login_required, name="dispatch")
class ConfirmByCodeView(_Entrance, BaseReauthenticateView):  # type: ignore[misc]
    """Is it really you? By a code sent to the account's address."""

    form_class = CodeForm
    template_name = "identity/confirm_code.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "sent_to": codes.pending(self.request, CONFIRM),
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "send" in request.POST:
            codes.send(request, CONFIRM, request.user.email)  # type: ignore[union-attr]
            return HttpResponseRedirect(self.passthrough_next_url(request.path))
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        user = self.request.user
        proved = codes.check(self.request, CONFIRM, form.cleaned_data["code"])
        if not proved or proved != user.email:
            form.add_error("code", _("Ce code n’est pas le bon. Vérifiez-le."))
            return self.form_invalid(form)
        record_authentication(self.request, user, method="code", reauthenticated=True)
        response: HttpResponse = super().form_valid(form)
        return response


class ActivateApplicationView(_Entrance, totp.ActivateTOTPView):  # type: ignore[misc]
    template_name = "identity/application_add.html"

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        policies.note_second_factor(self.request)
        return response


class DeactivateApplicationView(totp.DeactivateTOTPView):  # type: ignore[misc]
    template_name = "identity/application_remove.html"


class RecoveryCodesView(recovery.ViewRecoveryCodesView):  # type: ignore[misc]
    template_name = "identity/recovery_codes.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "back": self.request.session.get(_BACK, ""),
        }


class GenerateRecoveryCodesView(recovery.GenerateRecoveryCodesView):  # type: ignore[misc]
    template_name = "identity/recovery_generate.html"


class DownloadRecoveryCodesView(recovery.DownloadRecoveryCodesView):  # type: ignore[misc]
    template_name = "identity/recovery_codes.txt"


class KeysView(webauthn.ListWebAuthnView):  # type: ignore[misc]
    template_name = "identity/keys.html"


class LoginKeyView(webauthn.LoginWebAuthnView):  # type: ignore[misc]
    """Login with a passkey alone: the browser's script asks for the challenge, then posts."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().get(request, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store"
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        authenticator = form.cleaned_data["credential"]
        back = policies.safe_return(self.request, self.request.POST.get("next"))
        login = Login(user=authenticator.user, redirect_url=back or None)
        response: HttpResponse = key_flows.perform_passwordless_login(
            self.request, authenticator, login
        )
        return response


class AddKeyView(_PublicKey, webauthn.AddWebAuthnView):  # type: ignore[misc]
    template_name = "identity/key_add.html"

    def get_initial(self) -> dict[str, Any]:
        # A key that opens the account by itself is what people expect of one.
        return {**super().get_initial(), "passwordless": True}

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        policies.note_second_factor(self.request)
        return response


class EditKeyView(_Entrance, webauthn.EditWebAuthnView):  # type: ignore[misc]
    template_name = "identity/key_edit.html"


class RemoveKeyView(webauthn.RemoveWebAuthnView):  # type: ignore[misc]
    template_name = "identity/key_remove.html"

    def form_valid(self, form: Any) -> HttpResponse:
        from allauth.mfa.adapter import get_adapter

        if not get_adapter().can_delete_authenticator(self.get_object()):
            form.add_error(None, get_adapter().error_messages["cannot_delete_authenticator"])
            return self.form_invalid(form)
        response: HttpResponse = super().form_valid(form)
        return response


@login_required
def second_factor(request: HttpRequest) -> HttpResponse:
    """Agents arrive here before the desk opens to them."""
    back = policies.safe_return(request, request.GET.get("next"))
    if back:
        request.session[_BACK] = back
    # Reading the actor decides whether a second factor is missing.
    acting = request.actor.kind  # type: ignore[attr-defined]
    if not acting or not getattr(request, "second_factor_missing", False):
        return redirect(request.session.pop(_BACK, "") or reverse("identity:home"))
    types = set(
        Authenticator.objects.filter(user=request.user)  # type: ignore[misc]
        .exclude(type=Authenticator.Type.RECOVERY_CODES)
        .values_list("type", flat=True)
    )
    return render(
        request,
        "identity/second_factor.html",
        {
            "has_application": Authenticator.Type.TOTP in types,
            "has_key": Authenticator.Type.WEBAUTHN in types,
            "here": request.path,
        },
    )
