"""A real browser on a real server, with the named cast; every page visited is looked at with axe."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.test import override_settings
from tests import cast as casting

from socle.foundations.accounts.models import User

ROOT = Path(__file__).parents[2]
AXE = ROOT / "frontend/node_modules/axe-core/axe.min.js"
PHONE = {"width": 320, "height": 640}
DESK = {"width": 1280, "height": 900}
# Quiet: chromium must not look for its maker's hosts on a closed network.
QUIET = [
    "--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip
WAIT_MS = 15_000
# Nothing asked of the server for so long: the page and what its scripts ask for are there.
CALM_MS = 50
# What differs between two pages that look the same: tokens against forgery.
SALT = re.compile(r'value="[A-Za-z0-9]{32,}"')
judged: set[tuple[int, str, bytes]] = set()


@cache
def axe() -> str:
    return AXE.read_text("utf-8")


@pytest.fixture
def cast(transactional_db: None) -> casting.Cast:
    return casting.assemble(password=casting.PASSWORD)


class Tab:
    """A person's browser: what it complains about fails the test."""

    def __init__(self, browser: Any, base: str, **options: Any) -> None:
        self.base = base
        self.script = options.get("java_script_enabled", True)
        self.scheme = options.get("color_scheme", "light")
        # The service worker fetches the whole shell at once: only its own journey needs it.
        self.context = browser.new_context(
            base_url=base,
            **{
                "locale": "fr-FR",
                "reduced_motion": "reduce",
                "viewport": DESK,
                "service_workers": "block",
            }
            | options,
        )
        self.context.set_default_timeout(WAIT_MS)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        # Chromium writes every refused page to the console: an answer to mend is not a complaint.
        self.allowed: tuple[str, ...] = ("status of 422",)
        self.pending: set[Any] = set()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._asked)
        for end in ("requestfinished", "requestfailed"):
            self.page.on(end, self._answered)

    def _console(self, message: Any) -> None:
        if message.type == "error" and not any(each in message.text for each in self.allowed):
            self.complaints.append(f"{self.page.url}: {message.text}")

    # The driver looks at how many arguments a listener takes: builtin methods do not tell.
    def _asked(self, request: Any) -> None:
        self.pending.add(request)

    def _answered(self, request: Any) -> None:
        self.pending.discard(request)

    def go(self, path: str) -> Any:
        answer = self.page.goto(path)
        self.look()
        return answer

    def settle(self) -> None:
        """Wait until the page has loaded and asks for nothing more."""
        calm = 0
        for _round in range(WAIT_MS // CALM_MS):
            self.page.wait_for_load_state("load")
            calm = 0 if self.pending else calm + 1
            if calm == 2:
                return
            self.page.wait_for_timeout(CALM_MS)
        # A frame that navigated away never reports the end of what it had asked for.
        self.pending.clear()

    def look(self) -> None:
        """The page fits its width and axe finds nothing to say."""
        self.settle()
        width = self.page.viewport_size["width"]
        assert self.page.evaluate("document.documentElement.scrollWidth") <= width, self.page.url
        if self.script:
            assert self.violations() == [], self.page.url

    def violations(self) -> list[str]:
        """What axe finds on the page, one line each; a page that it has seen is not judged twice."""
        seen = SALT.sub("", str(self.page.content())).encode()
        key = (self.page.viewport_size["width"], self.scheme, hashlib.sha256(seen).digest())
        if key in judged:
            return []
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(axe())
        found = self.page.evaluate(
            "axe.run({resultTypes: ['violations']}).then((result) => result.violations.flatMap("
            "(each) => each.nodes.map((node) => `${each.id}: ${node.html.slice(0, 200)}`)))"
        )
        if not found:
            judged.add(key)
        return list(found)

    def press(self, name: str, *, exact: bool = False) -> None:
        """Press the button, or follow the link, that has this name."""
        button = self.page.get_by_role("button", name=name, exact=exact)
        link = self.page.get_by_role("link", name=name, exact=exact)
        button.or_(link).first.wait_for()
        (button if button.count() else link).first.click()
        self.look()

    def follow(self, name: str | re.Pattern[str]) -> None:
        """Follow the first link of the page itself that has this name."""
        self.page.locator("main").get_by_role("link", name=name).first.click()
        self.look()

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label).first.fill(text)

    def choose(self, label: str) -> None:
        """Tick a radio or a checkbox as people do: by its words."""
        self.page.locator("main").get_by_text(label, exact=True).first.click()
        assert self.page.get_by_label(label, exact=True).first.is_checked(), label

    def sign_in(self, email: str, password: str = casting.PASSWORD) -> None:
        """By the door."""
        self.go("/compte/connexion")
        self.fill("Adresse électronique", email)
        self.page.locator("input[type=password]").fill(password)
        self.press("Se connecter", exact=True)

    def enter(self, email: str) -> None:
        """By the window: a session made on the server, for journeys that begin further on."""
        user = User.objects.get(email=email)
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        self.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": self.base}]
        )

    @property
    def focused(self) -> Any:
        """The element that has the focus."""
        return self.page.locator(":focus")

    @property
    def text(self) -> str:
        return str(self.page.locator("body").inner_text())


NewTab = Callable[..., Tab]


@pytest.fixture
def new_tab(chromium: Any, live_server: Any, cast: casting.Cast) -> Iterator[NewTab]:
    """Opens browsers; each is closed, and its complaints read, at the end."""
    opened: list[Tab] = []
    options = settings.SOCLE.model_copy(update={"demo": True})

    def make(**options: Any) -> Tab:
        opened.append(Tab(chromium, live_server.url, **options))
        return opened[-1]

    with override_settings(SOCLE=options):
        yield make
        complaints = []
        for tab in opened:
            tab.context.close()
            complaints += tab.complaints
        assert complaints == []


@pytest.fixture(params=["desktop", "phone", "desktop-noscript", "phone-noscript"])
def tab(request: pytest.FixtureRequest, new_tab: NewTab) -> Tab:
    """One browser of each kind: wide or 320 px, with or without JavaScript."""
    return new_tab(
        viewport=PHONE if "phone" in request.param else DESK,
        java_script_enabled="noscript" not in request.param,
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.journey)
