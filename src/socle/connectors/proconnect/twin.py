"""ProConnect's twin: plays the provider in a demonstration, without a network."""

from __future__ import annotations

from collections.abc import Mapping

from django.core import signing
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from socle.foundations.accounts.actions import link_identity
from socle.foundations.accounts.actors import SYSTEM as SYSTEM_ACTOR
from socle.foundations.accounts.models import Membership
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

KEY = "proconnect"
_SALT = "proconnect.twin"
_SECONDS = 120
_SHOWN = 20
# A SIREN that passes Luhn and that no organisation of a demonstration has.
_ELSEWHERE = "732829320"
_STRANGER = "stranger"


class Twin:
    """Same conversation as the real one; the page where one says who one is, is the house’s."""

    key = KEY
    label = _("ProConnect")
    audience: Audience = "agent"

    def begin(self, *, redirect_uri: str) -> Begun:
        """See :class:`IdentityProvider`."""
        state = get_random_string(43)
        return Begun(url=f"{reverse('identity:demo', args=[KEY])}?state={state}", state=state)

    def personas(self) -> list[Persona]:
        """Agents of the demonstration, then somebody of an organisation that is not on board."""
        shown = [
            Persona(
                str(row.pk),
                row.user.display_name,
                f"{row.get_role_display()} — {row.organisation.name}",
            )
            for row in self._members()[:_SHOWN]
        ]
        return [
            *shown,
            Persona(
                _STRANGER, "Alix Bernard", str(_("Agent d’un organisme absent de la plateforme"))
            ),
        ]

    def play(self, ticket: str) -> str:
        """See :class:`DemonstrationProvider`; links agents of the demonstration."""
        if ticket != _STRANGER:
            row = self._member(ticket)
            if row is None:
                raise NotFound
            link_identity(
                user_id=row.user_id, provider=KEY, subject=_subject(row), actor=SYSTEM_ACTOR
            )
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
            ticket = signing.loads(query.get("code", ""), salt=_SALT, max_age=_SECONDS)
        except signing.BadSignature:
            raise LoginRefused("code-refused") from None
        if ticket == _STRANGER:
            return VerifiedIdentity(
                KEY,
                "demo:stranger",
                "Alix",
                "Bernard",
                email="alix.bernard@exemple.fr",
                siren=_ELSEWHERE,
                acr="eidas1",
            )
        row = self._member(ticket)
        if row is None:
            raise LoginRefused("unknown-persona")
        return VerifiedIdentity(
            KEY,
            _subject(row),
            row.user.given_names,
            row.user.preferred_name or row.user.family_name,
            email=row.user.email,
            siren=row.organisation.siren,
            acr="eidas1",
            amr=("pwd", "mfa"),
        )

    def leave(self, *, id_token: str, return_uri: str, state: str) -> str:
        """Nothing to end."""
        return ""

    @staticmethod
    def _members() -> QuerySet[Membership]:
        return (
            Membership.objects.filter(
                is_active=True, user__is_active=True, organisation__is_active=True
            )
            .exclude(organisation__siren="")
            .select_related("user", "organisation")
            .order_by("organisation__kind", "pk")
        )

    def _member(self, ticket: str) -> Membership | None:
        return self._members().filter(pk=int(ticket)).first() if ticket.isdecimal() else None


def _subject(row: Membership) -> str:
    return f"demo:{row.user_id}"
