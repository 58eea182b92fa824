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
from django.test import Client, override_settings
from playwright.sync_api import Error
from tests import cast as casting

ROOT = Path(__file__).parents[2]
AXE = ROOT / "frontend/node_modules/axe-core/axe.min.js"
PHONE = {"width": 320, "height": 640}
DESK = {"width": 1280, "height": 900}
# Generous: states are waited for, never a time, and the machine may be busy with ten other things.
WAIT_MS = 60_000
LOOK_AGAIN_MS = 25
# The page on the screen is whole, and is not the one that was there before.
NEW = "document.readyState === 'complete' && !(document.querySelector('main') ?? document.body)?.leaving"
MARK = "(document.querySelector('main') ?? document.body).leaving = true"
# What axe judges a page by: elements, attributes (whether they are empty, not what people typed or
# which reference it is), words or none, and what a script has shown or hidden.
SHAPE = """[...document.querySelectorAll('*')].map((each) => {
  const plain = ['class', 'role', 'type', 'lang', 'tabindex', 'hidden', 'open', 'rel'];
  const traits = [...each.attributes].map(({name, value}) =>
    name + (plain.includes(name) || /^aria-(?!label|describedby|controls|owns|activedescendant)/.test(name) ? value : value !== ''));
  const words = [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  return [each.tagName, ...traits, words, each.parentElement?.childElementCount].join(' ');
}).join('|')"""
STILL = (
    "new Promise(requestAnimationFrame).then(() => Promise.allSettled("
    "document.getAnimations().filter((each) => each instanceof CSSTransition).map((each) => each.finished)))"
)
WIDEST = """[...document.querySelectorAll('body *')].map((each) => [each.getBoundingClientRect().right, each])
  .sort((one, other) => other[0] - one[0]).slice(0, 3).map(([, each]) => each.outerHTML.slice(0, 150)).join(' … ')"""
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
        # Chromium writes every refused page to the console: "mend this" and "somebody was quicker"
        # are proper answers.
        self.allowed: tuple[str, ...] = ("status of 422", "status of 409")
        self.pending: set[Any] = set()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._asked)
        for end in ("requestfinished", "requestfailed"):
            self.page.on(end, self._answered)
        self.page.on("framenavigated", self._moved)

    def _console(self, message: Any) -> None:
        if message.type == "error" and not any(each in message.text for each in self.allowed):
            self.complaints.append(f"{self.page.url}: {message.text}")

    # The driver looks at how many arguments a listener takes: builtin methods do not tell.
    def _asked(self, request: Any) -> None:
        self.pending.add(request)

    def _answered(self, request: Any) -> None:
        self.pending.discard(request)

    def _moved(self, frame: Any) -> None:
        # The page left behind never reports the end of what it had asked for.
        if frame == self.page.main_frame:
            self.pending = {each for each in self.pending if each.is_navigation_request()}

    def go(self, path: str) -> Any:
        answer = self.page.goto(path)
        self.look()
        return answer

    def settle(self) -> None:
        """Wait until a whole page is there, not the one left by ``leave``, and asks for nothing more."""
        self.until(NEW, lambda: not self.pending)

    def until(self, true: str, also: Callable[[], bool] = lambda: True) -> None:
        """Wait until the expression is true; the driver's own way is refused by the policy of our pages."""
        for _round in range(WAIT_MS // LOOK_AGAIN_MS):
            try:
                if self.page.evaluate(true) and also():
                    return
            except Error as error:
                # Between two pages there is none to ask.
                if "context was destroyed" not in error.message:
                    raise
            self.page.wait_for_timeout(LOOK_AGAIN_MS)
        waits = [each.url for each in self.pending]
        raise AssertionError(f"{self.page.url}: never {true}; still asks for {waits}")

    def leave(self, act: Callable[[], object]) -> None:
        """Do what brings another page, wait for that page and look at it."""
        self.page.evaluate(MARK)
        act()
        self.look()

    def look(self) -> None:
        """The page fits its width and axe finds nothing to say."""
        assert self.faults() == []

    def faults(self) -> list[str]:
        """What is wrong with the page on the screen, one line each."""
        self.settle()
        where = f"{self.page.url} at {self.width}, {self.scheme}"
        found = self.violations() if self.script else []
        needed = self.page.evaluate("document.documentElement.scrollWidth")
        if needed > self.width:
            found.append(f"{needed} px wide: {self.page.evaluate(WIDEST)}")
        return [f"{where}: {each}" for each in found]

    @property
    def width(self) -> int:
        return int(self.page.viewport_size["width"])

    def wear(self, viewport: dict[str, int], scheme: str) -> None:
        """The same page on another screen."""
        self.scheme = scheme
        self.page.set_viewport_size(viewport)
        self.page.emulate_media(color_scheme=scheme)
        # Colours on their way from one scheme to the other are nobody's.
        self.page.evaluate(STILL)

    def enter(self, client: Client) -> None:
        """Be who this test client is, for journeys that do not begin at the door."""
        self.context.add_cookies(
            [
                {"name": each.key, "value": each.value, "url": self.base}
                for each in client.cookies.values()
            ]
        )

    def locate(self, address: str) -> None:
        """Write where it is, and leave the suggestions for what they are."""
        field = self.page.locator("[name=place_text], [name=address], [name=place]").first
        field.fill(address)
        if self.script:
            # Left open, they would cover what comes below.
            field.blur()
            self.until(
                "[...document.querySelectorAll('[role=listbox]')].every((list) => list.hidden)"
            )

    def violations(self) -> list[str]:
        """What axe finds on the page, one line each; a page like one it has seen is not judged twice."""
        shape = hashlib.sha256(self.page.evaluate(SHAPE).encode()).digest()
        key = (self.width, self.scheme, shape)
        if key in judged:
            return []
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(axe())
        found = self.page.evaluate(
            "axe.run({resultTypes: ['violations'], preload: false}).then((result) => result.violations.flatMap("
            "(each) => each.nodes.map((node) => `${each.id}: ${node.html.slice(0, 200)}`)))"
        )
        if not found:
            judged.add(key)
        return list(found)

    def press(self, name: str, *, exact: bool = False, stay: bool = False) -> None:
        """Press the button, or follow the link, that has this name.

        Another page comes, unless they ``stay``: a script answers on the same one.
        """
        button = self.page.get_by_role("button", name=name, exact=exact)
        link = self.page.get_by_role("link", name=name, exact=exact)
        button.or_(link).first.wait_for()
        found = (button if button.count() else link).first
        if not stay:
            return self.leave(found.click)
        found.click()
        return self.look()

    def follow(self, name: str | re.Pattern[str]) -> None:
        """Follow the first link of the page itself that has this name."""
        self.leave(self.page.locator("main").get_by_role("link", name=name).first.click)

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

    @property
    def focused(self) -> str:
        """The words or the name of what has the focus."""
        return str(
            self.page.evaluate(
                "(document.activeElement.name || document.activeElement.textContent).trim()"
            )
        )

    def tab_to(self, wanted: str, presses: int = 80) -> None:
        """Go there with the tabulation key alone, from wherever the focus is."""
        for _press in range(presses):
            if self.focused == wanted:
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{wanted} is not reached; the focus is on {self.focused}")

    @property
    def text(self) -> str:
        return str(self.page.locator("body").inner_text())


NewTab = Callable[..., Tab]


@pytest.fixture
def new_tab(chromium: Any, live_server: Any) -> Iterator[NewTab]:
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
    """One browser of each kind: wide and light or 320 px and dark, with or without JavaScript."""
    phone = "phone" in request.param
    return new_tab(
        viewport=PHONE if phone else DESK,
        color_scheme="dark" if phone else "light",
        java_script_enabled="noscript" not in request.param,
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.journey)
