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
MAX_STREAMS = 20_000

MAX_ESCAPES = 2_000_000

_DELIMITER = rb"(?=[\s\0()<>\[\]{}/%]|$)"
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_ACTIVE = (
    b"/JavaScript", b"/Launch", b"/EmbeddedFile", b"/EmbeddedFiles", b"/RichMedia", b"/Rendition",
    b"/ImportData", b"/SubmitForm", b"/GoToE", b"/XFA",
)  # fmt: skip
_ENCRYPTED = (b"/Encrypt",)
_OBJECTS = (b"/ObjStm", b"/First")
_IMAGE = (b"/Image",)
_PREDICTOR = (b"/Predictor",)
# An embedded file's stream need not say its type: the reference to it does.
_ATTACHMENT = re.compile(rb"/EF[\s\0]*(?:<<|\d+[\s\0]+\d+[\s\0]+R)")
_STREAM = re.compile(rb"stream(?:\r\n|\n|\r)")
_FILTER = re.compile(rb"/Filter[\s\0]*(\[[^\]]{0,400}\]|/[^\s\0()<>\[\]{}/%]+|[^/\[])")
_FLATE_ONLY = re.compile(rb"\[?[\s\0]*/(?:FlateDecode|Fl)[\s\0]*\]?$")


def check(stream: BinaryIO) -> None:
    """Raise ``UnsupportedMedia`` on active content, encryption or a second file inside; ``Invalid``
    when it is cut or damaged; ``TooLarge`` when looking into it would take too long.
    """
    stream.seek(0)
    content = stream.read()
    _sane(content)
    _one_file_only(content)
    budget = _Budget()
    _search(content, budget)
    _search_streams(content, budget)


class _Budget:
    """How much work one file may cost: bytes read and written by inflating, escapes decoded."""

    def __init__(self) -> None:
        self.inflating = MAX_INFLATED
        self.escapes = MAX_ESCAPES

    def inflate(self, amount: int) -> None:
        self.inflating -= amount
        if self.inflating < 0:
            raise _too_complex()

    def unescape(self, amount: int) -> None:
        self.escapes -= amount
        if self.escapes < 0:
            raise _too_complex()


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


def _search(content: bytes, budget: _Budget) -> None:
    content = _unescaped(content, budget)
    if _has(content, _ENCRYPTED):
        raise UnsupportedMedia(
            _("Ce PDF est protégé par un mot de passe. Enregistrez-en une copie sans protection."),
            code="encrypted-file",
        )
    if _has(content, _ACTIVE) or _ATTACHMENT.search(content):
        raise _active()


def _unescaped(content: bytes, budget: _Budget) -> bytes:
    """Names may write any character as ``#xx`` (ISO 32000-1, 7.3.5)."""
    count = content.count(b"#")
    if not count:
        return content
    budget.unescape(count)
    return _ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode()), content)


def _has(content: bytes, names: tuple[bytes, ...]) -> bool:
    """Whether one of these names is there, whole. The plain search first: it is a hundred times
    faster.
    """
    return any(name in content and re.search(name + _DELIMITER, content) for name in names)


def _search_streams(content: bytes, budget: _Budget) -> None:
    end_of_previous = 0
    for count, match in enumerate(_STREAM.finditer(content)):
        if count >= MAX_STREAMS:
            raise _too_complex()
        # The dictionary stands between the object's beginning and this word; 4 kB of it is plenty.
        begin = max(content.rfind(b"obj", end_of_previous, match.start()), match.start() - 4096, 0)
        dictionary = _unescaped(content[begin : match.start()], budget)
        end_of_previous = match.end()
        holds_objects = _has(dictionary, _OBJECTS)
        if not holds_objects and _has(dictionary, _IMAGE):
            continue
        if holds_objects:
            _readable(dictionary)
        inflated = _inflate(content, match.end(), budget)
        if inflated:
            _search(inflated, budget)


def _readable(dictionary: bytes) -> None:
    """Objects behind anything but plain deflate cannot be looked into here: refused."""
    for found in _FILTER.findall(dictionary):
        if not _FLATE_ONLY.match(found.strip()):
            raise _active()
    if _has(dictionary, _PREDICTOR):
        raise _active()


def _inflate(content: bytes, start: int, budget: _Budget) -> bytes:
    """The deflated bytes that begin at ``start``; empty when there are none there.

    What is cut or damaged gives what comes before the damage: that is what readers show.
    """
    # A deflate header: compression method 8, and a check value modulo 31 (RFC 1950).
    header = content[start : start + 2]
    if len(header) < 2 or header[0] & 0x0F != 8 or int.from_bytes(header, "big") % 31:
        return b""
    engine = zlib.decompressobj()
    parts: list[bytes] = []
    position = start
    while position < len(content) and not engine.eof:
        piece = content[position : position + 65_536]
        position += len(piece)
        while piece and not engine.eof:
            spare = engine.copy()
            try:
                out = engine.decompress(piece, 1_048_576)
            except zlib.error:
                return b"".join([*parts, _before_damage(spare, piece, budget)])
            left = engine.unconsumed_tail or engine.unused_data
            budget.inflate(len(piece) - len(left) + len(out))
            piece = engine.unconsumed_tail
            parts.append(out)
    return b"".join(parts)


def _before_damage(engine: zlib._Decompress, piece: bytes, budget: _Budget) -> bytes:
    """What ``engine`` gives of ``piece`` up to the byte it cannot accept, found by halving."""
    parts: list[bytes] = []
    while piece:
        half = piece[: max(1, len(piece) // 2)]
        trial = engine.copy()
        try:
            out = trial.decompress(half, 8_388_608)
        except zlib.error:
            if len(half) == 1:
                break
            piece = half
            continue
        budget.inflate(len(half) + len(out))
        if trial.unconsumed_tail:
            raise _too_complex()
        parts.append(out)
        engine, piece = trial, piece[len(half) :]
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
