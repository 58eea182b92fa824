"""ProConnect as an identity provider of the house."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from socle.connectors.proconnect.twin import Twin
from socle.foundations.accounts import rules
from socle.foundations.accounts.oidc import RelyingParty, Settings
from socle.foundations.accounts.ports import (
    Audience,
    Begun,
    IdentityProvider,
    LoginRefused,
    VerifiedIdentity,
)
from socle.kernel.clock import SYSTEM, Clock

KEY = "proconnect"
# "amr" says how the agent proved who they are; it is only given to those who ask.
_CLAIMS = json.dumps({"id_token": {"amr": {"essential": True}}}, separators=(",", ":"))
# Claims that identify the agent: asked for whatever the settings say.
_NEEDED = ("openid", "siret", "idp_id")


class ProConnect:
    """Agents, by their administration. The e-mail address is never the key: it changes hands."""

    key = KEY
    label = _("ProConnect")
    audience: Audience = "agent"

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
        """See :class:`IdentityProvider`. No valid SIRET, no organisation: refused."""
        claims = self._party.finish(
            query=query, memory=memory, redirect_uri=redirect_uri, clock=clock
        )
        said = claims.userinfo
        issued_by = _text(said, "idp_id")
        if not issued_by:
            raise LoginRefused("no-idp")
        subject = f"{issued_by}:{claims.identity['sub']}"
        if len(subject) > 255:
            raise LoginRefused("wrong-subject")
        siret = rules.siret(_text(said, "siret"))
        if siret is None:
            raise LoginRefused(
                "no-siret",
                _(
                    "Votre administration n’a pas transmis de numéro SIRET valable. "
                    "Signalez-le à votre service informatique."
                ),
            )
        methods = claims.identity.get("amr") or ()
        return VerifiedIdentity(
            provider=KEY,
            subject=subject,
            given_names=_text(said, "given_name"),
            family_name=_text(said, "usual_name"),
            email=_text(said, "email").lower(),
            phone=_text(said, "phone_number"),
            siren=siret[:9],
            acr=str(claims.identity.get("acr") or ""),
            amr=tuple(str(one) for one in methods) if isinstance(methods, list) else (),
            id_token=claims.id_token,
        )

    def leave(self, *, id_token: str, return_uri: str, state: str) -> str:
        """See :class:`IdentityProvider`."""
        return self._party.leave(id_token=id_token, return_uri=return_uri, state=state)


def configured() -> IdentityProvider | None:
    """The provider of the installation's settings, its twin in the demonstration, or None."""
    options = settings.SOCLE.proconnect
    if not options.enabled:
        return Twin() if settings.SOCLE.demo else None
    return ProConnect(RelyingParty(relying_party_settings(options)))


def relying_party_settings(options: Any) -> Settings:
    """Registration of the installation at ProConnect (``SOCLE_PROCONNECT_…``)."""
    return Settings(
        issuer=options.issuer,
        client_id=options.client_id,
        client_secret=options.client_secret.get_secret_value(),
        scopes=tuple(dict.fromkeys((*_NEEDED, *options.scopes))),
        acr_values=options.acr_values,
        extra={"claims": _CLAIMS},
        private_network=options.private_network,
    )


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name, "")
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > 300:
        raise LoginRefused(f"wrong-{name}")
    return " ".join(value.split())
