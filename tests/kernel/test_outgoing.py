"""Calls to the outside reach the outside only, whole, and in time."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.kernel import outgoing
from socle.kernel.outgoing import CallFailed, Forbidden, Policy

LOCAL = Policy(private_hosts=frozenset({"127.0.0.1"}), seconds=2.0, max_bytes=1000)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fc00::1",
        "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
        "fe80::1%eth0",
    ],
)  # fmt: skip
def test_the_inside_is_not_public(address: str) -> None:
    assert not outgoing.is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "185.24.184.1", "2606:4700::1111", "64:ff9b::101:101"]
)
def test_the_open_internet_is_public(address: str) -> None:
    assert outgoing.is_public(address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_under_its_ipv6_disguise(address: Any) -> None:
    assert outgoing.is_public(str(address)) == outgoing.is_public(f"::ffff:{address}")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://exemple.fr/", "file:///etc/passwd", "//exemple.fr/", "https://", "exemple.fr",
        "http://exemple.fr/", "https://nom:secret@exemple.fr/", "https://exemple.fr:99999/",
        "https://exemple.fr:0/", "https://exemple.fr/a b", "https://exemple.fr/\r\nHost: x",
        "gopher://exemple.fr:70/",
    ],
)  # fmt: skip
def test_what_is_not_a_plain_https_address_is_not_called(url: str) -> None:
    with pytest.raises(Forbidden):
        outgoing.fetch(url, policy=Policy(), resolver=_never)


@pytest.mark.parametrize("answers", [["10.0.0.1"], ["1.1.1.1", "127.0.0.1"], ["::1"]])
def test_a_name_that_leads_inside_is_not_called(answers: list[str]) -> None:
    with pytest.raises(Forbidden):
        outgoing.fetch("https://exemple.fr/", policy=Policy(), resolver=lambda h, p: answers)


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "localhost"])
def test_other_spellings_of_the_inside_are_resolved_before_being_judged(host: str) -> None:
    with pytest.raises(Forbidden):
        outgoing.fetch(f"https://{host}/", policy=Policy(seconds=2))


def test_naming_one_host_opens_that_one_only(server: str) -> None:
    assert outgoing.fetch(f"{server}/ok", policy=LOCAL).json() == {"path": "/ok"}
    with pytest.raises(Forbidden):
        outgoing.fetch(f"{server}/ok", policy=Policy())
    with pytest.raises(Forbidden):
        outgoing.fetch(
            server.replace("127.0.0.1", "localhost") + "/ok",
            policy=Policy(private_hosts=frozenset({"127.0.0.1"})),
        )


def test_the_call_goes_to_the_address_that_was_checked(server: str) -> None:
    """DNS rebinding: the name is asked once, whatever it would say afterwards."""
    port = int(server.rpartition(":")[2])
    asked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    policy = Policy(private_hosts=frozenset({"interne.exemple"}), seconds=2)
    answer = outgoing.fetch(f"http://interne.exemple:{port}/host", policy=policy, resolver=resolver)
    assert asked == ["interne.exemple"]
    assert answer.json() == {"host": f"interne.exemple:{port}"}


def test_a_redirect_is_an_answer_and_is_not_followed(server: str) -> None:
    answer = outgoing.fetch(f"{server}/redirect", policy=LOCAL)
    assert (answer.status, answer.headers["location"]) == (302, "http://169.254.169.254/")


def test_a_form_is_posted(server: str) -> None:
    answer = outgoing.fetch(
        f"{server}/echo", policy=LOCAL, method="POST", form={"a": "é&=", "b": "2"}
    )
    assert answer.json() == {"body": "a=%C3%A9%26%3D&b=2"}


def test_an_answer_too_large_is_dropped(server: str) -> None:
    with pytest.raises(CallFailed) as caught:
        outgoing.fetch(f"{server}/large", policy=LOCAL)
    assert caught.value.reason == "too-large"


def test_an_answer_drop_by_drop_does_not_hold_a_worker(server: str) -> None:
    policy = Policy(private_hosts=frozenset({"127.0.0.1"}), seconds=0.5)
    with pytest.raises(CallFailed) as caught:
        outgoing.fetch(f"{server}/drip", policy=policy)
    assert caught.value.reason == "timeout"


def test_a_closed_door_is_a_failure_in_words() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(CallFailed) as caught:
        outgoing.fetch(f"http://127.0.0.1:{port}/", policy=LOCAL)
    assert "ne répond pas" in str(caught.value)


def test_what_is_not_json_is_a_failure(server: str) -> None:
    answer = outgoing.fetch(f"{server}/text", policy=LOCAL)
    assert answer.media_type == "text/plain"
    with pytest.raises(CallFailed):
        answer.json()


def test_tls_is_checked_against_the_name(server: str) -> None:
    """A clear server is no TLS server: nothing is sent before the handshake."""
    with pytest.raises(CallFailed) as caught:
        outgoing.fetch(server.replace("http://", "https://") + "/ok", policy=LOCAL)
    assert "SSL" in caught.value.reason


def _never(host: str, port: int) -> list[str]:
    raise AssertionError("asked the resolver")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    release = threading.Event()

    def log_message(self, *args: Any) -> None:
        """Silent."""

    def _send(self, body: bytes, media: str = "application/json", status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media)
        if status == 302:
            self.send_header("Location", "http://169.254.169.254/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        import json

        if self.path == "/large":
            self._send(b"x" * 5000)
        elif self.path == "/redirect":
            self._send(b"", status=302)
        elif self.path == "/text":
            self._send(b"bonjour", media="text/plain; charset=utf-8")
        elif self.path == "/host":
            self._send(json.dumps({"host": self.headers["Host"]}).encode())
        elif self.path == "/drip":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            while not self.release.wait(0.1):
                try:
                    self.wfile.write(b"x")
                    self.wfile.flush()
                except OSError:
                    return
        else:
            self._send(json.dumps({"path": self.path}).encode())

    def do_POST(self) -> None:
        import json

        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._send(json.dumps({"body": body.decode()}).encode())


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A small server on loopback; no proxy stands between."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    _Handler.release.clear()
    running = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    stop: Callable[[], None] = running.shutdown
    try:
        yield f"http://127.0.0.1:{running.server_port}"
    finally:
        _Handler.release.set()
        stop()
        running.server_close()
        thread.join(timeout=10)
