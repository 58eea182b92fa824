"""How a file is served: the headers. The bytes come from ``queries.open_file`` after the caller's
policy said yes.
"""

from __future__ import annotations

from django.utils.http import content_disposition_header

from socle.foundations.files.models import StoredFile

_SHOWN_INLINE = frozenset({"image/jpeg", "image/png", "image/webp"})


def headers_for(
    stored: StoredFile, *, inline: bool = False, thumbnail: bool = False
) -> dict[str, str]:
    """Headers of an answer that carries ``stored``.

    ``inline`` shows pictures in the page; anything else is always a download. The name is given
    twice, plain and UTF-8 (RFC 6266). The content may not be guessed, run, framed nor kept by a
    shared cache; the browser may keep it an hour.
    """
    media_type = "image/jpeg" if thumbnail else stored.media_type
    shown = inline and media_type in _SHOWN_INLINE
    headers = {
        "Content-Type": media_type,
        "Content-Disposition": content_disposition_header(not shown, stored.name) or "attachment",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "private, max-age=3600",
        "ETag": f'"{stored.sha256}{"-480" if thumbnail else ""}"',
    }
    if not thumbnail:
        headers["Content-Length"] = str(stored.size)
    return headers
