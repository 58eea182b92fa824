"""One call of one delivery, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from django.conf import settings

from socle.capabilities.webhooks import rules
from socle.capabilities.webhooks.models import Delivery, Endpoint
from socle.kernel import outgoing
from socle.kernel.outgoing import CallFailed, Forbidden, Policy

ANSWER_MAX = 64 * 1024
GONE = 410


@dataclass(frozen=True, slots=True)
class Outcome:
    """`status`: of the answer, None without one. `final`: trying again makes no sense."""

    received: bool
    status: int | None = None
    error: str = ""
    final: bool = False
    wait: timedelta | None = None


def policy() -> Policy:
    """Where the installation lets its webhooks go, and for how long."""
    allowed = settings.SOCLE.outgoing
    return Policy(
        private_hosts=frozenset(allowed.private_hosts),
        seconds=allowed.timeout,
        max_bytes=ANSWER_MAX,
    )


def body_of(delivery: Delivery) -> bytes:
    """The bytes that are signed and sent: the same at every attempt."""
    return orjson.dumps(
        {
            "type": delivery.event,
            "timestamp": delivery.created_at.isoformat(),
            "data": delivery.payload,
        },
        option=orjson.OPT_SORT_KEYS,
    )


def secrets_of(endpoint: Endpoint, now: datetime) -> list[str]:
    """The secrets that sign now, the newest first."""
    secrets = [endpoint.secret]
    if (
        endpoint.previous_secret
        and endpoint.previous_until is not None
        and now < endpoint.previous_until
    ):
        secrets.append(endpoint.previous_secret)
    return secrets


def call(delivery: Delivery, endpoint: Endpoint, now: datetime) -> Outcome:
    """Send a delivery once. Outside any transaction: it may last as long as the receiver wants."""
    body = body_of(delivery)
    headers = rules.headers(secrets_of(endpoint, now), delivery.event_id, now, body)
    try:
        answer = outgoing.fetch(
            endpoint.url, policy=policy(), method="POST", content=body, headers=headers
        )
    except Forbidden as refused:
        return Outcome(False, error=f"refused address: {refused}"[: rules.ERROR_MAX], final=True)
    except CallFailed as failed:
        return Outcome(False, error=failed.reason[: rules.ERROR_MAX])
    if 200 <= answer.status < 300:
        return Outcome(True, answer.status)
    return Outcome(
        False,
        answer.status,
        error=f"HTTP {answer.status}",
        final=answer.status == GONE,
        wait=rules.asked_wait(answer.headers.get("retry-after", "")),
    )
