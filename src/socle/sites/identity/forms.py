"""Forms of this site. Labels and hints are in the templates; rules are here."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.forms import BaseConfirmCodeForm, ConfirmEmailVerificationCodeForm
from allauth.account.forms import SignupForm as BaseSignupForm
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.base.forms import AuthenticateForm as BaseAuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as BaseReauthenticateForm
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from socle.sites.identity import housekeeping

# A code of an authenticator application is good for three periods of thirty seconds.
_REPLAY_SECONDS = 120


class SignupForm(BaseSignupForm):  # type: ignore[misc]
    """Same answer, in the same time, whether the address has an account or not."""

    def try_save(self, request: HttpRequest) -> Any:
        if self.account_already_exists:
            # A new account hashes its password: so does this one.
            make_password(self.cleaned_data.get("password1", ""))
        return super().try_save(request)


class VerifyEmailForm(ConfirmEmailVerificationCodeForm):  # type: ignore[misc]
    """The right code also frees the address from an account that never confirmed it."""

    def clean_code(self) -> str:
        code: str = BaseConfirmCodeForm.clean_code(self)
        housekeeping.forget_unproven(self.email, keep=self.user.pk if self.user else None)
        return super().clean_code() if code else code


class OnceOnly:
    """A code of an authenticator application serves once, while it lives (RFC 6238, 5.2)."""

    cleaned_data: dict[str, Any]
    authenticator: Authenticator

    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]
        if self.authenticator.type == Authenticator.Type.TOTP:
            _use_once(self.authenticator, code)
        return code


class AuthenticateForm(OnceOnly, BaseAuthenticateForm):  # type: ignore[misc]
    """Second step of a login."""


class ReauthenticateForm(OnceOnly, BaseReauthenticateForm):  # type: ignore[misc]
    """Confirmation before a sensitive act."""


class EmailForm(forms.Form):
    """Which address to send a code to."""

    email = forms.EmailField(max_length=254)

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).strip().lower()


class CodeForm(forms.Form):
    """A code received by e-mail."""

    code = forms.CharField(max_length=20)


class CloseForm(forms.Form):
    """The person knows what closing means."""

    understood = forms.BooleanField()


def _use_once(authenticator: Authenticator, code: str) -> None:
    mark = salted_hmac("identity.totp", normalize_user_code(code), algorithm="sha256").hexdigest()
    now = time.time()
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
        used = {
            seen: at for seen, at in row.data.get("used", {}).items() if now - at < _REPLAY_SECONDS
        }
        if mark in used:
            raise get_mfa_adapter().validation_error("incorrect_code")
        row.data["used"] = {**used, mark: now}
        row.save(update_fields=["data"])
    authenticator.data = row.data
