"""The calls of GeoReport v2, each bounded, each through `kernel.outgoing`.

A server may speak XML only (JSON is optional), require a key for reading, or lack the extensions:
what it can do is asked once and remembered for a while by each process.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings

from socle.connectors.open311 import reading
from socle.kernel import outgoing

# Seconds during which what a server can do is not asked again.
REMEMBERED = 1800.0
MOST_BYTES = 4 * 1024 * 1024

Fields = Sequence[tuple[str, str]]


class Failure(Exception):
    """A call that brought no answer of the specification.

    `status`: theirs, 0 when there was none: it may have been done all the same. `sentence`: what
    they said, for agents.
    """

    def __init__(self, status: int, sentence: str = "", *, retry_after: int | None = None) -> None:
        super().__init__(f"{status} {sentence}".strip())
        self.status = status
        self.sentence = sentence
        self.retry_after = retry_after

    @property
    def permanent(self) -> bool:
        """They understood and refused: the same call would be refused again."""
        return 300 <= self.status < 500 and self.status not in (408, 409, 421, 425, 429)


class Refused(Failure):
    """The address must not be called (outgoing.Forbidden)."""

    permanent = True


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a multipart form."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a server can do. `services`: code → whether it asks questions (`metadata`)."""

    suffix: str
    services: Mapping[str, bool]
    uploads: bool


_known: dict[tuple[str, str], tuple[float, Abilities]] = {}
_lock = threading.Lock()


def forget() -> None:
    """Forget what servers can do (tests)."""
    with _lock:
        _known.clear()


def policy() -> outgoing.Policy:
    """Private addresses only for the hosts that the settings name."""
    options = settings.SOCLE.outgoing
    return outgoing.Policy(
        private_hosts=frozenset(host.lower() for host in options.private_hosts),
        seconds=options.timeout,
        max_bytes=MOST_BYTES,
    )


