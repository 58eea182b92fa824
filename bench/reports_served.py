"""Many reports over HTTP: `python -m bench.reports_served --home DIR [--database URL]`.

The house at DIR, filled as by `bench.reports_desk`, served by `socle serve --worker` as people
start it (two web workers of two threads, one executor of tasks) on this machine, which also runs
those who ask. Sixteen agents go through their saved filters without a pause. Thirty-two programs
send reports by the REST interface, each with its key; thirty-two browsers send drafts that only
have to be sent: the whole path of a report without photo, up to the answer, its letter and its
public row included. Reports sent stay in the house. The memory is that of the web workers at the
end.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.durability import killing

from bench import house, machine
from bench.pages import session
from bench.reports_desk import agent, spread

AIMS = {"sqlite": 100, "postgresql": 200}
"""Reports a second."""
USERS, SENDERS = 16, 32
LIST_P95_MS, SEND_P99_MS, MEMORY_MB = 300, 1_000, 300
SEED = 13

Asker = Callable[[http.client.HTTPConnection, int], str | None]


def together(port: int, people: int, seconds: float, ask: Asker) -> dict[str, Any]:
    """`people` connections that ask without a pause; what `ask` answers is counted, and
    `None` ends its thread. The first fifth of the time only warms the server up.
    """
    times: list[tuple[float, float, str]] = []
    start = time.monotonic()
    end = start + seconds

    def one(rank: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while (begun := time.monotonic()) < end:
            told = ask(connection, rank)
            if told is None:
                break
            times.append((begun, time.monotonic() - begun, told))
        connection.close()

    threads = [threading.Thread(target=one, args=(rank,)) for rank in range(people)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    counted = [each for each in times if each[0] >= start + seconds / 5] or times
    lasted = max(at + took for at, took, _told in counted) - (start + seconds / 5)
    values = sorted(took * 1000 for _at, took, _told in counted)
    return {
        **spread(values),
        "p99": round(values[min(len(values) - 1, len(values) * 99 // 100)], 2),
        "per_second": round(len(values) / lasted, 1),
        "people": people,
        "seconds": round(lasted, 1),
        "answers": dict(Counter(told for _at, _took, told in times)),
    }


def lists(port: int, cookie: str, urls: list[str], seconds: float) -> dict[str, Any]:
    """Agents who go from one saved filter to another."""
    dice = random.Random(SEED)
    headers = {"Cookie": cookie, "Accept-Encoding": "gzip, br", "Accept-Language": "fr"}

    def ask(connection: http.client.HTTPConnection, _rank: int) -> str:
        connection.request("GET", dice.choice(urls), headers=headers)
        answer = connection.getresponse()
        answer.read()
        return str(answer.status)

    return together(port, USERS, seconds, ask)


def by_programs(
    port: int, keys: list[str], places: list[Any], kinds: list[str], seconds: float
) -> dict[str, Any]:
    """POST /api/v1/reports."""
    dice = random.Random(SEED)

    def ask(connection: http.client.HTTPConnection, rank: int) -> str:
        lon, lat, address = dice.choice(places)
        body = {
            "category": dice.choice(kinds), "lon": lon, "lat": lat, "address": address,
            "description": f"Mesure {uuid4()} : quelque chose ne va pas devant l’entrée.",
            "contact": {"name": "Ada Mesure", "email": f"ada{dice.randrange(10**6)}@exemple.test"},
        }  # fmt: skip
        connection.request(
            "POST", "/api/v1/reports", json.dumps(body),
            {"Authorization": f"Bearer {keys[rank]}", "Content-Type": "application/json",
             "Idempotency-Key": str(uuid4())},
        )  # fmt: skip
        answer = connection.getresponse()
        answer.read()
        return str(answer.status)

    return together(port, SENDERS, seconds, ask)


def by_browsers(port: int, drafts: list[dict[str, str]], seconds: float) -> dict[str, Any]:
    """POST /signaler/<draft>/envoi, the last of the portal's screens."""
    waiting = iter(drafts)
    lock = threading.Lock()

    def ask(connection: http.client.HTTPConnection, _rank: int) -> str | None:
        with lock:
            draft = next(waiting, None)
        if draft is None:
            return None
        told = killing.send(connection, draft)
        return "302 confirmation" if told.endswith("/confirmation") else told

    return together(port, SENDERS, seconds, ask)


def drafts(count: int, places: list[Any], kinds: list[str]) -> list[dict[str, str]]:
    """Drafts ready to be sent: `id` and the `cookie` of the browser that holds each."""
    from django.core.signing import get_cookie_signer

    from socle.capabilities.questionnaires.models import Draft
    from socle.capabilities.questionnaires.queries import claim_hash
    from socle.domains.reports import actions, queries
    from socle.sites.portal import claims

    dice, revision = random.Random(SEED + 1), queries.revision_in_force()
    signer = get_cookie_signer(salt=claims.COOKIE + claims._SALT)
    made, found = [], []
    for _rank in range(count):
        token, (lon, lat, address) = f"browser-{uuid4()}", dice.choice(places)
        draft = Draft(
            definition=revision, service_key=actions.SERVICE_KEY, claim=claim_hash(token),
            answers={
                "place": {"lon": lon, "lat": lat, "label": address},
                "category": dice.choice(kinds), "description": f"Mesure {token}", "photos": [],
            },
            contact={"name": "Ada Mesure", "email": f"ada{dice.randrange(10**6)}@exemple.test"},
        )  # fmt: skip
        made.append(draft)
        cookie = f"{claims.COOKIE}={signer.sign(token)}"
        found.append({"id": str(draft.pk), "cookie": cookie, "text": token})
    Draft.objects.bulk_create(made, batch_size=500)
    return found


