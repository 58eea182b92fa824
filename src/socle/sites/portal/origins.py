"""Requests that carry no token against forgery: only our own pages may send them.

What a device kept without a network is sent by its service worker, hours later, when no page is
there to hold a token. The browser itself says where a request comes from, and no script can make
it lie (Fetch Metadata; `Origin`, RFC 6454).
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from socle.kernel.errors import Denied


def same_origin(request: HttpRequest) -> None:
    """Raise Denied unless the browser says that a page of this very site sent the request.

    A browser too old for `Sec-Fetch-Site` gives the `Origin` of every POST. Neither: refused.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        trusted = site == "same-origin"
    else:
        ours = f"{request.scheme}://{request.get_host()}"
        trusted = request.headers.get("Origin") in {ours, *settings.CSRF_TRUSTED_ORIGINS}
    if not trusted:
        raise Denied(_("Cet envoi ne vient pas de ce site."), code="cross-origin")
