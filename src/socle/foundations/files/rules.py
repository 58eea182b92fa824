"""Limits, kinds and names of files. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

Family = Literal["image", "pdf", "document"]
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What is accepted, in bytes and pixels; dimensions of what is kept, in pixels."""

    photo_bytes: int = 10 * MEGABYTE
    document_bytes: int = 15 * MEGABYTE
    pixels: int = 40_000_000
    side: int = 2560
    thumbnail_side: int = 480

    def bytes_for(self, family: Family) -> int:
        return self.photo_bytes if family == "image" else self.document_bytes


@dataclass(frozen=True, slots=True)
class Kind:
    """A format: what it is (``code``), the family forms ask for, and what is stored of it."""

    code: str
    family: Family
    media_type: str
    suffix: str


JPEG = Kind("jpeg", "image", "image/jpeg", ".jpg")
PNG = Kind("png", "image", "image/png", ".png")
WEBP = Kind("webp", "image", "image/webp", ".webp")
GIF = Kind("gif", "image", "image/gif", ".gif")
HEIC = Kind("heic", "image", "image/heic", ".heic")
PDF = Kind("pdf", "pdf", "application/pdf", ".pdf")
_OOXML = "application/vnd.openxmlformats-officedocument."
DOCX = Kind("docx", "document", _OOXML + "wordprocessingml.document", ".docx")
XLSX = Kind("xlsx", "document", _OOXML + "spreadsheetml.sheet", ".xlsx")
ODT = Kind("odt", "document", "application/vnd.oasis.opendocument.text", ".odt")
ODS = Kind("ods", "document", "application/vnd.oasis.opendocument.spreadsheet", ".ods")
KINDS = (JPEG, PNG, WEBP, GIF, HEIC, PDF, DOCX, XLSX, ODT, ODS)

_SUFFIXES = frozenset(kind.suffix for kind in KINDS) | {".jpeg", ".heif", ".jpe", ".jfif"}
_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
_MAX_STEM = 100


def clean_name(name: str, suffix: str, fallback: str) -> str:
    """A name that is safe to show and to save, ending in ``suffix`` (the truth about its content).

    No folder, no control or invisible character (a right-to-left override hides ``exe.jpg``),
    nothing that a file system reserves; at most 100 characters before the suffix. ``fallback`` is
    the stem when nothing is left.
    """
    name = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8", "replace"))
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(
        " " if unicodedata.category(char)[0] == "Z" else char
        for char in name
        if unicodedata.category(char)[0] != "C"
    )
    name = re.sub(r'[<>:"|?*%;]', "_", name)
    name = re.sub(r"\s+", " ", name).strip(" .")
    stem, dot, last = name.rpartition(".")
    if not (dot and f".{last.lower()}" in _SUFFIXES):
        stem = name
    stem = stem[:_MAX_STEM].strip(" .")
    if _RESERVED.match(stem):
        stem = f"_{stem}"
    return f"{stem or fallback}{suffix}"
