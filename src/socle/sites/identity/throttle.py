"""How many times one may try. Covers every way in: see the table in ``urls.py``.

Two counters for each attempt: one for the visitor's network address, one for the account aimed at,
whether it exists or not (so that the answer tells nothing). An attempt that succeeds is given back.
A browser that has already entered an account has its own counter for it: somebody who guesses from
elsewhere cannot lock the owner out (OWASP, "Slow Down Online Guessing Attacks with Device
Cookies").
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import get_random_string, salted_hmac
from django.utils.translation import ngettext

from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Throttled
from socle.sites.identity.models import Attempts

DEVICE_COOKIE = "appareil"
_DEVICE_SECONDS = 180 * 24 * 3600
_SALT = "socle.sites.identity.throttle"

View = Callable[..., HttpResponseBase]
# What the attempt aims at: an e-mail address, a user id; empty when nothing is aimed at.
Account = Callable[[HttpRequest], str]


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` attempts in `seconds`."""

    count: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Rule:
    """Limits of one kind of attempt. Views that share a name share its counters."""

    name: str
    per_address: Limit
    per_account: Limit | None = None


QUARTER = 15 * 60
# A whole town hall, or a library, may share one network address: what cannot be guessed there, or
# was guessed right, does not count against it.
PASSWORD = Rule("password", Limit(50, QUARTER), Limit(10, QUARTER))
SEND_CODE = Rule("send-code", Limit(100, QUARTER), Limit(5, QUARTER))
ENTER_CODE = Rule("enter-code", Limit(50, QUARTER), Limit(10, QUARTER))
SECOND_FACTOR = Rule("second-factor", Limit(50, QUARTER), Limit(6, 5 * 60))
PASSKEY = Rule("passkey", Limit(300, QUARTER))
PROVIDER = Rule("provider", Limit(600, QUARTER), Limit(20, QUARTER))
RULES = (PASSWORD, SEND_CODE, ENTER_CODE, SECOND_FACTOR, PASSKEY, PROVIDER)


def guard(
    rule: Rule,
    view: View,
    *,
    account: Account | None = None,
    methods: tuple[str, ...] = ("POST",),
    clock: Clock = SYSTEM,
) -> View:
    """Count each attempt before the view runs. Beyond the limit, :class:`Throttled` says how long
    to wait and the view does not run.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in methods:
            return view(request, *args, **kwargs)
        keys = spend(rule, request, account(request) if account else "", clock=clock)
        request.identity_succeeded = False  # type: ignore[attr-defined]
        response = view(request, *args, **kwargs)
        if request.identity_succeeded:  # type: ignore[attr-defined]
            give_back(keys)
        return response

    guarded.throttle_rule = rule  # type: ignore[attr-defined]
    return guarded


def spend(
    rule: Rule, request: HttpRequest, account: str = "", *, clock: Clock = SYSTEM
) -> list[str]:
    """Count one attempt; the keys to give back if it succeeds. Raises :class:`Throttled`."""
    now = clock.now()
    counters = [(_key(rule.name, "address", address_of(request)), rule.per_address)]
    target = normalised(account)
    if target and rule.per_account:
        device = _device_of(request, target)
        counters.append((_key(rule.name, "account", target, device), rule.per_account))
    for key, limit in counters:
        wait = hit(key, limit, now)
        if wait:
            raise _throttled(wait)
    return [key for key, _limit in counters]


def hit(key: str, limit: Limit, now: datetime) -> int:
    """Count one on a counter. 0 when allowed, else the seconds until the window ends.

    The counter's row stays locked from the count to its reading: of any number of simultaneous
    attempts, exactly ``limit.count`` get through.
    """
    ends_at = now + timedelta(seconds=limit.seconds)
    while True:
        with transaction.atomic():
            counter = Attempts.objects.filter(key=key)
            counted = counter.filter(ends_at__gt=now).update(count=F("count") + 1) or (
                counter.filter(ends_at__lte=now).update(count=1, ends_at=ends_at)
            )
            if counted:
                count, ends_at = counter.values_list("count", "ends_at").get()
                left = round((ends_at - now).total_seconds())
                return max(1, left) if count > limit.count else 0
        try:
            with transaction.atomic():
                Attempts.objects.create(key=key, ends_at=ends_at)
        except IntegrityError:
            # Somebody else has just made it: count on theirs.
            continue


def give_back(keys: list[str]) -> None:
    """Take one off each counter: the attempt was the owner's."""
    Attempts.objects.filter(key__in=keys, count__gt=0).update(count=F("count") - 1)


def sweep(*, now: datetime) -> int:
    """Forget the counters whose window ended."""
    return Attempts.objects.filter(ends_at__lte=now).delete()[0]


def normalised(account: str) -> str:
    """The same account under every spelling of its address."""
    return account.strip().casefold()[:320]


def address_of(request: HttpRequest) -> str:
    """The visitor's network: an IPv4 address, or the /64 that one IPv6 subscriber holds."""
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


def remember_device(response: Any, request: HttpRequest, account: str) -> None:
    """Mark the browser as one that has entered this account."""
    response.set_cookie(
        DEVICE_COOKIE,
        signing.dumps([_hash(normalised(account)), get_random_string(12)], salt=_SALT),
        max_age=_DEVICE_SECONDS,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )


def _device_of(request: HttpRequest, target: str) -> str:
    try:
        owner, device = signing.loads(
            request.COOKIES.get(DEVICE_COOKIE, ""), salt=_SALT, max_age=_DEVICE_SECONDS
        )
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(device) if owner == _hash(target) else ""


def _hash(text: str) -> str:
    return salted_hmac(_SALT, text, algorithm="sha256").hexdigest()


def _key(*parts: str) -> str:
    return _hash("\0".join(parts))


def _throttled(seconds: int) -> Throttled:
    minutes = -(-seconds // 60)
    message = ngettext(
        "Trop de tentatives. Par sécurité, attendez %(count)d minute avant de réessayer.",
        "Trop de tentatives. Par sécurité, attendez %(count)d minutes avant de réessayer.",
        minutes,
    ) % {"count": minutes}
    return Throttled(seconds, message)
