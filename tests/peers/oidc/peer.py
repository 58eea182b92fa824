"""Starts the OpenID provider of this folder and plays the person's browser there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx

HERE = Path(__file__).parent
SITE = "http://testserver"
RESIDENT = {
    "sub": "person-1",
    "given_name": "Angela Claire Louise",
    "family_name": "DUBOIS",
    "preferred_username": "MARTIN",
    "birthdate": "1962-00-00",
    "email": "angela@exemple.fr",
}
AGENT = {
    "sub": "agent-1",
    "given_name": "Bruno",
    "usual_name": "Roux",
    "email": "bruno@villeneuve.exemple",
    # Made for tests: passes Luhn, and so does its SIREN.
    "siret": "73282932000074",
    "uid": "broux",
    "idp_id": "71144ab3-ee1a-4401-b7b3-79b44f7daeeb",
}


def node() -> str:
    """Path of node; empty when the machine has none."""
    return shutil.which("node") or ""


def install() -> None:
    """``npm ci`` when it was never done here."""
    if not (HERE / "node_modules" / "oidc-provider").is_dir():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=HERE, check=True, timeout=300)


@dataclass
class Peer:
    """The running provider."""

    issuer: str

    def is_asked(self, **changes: Any) -> None:
        """Who will log in, with which level, and which fault to commit."""
        httpx.post(f"{self.issuer}/control", json=changes, trust_env=False).raise_for_status()

    def reset(self) -> None:
        """A well-behaved provider and Angela."""
        self.is_asked(persona=RESIDENT, acr="eidas1", amr=["pwd"], fault="", deny=False, down=False)

    def visit(self, url: str) -> httpx.Response:
        """Follow the provider's pages from `url`; the first answer that leads back to the site, or
        that leads nowhere.
        """
        with httpx.Client(trust_env=False, timeout=20) as browser:
            answer = browser.get(url)
            for _step in range(10):
                target = answer.headers.get("location")
                if target is None or target.startswith(SITE):
                    return answer
                answer = browser.get(urljoin(str(answer.url), target))
        raise AssertionError("the provider goes round in circles")

    def leads_to(self, url: str) -> str:
        """The path and query, at the site, to which the provider sends the person back."""
        answer = self.visit(url)
        assert "location" in answer.headers, answer.text
        return answer.headers["location"].removeprefix(SITE)

    def log_out(self, url: str) -> str:
        """Confirm the logout at the provider's; where it sends the person back."""
        with httpx.Client(trust_env=False, timeout=20) as browser:
            page = browser.get(url)
            fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text))
            action = re.search(r'action="([^"]+)"', page.text)
            assert action, page.text
            answer = browser.post(action.group(1), data={**fields, "logout": "yes"})
            return answer.headers["location"].removeprefix(SITE)


@contextmanager
def running() -> Iterator[Peer]:
    """The provider, from now until the block ends."""
    install()
    process = subprocess.Popen(
        [node(), str(HERE / "server.mjs"), json.dumps({"site": SITE})],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "the provider did not start"
        yield Peer(json.loads(line)["issuer"])
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=10)
        assert process.stdout is not None
        process.stdout.close()
