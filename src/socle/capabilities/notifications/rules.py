"""What an address, a subject and an attachment's name must be. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MAX_ATTACHED = 10_000_000
"""Bytes of all attachments of one message together: what most mail servers still take once encoded.
"""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file sent along. ``name`` is what the person sees, accents included."""

    name: str
    content: bytes
    media_type: str = "application/pdf"


def one_line(text: str) -> bool:
    """Whether ``text`` can be a header: no line break nor other control character (that is how
    headers are injected).
    """
    return not any(unicodedata.category(char) == "Cc" or char in "\u2028\u2029" for char in text)


def attachment_name(name: str) -> str:
    """``name`` without folder nor control character; never empty."""
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(char for char in name if unicodedata.category(char)[0] != "C").strip(" .")
    return name[:150] or "document"


def shortened(text: str, limit: int) -> str:
    """``text`` on ``limit`` characters at most, cut with an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
