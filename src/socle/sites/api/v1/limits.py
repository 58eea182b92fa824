"""How much one may ask. Reads and keys are counted in each worker; writes without a key in the
database, exactly, whatever the number of workers.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Throttled
from socle.sites.api.models import Window

_SALT = "socle.sites.api.limits"
_MOST_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` requests in `seconds`. `exact`: counted in the database."""

    name: str
    count: int
    seconds: int = 60
    exact: bool = False


PUBLIC = Limit("public", 600)
TILES = Limit("tiles", 6_000)
KEY = Limit("key", 1_200)
# Without a key: a family, a school, a town hall share one address.
REPORTS = Limit("reports", 30, 3_600, exact=True)
PHOTOS = Limit("photos", 100, 3_600, exact=True)
UPDATES = Limit("updates", 60, 3_600, exact=True)
LIMITS = (PUBLIC, TILES, KEY, REPORTS, PHOTOS, UPDATES)


@dataclass(frozen=True, slots=True)
class Spent:
    """Where a caller stands. `reset`: seconds until the window ends."""

    limit: Limit
    left: int
    reset: int

    def headers(self) -> dict[str, str]:
        """As the draft standard of HTTP says (draft-ietf-httpapi-ratelimit-headers)."""
        name, limit = self.limit.name, self.limit
        return {
            "RateLimit-Policy": f'"{name}";q={limit.count};w={limit.seconds}',
            "RateLimit": f'"{name}";r={self.left};t={self.reset}',
        }


class TooMany(Throttled):
    """Beyond a limit; carries where the caller stands."""

    def __init__(self, spent: Spent) -> None:
        self.spent = spent
        super().__init__(spent.reset, _("Trop de requêtes : attendez un peu avant de recommencer."))

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.spent,), self.__dict__


class _Counters:
    """Counts by key in the present window; forgotten when it ends."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[int, dict[str, int]]] = {}

    def hit(self, limit: Limit, key: str) -> Spent:
        at, elapsed = divmod(self._now(), limit.seconds)
        with self._lock:
            window, counts = self._windows.get(limit.name, (-1, {}))
            if window != int(at) or len(counts) > _MOST_KEPT:
                counts = {}
                self._windows[limit.name] = int(at), counts
            counts[key] = count = counts.get(key, 0) + 1
        spent = Spent(limit, max(0, limit.count - count), max(1, round(limit.seconds - elapsed)))
        if count > limit.count:
            raise TooMany(spent)
        return spent

    def clear(self) -> None:
        with self._lock:
            self._windows.clear()


counters = _Counters()


def network_of(request: HttpRequest) -> str:
    """The caller's network: an IPv4 address, or the /64 that one IPv6 subscriber holds."""
    text = request.META.get("REMOTE_ADDR", "")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def spend(limit: Limit, who: str, clock: Clock = SYSTEM) -> Spent:
    """Count one request of `who`. Raises :class:`TooMany` beyond the limit."""
    if not limit.exact:
        return counters.hit(limit, who)
    now = clock.now()
    key = salted_hmac(_SALT, f"{limit.name}\0{who}", algorithm="sha256").hexdigest()
    ends_at = now + timedelta(seconds=limit.seconds)
    while True:
        with transaction.atomic():
            row = Window.objects.filter(key=key)
            counted = row.filter(ends_at__gt=now).update(count=F("count") + 1) or (
                row.filter(ends_at__lte=now).update(count=1, ends_at=ends_at)
            )
            if counted:
                # The row stays locked from the count to its reading.
                count, ends = row.values_list("count", "ends_at").get()
                reset = max(1, round((ends - now).total_seconds()))
                spent = Spent(limit, max(0, limit.count - count), reset)
                break
        try:
            with transaction.atomic():
                Window.objects.create(key=key, ends_at=ends_at)
        except IntegrityError:
            # Somebody else has just made it: count on theirs.
            continue
    if count > limit.count:
        raise TooMany(spent)
    return spent


def sweep(clock: Clock = SYSTEM) -> int:
    """Forget the windows that ended."""
    return Window.objects.filter(ends_at__lte=clock.now()).delete()[0]
