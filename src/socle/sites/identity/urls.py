"""Addresses of this site, under ``/compte/``. Names without a namespace are allauth's.

Every address where something can be guessed or sent says here how many times: a test refuses a
route that takes a POST and is neither guarded nor listed as harmless (``HARMLESS``).
"""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.email_verification_by_code import (
    EMAIL_VERIFICATION_CODE_SESSION_KEY,
)
from allauth.account.internal.flows.password_reset_by_code import (
    PASSWORD_RESET_VERIFICATION_SESSION_KEY,
)
from allauth.account.internal.stagekit import LOGIN_SESSION_KEY
from django.http import HttpRequest
from django.urls import include, path

from socle.sites.identity import codes
from socle.sites.identity.policies import fresh_login_required as fresh
from socle.sites.identity.throttle import (
    ENTER_CODE,
    PASSKEY,
    PASSWORD,
    PROVIDER,
    SECOND_FACTOR,
    SEND_CODE,
    guard,
)
from socle.sites.identity.views import account, entrance, factors, federation, password


def _posted(name: str) -> Any:
    def target(request: HttpRequest) -> str:
        return request.POST.get(name, "")

    return target


def _person(request: HttpRequest) -> str:
    return str(getattr(request.user, "email", "") or "")


def _kept(key: str) -> Any:
    """The address that a code under way was sent to."""

    def target(request: HttpRequest) -> str:
        state = request.session.get(key)
        return str(state.get("email") or "") if isinstance(state, dict) else ""

    return target


def _logging_in(request: HttpRequest) -> str:
    """The account half entered."""
    login = request.session.get(LOGIN_SESSION_KEY)
    return f"user:{login.get('user_pk')}" if isinstance(login, dict) else ""


def _confirming(request: HttpRequest) -> str:
    return f"user:{request.user.pk}"


def _linking(request: HttpRequest) -> str:
    return codes.pending(request, federation.LINK)


# Routes that take a POST and that nobody gains by repeating.
HARMLESS = frozenset(
    {
        "account_logout",
        "account_set_password",
        "identity:demo",
        "identity:end_session",
        "identity:link_confirm",
        "identity:unlink",
        "mfa_add_webauthn",
        "mfa_deactivate_totp",
        "mfa_edit_webauthn",
        "mfa_generate_recovery_codes",
        "mfa_remove_webauthn",
        "usersessions_list",
    }
)

_own = [
    path("", account.home, name="home"),
    path("sessions/<int:session_id>/fermer", account.end_session, name="end_session"),
    path("second-facteur", factors.second_factor, name="second_factor"),
    path(
        "confirmation/code",
        guard(ENTER_CODE, factors.ConfirmByCodeView.as_view(), account=_person),
        name="confirm",
    ),
    path("rattachement", guard(SEND_CODE, federation.link, account=_posted("email")), name="link"),
    path(
        "rattachement/code",
        guard(ENTER_CODE, federation.link_code, account=_linking),
        name="link_code",
    ),
    path("rattachement/confirmation", fresh(federation.link_confirm), name="link_confirm"),
    path("rattachement/<int:identity_id>/retrait", fresh(federation.unlink), name="unlink"),
    path("demo/<slug:provider>", federation.demo, name="demo"),
    path(
        "connexion/<slug:provider>/depart",
        guard(PROVIDER, federation.start, methods=("GET",)),
        name="start",
    ),
    path(
        "connexion/<slug:provider>/retour",
        guard(PROVIDER, federation.callback, methods=("GET",)),
        name="callback",
    ),
    path("deconnexion/<slug:provider>/retour", entrance.left, name="left"),
]