class Client:
    """One server, as one body reaches it. `url`: its endpoint, such as ``https://…/open311/v2``."""

    def __init__(
        self,
        url: str,
        *,
        jurisdiction: str = "",
        key: str = "",
        fetch: Callable[..., outgoing.Answer] = outgoing.fetch,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url.rstrip("/")
        self._jurisdiction = jurisdiction
        self._key = key
        self._fetch = fetch
        self._monotonic = monotonic

    # --- What it can do ---

    def abilities(self) -> Abilities:
        """Its format, services and extensions. Raises :class:`Failure`."""
        place = (self._url, self._jurisdiction)
        with _lock:
            known = _known.get(place)
        if known is not None and self._monotonic() < known[0]:
            return known[1]
        found = self._ask_abilities()
        with _lock:
            if len(_known) > 200:
                _known.clear()
            _known[place] = (self._monotonic() + REMEMBERED, found)
        return found

    def _ask_abilities(self) -> Abilities:
        failure: Failure | None = None
        for suffix in (".json", ".xml"):
            try:
                answer = self._get("services" + suffix)
                items = reading.mapping_list(answer.body, answer.media_type, "services")
            except Failure as error:
                if not error.permanent or isinstance(error, Refused):
                    raise
                failure = failure or error
            except reading.Unreadable as error:
                failure = failure or Failure(200, f"services: {error}")
            else:
                services = {
                    code: reading.truth_of(each, "metadata")
                    for each in items
                    if (code := reading.text_of(each, "service_code", 100))
                }
                uploads = "multipart/form-data" in answer.headers.get("accept-post", "")
                return Abilities(suffix, services, uploads)
        raise failure or Failure(0)

    def definition(self, code: str) -> dict[str, dict[str, Any]]:
        """The attributes of a service, by code; none when it has no definition."""
        try:
            answer = self._get(f"services/{_segment(code)}{self.abilities().suffix}")
            found = reading.mapping(answer.body, answer.media_type).get("attributes")
        except Failure as error:
            if error.status in (400, 404):
                return {}
            raise
        except reading.Unreadable:
            return {}
        items = [each for each in found or [] if isinstance(each, dict)]
        return {code: each for each in items if (code := reading.text_of(each, "code", 100))}

    # --- Requests ---

    def post_request(
        self, fields: Fields, *, uploads: Sequence[Upload] = (), idempotency_key: str = ""
    ) -> dict[str, Any]:
        """POST Service Request; the request they made. Raises :class:`Failure`."""
        return self._post("requests", "service_requests", fields, uploads, idempotency_key)

    def token(self, token: str) -> str:
        """The service_request_id of a token; empty while there is none."""
        try:
            answer = self._get(f"tokens/{_segment(token)}{self.abilities().suffix}")
            items = reading.mapping_list(answer.body, answer.media_type, "service_requests")
        except Failure as error:
            if error.status in (400, 404):
                return ""
            raise
        except reading.Unreadable as error:
            raise Failure(200, f"token: {error}") from None
        return reading.text_of(items[0], "service_request_id", 200) if items else ""

    def request(self, request_id: str) -> dict[str, Any] | None:
        """GET Service Request; `None` when they know no such one."""
        found = self._list(f"requests/{_segment(request_id)}", "service_requests", {})
        return found[0] if found else None

    def requests(self, **query: str) -> list[dict[str, Any]]:
        """GET Service Requests."""
        return self._list("requests", "service_requests", query) or []

    # --- Updates (FixMyStreet's extension) ---

    def updates(self, request_id: str) -> list[dict[str, Any]] | None:
        """The updates of one request; `None` where the server has no such address."""
        return self._list(f"requests/{_segment(request_id)}/updates", "service_request_updates", {})

    def all_updates(self, start: str, end: str) -> list[dict[str, Any]] | None:
        """The updates of a period; `None` where the server has no such address."""
        return self._list(
            "servicerequestupdates",
            "service_request_updates",
            {"start_date": start, "end_date": end},
        )

    def post_update(self, request_id: str, fields: Fields) -> str:
        """Say something of a request; the id they give it. Raises :class:`Failure`."""
        whole = [("service_request_id", request_id), *fields]
        made = self._post("servicerequestupdates", "service_request_updates", whole, (), "")
        return reading.text_of(made, "update_id", 200)

    # --- Calls ---

    def _list(self, path: str, root: str, query: Mapping[str, str]) -> list[dict[str, Any]] | None:
        try:
            answer = self._get(path + self.abilities().suffix, query)
            return reading.mapping_list(answer.body, answer.media_type, root)
        except Failure as error:
            if error.status in (404, 405, 410, 501):
                return None
            raise
        except reading.Unreadable as error:
            raise Failure(200, f"{root}: {error}") from None

    def _get(self, path: str, query: Mapping[str, str] | None = None) -> outgoing.Answer:
        parameters = {name: value for name, value in (query or {}).items() if value}
        if self._jurisdiction:
            parameters["jurisdiction_id"] = self._jurisdiction
        address = f"{self._url}/{path}"
        if parameters:
            address += "?" + urlencode(parameters)
        return self._call("GET", address)

    def _post(
        self,
        path: str,
        root: str,
        fields: Fields,
        uploads: Sequence[Upload],
        idempotency_key: str,
    ) -> dict[str, Any]:
        suffix = self.abilities().suffix
        whole = [*fields]
        if self._jurisdiction:
            whole.insert(0, ("jurisdiction_id", self._jurisdiction))
        if self._key:
            whole.insert(0, ("api_key", self._key))
        if uploads:
            content, kind = _multipart(whole, uploads)
        else:
            content, kind = urlencode(whole).encode(), "application/x-www-form-urlencoded"
            kind += "; charset=utf-8"
        headers = {"Content-Type": kind}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        answer = self._call("POST", f"{self._url}/{path}{suffix}", content, headers)
        try:
            items = reading.mapping_list(answer.body, answer.media_type, root)
        except reading.Unreadable as error:
            raise Failure(200, f"{root}: {error}") from None
        if not items:
            raise Failure(200, f"{root}: empty")
        return items[0]

    def _call(
        self,
        method: str,
        address: str,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> outgoing.Answer:
        sent = {"Accept": "application/json, text/xml;q=0.9", **(headers or {})}
        if self._key and self._keeps_secrets():
            sent["Authorization"] = f"Bearer {self._key}"
        try:
            answer = self._fetch(
                address, policy=policy(), method=method, content=content, headers=sent
            )
        except outgoing.Forbidden as error:
            raise Refused(0, str(error)) from None
        except outgoing.CallFailed as error:
            raise Failure(0, error.reason) from None
        if 200 <= answer.status < 300:
            return answer
        raise Failure(
            answer.status,
            reading.errors_of(answer.body, answer.media_type),
            retry_after=_seconds(answer.headers.get("retry-after", "")),
        )

    def _keeps_secrets(self) -> bool:
        parts = urlsplit(self._url)
        return parts.scheme == "https" or (parts.hostname or "") in policy().private_hosts


def _segment(text: str) -> str:
    return quote(text, safe="")


def _seconds(text: str) -> int | None:
    return min(int(text), 86_400) if text.isascii() and text.isdigit() and len(text) < 9 else None


def _multipart(fields: Fields, uploads: Sequence[Upload]) -> tuple[bytes, str]:
    boundary = "----socle" + secrets.token_hex(16)
    parts: list[bytes] = []
    for name, value in fields:
        parts.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n'
            f"{value}\r\n".encode()
        )
    for upload in uploads:
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="media"; '
            f'filename="{_quoted(upload.name)}"\r\nContent-Type: {upload.media_type}\r\n\r\n'
        )
        parts.append(head.encode() + upload.content + b"\r\n")
    parts.append(f"--{boundary}--\r\n".encode())
    return b"".join(parts), f"multipart/form-data; boundary={boundary}"


def _quoted(text: str) -> str:
    clean = text.replace("\r", " ").replace("\n", " ").replace("\\", "_")
    return clean.replace('"', "%22")
