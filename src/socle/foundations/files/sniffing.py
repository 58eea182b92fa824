"""What bytes are, from their content only. The name and the declared type of an upload prove
nothing.
"""

from __future__ import annotations

import puremagic

from socle.foundations.files.rules import GIF, HEIC, JPEG, PDF, PNG, WEBP, Kind

HEAD = 4096
"""How many first bytes :func:`sniff` wants."""

_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})


def sniff(head: bytes) -> Kind | None:
    """The kind of a file from its first bytes; None when it is not one we accept.

    A ZIP container gives None here: ``office.identify`` must look inside it (see :func:`is_zip`).
    """
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return HEIC
    # At the very start: readers also accept it later, which is how one file passes for two.
    if head.startswith(b"%PDF-"):
        return PDF
    return None


def is_zip(head: bytes) -> bool:
    return head.startswith(b"PK\x03\x04")


_USUAL = (
    (b"MZ", "exe"),
    (b"\x7fELF", "elf"),
    (b"#!", "script"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "doc"),
    (b"PK\x03\x04", "zip"),
    (b"Rar!", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
)


def guess(head: bytes) -> str:
    """A usual suffix for refused content (``exe``), to explain the refusal; empty when unknown."""
    for beginning, suffix in _USUAL:
        if head.startswith(beginning):
            return suffix
    text = head.lstrip(b"\xef\xbb\xbf\r\n\t ").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<script")):
        return "html"
    if b"<svg" in text[:1024]:
        return "svg"
    try:
        found = puremagic.from_string(head)
    except (puremagic.PureError, ValueError):
        return ""
    return found.lstrip(".") if len(found) <= 8 else ""
