"""A tiny server for the browser tests, with the house's own security policy on each answer."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from email import message_from_bytes
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jinja2
from django.conf import settings

from socle.design import assets, samples
from socle.design.views import style_context

TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".png": "image/png",
}


def policy() -> str:
    """The content security policy of the settings, as a header."""
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    return "; ".join(f"{name} {' '.join(map(str, values))}" for name, values in directives.items())


class Server(ThreadingHTTPServer):
    """Silent about browsers that leave before the answer."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Site:
    """``pages`` maps a path to template source, ``posts`` keeps what was sent."""

    def __init__(self, env: jinja2.Environment) -> None:
        self.env = env
        self.pages: dict[str, str] = {}
        self.answers: dict[str, Callable[[dict[str, list[str]]], tuple[int, str] | str]] = {}
        self.posts: list[tuple[str, dict[str, list[str]]]] = []
        self.server = Server(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://localhost:{self.server.server_port}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def page(self, path: str, body: str, layout: str = "portal") -> str:
        """Declare a page holding ``body`` (template source) and give its address."""
        self.pages[path] = (
            f'{{% extends "design/{layout}.html" %}}{{% import "design/ui.html" as ui %}}'
            f"{{% block title %}}Essai{{% endblock %}}{{% block main %}}<h1>Essai</h1>{body}"
            "{% endblock %}"
        )
        return self.url + path

    def render(self, path: str, query: str) -> tuple[int, str, bytes] | None:
        desk = "bureau" in query
        if path == "/design/":
            template = self.env.get_template(f"design/style/{'desk' if desk else 'index'}.html")
            return 200, "text/html", template.render(style_context(desk=desk)).encode()
        if path in self.pages:
            html = self.env.from_string(self.pages[path]).render(
                csrf_input=jinja2.utils.markupsafe.Markup(
                    '<input type="hidden" name="csrfmiddlewaretoken" value="jeton">'
                )
            )
            return 200, "text/html", html.encode()
        if path in ("/design/lieux.geojson", "/design/communes.geojson"):
            data = samples.places() if "lieux" in path else samples.contours()
            return 200, "application/geo+json", json.dumps(data).encode()
        if path == "/adresse/suggestions" or path == "/design/adresses":
            word = parse_qs(query).get("q", [""])[0].lower()
            found = [item for item in samples.ADDRESSES if word in item["label"].lower()]
            return 200, "application/json", json.dumps(found[:5]).encode()
        if path == "/hors-ligne":
            return 200, "text/html", self.env.get_template("design/offline.html").render().encode()
        if path == "/favicon.ico":
            return 200, "image/svg+xml", assets.read("icon.svg") or b""
        if path == "/sw.js":
            return 200, "text/javascript", assets.read("sw.js") or b""
        if path.startswith("/static/dist/"):
            file = assets.DIST / path.rpartition("/")[2]
            if file.is_file():
                return 200, TYPES.get(file.suffix, "text/plain"), file.read_bytes()
        return None

    def _handler(site) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args: Any) -> None:
                """Quiet."""

            def _send(self, status: int, kind: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", f"{kind}; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Security-Policy", policy())
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                if parts.path in site.answers:
                    answer = site.answers[parts.path](parse_qs(parts.query))
                    status, text = answer if isinstance(answer, tuple) else (200, answer)
                    kind = "application/json" if text.startswith("{") else "text/html"
                    return self._send(status, kind, text.encode())
                found = site.render(parts.path, parts.query)
                return self._send(*(found or (404, "text/html", b"<h1>404</h1>")))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                kind = self.headers["Content-Type"]
                values: dict[str, list[str]] = {}
                if kind.startswith("multipart/"):
                    head = f"Content-Type: {kind}\r\n\r\n".encode()
                    for part in message_from_bytes(head + body, policy=HTTP).iter_parts():
                        name = part.get_param("name", header="content-disposition")
                        data = part.get_payload(decode=True)
                        file = part.get_filename()
                        text = f"{file}:{len(data)}" if file is not None else data.decode()
                        values.setdefault(name, []).append(text)
                else:
                    values = parse_qs(body.decode(), keep_blank_values=True)
                path = urlsplit(self.path).path
                site.posts.append((path, values))
                if path in site.answers:
                    answer = site.answers[path](values)
                    status, text = answer if isinstance(answer, tuple) else (200, answer)
                    if 300 <= status < 400:
                        self.send_response(status)
                        self.send_header("Location", text)
                        self.send_header("Content-Length", "0")
                        return self.end_headers()
                    return self._send(status, "text/html", text.encode())
                return self._send(200, "text/html", b"<title>Fait</title><h1>Fait</h1>")

        return Handler
