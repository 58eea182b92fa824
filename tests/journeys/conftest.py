"""A real browser on a real server, with the named cast; every page visited is looked at with axe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings
from tests import cast as casting

ROOT = Path(__file__).parents[2]
AXE = ROOT / "frontend/node_modules/axe-core/axe.min.js"
CHROMIUM = Path("/usr/bin/chromium")
PHONE = {"width": 320, "height": 640}
DESK = {"width": 1280, "height": 900}
# Quiet: chromium must not look for its maker's hosts on a closed network.
QUIET = [
    "--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def cast(transactional_db: None) -> casting.Cast:
    return casting.assemble(password=casting.PASSWORD)


class Tab:
    """A person's browser: what it complains about fails the test."""

    def __init__(self, browser: Any, base: str, **options: Any) -> None:
        self.base = base
        self.script = options.get("java_script_enabled", True)
        options = {"locale": "fr-FR", "reduced_motion": "reduce", "viewport": DESK} | options
        self.context = browser.new_context(base_url=base, **options)
        self.context.set_default_timeout(15_000)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.allowed: tuple[str, ...] = ()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _console(self, message: Any) -> None:
        if message.type == "error" and not any(each in message.text for each in self.allowed):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def go(self, path: str) -> Any:
        answer = self.page.goto(path)
        self.look()
        return answer

    def look(self) -> None:
        """The page fits its width and axe finds nothing to say."""
        self.page.wait_for_load_state("networkidle")
        width = self.page.viewport_size["width"]
        if self.script:
            assert self.page.evaluate("document.documentElement.scrollWidth") <= width, (
                self.page.url
            )
            assert self.violations() == [], self.page.url

    def violations(self) -> list[str]:
        """What axe finds on the page, one line each."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text("utf-8"))
        found = self.page.evaluate("axe.run({resultTypes: ['violations']})")
        return [
            f"{each['id']}: {node['html'][:160]}"
            for each in found["violations"]
            for node in each["nodes"]
        ]

    def press(self, name: str, *, exact: bool = False) -> None:
        """Press the button, or follow the link, that has this name."""
        button = self.page.get_by_role("button", name=name, exact=exact)
        target = button if button.count() else self.page.get_by_role("link", name=name, exact=exact)
        target.first.click()
        self.page.wait_for_load_state("load")
        self.look()

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label).first.fill(text)

    def choose(self, label: str) -> None:
        """Tick a radio or a checkbox by its label; the control itself is drawn by CSS."""
        self.page.get_by_label(label, exact=True).first.check(force=True)

    def sign_in(self, email: str, password: str = casting.PASSWORD) -> None:
        self.go("/compte/connexion")
        self.fill("Adresse électronique", email)
        self.page.locator("input[type=password]").fill(password)
        self.press("Se connecter", exact=True)

    @property
    def text(self) -> str:
        return str(self.page.locator("body").inner_text())

    def close(self) -> None:
        self.context.close()
        assert self.complaints == []


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
