"""How many times an hour one network address may send something without an account."""

from __future__ import annotations

import ipaddress

from django.core.cache import caches
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Throttled

_HOUR = 3600


def network_of(request: HttpRequest) -> str:
    """The visitor's address; of an IPv6 one, the network it can draw others from (/64)."""
    text = request.META.get("REMOTE_ADDR", "")
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return ""
    if ip.version == 6:
        return str(ipaddress.ip_network(f"{ip}/64", strict=False))
    return str(ip)


def spend(request: HttpRequest, name: str, most: int, *, clock: Clock = SYSTEM) -> None:
    """Count one `name` for the visitor's network. Raises Throttled beyond `most` in an hour.

    Kept in the shared cache under a keyed hash: no address is stored.
    """
    hour, elapsed = divmod(int(clock.now().timestamp()), _HOUR)
    digest = salted_hmac("socle.portal.throttling", network_of(request)).hexdigest()[:32]
    key = f"throttle:{name}:{hour}:{digest}"
    cache = caches["default"]
    cache.add(key, 0, timeout=_HOUR)
    try:
        count = cache.incr(key)
    except ValueError:
        count = 1
    if count > most:
        raise Throttled(
            _HOUR - elapsed, _("Beaucoup d’envois viennent de votre réseau. Réessayez plus tard.")
        )
