"""How allauth speaks in this house: its sentences, its e-mails, its journal, its redirects."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth_context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from socle.foundations.accounts.actions import enrol
from socle.foundations.accounts.models import User
from socle.foundations.accounts.policies import can_enter_desk
from socle.foundations.accounts.queries import actor_for
from socle.sites.identity import mail, policies

# What allauth tells by a template of its own, said by the house. Nothing is said for the others.
MESSAGES = {
    "account/messages/email_confirmation_sent.txt": _("Un code vient d’être envoyé à %(email)s."),
    "account/messages/email_confirmed.txt": _("L’adresse %(email)s est confirmée."),
    "account/messages/email_confirmation_failed.txt": _(
        "L’adresse %(email)s ne peut pas être utilisée pour ce compte."
    ),
    "account/messages/email_deleted.txt": _("L’adresse %(email)s est retirée."),
    "account/messages/cannot_delete_primary_email.txt": _(
        "Cette adresse est celle de votre compte : remplacez-la au lieu de la retirer."
    ),
    "account/messages/unverified_primary_email.txt": _("Confirmez d’abord cette adresse."),
    "account/messages/logged_out.txt": _("Vous êtes déconnecté."),
    "account/messages/login_code_sent.txt": _("Un code vient d’être envoyé à %(email)s."),
    "account/messages/password_changed.txt": _("Votre mot de passe est modifié."),
    "account/messages/password_set.txt": _("Votre mot de passe est enregistré."),
    "mfa/messages/totp_activated.txt": _("Votre application protège désormais ce compte."),
    "mfa/messages/totp_deactivated.txt": _("L’application d’authentification est retirée."),
    "mfa/messages/recovery_codes_generated.txt": _(
        "Voici vos codes de secours. Gardez-les en lieu sûr."
    ),
    "mfa/messages/webauthn_added.txt": _("Votre clé d’accès est enregistrée."),
    "mfa/messages/webauthn_removed.txt": _("La clé d’accès est retirée."),
    "usersessions/messages/sessions_logged_out.txt": _("Les autres sessions sont fermées."),
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts: see allauth's documentation of each method."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": _("Ce compte n’est pas actif."),
        "cannot_remove_primary_email": _("Cette adresse est celle de votre compte."),
        "duplicate_email": _("Cette adresse est déjà celle de votre compte."),
        "email_password_mismatch": _(
            "L’adresse ou le mot de passe ne correspondent pas. Vérifiez-les, ou demandez un code "
            "de connexion par courriel."
        ),
        "email_taken": _("Cette adresse ne peut pas être utilisée."),
        "enter_current_password": _("Saisissez votre mot de passe actuel."),
        "incorrect_code": _("Ce code n’est pas le bon. Vérifiez-le, ou demandez-en un autre."),
        "incorrect_password": _("Ce mot de passe n’est pas le bon."),
        "invalid_login": _("Cette connexion n’est pas possible."),
        "invalid_or_expired_key": _("Ce lien n’est plus valable."),
        "invalid_password_reset": _("Ce lien n’est plus valable. Demandez-en un nouveau."),
        "max_email_addresses": _("Vous ne pouvez pas ajouter plus de %d adresses."),
        "too_many_login_attempts": _(
            "Trop d’essais avec ce code. Par sécurité, demandez-en un autre."
        ),
        "unknown_email": _("Cette adresse ne peut pas être utilisée."),
        "same_as_current": _("Choisissez une valeur différente de l’actuelle."),
        "rate_limited": _("Attendez un instant avant de recommencer."),
    }

    def get_client_ip(self, request: HttpRequest) -> str:
        # Already the visitor's own: config.middleware.identification.
        return request.META.get("REMOTE_ADDR") or "0.0.0.0"  # noqa: S104

    def is_safe_url(self, url: str | None) -> bool:
        return bool(policies.safe_return(allauth_context.request, url))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        mail.send(template_prefix, email, context)

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        if not message and message_template in MESSAGES:
            message = str(MESSAGES[message_template]) % (message_context or {})
        if message:
            messages.add_message(request, level, message, extra_tags=extra_tags)

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        user = super().save_user(request, user, form, commit=False)
        user.language = (getattr(request, "LANGUAGE_CODE", "") or "fr").split("-")[0]
        if commit:
            enrol(user=user)
        return user

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        if can_enter_desk(actor_for(request.user)):  # type: ignore[arg-type]
            return _reverse_or_home("desk:inbox")
        return _reverse_or_home("portal:home")

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return _reverse_or_home("portal:home")

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        return _reverse_or_home("portal:home")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("identity:home")

    def get_login_stages(self) -> list[str]:
        mine = "socle.sites.identity.stages.AuthenticateStage"
        return [
            mine if stage == "allauth.mfa.stages.AuthenticateStage" else stage
            for stage in super().get_login_stages()
        ]

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        return not policies.is_fresh(allauth_context.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        if not user.is_authenticated:
            return []
        labels = {
            "reauthenticate": gettext("Avec mon mot de passe"),
            "mfa_reauthenticate": gettext("Avec mon application d’authentification"),
            "mfa_reauthenticate:webauthn": gettext("Avec une clé d’accès"),
        }
        methods = [
            {**method, "description": labels[method["id"]]}
            for method in super().get_reauthentication_methods(user)
        ]
        # A code by e-mail confirms who has no other means, and cannot stand for a second factor.
        if not any(method["id"].startswith("mfa") for method in methods):
            methods.append(
                {
                    "id": "code",
                    "description": gettext("Avec un code envoyé par courriel"),
                    "url": reverse("identity:confirm"),
                }
            )
        return methods


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors. Their secrets are encrypted with a key derived from the secret key."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "add_email_blocked": _("Retirez d’abord le second facteur de votre compte."),
        "cannot_delete_authenticator": _(
            "Votre rôle exige un second facteur : ajoutez-en un autre avant de retirer celui-ci."
        ),
        "cannot_generate_recovery_codes": _(
            "Ajoutez d’abord une application ou une clé d’accès, que ces codes remplacent."
        ),
        "incorrect_code": _("Ce code n’est pas le bon, ou il a déjà servi. Attendez le suivant."),
        "unverified_email": _("Confirmez d’abord votre adresse électronique."),
    }

    def build_totp_svg(self, url: str) -> str:
        # On white whatever the theme: a reader needs the contrast and the margin.
        svg: str = super().build_totp_svg(url)
        return svg.replace("<path", '<rect width="100%" height="100%" fill="#fff"/><path', 1)

    def encrypt(self, text: str) -> str:
        return _fernet().encrypt(text.encode()).decode("ascii")

    def decrypt(self, encrypted_text: str) -> str:
        return _fernet().decrypt(encrypted_text.encode("ascii")).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        user = authenticator.user
        if not policies.must_show_second_factor(actor_for(user)):
            return True
        others = Authenticator.objects.filter(
            user=user, type__in=[Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
        ).exclude(pk=authenticator.pk)
        return bool(others.exists())

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return gettext("Clé d’accès %(number)d") % {"number": number}


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str) -> bytes:
    digest = hashlib.sha256(b"socle.sites.identity.second-factor\0" + key.encode()).digest()
    return base64.urlsafe_b64encode(digest)


def _reverse_or_home(name: str) -> str:
    from django.urls import NoReverseMatch

    try:
        return reverse(name)
    except NoReverseMatch:
        return "/"
