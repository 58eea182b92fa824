"""Passwords: change, choose, forget."""

from __future__ import annotations

from allauth.account import views as allauth

from socle.sites.identity.views.entrance import _Entrance


class ChangeView(_Entrance, allauth.PasswordChangeView):  # type: ignore[misc]
    template_name = "identity/password_change.html"


class SetView(_Entrance, allauth.PasswordSetView):  # type: ignore[misc]
    template_name = "identity/password_set.html"


class ResetView(_Entrance, allauth.PasswordResetView):  # type: ignore[misc]
    template_name = "identity/password_reset.html"


class ResetCodeView(_Entrance, allauth.ConfirmPasswordResetCodeView):  # type: ignore[misc]
    template_name = "identity/password_reset_code.html"


class ResetCompleteView(_Entrance, allauth.CompletePasswordResetView):  # type: ignore[misc]
    template_name = "identity/password_new.html"


class ResetDoneView(_Entrance, allauth.PasswordResetFromKeyDoneView):  # type: ignore[misc]
    template_name = "identity/password_done.html"
