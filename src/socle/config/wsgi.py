"""The WSGI application that granian serves."""

from __future__ import annotations

import io
import logging
import os
import sys
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "socle.config.settings")

# What the first visitor would otherwise wait for: templates compiled, catalogue in memory.
WARM = ("/", "/services", "/compte/connexion")


def warm(handler: WSGIHandler) -> None:
    """Ask this process for its most visited pages. A page that fails is only logged."""
    from django.conf import settings

    host = next(
        (name for name in settings.ALLOWED_HOSTS if name[:1] not in {"*", "."}), "localhost"
    )
    for path in WARM:
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "SERVER_NAME": host,
            "SERVER_PORT": "443" if settings.SOCLE.https else "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": host,
            "HTTP_ACCEPT": "text/html",
            "HTTP_X_FORWARDED_PROTO": "https" if settings.SOCLE.https else "http",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "https" if settings.SOCLE.https else "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        try:
            response = handler(environ, _start_response)
            for _part in response:
                pass
            response.close()
        except Exception:
            logging.getLogger("socle.start").exception("warming %s", path)


def _start_response(_status: str, _headers: list[tuple[str, str]], _error: Any = None, /) -> Any:
    return lambda _part: None


application = get_wsgi_application()
warm(application)
