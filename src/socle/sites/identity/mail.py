"""E-mails of this site: codes, and notes about what happened to an account.

allauth names an e-mail by the prefix of its own template; the table below says what the house
writes instead. Everything goes through ``notifications``, in the transaction of the act.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from socle.capabilities.notifications.actions import send_email

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

CODE = "identity/mail/code"
NOTE = "identity/mail/note"


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail. `action`: name of an address of the site and words of the link to it.

    `alarm`: say what to do when the reader is not the author of the act.
    """

    subject: StrOrPromise
    body: StrOrPromise
    template: str = NOTE
    action: tuple[str, StrOrPromise] | None = None
    alarm: bool = True


_SECURITY = ("identity:home", _("Voir la sécurité de mon compte"))

LETTERS: dict[str, Letter] = {
    "account/email/login_code": Letter(
        _("Votre code de connexion"),
        _("Voici le code à saisir pour vous connecter."),
        CODE,
    ),
    "account/email/email_confirmation_signup": Letter(
        _("Confirmez votre adresse électronique"),
        _("Voici le code à saisir pour terminer la création de votre compte."),
        CODE,
    ),
    "account/email/email_confirmation": Letter(
        _("Confirmez votre adresse électronique"),
        _("Voici le code à saisir pour confirmer cette adresse."),
        CODE,
    ),
    "account/email/password_reset_code": Letter(
        _("Choisissez un nouveau mot de passe"),
        _("Voici le code à saisir pour choisir un nouveau mot de passe."),
        CODE,
    ),
    "identity/link": Letter(
        _("Votre code de confirmation"),
        _("Voici le code à saisir pour confirmer que cette adresse est la vôtre."),
        CODE,
    ),
    "identity/confirm": Letter(
        _("Votre code de confirmation"),
        _("Voici le code à saisir pour confirmer que c’est bien vous."),
        CODE,
    ),
    "account/email/unknown_account": Letter(
        _("Aucun compte avec cette adresse"),
        _(
            "Quelqu’un, sans doute vous, a voulu se connecter avec cette adresse. Elle n’a pas de "
            "compte chez nous. Vous avez peut-être utilisé une autre adresse ; sinon, vous pouvez "
            "créer un compte."
        ),
        action=("account_signup", _("Créer un compte")),
        alarm=False,
    ),
    "account/email/account_already_exists": Letter(
        _("Vous avez déjà un compte"),
        _(
            "Quelqu’un, sans doute vous, a voulu créer un compte avec cette adresse. Elle en a "
            "déjà un : connectez-vous. Mot de passe oublié ? Demandez un code de connexion."
        ),
        action=("account_request_login_code", _("Recevoir un code de connexion")),
        alarm=False,
    ),
    "account/email/password_changed": Letter(
        _("Votre mot de passe a changé"),
        _("Le mot de passe de votre compte vient d’être modifié."),
        action=_SECURITY,
    ),
    "account/email/password_set": Letter(
        _("Un mot de passe protège votre compte"),
        _("Un mot de passe vient d’être choisi pour votre compte."),
        action=_SECURITY,
    ),
    "account/email/password_reset": Letter(
        _("Votre mot de passe a changé"),
        _("Un nouveau mot de passe vient d’être choisi pour votre compte."),
        action=_SECURITY,
    ),
    "account/email/email_changed": Letter(
        _("L’adresse de votre compte a changé"),
        _("L’adresse électronique de votre compte vient d’être remplacée par une autre."),
        action=_SECURITY,
    ),
    "account/email/email_confirm": Letter(
        _("Votre adresse est confirmée"),
        _("Cette adresse électronique est désormais celle de votre compte."),
        action=_SECURITY,
    ),
    "account/email/email_deleted": Letter(
        _("Une adresse a été retirée de votre compte"),
        _("Une adresse électronique vient d’être retirée de votre compte."),
        action=_SECURITY,
    ),
    "mfa/email/totp_activated": Letter(
        _("Une application protège votre compte"),
        _("Une application d’authentification est désormais demandée à chaque connexion."),
        action=_SECURITY,
    ),
    "mfa/email/totp_deactivated": Letter(
        _("L’application d’authentification est retirée"),
        _("L’application d’authentification n’est plus demandée pour entrer dans votre compte."),
        action=_SECURITY,
    ),
    "mfa/email/recovery_codes_generated": Letter(
        _("Vos codes de secours ont changé"),
        _("De nouveaux codes de secours remplacent les anciens, qui ne servent plus."),
        action=_SECURITY,
    ),
    "mfa/email/webauthn_added": Letter(
        _("Une clé d’accès ouvre votre compte"),
        _("Une clé d’accès vient d’être ajoutée à votre compte."),
        action=_SECURITY,
    ),
    "mfa/email/webauthn_removed": Letter(
        _("Une clé d’accès a été retirée"),
        _("Une clé d’accès vient d’être retirée de votre compte."),
        action=_SECURITY,
    ),
    "identity/linked": Letter(
        _("Un nouveau moyen d’entrer dans votre compte"),
        _("Une identité {provider} ouvre désormais votre compte."),
        action=_SECURITY,
    ),
    "identity/unlinked": Letter(
        _("Un moyen d’entrer dans votre compte est retiré"),
        _("Une identité {provider} n’ouvre plus votre compte."),
        action=_SECURITY,
    ),
    "identity/closed": Letter(
        _("Votre compte est fermé"),
        _(
            "Votre compte vient d’être fermé, comme vous l’avez demandé. Vos informations "
            "personnelles ont été effacées. Vous pourrez toujours créer un nouveau compte."
        ),
        alarm=False,
    ),
}


def send(prefix: str, to: str, context: Mapping[str, Any]) -> None:
    """Write one of :data:`LETTERS` to an address.

    `context`: ``code`` for codes, and the values of the body's placeholders. Raises ``KeyError``
    for an e-mail that is not in the table.
    """
    letter = LETTERS[prefix]
    values = {name: value for name, value in context.items() if isinstance(value, str)}
    send_email(
        to=to,
        subject=letter.subject,
        template=letter.template,
        context={
            "subject": letter.subject,
            "body": letter.body,
            "filled": format_lazy(letter.body, **values),
            "code": values.get("code", ""),
            "link": (reverse(letter.action[0]), letter.action[1]) if letter.action else None,
            "alarm": letter.alarm,
        },
        # Asked for, or needed by the owner of the account to stay its owner.
        required=True,
    )
