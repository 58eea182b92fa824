"""The conversation with a provider: discovery, authorization, token, userinfo, logout."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.utils.translation import gettext_lazy as _

from socle.foundations.accounts.oidc import tokens
from socle.foundations.accounts.ports import Begun, LoginCancelled, LoginRefused
from socle.kernel import outgoing
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Unavailable

_METADATA_SECONDS = 3600
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
_CANCELLED = frozenset({"access_denied", "login_required", "consent_required"})
_TRY_LATER = frozenset({"temporarily_unavailable", "server_error"})


@dataclass(frozen=True, slots=True)
class Settings:
    """How the installation is registered at a provider.

    `private_network`: the provider's host answers on a private address, or in clear (tests, an
    administration's own network): only that host is then allowed. `extra`: more parameters of the
    authorization request.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...]
    acr_values: str = ""
    algorithms: tuple[str, ...] = ("RS256", "ES256")
    extra: Mapping[str, str] = field(default_factory=dict)
    private_network: bool = False

    @property
    def policy(self) -> outgoing.Policy:
        """Where the provider's endpoints may be."""
        host = (urlsplit(self.issuer).hostname or "").lower()
        return outgoing.Policy(private_hosts=frozenset({host} if self.private_network else ()))


@dataclass(frozen=True, slots=True)
class Claims:
    """What both tokens say, verified."""

    id_token: str = field(repr=False)
    identity: Mapping[str, Any] = field(repr=False)
    userinfo: Mapping[str, Any] = field(repr=False)


_Kept = tuple[float, Any]
_metadata: dict[str, _Kept] = {}
_keys: dict[str, _Kept] = {}
_lock = threading.Lock()


def forget_metadata() -> None:
    """Read every provider's description and keys anew at next use."""
    with _lock:
        _metadata.clear()
        _keys.clear()


