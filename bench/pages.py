"""Server time of pages against bare JSON views: `python -m bench.pages`.

A million cases on each database. Page and view are asked in turn, so that whatever else the machine
does weighs on both; the ratio of their medians is what is promised (at most 3). Measured twice:
inside one process, without a network, and through granian on loopback.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import house, machine

LIMIT = 3.0
# What browsers send: compressing is part of an answer's cost, for the page and for the JSON.
ENCODING = "gzip, deflate, br, zstd"
COMMAND = "python -m bench.pages"


@dataclass(frozen=True)
class Pair:
    """A page, the bare view that asks the same, and who asks (an e-mail address, or nobody)."""

    name: str
    page: str
    bare: str
    who: str = ""


def pairs(service: str, resident: str, agent: str) -> list[Pair]:
    return [
        Pair("home", "/", "/nu/accueil"),
        Pair("home, signed in", "/", "/nu/accueil", resident),
        Pair("service page", f"/services/{service}", f"/nu/services/{service}"),
        Pair(
            "service page, signed in", f"/services/{service}", f"/nu/services/{service}", resident
        ),
        Pair("desk inbox, 50 rows", "/agents/", "/agents/nu", agent),
    ]


class Inside:
    """Calls the WSGI application directly."""

    def __init__(self) -> None:
        from django.core.handlers.wsgi import WSGIHandler

        self.application = WSGIHandler()

    def __call__(self, path: str, cookie: str) -> bytes:
        route, _mark, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": "GET", "PATH_INFO": route, "QUERY_STRING": query,
            "HTTP_COOKIE": cookie,
            "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000", "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1:8000", "REMOTE_ADDR": "127.0.0.1", "HTTP_ACCEPT": "*/*",
            "HTTP_ACCEPT_LANGUAGE": "fr",
            "HTTP_ACCEPT_ENCODING": ENCODING, "HTTP_USER_AGENT": "bench", "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr,
        }  # fmt: skip
        told: list[str] = []
        body = self.application(environ, lambda status, _headers, _info=None: told.append(status))
        content = b"".join(body)
        body.close()
        if not told[0].startswith("200"):
            raise SystemExit(f"{path}: {told[0]}")
        return content


class Outside:
    """Asks a server over one kept connection."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def __call__(self, path: str, cookie: str) -> bytes:
        headers = {
            "Cookie": cookie,
            "Accept-Language": "fr",
            "Accept-Encoding": ENCODING,
            "User-Agent": "bench",
        }
        self.connection.request("GET", path, headers={k: v for k, v in headers.items() if v})
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status}")
        return content


Ask = Callable[[str, str], bytes]


def measure(ask: Ask, pair: Pair, cookie: str, rounds: int) -> dict[str, Any]:
    """Milliseconds of the page and of the bare view, asked in turn; the ratio of their medians.

    `cpu_ms` is what this thread computed: all of the server's work when it is inside this process
    (the database's too on SQLite), and no one else's.
    """
    for _ in range(10):
        page, bare = ask(pair.page, cookie), ask(pair.bare, cookie)
    wall: dict[str, list[float]] = {pair.page: [], pair.bare: []}
    cpu: dict[str, list[float]] = {pair.page: [], pair.bare: []}
    for turn in range(rounds):
        # Who goes first alternates too.
        for path in (pair.page, pair.bare) if turn % 2 else (pair.bare, pair.page):
            start, computed = time.perf_counter(), time.thread_time()
            ask(path, cookie)
            cpu[path].append((time.thread_time() - computed) * 1000)
            wall[path].append((time.perf_counter() - start) * 1000)
    found: dict[str, Any] = {"page_bytes": len(page), "bare_bytes": len(bare)}
    for name, times in (("wall", wall), ("cpu", cpu)):
        of_page, of_bare = machine.summary(times[pair.page]), machine.summary(times[pair.bare])
        found[f"page_{name}_ms"], found[f"bare_{name}_ms"] = of_page, of_bare
        found[f"{name}_ratio"] = round(of_page["median"] / of_bare["median"], 2)
    if isinstance(ask, Outside):
        del found["page_cpu_ms"], found["bare_cpu_ms"], found["cpu_ratio"]
    return found


