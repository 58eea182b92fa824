"""From the bytes of a message to what matters of it, whatever program wrote it.

Built on the standard library's parser in its most tolerant mode: a message that is wrong somewhere
is read as far as it goes. Sizes are bounded before anything is decoded.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.header import decode_header
from email.message import Message
from email.utils import collapse_rfc2231_value, getaddresses

from socle.capabilities.casework.inbound import html

MAX_PARTS = 300
MAX_DEPTH = 25
MAX_TEXT = 400_000
"""Characters of one text that are looked at."""

_LOGO = 16_000
"""Bytes under which a picture that belongs to the message's own layout is a logo, not a photo."""

_RECIPIENTS = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")
_IGNORED = frozenset({
    "application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature",
    "application/pgp-keys", "text/calendar", "text/x-amp-html", "message/delivery-status",
    "text/rfc822-headers", "text/vcard", "text/x-vcard",
})  # fmt: skip


class Unreadable(Exception):
    """No message can be made of these bytes. The argument is a code."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that came with a message."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a message says. Addresses are in lower case; `answers` are Message-IDs, the nearest
    first.
    """

    key: str
    message_id: str
    sender: str
    sender_name: str
    recipients: tuple[str, ...]
    subject: str
    answers: tuple[str, ...]
    text: str
    attachments: tuple[Attached, ...]
    message: Message


def parse(raw: bytes) -> Parsed:
    """Read a message. Raises `Unreadable` for bytes that are none, or too deep to be honest."""
    try:
        message = message_from_bytes(raw, policy=policy.compat32)
        parts = _Parts()
        text = parts.read(message, 0)
    except RecursionError:
        raise Unreadable("too-deep") from None
    if not message.keys():
        raise Unreadable("not-a-message")
    message_id = header(message, "Message-ID").strip()[:1000]
    senders = addresses(message, "From") or addresses(message, "Sender")
    name, sender = senders[0] if senders else ("", "")
    return Parsed(
        key=key_of(raw, message_id),
        message_id=message_id,
        sender=sender,
        sender_name=name,
        recipients=tuple(
            dict.fromkeys(
                address for field in _RECIPIENTS for _name, address in addresses(message, field)
            )
        ),
        subject=" ".join(header(message, "Subject").split())[:500],
        answers=_answers(message),
        text=text,
        attachments=tuple(parts.attachments),
        message=message,
    )


def key_of(raw: bytes, message_id: str) -> str:
    """What tells a message read twice: its Message-ID, or all of it when it has none."""
    if re.fullmatch(r"<[^<>\s]{3,240}>", message_id):
        return message_id
    return "sha256:" + hashlib.sha256(raw).hexdigest()


def header(message: Message, name: str) -> str:
    """A header as text, its encoded words decoded; empty when there is none."""
    return decoded(message.get(name, ""))


def headers(message: Message, name: str) -> list[str]:
    """Every header of that name, the topmost first."""
    return [decoded(each) for each in message.get_all(name, [])]


def decoded(value: object) -> str:
    """Encoded words of RFC 2047 and raw bytes, as text; never raises."""
    try:
        pieces = decode_header(value)  # type: ignore[arg-type]
        words = [
            to_text(piece, charset) if isinstance(piece, bytes) else piece
            for piece, charset in pieces
        ]
        text = "".join(words)
    except Exception:  # the standard decoder raises many things on nonsense
        text = str(value)
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return text.replace("\r", "").replace("\n", " ").replace("\x00", "").strip()


def addresses(message: Message, name: str) -> list[tuple[str, str]]:
    """(name, address) pairs of a header; addresses in lower case, those without a @ left out."""
    try:
        raw = [str(each) for each in message.get_all(name, [])]
        pairs = getaddresses(raw)
    except Exception:  # idem
        return []
    found = []
    for person, address in pairs:
        address = address.strip().lower()
        if re.fullmatch(r"[^@\s<>,;\x00-\x1f]{1,64}@[^@\s<>,;\x00-\x1f]{1,190}", address):
            found.append((decoded(person)[:200], address))
    return found


def _answers(message: Message) -> tuple[str, ...]:
    direct = re.findall(r"<[^<>\s]{3,240}>", header(message, "In-Reply-To"))
    chain = re.findall(r"<[^<>\s]{3,240}>", header(message, "References"))
    return tuple(dict.fromkeys([*direct, *reversed(chain)]))[:50]


