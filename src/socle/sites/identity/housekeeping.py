"""What is forgotten with time."""

from __future__ import annotations

from datetime import timedelta

from allauth.account.models import EmailAddress

from socle.foundations.accounts.models import User
from socle.kernel.clock import SYSTEM, Clock
from socle.sites.identity import throttle

# An account whose address was never confirmed is nobody's.
UNCONFIRMED_DAYS = 7


def forget_unproven(email: str, *, keep: int | None = None) -> None:
    """Delete an account opened with this address and never confirmed, save the account `keep`.

    Whoever proves that the address is theirs owes nothing to somebody who only typed it.
    """
    user = User.objects.filter(
        email=email,
        last_login__isnull=True,
        closed_at__isnull=True,
        is_administrator=False,
        emailaddress__email=email,
        emailaddress__verified=False,
        memberships__isnull=True,
        identities__isnull=True,
    ).first()
    if user is not None and user.pk != keep:
        user.delete()


def sweep(*, clock: Clock = SYSTEM) -> dict[str, int]:
    """Forget counters whose window ended and accounts never confirmed; how many of each."""
    now = clock.now()
    confirmed = EmailAddress.objects.filter(verified=True).values("user_id")
    stale = User.objects.filter(
        created_at__lt=now - timedelta(days=UNCONFIRMED_DAYS),
        last_login__isnull=True,
        closed_at__isnull=True,
        is_administrator=False,
        emailaddress__isnull=False,
        memberships__isnull=True,
        identities__isnull=True,
    ).exclude(pk__in=confirmed)
    numbers = set(stale.values_list("pk", flat=True))
    for user in User.objects.filter(pk__in=numbers):
        user.delete()
    return {"counters": throttle.sweep(now=now), "accounts": len(numbers)}
