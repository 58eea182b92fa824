"""FranceConnect as an identity provider of the house."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from socle.connectors.franceconnect.twin import Twin
from socle.foundations.accounts.oidc import RelyingParty, Settings
from socle.foundations.accounts.ports import (
    Audience,
    Begun,
    IdentityProvider,
    LoginRefused,
    VerifiedIdentity,
)
from socle.kernel.clock import SYSTEM, Clock

KEY = "franceconnect"


class FranceConnect:
    """Residents, by the identity of a public or approved provider.

    Only what a request needs is kept: names and an address to write to. A birth date, if the
    installation asked for one, is left where it is: it may be incomplete ("YYYY-00-00", people
    whose birth was never registered) and no service here needs it.
    """

    key = KEY
    label = _("FranceConnect")
    audience: Audience = "resident"

    def __init__(self, party: RelyingParty) -> None:
        self._party = party

    def begin(self, *, redirect_uri: str) -> Begun:
        """See :class:`IdentityProvider`."""
        return self._party.begin(redirect_uri=redirect_uri)

    def finish(
        self,
        *,
        query: Mapping[str, str],
        memory: Mapping[str, str],
        redirect_uri: str,
        clock: Clock = SYSTEM,
    ) -> VerifiedIdentity:
        """See :class:`IdentityProvider`."""
        claims = self._party.finish(
            query=query, memory=memory, redirect_uri=redirect_uri, clock=clock
        )
        said = claims.userinfo
        return VerifiedIdentity(
            provider=KEY,
            subject=claims.identity["sub"],
            # Every first name, separated by spaces; the name at birth; the name in use.
            given_names=_text(said, "given_name"),
            family_name=_text(said, "family_name"),
            preferred_name=_text(said, "preferred_username"),
            email=_text(said, "email").lower(),
            acr=str(claims.identity.get("acr") or ""),
            id_token=claims.id_token,
        )

    def leave(self, *, id_token: str, return_uri: str, state: str) -> str:
        """See :class:`IdentityProvider`."""
        return self._party.leave(id_token=id_token, return_uri=return_uri, state=state)


def configured() -> IdentityProvider | None:
    """The provider of the installation's settings, its twin in the demonstration, or None."""
    options = settings.SOCLE.franceconnect
    if not options.enabled:
        return Twin() if settings.SOCLE.demo else None
    return FranceConnect(RelyingParty(relying_party_settings(options)))


def relying_party_settings(options: Any) -> Settings:
    """Registration of the installation at FranceConnect (``SOCLE_FRANCECONNECT_…``)."""
    return Settings(
        issuer=options.issuer,
        client_id=options.client_id,
        client_secret=options.client_secret.get_secret_value(),
        scopes=tuple(options.scopes),
        # Refused without: FranceConnect answers an error to a request that names no level.
        acr_values=options.acr_values or "eidas1",
        private_network=options.private_network,
    )


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name, "")
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > 300:
        raise LoginRefused(f"wrong-{name}")
    return " ".join(value.split())
