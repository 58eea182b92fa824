"""Office documents (Word, Excel, LibreOffice): a ZIP of known shape, without macro, and
not a bomb.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from typing import BinaryIO

from django.utils.translation import gettext_lazy as _

from socle.foundations.files.rules import DOCX, ODS, ODT, XLSX, Kind
from socle.kernel.errors import Invalid, TooLarge, UnsupportedMedia

MAX_ENTRIES = 3_000
MAX_UNPACKED = 150_000_000
MAX_RATIO = 300
_SMALL = 1_000_000

_MAIN = {
    b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml": DOCX,
    b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml": XLSX,
}
_OPEN_DOCUMENT = {kind.media_type.encode(): kind for kind in (ODT, ODS)}
_FORBIDDEN_ENTRY = re.compile(
    r"(?i)(?:^|/)(?:vbaproject|vbadata|macrosheets|activex|embeddings|basic|scripts|externallinks)(?:\.|/|$)"
    r"|\.(?:exe|dll|js|vbs|ps1|bat|cmd|com|scr|jar|hta|lnk|msi)$"
)
_ACTIVE_TEXT = re.compile(
    rb"(?i)macroEnabled|DDEAUTO|\bDDE\s+[\"a-z]|<script:event-listener|<office:script\b(?!s)"
    rb"|attachedTemplate\"[^>]{0,800}TargetMode=\"External\"|TargetMode=\"External\"[^>]{0,800}attachedTemplate"
    rb"|/oleObject\"[^>]{0,800}TargetMode=\"External\""
)
_ENCRYPTED_ODF = re.compile(rb"<manifest:encryption-data")


def check(stream: BinaryIO) -> Kind:
    """The kind of document. Raises ``UnsupportedMedia`` when it is another archive or holds macros,
    ``TooLarge`` on a bomb, ``Invalid`` when it is damaged.
    """
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as archive:
            _not_a_bomb(archive)
            kind = _kind(archive)
            _inert(archive)
            return kind
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        NotImplementedError,
        ValueError,
        KeyError,
    ):
        raise Invalid(
            _("Ce document est abîmé ou incomplet. Enregistrez-le à nouveau, puis renvoyez-le."),
            code="damaged-file",
        ) from None
    except RuntimeError:
        # What zipfile raises on an encrypted entry.
        raise UnsupportedMedia(
            _("Ce document est protégé par un mot de passe."), code="encrypted-file"
        ) from None


def _not_a_bomb(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    total = sum(entry.file_size for entry in entries)
    swollen = any(
        entry.file_size > _SMALL and entry.file_size > MAX_RATIO * max(entry.compress_size, 1)
        for entry in entries
    )
    if len(entries) > MAX_ENTRIES or total > MAX_UNPACKED or swollen:
        raise TooLarge(_("Ce document est trop volumineux une fois ouvert."), code="archive-bomb")


def _kind(archive: zipfile.ZipFile) -> Kind:
    names = archive.namelist()
    if names[:1] == ["mimetype"]:
        found = _OPEN_DOCUMENT.get(archive.read("mimetype").strip())
        if found and "content.xml" in names:
            return found
    elif "[Content_Types].xml" in names:
        types = archive.read("[Content_Types].xml")
        for media_type, kind in _MAIN.items():
            if media_type in types:
                return kind
    raise UnsupportedMedia(
        _("Ce type de fichier n’est pas accepté. Envoyez un PDF, une image ou un document texte."),
        code="disguised-file",
    )


def _inert(archive: zipfile.ZipFile) -> None:
    """Read every entry to its end (sizes announced may lie; a wrong sum raises) and look for what
    acts by itself.
    """
    for entry in archive.infolist():
        name = entry.filename
        if name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) or ":" in name[:3]:
            raise _active()
        if _FORBIDDEN_ENTRY.search(name):
            raise _active()
        is_text = name.lower().endswith((".xml", ".rels"))
        carried = b""
        with archive.open(entry) as content:
            while piece := content.read(1_048_576):
                if is_text:
                    window = carried + piece
                    if _ACTIVE_TEXT.search(window):
                        raise _active()
                    if _ENCRYPTED_ODF.search(window):
                        raise RuntimeError("encrypted")
                    carried = window[-2048:]


def _active() -> UnsupportedMedia:
    return UnsupportedMedia(
        _(
            "Ce document contient des macros ou des éléments actifs. "
            "Enregistrez-le en PDF, puis renvoyez-le."
        ),
        code="active-content",
    )
