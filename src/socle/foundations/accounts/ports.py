"""What identity providers plug in. Connectors implement it; the identity site drives it; neither
knows the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from django.utils.translation import gettext_lazy as _

from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Denied, SocleError

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Audience = Literal["resident", "agent"]


class LoginCancelled(SocleError):
    """The person gave up, or said no, at the provider's."""

    code = "login-cancelled"
    default_message = _("Vous avez annulé la connexion. Aucune information n’a été transmise.")


class LoginRefused(Denied):
    """What came back from the provider cannot be trusted, or does not suffice.

    `reason` is for the log: a short machine name, never a claim's value.
    """

    code = "login-refused"
    default_message = _(
        "La connexion n’a pas pu être vérifiée. Recommencez, ou choisissez un autre moyen."
    )

    def __init__(self, reason: str, message: StrOrPromise | None = None) -> None:
        self.reason = reason
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class VerifiedIdentity:
    """Who a provider says the person is, every signature and claim checked.

    `family_name` is the name at birth, `preferred_name` the name in use. `email` is declarative: it
    proves nothing until its owner answers there. `siren` is the agent's organisation.
    """

    provider: str
    subject: str
    given_names: str = ""
    family_name: str = ""
    preferred_name: str = ""
    email: str = ""
    phone: str = ""
    siren: str = ""
    acr: str = ""
    amr: tuple[str, ...] = ()
    # Kept in the session for the provider's logout.
    id_token: str = ""

    @property
    def second_factor(self) -> bool:
        """Whether the provider itself asked for more than one factor (RFC 8176 names)."""
        return "mfa" in self.amr

    def as_json(self) -> dict[str, Any]:
        """For the session."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> VerifiedIdentity:
        """From the session."""
        return cls(**{**data, "amr": tuple(data.get("amr", ()))})


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send the person, and what to remember, under `state`, until they come back."""

    url: str
    state: str
    memory: dict[str, str] = field(default_factory=dict)


class IdentityProvider(Protocol):
    """One way of saying who one is, run by somebody else."""

    @property
    def key(self) -> str:
        """Stable name, also in the addresses of the identity site."""
        ...

    @property
    def label(self) -> StrOrPromise:
        """What people call it."""
        ...

    @property
    def audience(self) -> Audience:
        """Whom it knows."""
        ...

    def begin(self, *, redirect_uri: str) -> Begun:
        """Prepare a login. Raises :class:`Unavailable` when the provider does not answer."""
        ...

    def finish(
        self,
        *,
        query: Mapping[str, str],
        memory: Mapping[str, str],
        redirect_uri: str,
        clock: Clock = SYSTEM,
    ) -> VerifiedIdentity:
        """Verify what the person came back with; `memory` is what `begin` gave for the same state.

        Raises :class:`LoginCancelled`, :class:`LoginRefused`, :class:`Unavailable`.
        """
        ...

    def leave(self, *, id_token: str, return_uri: str, state: str) -> str:
        """Address that ends the session at the provider's too; empty when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody of the demonstration whom a twin can play."""

    ticket: str
    label: str
    detail: str = ""


@runtime_checkable
class DemonstrationProvider(Protocol):
    """A twin that plays a provider without a network, for demonstrations only."""

    def personas(self) -> list[Persona]:
        """Whom one can play."""
        ...

    def play(self, ticket: str) -> str:
        """A persona's authorisation code, to bring to the callback. Raises ``NotFound``."""
        ...