_entrance = [
    path(
        "connexion",
        guard(PASSWORD, entrance.LoginView.as_view(), account=_posted("login")),
        name="account_login",
    ),
    path("deconnexion", entrance.LogoutView.as_view(), name="account_logout"),
    path("inactif", entrance.InactiveView.as_view(), name="account_inactive"),
    path(
        "inscription",
        guard(SEND_CODE, entrance.SignupView.as_view(), account=_posted("email")),
        name="account_signup",
    ),
    path(
        "adresse/confirmation",
        guard(
            ENTER_CODE,
            entrance.VerifyEmailView.as_view(),
            account=_kept(EMAIL_VERIFICATION_CODE_SESSION_KEY),
        ),
        name="account_email_verification_sent",
    ),
    path(
        "connexion/code",
        guard(SEND_CODE, entrance.RequestCodeView.as_view(), account=_posted("email")),
        name="account_request_login_code",
    ),
    path(
        "connexion/code/saisie",
        guard(ENTER_CODE, entrance.ConfirmCodeView.as_view(), account=_kept(LOGIN_SESSION_KEY)),
        name="account_confirm_login_code",
    ),
    path(
        "adresse",
        guard(SEND_CODE, fresh(account.EmailView.as_view(), reading=True), account=_person),
        name="account_email",
    ),
    path(
        "confirmation",
        guard(PASSWORD, factors.ReauthenticateView.as_view(), account=_person),
        name="account_reauthenticate",
    ),
]

_passwords = [
    path(
        "modifier",
        guard(PASSWORD, password.ChangeView.as_view(), account=_person),
        name="account_change_password",
    ),
    path("choisir", fresh(password.SetView.as_view()), name="account_set_password"),
    path(
        "oubli",
        guard(SEND_CODE, password.ResetView.as_view(), account=_posted("email")),
        name="account_reset_password",
    ),
    path(
        "oubli/code",
        guard(
            ENTER_CODE,
            password.ResetCodeView.as_view(),
            account=_kept(PASSWORD_RESET_VERIFICATION_SESSION_KEY),
        ),
        name="account_confirm_password_reset_code",
    ),
    path(
        "oubli/nouveau",
        guard(
            ENTER_CODE,
            password.ResetCompleteView.as_view(),
            account=_kept(PASSWORD_RESET_VERIFICATION_SESSION_KEY),
        ),
        name="account_complete_password_reset",
    ),
    path("oubli/fait", password.ResetDoneView.as_view(), name="account_password_reset_completed"),
]

_factors = [
    path("", factors.IndexView.as_view(), name="mfa_index"),
    path(
        "application",
        fresh(factors.DeactivateApplicationView.as_view()),
        name="mfa_deactivate_totp",
    ),
    path(
        "application/ajouter",
        guard(SECOND_FACTOR, fresh(factors.ActivateApplicationView.as_view()), account=_confirming),
        name="mfa_activate_totp",
    ),
    path("codes", fresh(factors.RecoveryCodesView.as_view()), name="mfa_view_recovery_codes"),
    path(
        "codes/nouveaux",
        fresh(factors.GenerateRecoveryCodesView.as_view()),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "codes/fichier",
        fresh(factors.DownloadRecoveryCodesView.as_view()),
        name="mfa_download_recovery_codes",
    ),
    path("cles", factors.KeysView.as_view(), name="mfa_list_webauthn"),
    path("cles/ajouter", fresh(factors.AddKeyView.as_view()), name="mfa_add_webauthn"),
    path("cles/<int:pk>/nom", fresh(factors.EditKeyView.as_view()), name="mfa_edit_webauthn"),
    path(
        "cles/<int:pk>/retrait", fresh(factors.RemoveKeyView.as_view()), name="mfa_remove_webauthn"
    ),
]

_steps = [
    path(
        "connexion/verification",
        guard(SECOND_FACTOR, factors.AuthenticateView.as_view(), account=_logging_in),
        name="mfa_authenticate",
    ),
    path(
        "connexion/cle",
        guard(PASSKEY, factors.LoginKeyView.as_view(), methods=("GET", "POST")),
        name="mfa_login_webauthn",
    ),
    path(
        "confirmation/application",
        guard(SECOND_FACTOR, factors.ReauthenticateCodeView.as_view(), account=_confirming),
        name="mfa_reauthenticate",
    ),
    path(
        "confirmation/cle",
        guard(SECOND_FACTOR, factors.ReauthenticateKeyView.as_view(), account=_confirming),
        name="mfa_reauthenticate_webauthn",
    ),
]

urlpatterns = [
    path("", include((_own, "identity"))),
    *_entrance,
    path("mot-de-passe/", include(_passwords)),
    path("securite/", include(_factors)),
    *_steps,
    path("sessions", account.SessionsView.as_view(), name="usersessions_list"),
]
