"""What a PDF holds that would act by itself: refused. Nothing is executed nor rendered here.

The file is searched as a hostile reader might see it, not as a parser would: the raw bytes
everywhere (a cross-reference table may point anywhere), then every stream inflated (objects hide in
compressed object streams), with names read through their ``#xx`` escapes. What cannot be looked
into is refused: encryption, object streams behind an unusual filter, too much to inflate.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from typing import BinaryIO

from django.utils.translation import gettext_lazy as _

from socle.kernel.errors import Invalid, TooLarge, UnsupportedMedia

MAX_INFLATED = 100_000_000
MAX_STREAMS = 50_000

_DELIMITER = rb"(?=[\s\0()<>\[\]{}/%]|$)"


def _name(text: str) -> bytes:
    """A pattern for a PDF name, each character plain or as ``#xx`` (ISO 32000-1, 7.3.5)."""
    return b"/" + b"".join(
        b"(?:%s|#%s)" % (re.escape(char.encode()), _either_case(ord(char))) for char in text
    )


def _either_case(code: int) -> bytes:
    digits = f"{code:02x}"
    return "".join(f"[{d}{d.upper()}]" if d.isalpha() else d for d in digits).encode()


def _names(*names: str) -> re.Pattern[bytes]:
    # The slash first, once: the search for it is the fast path over megabytes.
    bodies = b"|".join(_name(name)[1:] for name in names)
    return re.compile(b"/(?:" + bodies + b")" + _DELIMITER)


_ACTIVE = _names(
    "JavaScript", "Launch", "EmbeddedFile", "EmbeddedFiles", "RichMedia", "Rendition",
    "ImportData", "SubmitForm", "GoToE", "XFA",
)  # fmt: skip
# An embedded file's stream need not say its type: the reference to it does.
_ATTACHMENT = re.compile(_name("EF") + rb"[\s\0]*(?:<<|\d+[\s\0]+\d+[\s\0]+R)")
_ENCRYPTED = _names("Encrypt")
_STREAM = re.compile(rb"stream(?:\r\n|\n|\r)")
_OBJECTS = _names("ObjStm")
_FIRST = _names("First")
_IMAGE = _names("Image")
_FILTER = re.compile(_name("Filter") + rb"[\s\0]*(\[[^\]]{0,400}\]|/[^\s\0()<>\[\]{}/%]+|[^/\[])")
_FLATE_ONLY = re.compile(rb"\[?[\s\0]*/(?:FlateDecode|Fl)[\s\0]*\]?$")
_PREDICTOR = _names("Predictor")


def check(stream: BinaryIO) -> None:
    """Raise ``UnsupportedMedia`` on active content, encryption or a second file inside; ``Invalid``
    when it is cut or damaged.
    """
    stream.seek(0)
    content = stream.read()
    _sane(content)
    _one_file_only(content)
    _search(content)
    _search_streams(content)


def _sane(content: bytes) -> None:
    version = re.match(rb"%PDF-[12]\.\d[\s\0]", content)
    if not version or b"startxref" not in content[-2048:] or b"%%EOF" not in content[-1024:]:
        raise Invalid(
            _("Ce PDF est abîmé ou incomplet. Enregistrez-le à nouveau, puis renvoyez-le."),
            code="damaged-file",
        )


def _one_file_only(content: bytes) -> None:
    """A file that is also an archive, or goes on after its end, is two files."""
    after = content.rsplit(b"%%EOF", 1)[1]
    if after.strip(b"\r\n\t \0\x1a") or zipfile.is_zipfile(io.BytesIO(content)):
        raise UnsupportedMedia(
            _("Ce fichier contient autre chose qu’un PDF."), code="disguised-file"
        )


def _search(content: bytes) -> None:
    if _ENCRYPTED.search(content):
        raise UnsupportedMedia(
            _("Ce PDF est protégé par un mot de passe. Enregistrez-en une copie sans protection."),
            code="encrypted-file",
        )
    if _ACTIVE.search(content) or _ATTACHMENT.search(content):
        raise _active()


def _search_streams(content: bytes) -> None:
    budget = MAX_INFLATED
    end_of_previous = 0
    for count, match in enumerate(_STREAM.finditer(content)):
        if count >= MAX_STREAMS:
            raise _too_complex()
        # The dictionary stands between the object's beginning and this word; 4 kB of it is plenty.
        begin = max(content.rfind(b"obj", end_of_previous, match.start()), match.start() - 4096, 0)
        dictionary = content[begin : match.start()]
        end_of_previous = match.end()
        holds_objects = bool(_OBJECTS.search(dictionary) or _FIRST.search(dictionary))
        if not holds_objects and _IMAGE.search(dictionary):
            continue
        if holds_objects:
            _readable(dictionary)
        inflated = _inflate(content, match.end(), budget)
        budget -= len(inflated)
        if inflated:
            _search(inflated)


def _readable(dictionary: bytes) -> None:
    """Objects behind anything but plain deflate cannot be looked into here: refused."""
    filters = _FILTER.findall(dictionary)
    for found in filters:
        if not _FLATE_ONLY.match(found.strip()):
            raise _active()
    if _PREDICTOR.search(dictionary):
        raise _active()


def _inflate(content: bytes, start: int, budget: int) -> bytes:
    """The deflated bytes that begin at ``start``; empty when there are none there. ``TooLarge``
    beyond ``budget``.
    """
    # A deflate header: compression method 8, and a check value modulo 31 (RFC 1950).
    header = content[start : start + 2]
    if len(header) < 2 or header[0] & 0x0F != 8 or int.from_bytes(header, "big") % 31:
        return b""
    engine = zlib.decompressobj()
    parts: list[bytes] = []
    size, position = 0, start
    try:
        while position < len(content) and not engine.eof:
            piece = content[position : position + 65_536]
            position += len(piece)
            while piece and not engine.eof:
                out = engine.decompress(piece, 1_048_576)
                piece = engine.unconsumed_tail
                size += len(out)
                if size > budget:
                    raise _too_complex()
                parts.append(out)
    except zlib.error:
        # Cut or damaged: readers show what came before, so that is what counts.
        pass
    return b"".join(parts)


def _active() -> UnsupportedMedia:
    return UnsupportedMedia(
        _(
            "Ce PDF contient un programme, un formulaire qui s’envoie seul ou une pièce jointe. "
            "Imprimez-le dans un nouveau PDF, puis renvoyez-le."
        ),
        code="active-content",
    )


def _too_complex() -> TooLarge:
    return TooLarge(_("Ce PDF est trop complexe pour être vérifié."), code="too-complex")
