"""By a signed HTTP call (Standard Webhooks): JSON to their address, their answer read if they give one.

The call is a POST of ``{"type": "report.handed_over", "data": {…}}`` whose ``webhook-id`` is the same
at every attempt. The answer may hold ``{"id": "their reference", "status_url": "https://…"}``;
`status_url`, of the same host, is then read for ``{"updates": [{"id", "at", "status", "text"}]}``.
"""  # noqa: E501

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import orjson
from django.conf import settings
from django.utils.translation import gettext as _

from socle.capabilities.webhooks import rules as signing
from socle.domains.reports.handovers.ports import NotSent, Outgoing, Sent, Update, UpdateStatus
from socle.kernel import outgoing
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Gone
from socle.kernel.outgoing import Answer, CallFailed, Forbidden, Policy

PHOTOS_BYTES = 8_000_000
_STATUSES: Mapping[str, UpdateStatus] = {
    "open": "open", "received": "open", "accepted": "accepted", "in_progress": "accepted",
    "planned": "accepted", "done": "done", "resolved": "done", "closed": "done",
    "returned": "returned", "not_ours": "returned", "refused": "returned",
}  # fmt: skip

Fetch = Callable[..., Answer]


class WebhookSender:
    """A `ports.Sender`. `fetch`: how addresses are called."""

    def __init__(self, fetch: Fetch = outgoing.fetch, clock: Clock = SYSTEM) -> None:
        self._fetch = fetch
        self._clock = clock

    def send(self, handover: Outgoing) -> Sent:
        body = orjson.dumps(
            {
                "type": "report.handed_over",
                "timestamp": handover.handed_at.isoformat(),
                "data": _facts(handover),
            },
            option=orjson.OPT_SORT_KEYS,
        )
        answer = self._call(handover, handover.body.url, "POST", body)
        said = _object(answer)
        status_url = str(said.get("status_url") or "")
        if status_url and urlsplit(status_url).netloc != urlsplit(handover.body.url).netloc:
            status_url = ""
        return Sent(
            external_id=str(said.get("id") or "")[:200],
            token=status_url if len(status_url) <= 200 else "",
            status="open",
        )

    def updates(self, handover: Outgoing) -> list[Update]:
        if not handover.external_token:
            return []
        said = _object(self._call(handover, handover.external_token, "GET", b""))
        found = []
        for each in said.get("updates") or []:
            update = _update(each) if isinstance(each, dict) else None
            if update is not None:
                found.append(update)
        return sorted(found, key=lambda update: update.at)

    def _call(self, handover: Outgoing, url: str, method: str, body: bytes) -> Answer:
        if not url:
            raise NotSent(_("L’adresse à appeler n’est pas renseignée."), permanent=True)
        try:
            headers = signing.headers([handover.body.secret], handover.key, self._clock.now(), body)
        except ValueError:
            raise NotSent(
                _("Le secret de cet organisme n’est pas réglé."), permanent=True
            ) from None
        allowed = settings.SOCLE.outgoing
        policy = Policy(frozenset(allowed.private_hosts), allowed.timeout)
        try:
            answer = self._fetch(
                url, policy=policy, method=method, content=body if method == "POST" else None,
                headers=headers,
            )  # fmt: skip
        except Forbidden:
            message = _("Cette adresse ne peut pas être appelée d’ici.")
            raise NotSent(message, permanent=True) from None
        except CallFailed as failed:
            message = _("L’autre système ne répond pas (%(reason)s).")
            raise NotSent(message % {"reason": failed.reason}) from None
        if 200 <= answer.status < 300:
            return answer
        asked = signing.asked_wait(answer.headers.get("retry-after", ""))
        raise NotSent(
            _("L’autre système a répondu %(status)s.") % {"status": answer.status},
            permanent=400 <= answer.status < 500 and answer.status not in (408, 409, 425, 429),
            retry_after=int(asked.total_seconds()) if asked else None,
        )


def _facts(handover: Outgoing) -> dict[str, Any]:
    photos, left = [], PHOTOS_BYTES
    for photo in handover.photos:
        try:
            content = photo.read()
        except Gone:
            continue
        left -= len(content)
        if left < 0:
            break
        photos.append(
            {
                "name": photo.name,
                "media_type": photo.media_type,
                "sha256": hashlib.sha256(content).hexdigest(),
                "content": base64.b64encode(content).decode(),
            }
        )
    return {
        "reference": handover.reference,
        "service_code": handover.service_code,
        "category": handover.category,
        "category_label": handover.category_label,
        "title": handover.title,
        "description": handover.description,
        "reason": handover.reason,
        "address": handover.address,
        "area_code": handover.area_code,
        "lon": handover.lon,
        "lat": handover.lat,
        "priority": handover.priority,
        "created_at": handover.created_at.isoformat(),
        "attributes": dict(handover.attributes),
        "photos": photos,
    }


def _object(answer: Answer) -> dict[str, Any]:
    try:
        said = orjson.loads(answer.body) if answer.body else {}
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def _update(said: Mapping[str, Any]) -> Update | None:
    """One of their updates; None when it cannot be understood."""
    status = _STATUSES.get(str(said.get("status") or ""))
    key = str(said.get("id") or "")[:200]
    try:
        at = datetime.fromisoformat(str(said.get("at") or ""))
    except ValueError:
        return None
    if status is None or not key:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return Update(
        at=at,
        status=status,
        key=key,
        text=str(said.get("text") or "")[:2000],
        external_status=str(said["status"])[:60],
    )
