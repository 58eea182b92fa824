"""From an upload to bytes worth storing: measured while they arrive, recognised, checked or drawn
anew.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from socle.foundations.files import office, pdf
from socle.foundations.files.rules import Kind, Limits, clean_name
from socle.foundations.files.sniffing import HEAD, guess, is_zip, sniff
from socle.kernel.errors import Invalid, TooLarge, UnsupportedMedia

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_CHUNK = 65_536
_IN_MEMORY = 1_000_000
_FALLBACK = {"image": "photo", "pdf": "document", "document": "document"}


@dataclass(frozen=True, slots=True)
class Accepted:
    """Bytes that may be stored, and what they are. ``stream`` is at its start and must
    be closed.
    """

    name: str
    kind: Kind
    stream: BinaryIO
    size: int
    thumbnail: bytes = b""
    width: int | None = None
    height: int | None = None
    position: tuple[float, float] | None = None


def accept_upload(
    upload: BinaryIO, name: str, families: Collection[str], limits: Limits
) -> Accepted:
    """Read, recognise and check one upload.

    ``families``: what the form accepts, among ``image``, ``pdf``, ``document``. Raises ``Invalid``
    (empty, damaged), ``TooLarge`` (as soon as the limit is passed: the rest is not read) or
    ``UnsupportedMedia``.
    """
    head = _read_head(upload)
    if not head:
        raise Invalid(_("Ce fichier est vide."), code="empty-file")
    kind = sniff(head)
    archive = kind is None and is_zip(head) and "document" in families
    if kind is None and not archive:
        raise _unrecognised(head, families)
    if kind is not None and kind.family not in families:
        raise UnsupportedMedia(_expected(families), code="not-accepted-here")
    limit = limits.bytes_for(kind.family if kind else "document")
    spool = cast("BinaryIO", SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115
    try:
        size = _copy(upload, spool, head, limit)
        if kind is not None and kind.family == "image":
            return _image(spool, name, kind, limits)
        if kind is None:
            kind = office.check(spool)
        else:
            pdf.check(spool)
    except BaseException:
        spool.close()
        raise
    spool.seek(0)
    named = clean_name(name, kind.suffix, _FALLBACK[kind.family])
    return Accepted(name=named, kind=kind, stream=spool, size=size)


def _image(spool: BinaryIO, name: str, kind: Kind, limits: Limits) -> Accepted:
    from socle.foundations.files import images  # loads the picture libraries

    redrawn = images.redraw(spool, kind, limits)
    spool.close()
    return Accepted(
        name=clean_name(name, redrawn.kind.suffix, _FALLBACK["image"]),
        kind=redrawn.kind,
        stream=BytesIO(redrawn.content),
        size=len(redrawn.content),
        thumbnail=redrawn.thumbnail,
        width=redrawn.width,
        height=redrawn.height,
        position=redrawn.position,
    )


def _read_head(upload: IO[bytes]) -> bytes:
    """The first bytes; a stream may give them a few at a time."""
    head = b""
    while len(head) < HEAD and (piece := upload.read(HEAD - len(head))):
        head += piece
    return head


def _copy(upload: IO[bytes], spool: IO[bytes], head: bytes, limit: int) -> int:
    size, piece = 0, head
    while piece:
        size += len(piece)
        if size > limit:
            raise TooLarge(
                format_lazy(
                    _("Ce fichier dépasse {limit} Mo. Réduisez-le, puis renvoyez-le."),
                    limit=limit // 1_000_000,
                ),
                code="too-large",
            )
        spool.write(piece)
        piece = upload.read(_CHUNK)
    return size


def _unrecognised(head: bytes, families: Collection[str]) -> UnsupportedMedia:
    found = guess(head)
    if not found:
        return UnsupportedMedia(_expected(families), code="unrecognised-file")
    return UnsupportedMedia(
        format_lazy(
            _("Ce fichier est en réalité de type « {found} ». {expected}"),
            found=found,
            expected=_expected(families),
        ),
        code="disguised-file",
    )


def _expected(families: Collection[str]) -> StrOrPromise:
    if "document" in families:
        return _("Envoyez une photo, un PDF ou un document (Word, Excel, LibreOffice).")
    if "pdf" in families and "image" in families:
        return _("Envoyez une photo (JPEG, PNG, WebP, HEIC, GIF) ou un PDF.")
    if "pdf" in families:
        return _("Envoyez un PDF.")
    return _("Envoyez une photo (JPEG, PNG, WebP, HEIC ou GIF).")
