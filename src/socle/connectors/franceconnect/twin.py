"""FranceConnect's twin: plays the provider in a demonstration, without a network."""

from __future__ import annotations

from collections.abc import Mapping

from django.core import signing
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from socle.foundations.accounts.actions import link_identity
from socle.foundations.accounts.actors import SYSTEM as SYSTEM_ACTOR
from socle.foundations.accounts.models import ExternalIdentity, User
from socle.foundations.accounts.ports import (
    Audience,
    Begun,
    LoginCancelled,
    LoginRefused,
    Persona,
    VerifiedIdentity,
)
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import NotFound

KEY = "franceconnect"
_SALT = "franceconnect.twin"
_SECONDS = 120
_SHOWN = 12
_KNOWN = "demo-"

# People who come for the first time: subject, given names, name at birth, name in use, e-mail.
_NEWCOMERS = {
    "new-1": ("Inès Léa", "Moreau", "", "ines.moreau@exemple.fr"),
    "new-2": ("Karim", "Haddad", "", "karim.haddad@exemple.fr"),
    "new-3": ("Monique Jeanne", "Petit", "Girard", "monique.girard@exemple.fr"),
}


class Twin:
    """Same conversation as the real one; the page where one says who one is, is the house’s."""

    key = KEY
    label = _("FranceConnect")
    audience: Audience = "resident"

    def begin(self, *, redirect_uri: str) -> Begun:
        """See :class:`IdentityProvider`."""
        state = get_random_string(43)
        return Begun(url=f"{reverse('identity:demo', args=[KEY])}?state={state}", state=state)

    def personas(self) -> list[Persona]:
        """Residents of the demonstration, then people who come for the first time."""
        known = [
            Persona(f"{_KNOWN}{user.pk}", user.display_name, user.email)
            for user in _residents()[:_SHOWN]
        ]
        seen = set(
            ExternalIdentity.objects.filter(provider=KEY, subject__in=_NEWCOMERS).values_list(
                "subject", flat=True
            )
        )
        return known + [
            Persona(
                subject,
                f"{given} {used or family}",
                "" if subject in seen else str(_("Vient pour la première fois")),
            )
            for subject, (given, family, used, _email) in _NEWCOMERS.items()
        ]

    def play(self, ticket: str) -> str:
        """See :class:`DemonstrationProvider`; links residents of the demonstration."""
        if ticket not in _NEWCOMERS:
            user = _resident(ticket)
            if user is None:
                raise NotFound
            link_identity(user_id=user.pk, provider=KEY, subject=ticket, actor=SYSTEM_ACTOR)
        return signing.dumps(ticket, salt=_SALT)

    def finish(
        self,
        *,
        query: Mapping[str, str],
        memory: Mapping[str, str],
        redirect_uri: str,
        clock: Clock = SYSTEM,
    ) -> VerifiedIdentity:
        """See :class:`IdentityProvider`."""
        if query.get("error"):
            raise LoginCancelled
        try:
            subject = signing.loads(query.get("code", ""), salt=_SALT, max_age=_SECONDS)
        except signing.BadSignature:
            raise LoginRefused("code-refused") from None
        if subject in _NEWCOMERS:
            given, family, used, email = _NEWCOMERS[subject]
            return VerifiedIdentity(KEY, subject, given, family, used, email, acr="eidas1")
        user = _resident(subject)
        if user is None:
            raise LoginRefused("unknown-persona")
        return VerifiedIdentity(
            KEY,
            subject,
            user.given_names,
            user.family_name,
            user.preferred_name,
            user.email,
            acr="eidas1",
        )

    def leave(self, *, id_token: str, return_uri: str, state: str) -> str:
        """Nothing to end."""
        return ""


def _residents() -> QuerySet[User]:
    return User.objects.filter(
        is_active=True, is_administrator=False, memberships__isnull=True
    ).order_by("pk")


def _resident(subject: str) -> User | None:
    number = subject.removeprefix(_KNOWN)
    return _residents().filter(pk=int(number)).first() if number.isdecimal() else None
