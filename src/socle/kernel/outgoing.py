"""Calls to outside systems, not to be turned against the inside (server-side request forgery).

An address is resolved once, every answer of the resolver is checked, and the connection goes to a
checked address: a name that changes its mind between the check and the call (DNS rebinding) gains
nothing. Redirects are not followed, answers have a size and a duration.

    answer = outgoing.fetch("https://example.org/keys", policy=Policy())

A system of the local network is reached only when the installation names its host
(``Policy(private_hosts={"sso.example.org"})``); clear HTTP only to such a host.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

from django.utils.translation import gettext_lazy as _

from .errors import Unavailable

Resolver = Callable[[str, int], list[str]]

_CHUNK = 16_384
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Forbidden(ValueError):
    """The address must not be called. The message is for the log, not for people."""


class CallFailed(Unavailable):
    """The other side did not answer, or not in time, or too much. `reason` is for the log."""

    code = "call-failed"
    default_message = _("Un service extérieur ne répond pas. Réessayez dans quelques minutes.")

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__()


@dataclass(frozen=True, slots=True)
class Policy:
    """What may be called, and for how long.

    `private_hosts`: names (or literal addresses) allowed on the local network and in clear HTTP.
    `seconds`: the whole call, from the resolver to the last byte. `max_bytes`: of the answer's
    body.
    """

    private_hosts: frozenset[str] = frozenset()
    seconds: float = 8.0
    max_bytes: int = 512 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def media_type(self) -> str:
        """Type of the body without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """The body as JSON. Raises :class:`CallFailed` when it is not."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise CallFailed("not-json") from None


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the open internet.

    Loopback, private, link-local (cloud metadata), carrier, multicast and reserved ranges do not,
    nor the IPv6 forms that carry such an IPv4 address.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, in the resolver's order. Raises :class:`CallFailed`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise CallFailed("unknown-host") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def check(url: str, policy: Policy) -> SplitResult:
    """The parts of an address that may be called, its host not yet resolved.

    Raises :class:`Forbidden`: not HTTP(S), no host, credentials in it, clear HTTP to an unnamed
    host.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise Forbidden("wrong port") from None
    host = (parts.hostname or "").lower()
    if parts.scheme not in ("http", "https") or not host or port == 0:
        raise Forbidden("not a web address")
    if parts.username is not None or parts.password is not None:
        raise Forbidden("credentials in the address")
    if any(ord(character) <= 32 for character in url):
        raise Forbidden("white space in the address")
    if parts.scheme == "http" and host not in policy.private_hosts:
        raise Forbidden("clear HTTP to an unnamed host")
    return parts


def addresses(host: str, port: int, policy: Policy, resolver: Resolver = resolve) -> list[str]:
    """The addresses that a call to `host` may go to.

    Raises :class:`Forbidden` when any of them is not public and the host is not named in the
    policy: one bad answer condemns the name, whatever the order the resolver gives.
    """
    found = resolver(host, port)
    if not found:
        raise CallFailed("unknown-host")
    if host.lower() not in policy.private_hosts and not all(map(is_public, found)):
        raise Forbidden("private address")
    return found


def fetch(
    url: str,
    *,
    policy: Policy,
    method: str = "GET",
    form: Mapping[str, str] | None = None,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    resolver: Resolver = resolve,
) -> Answer:
    """Call an address. `form` is sent as ``application/x-www-form-urlencoded``; `content` as it is,
    its type among the `headers`.

    Any status is an answer, redirects included. The proxy of the environment (``HTTPS_PROXY``) is
    used when there is one: it resolves names itself and is trusted to refuse the inside. Raises
    :class:`Forbidden` and :class:`CallFailed`.
    """
    parts = check(url, policy)
    deadline = time.monotonic() + policy.seconds
    body = urlencode(form).encode() if form is not None else content
    sent = {"Accept": "application/json", "User-Agent": "socle", **(headers or {})}
    if form is not None:
        sent["Content-Type"] = "application/x-www-form-urlencoded"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = _connect(parts, policy, deadline, resolver)
    try:
        connection.request(method, target, body=body, headers=sent)
        # Taken now: http.client forgets its socket when the peer announces that it will close.
        link = connection.sock
        link.settimeout(_left(deadline))
        response = connection.getresponse()
        received = _read(response, link, policy, deadline)
        lower = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, lower, received)
    except TimeoutError:
        raise CallFailed("timeout") from None
    except (OSError, http.client.HTTPException) as error:
        raise CallFailed(type(error).__name__) from None
    finally:
        connection.close()


def _connect(
    parts: SplitResult, policy: Policy, deadline: float, resolver: Resolver
) -> http.client.HTTPConnection:
    host = (parts.hostname or "").lower()
    port = parts.port or (443 if parts.scheme == "https" else 80)
    proxy = "" if host in policy.private_hosts else _proxy(parts.scheme, host)
    if proxy:
        via = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        connection = _Pinned(host, port, parts.scheme == "https", via.hostname or "", deadline)
        connection.through(via.port or 3128)
        return connection
    failure: CallFailed | None = None
    for address in addresses(host, port, policy, resolver):
        connection = _Pinned(host, port, parts.scheme == "https", address, deadline)
        try:
            connection.connect()
        except TimeoutError:
            failure = CallFailed("timeout")
        except OSError as error:
            failure = CallFailed(type(error).__name__)
        else:
            return connection
        connection.close()
    raise failure or CallFailed("unreachable")


def _proxy(scheme: str, host: str) -> str:
    return "" if proxy_bypass(host) else getproxies().get(scheme, "")


class _Pinned(http.client.HTTPConnection):
    """A connection to one checked address, that speaks to the host by its name (TLS, Host)."""

    def __init__(self, host: str, port: int, tls: bool, address: str, deadline: float) -> None:
        super().__init__(host, port, timeout=_left(deadline))
        self._tls = tls
        self._address = address
        self._peer_port = port
        self._deadline = deadline
        if tls:
            # What the Host header leaves out: the port that goes without saying.
            self.default_port = 443

    def through(self, proxy_port: int) -> None:
        """Go by an HTTP proxy at the address: the tunnel names the host, TLS starts inside it."""
        self._peer_port = proxy_port
        self.set_tunnel(self.host, self.port)

    def connect(self) -> None:
        self.timeout = _left(self._deadline)
        self.sock = socket.create_connection((self._address, self._peer_port), self.timeout)
        if getattr(self, "_tunnel_host", None):
            self._tunnel()  # type: ignore[attr-defined]
        if self._tls:
            context = ssl.create_default_context()
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _read(
    response: http.client.HTTPResponse, link: socket.socket, policy: Policy, deadline: float
) -> bytes:
    received = bytearray()
    while True:
        # The deadline is the call's: a peer that sends one byte at a time does not hold a worker.
        left = _left(deadline)
        if link.fileno() >= 0:
            link.settimeout(left)
        chunk = response.read1(_CHUNK)
        if not chunk:
            return bytes(received)
        received += chunk
        if len(received) > policy.max_bytes:
            raise CallFailed("too-large")
