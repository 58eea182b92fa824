"""A browser for the tests of scripts: pages, their complaints, axe."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from socle.design import assets

ROOT = Path(__file__).parents[2]
CHROMIUM = Path("/usr/bin/chromium")
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"

JOURNEY = [
    pytest.mark.journey,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="chromium is not installed"),
    pytest.mark.skipif(not (assets.DIST / "manifest.json").exists(), reason="front end not built"),
]
needs_axe = pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed (npm ci)")


class Tab:
    """A page that remembers what the console complained about."""

    def __init__(self, browser: Any, **options: Any) -> None:
        options = {"locale": "fr-FR", "reduced_motion": "reduce"} | options
        self.context = browser.new_context(**options)
        self.context.set_default_timeout(15_000)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def until(self, condition: str) -> None:
        """Wait for a condition, asked from outside: the policy forbids what playwright injects."""
        deadline = time.monotonic() + 15
        while not self.page.evaluate(condition):
            assert time.monotonic() < deadline, condition
            self.page.wait_for_timeout(50)

    def _console(self, message: Any) -> None:
        # A connection that the small server of these tests lets fall says nothing of the page.
        if message.type == "error" and "ERR_CONNECTION_RESET" not in message.text:
            self.complaints.append(message.text)


def axe(tab: Tab) -> list[str]:
    """Violations found by axe, run from outside the page so that its policy stays as it is."""
    session = tab.context.new_cdp_session(tab.page)
    session.send("Runtime.evaluate", {"expression": AXE.read_text("utf-8")})
    answer = session.send(
        "Runtime.evaluate",
        {
            "expression": "axe.run(document, {resultTypes: ['violations']}).then(r =>"
            " JSON.stringify("
            "r.violations.map(v => v.id + ' ' + v.nodes.map(n => n.target).join(' '))))",
            "awaitPromise": True,
            "returnByValue": True,
        },
    )
    found: list[str] = json.loads(answer["result"]["value"])
    return found