def statements(ask: Ask, path: str, cookie: str) -> list[str]:
    """The SQL a path sends. Inside only."""
    from django.db import connection

    sent: list[str] = []

    def note(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        sent.append(sql)
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(note):
        ask(path, cookie)
    return sent


def session(email: str) -> str:
    """A cookie of somebody signed in."""
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from socle.foundations.accounts.queries import user_by_email
    from socle.sites.identity.middleware import SEEN, STARTED

    if not email:
        return ""
    user = user_by_email(email)
    assert user is not None
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store[STARTED] = store[SEEN] = time.time()
    store.save()
    return f"{settings.SESSION_COOKIE_NAME}={store.session_key}"


@contextmanager
def server(environ: dict[str, str], workers: int = 1) -> Iterator[int]:
    """Granian as `socle serve` starts it, with one worker; gives its port."""
    from socle.config.cli import processes
    from socle.config.options import Server

    port = processes.free_port(18_200 + os.getpid() % 500)
    command = processes.web_command(Server(port=port, workers=workers))
    process = subprocess.Popen(command, env={**environ, "DJANGO_SETTINGS_MODULE": "bench.settings"})
    try:
        limit = time.monotonic() + 60
        while time.monotonic() < limit:
            try:
                Outside(port)("/healthz", "")
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def furnish(cases: int) -> dict[str, str]:
    """Fill the database if it is empty; gives who asks and which service is read."""
    from bench.generate_cases import generate
    from socle.capabilities.casework.actions import save_filter
    from socle.capabilities.casework.filters import ME, InboxFilter
    from socle.capabilities.casework.models import Case
    from socle.capabilities.catalogue import queries as catalogue
    from socle.domains.procedures import queries as procedures
    from socle.foundations.accounts.models import Membership, User
    from socle.foundations.accounts.queries import actor_for
    from socle.kernel.clock import SYSTEM

    house.furnish()
    if not Case.objects.exists():
        generate(cases, now=SYSTEM.now())
    members = Membership.objects.filter(role="agent").order_by("pk").prefetch_related("teams")
    member = max(members, key=lambda each: each.teams.count())
    agent = member.user
    if not agent.last_login:
        agent.last_login = SYSTEM.now()
        agent.save(update_fields=["last_login"])
        actor = actor_for(agent)
        team = member.teams.order_by("pk").first()
        assert team is not None
        save_filter(actor=actor, name="Mon équipe", filter=InboxFilter(teams=(team.pk,)))
        save_filter(actor=actor, name="À moi", filter=InboxFilter(assignee=ME, overdue=True))
        save_filter(
            actor=actor, name="Équipe", filter=InboxFilter(statuses=("received",)), team_id=team.pk
        )
    resident = User.objects.filter(memberships=None, cases__isnull=False).order_by("pk").first()
    assert resident is not None
    longest = max(
        (each for each in catalogue.services() if procedures.exists(each.key)),
        key=lambda each: len(each.description),
    )
    return {"agent": agent.email, "resident": resident.email, "service": longest.key}


def here(
    vendor: str, home: Path, url: str, cases: int, rounds: int, served: bool
) -> dict[str, Any]:
    """Every figure of one database, in this process."""
    environ = house.environment(home, url)
    house.open_here(environ)
    cast = furnish(cases)
    from socle.capabilities.casework.models import Case

    found: dict[str, Any] = {"cases": Case.objects.count(), "inside": {}, "granian": {}}
    ask = Inside()
    asked = [
        (pair, session(pair.who))
        for pair in pairs(cast["service"], cast["resident"], cast["agent"])
    ]
    for pair, cookie in asked:
        ask(pair.page, cookie), ask(pair.bare, cookie)
        of_page, of_bare = (statements(ask, path, cookie) for path in (pair.page, pair.bare))
        figures = measure(ask, pair, cookie, rounds)
        figures["page_queries"], figures["bare_queries"] = len(of_page), len(of_bare)
        if sorted(of_page) != sorted(of_bare):
            figures["statements_differ"] = sorted(
                {each[:160] for each in set(of_page) ^ set(of_bare)}
            )
        found["inside"][pair.name] = figures
        machine.say(
            f"{vendor}, inside, {pair.name}: {figures['wall_ratio']} (computing:"
            f" {figures['cpu_ratio']}, {figures['page_cpu_ms']['median']} ms"
            f" for {figures['bare_cpu_ms']['median']})"
        )
    if not served:
        return found
    with server(environ) as port:
        outside = Outside(port)
        for pair, cookie in asked:
            figures = measure(outside, pair, cookie, rounds)
            found["granian"][pair.name] = figures
            machine.say(f"{vendor}, granian, {pair.name}: {figures['wall_ratio']}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--database", choices=[*house.VENDORS, "both"], default="both")
    parser.add_argument("--inside", action="store_true", help="leave granian out")
    parser.add_argument("--home", type=Path, help="keep (and reuse) the house there")
    parser.add_argument("--url", default="", help="the PostgreSQL database of the house at --home")
    parser.add_argument(
        "--here", nargs=3, metavar=("VENDOR", "HOME", "URL"), help=argparse.SUPPRESS
    )
    given = parser.parse_args()
    if given.here:
        vendor, home, url = given.here
        json.dump(
            here(vendor, Path(home), url, given.cases, given.rounds, not given.inside), sys.stdout
        )
        return
    worst = 0.0
    for vendor in house.VENDORS if given.database == "both" else [given.database]:
        described = machine.describe()
        known = vendor == "postgresql" and given.url
        kept = given.home if vendor == "sqlite" or known else None
        with (
            contextlib.nullcontext(given.url) if known else house.database(vendor) as url,
            house.folder(kept) as home,
        ):
            words = ["--here", vendor, str(home), url]
            words += ["--cases", str(given.cases), "--rounds", str(given.rounds)]
            words += ["--inside"] if given.inside else []
            figures = json.loads(house.child("bench.pages", os.environ, *words))
        print(json.dumps({vendor: figures}, indent=1, ensure_ascii=False))
        if not given.inside and given.cases >= 1_000_000:
            command = f"{COMMAND} --database {vendor}"
            machine.save(f"pages-{vendor}", command, {vendor: figures}, described)
        worst = max(
            worst,
            *(
                each["wall_ratio"]
                for way in ("inside", "granian")
                for each in figures[way].values()
            ),
        )
    if worst > LIMIT:
        raise SystemExit(f"a page costs {worst} times its bare view: more than {LIMIT}")


if __name__ == "__main__":
    main()
