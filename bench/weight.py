"""Bytes of every page, as a browser receives them: `python -m bench.weight`.

Chromium visits the portal and the desk of a demonstration, each page with an empty cache, and
counts what travels (headers included, compressed). Every kind of page reached by a link is visited
once per person; drafts are opened to see every step of a report and of a procedure. Photos and the
map (its library, contours, points, tiles) are counted apart.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench import house, machine, pages

COMMAND = "python -m bench.weight"
Cookies = list[dict[str, str]]
PAGE_MAX, CRITICAL_MAX = 100_000, 60_000
CHROMIUM = "/usr/bin/chromium"
# Answers that are not pages, and pages that only redirect.
_NOT_PAGES = {
    "portal:receipt", "portal:file", "portal:personal-data", "portal:request-document",
    "portal:service-data", "portal:manifest", "portal:service-worker", "portal:brand",
    "portal:communes", "desk:case-document", "desk:points", "portal:follow-receipt",
}  # fmt: skip


@dataclass
class Seen:
    """What one visit brought."""

    route: str
    path: str
    who: str
    parts: Counter[str] = field(default_factory=Counter)
    critical: int = 0
    apart: Counter[str] = field(default_factory=Counter)
    links: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.parts.values())


class Browser:
    """A browser with nothing in its cache, signed in or not."""

    def __init__(self, chromium: Any, origin: str) -> None:
        self.chromium, self.origin = chromium, origin

    def visit(self, path: str, who: str, cookies: Cookies, *, wanted: bool = True) -> Seen:
        context = self.chromium.new_context(locale="fr-FR", service_workers="block")
        try:
            context.add_cookies(cookies)
            page = context.new_page()
            seen = Seen(_route(path), path, who)
            network = context.new_cdp_session(page)
            network.send("Network.enable")
            asked: dict[str, Any] = {}
            network.on("Network.responseReceived", lambda it: asked.update({it["requestId"]: it}))
            weights: dict[str, int] = {}
            network.on(
                "Network.loadingFinished",
                lambda it: weights.update({it["requestId"]: int(it["encodedDataLength"])}),
            )
            answer = page.goto(self.origin + path, wait_until="load")
            page.wait_for_load_state("networkidle")
            # An error page is a page; a page that was asked for by name must not be one.
            if answer is None or answer.status >= (400 if wanted else 500):
                raise SystemExit(f"{path}: {answer and answer.status}")
            seen.route, seen.path = _route(_path(page.url)), _path(page.url)
            head = set(
                page.eval_on_selector_all(
                    "head link[rel=stylesheet], head link[rel=preload], head script[src],"
                    "head link[rel=modulepreload]",
                    "all => all.map(each => each.href || each.src)",
                )
            )
            for number, weight in weights.items():
                _count(seen, asked.get(number), weight, head)
            seen.links = page.eval_on_selector_all(
                "a[href]", "all => all.map(each => each.getAttribute('href'))"
            )
            return seen
        finally:
            context.close()

    def steps(self, path: str, cookies: Cookies) -> tuple[str, Cookies]:
        """Begin a draft with the form of a page; gives where it leads, and the cookies then."""
        context = self.chromium.new_context(
            locale="fr-FR", service_workers="block", java_script_enabled=False
        )
        try:
            context.add_cookies(cookies)
            page = context.new_page()
            page.goto(self.origin + path)
            page.locator("main form[method=post] button[type=submit]").first.click()
            page.wait_for_load_state()
            kept = [
                {"name": each["name"], "value": each["value"], "url": self.origin}
                for each in context.cookies()
            ]
            return _path(page.url), kept
        finally:
            context.close()


def _count(seen: Seen, response: dict[str, Any] | None, weight: int, head: set[str]) -> None:
    if response is None:
        return
    url = response["response"]["url"]
    kind, path = response["type"].lower(), urlsplit(url).path
    name = path.rsplit("/", 1)[-1]
    if name.startswith(("c-map", "map-", "map.")) or name.endswith(".geojson"):
        seen.apart["map"] += weight
    elif kind == "image" and "/static/" not in path:
        seen.apart["photos"] += weight
    else:
        names = {"document": "html", "stylesheet": "css", "script": "js", "font": "fonts"}
        seen.parts[names.get(kind, "images and icons" if "image" in kind else "other")] += weight
        if kind == "document" or url in head:
            seen.critical += weight


def _path(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _route(path: str) -> str:
    from django.urls import Resolver404, resolve

    try:
        return resolve(urlsplit(path).path).view_name
    except Resolver404:
        return ""


def walk(browser: Browser, who: str, cookies: Cookies, first: list[str]) -> Iterator[Seen]:
    """Every kind of page that links reach from `first`, once."""
    known: set[str] = set()
    waiting = [(path, True) for path in first]
    while waiting:
        path, wanted = waiting.pop(0)
        route = _route(path)
        if not route or route in _NOT_PAGES or (route in known and not wanted):
            continue
        seen = browser.visit(path, who, cookies, wanted=wanted)
        known |= {route, seen.route}
        yield seen
        links = dict.fromkeys(each for each in seen.links if each.startswith("/"))
        waiting += [(each, False) for each in links if not each.startswith("//")]


def drafts(browser: Browser, who: str, cookies: Cookies, service: str) -> Iterator[Seen]:
    """Every step of a report and of a procedure."""
    from socle.domains.procedures import queries as procedures
    from socle.sites.portal.views.reports import STEPS

    path, kept = browser.steps("/signaler", cookies)
    for step in STEPS:
        yield browser.visit(path.rsplit("/", 1)[0] + f"/{step}", who, kept)
    path, kept = browser.steps(f"/demarches/{service}", cookies)
    procedure = procedures.procedure_of(procedures.revision_in_force(service))
    for step in (
        *(each.id for each in procedure.questionnaire.pages),
        "coordonnees",
        "verification",
    ):
        yield browser.visit(path.rsplit("/", 1)[0] + f"/{step}", who, kept)


def measure(home: Path, language: str = "fr") -> dict[str, Any]:
    """Visit everything; gives the figures. The demonstration of `home` is there."""
    from playwright.sync_api import sync_playwright

    # Playwright's synchronous interface runs an event loop in this thread: Django would mind.
    environ = house.environment(home, SOCLE_DEMO="true", DJANGO_ALLOW_ASYNC_UNSAFE="true")
    house.open_here(environ)
    from django.conf import settings

    from socle.capabilities.catalogue import queries as catalogue
    from socle.domains.procedures import queries as procedures
    from socle.foundations.accounts.models import Membership, User

    services = catalogue.services()
    longest = max(
        services, key=lambda each: len(each.description) + len(each.declaration.easy_read)
    )
    procedure = max(
        (each.key for each in services if procedures.exists(each.key)),
        key=lambda key: len(
            procedures.procedure_of(procedures.revision_in_force(key)).questionnaire.pages
        ),
    )
    themes = Counter(each.theme for each in services)
    agent = Membership.objects.filter(role="agent").order_by("pk").first()
    manager = Membership.objects.filter(role="manager").order_by("pk").first()
    people = {
        "nobody": "",
        "a resident": User.objects.filter(memberships=None, password__startswith="scrypt")
        .filter(cases__isnull=False).order_by("pk").values_list("email", flat=True).first() or "",
        "an agent": agent.user.email if agent else "",
        "a manager": manager.user.email if manager else "",
        "an administrator": User.objects.filter(is_administrator=True).first().email,  # type: ignore[union-attr]
    }  # fmt: skip
    portal = [
        "/", f"/services/{longest.key}", f"/themes/{themes.most_common(1)[0][0]}",
        "/recherche?q=d%C3%A9chets", "/services", f"/demarches/{procedure}", "/signaler",
    ]  # fmt: skip
    desk = ["/agents/", "/agents/?vue=carte", "/agents/ensemble"]
    found: list[Seen] = []
    with pages.server(environ) as port, sync_playwright() as playwright:
        origin = f"http://127.0.0.1:{port}"
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        browser = Browser(chromium, origin)
        for who, email in people.items():
            name, _equals, value = pages.session(email).partition("=")
            cookies = [{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": origin}]
            if email:
                cookies.append({"name": name, "value": value, "url": origin})
            first = desk if who not in ("nobody", "a resident") else portal
            for seen in walk(browser, who, cookies, first):
                found.append(seen)
                machine.say(f"{who:16} {seen.total:7,} {seen.critical:7,} {seen.path}")
            if who in ("nobody", "a resident"):
                for seen in drafts(browser, who, cookies, procedure):
                    found.append(seen)
                    machine.say(f"{who:16} {seen.total:7,} {seen.critical:7,} {seen.path}")
        chromium.close()
    return _figures(found)


def _figures(found: list[Seen]) -> dict[str, Any]:
    heaviest: dict[str, Seen] = {}
    persons: dict[str, set[str]] = defaultdict(set)
    for seen in found:
        key = seen.route + ("" if "vue=carte" not in seen.path else " (map)")
        if seen.route in ("portal:report-step", "portal:procedure-page"):
            key += f" {urlsplit(seen.path).path.rsplit('/', 1)[-1]}"
        persons[key].add(seen.who)
        if key not in heaviest or seen.total > heaviest[key].total:
            heaviest[key] = seen
    rows = [
        {
            "page": key,
            "persons": len(persons[key]),
            **{name: seen.parts[name] for name in ("html", "css", "js", "fonts")},
            "images": seen.parts["images and icons"],
            "other": seen.parts["other"],
            "total": seen.total,
            "critical": seen.critical,
            "map": seen.apart["map"],
            "photos": seen.apart["photos"],
        }
        for key, seen in sorted(heaviest.items(), key=lambda item: -item[1].total)
    ]
    return {
        "visits": len(found),
        "kinds_of_page": len(rows),
        "heaviest": max(row["total"] for row in rows),
        "heaviest_critical": max(row["critical"] for row in rows),
        "pages": rows,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="keep (and reuse) the demonstration there")
    given = parser.parse_args()
    described = machine.describe()
    with house.folder(given.home) as home:
        command = [str(machine.ROOT / "socle"), "demo", "--prepare-only", "--data", str(home)]
        started = time.monotonic()
        environ = {**os.environ, "LC_ALL": "fr_FR.UTF-8"}
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environ)
        machine.say(f"demonstration ready in {time.monotonic() - started:.0f} s")
        figures = measure(home)
    print(json.dumps(figures, indent=1, ensure_ascii=False))
    machine.save("weight", COMMAND, figures, described)
    too_heavy = [
        row["page"]
        for row in figures["pages"]
        if row["total"] > PAGE_MAX or row["critical"] > CRITICAL_MAX
    ]
    if too_heavy:
        sys.exit(f"too heavy: {', '.join(too_heavy)}")


if __name__ == "__main__":
    main()
