"""The e-mail addresses that people answer to: ``suivi+SG-26-7K4M2X.token@domain``.

The token says that whoever writes was written to; the reference, which case. Letters of one case
also name one imaginary message in ``References``, so that mail programs show them as one thread.
"""

from __future__ import annotations

import re
from email.utils import parseaddr
from typing import Protocol

from django.conf import settings

from socle.capabilities.casework import tokens
from socle.kernel import references


class Answerable(tokens.Followed, Protocol):
    reference: str


def reply_address(case: Answerable) -> str:
    """Where the person answers about a case; empty when the installation receives no mail, or the
    case has no link any more.
    """
    options, token = settings.SOCLE.mailbox, tokens.replying(case)
    if not options.domain or not token:
        return ""
    return f"{options.local_part}+{case.reference}.{token}@{options.domain}".lower()


def bare_address() -> str:
    """The address without a case; empty when the installation receives no mail."""
    options = settings.SOCLE.mailbox
    return f"{options.local_part}@{options.domain}".lower() if options.domain else ""


def thread_headers(case: Answerable) -> dict[str, str]:
    """What holds the letters of one case together, and lets us know our own when they come back."""
    domain = settings.SOCLE.mailbox.domain or own_domain()
    headers = {"References": f"<{case.reference.lower()}@{domain}>"}
    if bare_address():
        headers["X-Loop"] = bare_address()
    return headers


def own_domain() -> str:
    """The domain our letters leave from."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2].lower() or "localhost"


def read(address: str) -> tuple[str, str] | None:
    """(reference, token) of a reply address of ours, else `None`."""
    options = settings.SOCLE.mailbox
    if not options.domain:
        return None
    local, _at, domain = address.strip().lower().rpartition("@")
    found = re.fullmatch(
        rf"{re.escape(options.local_part)}\+([a-z0-9-]{{4,24}})\.([a-z2-7]{{8,40}})", local
    )
    if found is None or domain != options.domain.lower():
        return None
    reference = references.normalise(found[1])
    return (reference, found[2]) if reference else None


def is_own(address: str) -> bool:
    """Whether an address is one of ours: what comes from there is a loop."""
    address = address.strip().lower()
    options = settings.SOCLE.mailbox
    own = {parseaddr(settings.DEFAULT_FROM_EMAIL)[1].lower(), options.reports.lower()}
    if address in own - {""}:
        return True
    local, _at, domain = address.rpartition("@")
    return (
        bool(options.domain)
        and domain == options.domain.lower()
        and (local.partition("+")[0] == options.local_part)
    )