class _Parts:
    """Walks the parts of a message: text to read, files to keep."""

    def __init__(self) -> None:
        self.attachments: list[Attached] = []
        self._seen: set[str] = set()
        self._count = 0

    def read(self, part: Message, depth: int) -> str:
        """The text of a part; its files are kept aside."""
        self._count += 1
        if self._count > MAX_PARTS or depth > MAX_DEPTH:
            raise Unreadable("too-many-parts")
        kind = part.get_content_type()
        if kind == "message/rfc822":
            self._keep(part, kind)
            return ""
        if part.is_multipart() and isinstance(part.get_payload(), list):
            children = [each for each in part.get_payload() if isinstance(each, Message)]
            texts = [self.read(each, depth + 1) for each in children]
            if kind == "multipart/alternative":
                return next((text for text in texts if text.strip()), "")
            return "\n\n".join(text for text in texts if text.strip())
        if kind in _IGNORED:
            return ""
        disposition = str(part.get("Content-Disposition", "")).strip().lower()
        attached = disposition.startswith("attachment") or bool(part.get_filename())
        if kind in {"text/plain", "text/html"} and not attached:
            return self._text(part, kind)
        self._keep(part, kind)
        return ""

    def _text(self, part: Message, kind: str) -> str:
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes):
            return ""
        text = to_text(content[: MAX_TEXT * 4], _charset(part))[:MAX_TEXT]
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
        if kind == "text/html":
            return html.to_text(text)
        if str(part.get_param("format", "")).lower() == "flowed":
            return unflow(text, delsp=str(part.get_param("delsp", "")).lower() == "yes")
        return text

    def _keep(self, part: Message, kind: str) -> None:
        if kind == "message/rfc822":
            inner = part.get_payload()
            first = inner[0] if isinstance(inner, list) and inner else None
            content = first.as_bytes() if isinstance(first, Message) else b""
        else:
            payload = part.get_payload(decode=True)
            content = payload if isinstance(payload, bytes) else b""
        if not content:
            return
        if kind.startswith("image/") and part.get("Content-ID") and len(content) < _LOGO:
            return
        # The same picture is often there twice, for each form of the text.
        digest = hashlib.sha256(content).hexdigest()
        if digest in self._seen:
            return
        self._seen.add(digest)
        self.attachments.append(Attached(_name(part), kind, content))


def _name(part: Message) -> str:
    try:
        found = part.get_filename() or ""
        name = decoded(collapse_rfc2231_value(found))
    except Exception:  # idem
        name = ""
    return re.split(r"[/\\]", name)[-1][:150] or "document"


def _charset(part: Message) -> str | None:
    try:
        found = part.get_param("charset")
        return collapse_rfc2231_value(found) if found else None
    except Exception:  # idem
        return None


def to_text(content: bytes, charset: str | None) -> str:
    """Bytes as text: as declared when that holds, else UTF-8, else what Windows writes."""
    name = re.sub(r"[^a-z0-9_-]", "", str(charset or "").lower().split(";")[0])
    # Declared as Latin-1 or ASCII, written by Windows: the superset reads both.
    if name in {"iso-8859-1", "latin1", "latin-1", "iso8859-1"}:
        candidates = ["cp1252"]
    elif name in {"", "us-ascii", "ascii", "unknown-8bit"}:
        candidates = ["utf-8", "cp1252"]
    else:
        candidates = [name, "utf-8", "cp1252"]
    for each in candidates:
        try:
            codec = codecs.lookup(each)
            # Only encodings of text: zip_codec and the like would inflate bytes.
            if not codec._is_text_encoding:
                continue
            return content.decode(each)
        except (LookupError, UnicodeError, ValueError):
            continue
    return content.decode("cp1252", "replace")


def unflow(text: str, *, delsp: bool) -> str:
    """Join the lines that were cut for the journey (RFC 3676)."""
    lines: list[str] = []
    for line in text.split("\n"):
        if lines and _continues(lines[-1], line):
            before = lines[-1][:-1] if delsp else lines[-1]
            lines[-1] = before + line.lstrip(">").removeprefix(" ")
        else:
            lines.append(line)
    return "\n".join(_unstuffed(line) for line in lines)


def _continues(before: str, line: str) -> bool:
    depth = len(before) - len(before.lstrip(">"))
    same = depth == len(line) - len(line.lstrip(">"))
    return before.endswith(" ") and before.strip("> ") != "--" and same


def _unstuffed(line: str) -> str:
    return line.removeprefix(" ") if line.startswith((" >", " From", "  ")) else line