def memory(pid: int) -> list[dict[str, Any]]:
    """Of the web workers: megabytes of their own, and those mapped from files that all share."""
    found = []
    for each in killing._family(pid):
        command = Path(f"/proc/{each}/cmdline").read_bytes().split(b"\0")
        status = dict(
            line.split(":", 1) for line in Path(f"/proc/{each}/status").read_text().splitlines()
        )
        if b"granian" not in b" ".join(command):
            continue
        found.append(
            {
                "resident_mb": _megabytes(status["VmRSS"]),
                "own_mb": _megabytes(status["RssAnon"]),
                "files_mb": _megabytes(status["RssFile"]),
            }
        )
    # The parent that only watches over them is the smallest.
    return sorted(found, key=lambda each: each["own_mb"])[-2:]


def _megabytes(text: str) -> int:
    return round(int(text.split(maxsplit=1)[0]) / 1024)


def measure(environ: dict[str, str], seconds: float, ready: int) -> dict[str, Any]:
    """In the house that is open, served by other processes."""
    from django.db import connection

    from socle.capabilities.casework.models import Case
    from socle.capabilities.casework.queries import saved_filters
    from socle.domains.reports import queries
    from socle.domains.reports.models import PublicReport
    from socle.foundations.accounts import actions
    from socle.foundations.accounts.actors import SYSTEM
    from socle.foundations.accounts.queries import actor_for, user_by_email
    from socle.foundations.territories import queries as territories
    from socle.sites.desk.context import inbox_url

    vendor = connection.vendor
    email = agent()
    user = user_by_email(email)
    assert user is not None
    urls = [inbox_url(each.filter) for each in saved_filters(actor_for(user)) if each.filter]
    keys = [
        actions.create_api_key(
            organisation_id=territories.metropole().pk, name=f"mesure {rank}",
            scopes=["reports:write"], actor=SYSTEM,
        )[1]
        for rank in range(SENDERS)
    ]  # fmt: skip
    last = PublicReport.objects.order_by("-pk").values_list("pk", flat=True)[0]
    dice = random.Random(SEED)
    drawn = sorted({dice.randrange(1, last) for _ in range(2_000)})
    places = list(PublicReport.objects.filter(pk__in=drawn).values_list("lon", "lat", "address"))
    kinds = [
        each.id
        for each in queries.in_force().categories.categories
        if not any(question.required for question in each.questions) and not each.asset_layer
    ]
    waiting = drafts(ready, places, kinds)
    cookie = session(email)
    before = Case.objects.count()
    figures: dict[str, Any] = {"vendor": vendor, "reports_before": before}
    connection.close()
    server = killing.Server(environ)
    figures["ready_s"] = round(server.start(), 2)
    assert server.process is not None
    try:
        figures["list_16_users"] = lists(server.port, cookie, urls, seconds)
        machine.say(f"{vendor}: lists {figures['list_16_users']}")
        figures["sent_by_programs"] = by_programs(server.port, keys, places, kinds, seconds)
        machine.say(f"{vendor}: programs {figures['sent_by_programs']}")
        figures["sent_by_browsers"] = by_browsers(server.port, waiting, seconds)
        machine.say(f"{vendor}: browsers {figures['sent_by_browsers']}")
        figures["memory_of_a_web_worker"] = memory(server.process.pid)
    finally:
        server.stop()
    acknowledged = figures["sent_by_programs"]["answers"].get("201", 0)
    acknowledged += figures["sent_by_browsers"]["answers"].get("302 confirmation", 0)
    figures["reports_acknowledged"] = acknowledged
    figures["reports_found"] = Case.objects.count() - before
    figures["missed"] = missed(figures)
    return figures


def missed(figures: dict[str, Any]) -> list[str]:
    """What is slower or larger than it should be."""
    found = []
    if figures["list_16_users"]["p95"] > LIST_P95_MS:
        found.append(f"list, 16 users: p95 {figures['list_16_users']['p95']} ms")
    for name in ("sent_by_programs", "sent_by_browsers"):
        rate, p99 = figures[name]["per_second"], figures[name]["p99"]
        if rate < AIMS[figures["vendor"]]:
            found.append(f"{name}: {rate} a second")
        if p99 > SEND_P99_MS:
            found.append(f"{name}: p99 {p99} ms")
    for each in figures["memory_of_a_web_worker"]:
        if each["own_mb"] > MEMORY_MB:
            found.append(f"memory: {each['own_mb']} MB")
    if figures["reports_found"] != figures["reports_acknowledged"]:
        found.append(
            f"{figures['reports_acknowledged']} acknowledged, {figures['reports_found']} found"
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--database", default="", help="postgresql://…, else SQLite")
    parser.add_argument("--seconds", type=float, default=30, help="of each measure")
    parser.add_argument("--drafts", type=int, default=12_000, help="prepared for browsers")
    given = parser.parse_args()
    environ = house.environment(given.home, given.database)
    house.open_here(environ)
    described = machine.describe()
    figures = measure(
        {**environ, "DJANGO_SETTINGS_MODULE": "socle.config.settings"}, given.seconds, given.drafts
    )
    command = f"python -m bench.reports_served --home DIR --seconds {given.seconds:g}"
    target = machine.save(f"reports-served-{figures['vendor']}", command, figures, described)
    machine.say(str(target))
    print(json.dumps(figures, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