class RelyingParty:
    """One provider, as one installation sees it."""

    def __init__(
        self, settings: Settings, *, fetch: Callable[..., outgoing.Answer] = outgoing.fetch
    ) -> None:
        self.settings = settings
        self._fetch = fetch

    def begin(self, *, redirect_uri: str) -> Begun:
        """The authorization request. Raises :class:`Unavailable` when the provider is away."""
        state, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        parameters = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(self.settings.scopes),
            "state": state,
            "nonce": nonce,
            **({"acr_values": self.settings.acr_values} if self.settings.acr_values else {}),
            **self.settings.extra,
        }
        endpoint = self._described()["authorization_endpoint"]
        return Begun(url=_with(endpoint, parameters), state=state, memory={"nonce": nonce})

    def finish(
        self,
        *,
        query: Mapping[str, str],
        memory: Mapping[str, str],
        redirect_uri: str,
        clock: Clock = SYSTEM,
    ) -> Claims:
        """Exchange the code and verify what it gives.

        Raises :class:`LoginCancelled`, :class:`LoginRefused` and :class:`Unavailable`.
        """
        described = self._described()
        # RFC 9207: an answer from another provider (mix-up) is named as such.
        if "iss" in query and query["iss"] != self.settings.issuer:
            raise LoginRefused("wrong-issuer")
        if error := query.get("error"):
            raise _told(error)
        code = query.get("code", "")
        if not code:
            raise LoginRefused("no-code")
        granted = self._exchange(described, code, redirect_uri)
        token, access = granted.get("id_token"), granted.get("access_token")
        if not isinstance(token, str) or not isinstance(access, str):
            raise LoginRefused("no-token")
        expected = tokens.Expected(
            issuer=self.settings.issuer,
            client_id=self.settings.client_id,
            nonce=memory.get("nonce", ""),
            acr_values=self.settings.acr_values,
            algorithms=self.settings.algorithms,
        )
        now = clock.now()
        identity = tokens.id_token(
            token, keys=self._keys, expected=expected, access_token=access, now=now
        )
        userinfo = tokens.userinfo(
            self._userinfo(described, access),
            keys=self._keys,
            expected=expected,
            subject=identity["sub"],
            now=now,
        )
        return Claims(id_token=token, identity=identity, userinfo=userinfo)

    def leave(self, *, id_token: str, return_uri: str, state: str) -> str:
        """Address that ends the provider's session too; empty when it has none or is away."""
        try:
            endpoint = self._described().get("end_session_endpoint")
        except Unavailable:
            return ""
        if not isinstance(endpoint, str) or not id_token:
            return ""
        return _with(
            endpoint,
            {
                "id_token_hint": id_token,
                "state": state,
                "post_logout_redirect_uri": return_uri,
            },
        )

    def _described(self) -> Mapping[str, Any]:
        issuer = self.settings.issuer
        kept = _remembered(_metadata, issuer)
        if kept is not None:
            return kept  # type: ignore[no-any-return]
        described = self._read(issuer.rstrip("/") + "/.well-known/openid-configuration")
        # OpenID Connect Discovery 1.0, section 4.3: exactly the issuer that was asked.
        if not isinstance(described, dict) or described.get("issuer") != issuer:
            raise Unavailable(_away(), code="wrong-metadata")
        for name in _ENDPOINTS:
            if not isinstance(described.get(name), str):
                raise Unavailable(_away(), code="wrong-metadata")
        _remember(_metadata, issuer, described)
        return described

    def _keys(self, fresh: bool) -> list[Mapping[str, Any]]:
        uri = self._described()["jwks_uri"]
        kept = None if fresh else _remembered(_keys, uri)
        if kept is None:
            answer = self._read(uri)
            found = answer.get("keys") if isinstance(answer, dict) else None
            if not isinstance(found, list):
                raise Unavailable(_away(), code="wrong-keys")
            kept = [key for key in found if isinstance(key, dict)]
            _remember(_keys, uri, kept)
        return kept

    def _exchange(
        self, described: Mapping[str, Any], code: str, redirect_uri: str
    ) -> dict[str, Any]:
        answer = self._call(
            described["token_endpoint"],
            method="POST",
            form={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": redirect_uri,
                "client_id": self.settings.client_id,
                "client_secret": self.settings.client_secret,
            },
        )
        if answer.status >= 500:
            raise Unavailable(_away(), code="provider-down")
        granted = answer.json()
        if answer.status != 200 or not isinstance(granted, dict):
            raise LoginRefused("code-refused")
        if str(granted.get("token_type", "")).lower() != "bearer":
            raise LoginRefused("wrong-token-type")
        return granted

    def _userinfo(self, described: Mapping[str, Any], access_token: str) -> str:
        answer = self._call(
            described["userinfo_endpoint"],
            headers={
                "Authorization": f"Bearer {access_token}",
                "Accept": "application/jwt",
            },
        )
        if answer.status >= 500:
            raise Unavailable(_away(), code="provider-down")
        if answer.status != 200:
            raise LoginRefused("userinfo-refused")
        if answer.media_type != "application/jwt":
            # Unsigned claims would be whatever stands between us and the provider says.
            raise LoginRefused("unsigned-userinfo")
        return answer.body.decode("ascii", "replace").strip()

    def _read(self, url: str) -> Any:
        answer = self._call(url)
        if answer.status != 200:
            raise Unavailable(_away(), code="provider-down")
        return answer.json()

    def _call(self, url: str, **options: Any) -> outgoing.Answer:
        try:
            return self._fetch(url, policy=self.settings.policy, **options)
        except outgoing.Forbidden:
            raise Unavailable(_away(), code="forbidden-address") from None
        except outgoing.CallFailed as error:
            raise Unavailable(_away(), code=f"provider-{error.reason}".lower()) from None


def _told(error: str) -> Exception:
    if error in _CANCELLED:
        return LoginCancelled()
    if error in _TRY_LATER:
        return Unavailable(_away(), code="provider-down")
    return LoginRefused("provider-error")


def _away() -> Any:
    return _("Ce service de connexion ne répond pas pour le moment.")


def _with(endpoint: str, parameters: Mapping[str, str]) -> str:
    return endpoint + ("&" if "?" in endpoint else "?") + urlencode(parameters)


def _remembered(shelf: dict[str, _Kept], key: str) -> Any:
    with _lock:
        kept = shelf.get(key)
    return kept[1] if kept and kept[0] > time.monotonic() else None


def _remember(shelf: dict[str, _Kept], key: str, value: Any) -> None:
    with _lock:
        shelf[key] = (time.monotonic() + _METADATA_SECONDS, value)
