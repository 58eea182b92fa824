"""An agent's list, words and Open311 over many reports: `python -m bench.reports_desk --home DIR`.

The house at DIR (and its database, `--database URL`) is filled with reports on the first run, as by
`bench.generate_cases --reports`. A regular agent of twelve organisations, with their teams and
fourteen saved filters, reads their lists; words are looked for at the desk and by everybody;
programs read pages of a hundred. Pages are asked of the application inside this process, one at a
time; beside each, the bare SQL is the very statements it sent, sent again right after without
Django's models and templates. `bench.reports_served` measures the same house over HTTP.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any
from urllib.parse import urlencode

from bench import generate_cases, house, machine
from bench.pages import Inside, session

AIMS_MS = {
    "list": {"p50": 20, "p95": 60},
    "search": {"p95": 100},
    "open311": {"p95": 40},
}
"""Of one person alone, at a million reports."""
EMAIL = "mesure@exemple.test"
SCOPES = 12
SEED = 11

Ask = Callable[[], object]
Statements = list[tuple[str, Any]]


def agent(count: int = SCOPES) -> str:
    """The address of an agent of the `count` organisations with the most reports; made if need be,
    with the teams of each (six at most) and saved filters.
    """
    from django.db.models import Count

    from socle.capabilities.casework.actions import save_filter
    from socle.capabilities.casework.models import Case
    from socle.foundations.accounts import actions
    from socle.foundations.accounts.actors import SYSTEM
    from socle.foundations.accounts.models import Team, User
    from socle.foundations.accounts.queries import actor_for
    from socle.kernel.clock import SYSTEM as CLOCK

    found = User.objects.filter(email=EMAIL).first()
    if found is not None:
        return EMAIL
    user = actions.register(
        email=EMAIL, password=None, given_names="Dominique", family_name="Mesure",
        email_verified=True, actor=SYSTEM,
    )  # fmt: skip
    busiest = Case.objects.values_list("organisation_id").annotate(n=Count("pk")).order_by("-n")
    for organisation_id, _n in list(busiest[:count]):
        teams = Team.objects.filter(organisation_id=organisation_id, is_active=True).order_by("pk")
        actions.add_member(
            actor=SYSTEM, organisation_id=organisation_id, user_id=user.pk, role="agent",
            team_ids=list(teams[:6].values_list("pk", flat=True)),
        )  # fmt: skip
    user.last_login = CLOCK.now()
    user.save(update_fields=["last_login"])
    actor = actor_for(user)
    open_ones = Case.objects.filter(is_open=True, organisation_id__in=actor.organisation_ids)
    mine = list(open_ones.filter(assignee=None).order_by("-pk")[:4_000:100])
    Case.objects.filter(pk__in=[each.pk for each in mine]).update(assignee=user)
    for name, wanted in saved(actor).items():
        save_filter(actor=actor, name=name, filter=wanted)
    return EMAIL


def saved(actor: Any) -> dict[str, Any]:
    """Filters that an agent comes back to, by name; values are those of reports in sight."""
    from socle.capabilities.casework.filters import ME, NOBODY, InboxFilter
    from socle.capabilities.casework.models import Case
    from socle.kernel.clock import SYSTEM

    seen = Case.objects.filter(organisation_id__in=actor.organisation_ids)
    some = list(seen.order_by("-created_at", "-pk")[:200])
    team = next((each.team_id for each in some if each.team_id in actor.team_ids), None)
    kinds = list(dict.fromkeys(each.category for each in some))
    at = next(each for each in some if each.lon is not None)
    today = SYSTEM.now().date()
    box = (at.lon - 0.01, at.lat - 0.01, at.lon + 0.01, at.lat + 0.01)
    return {
        "open": InboxFilter(),
        "open and closed": InboxFilter(open=None),
        "mine": InboxFilter(assignee=ME),
        "nobody's": InboxFilter(assignee=NOBODY),
        "overdue": InboxFilter(overdue=True),
        "with news": InboxFilter(news=True),
        "one team": InboxFilter(teams=(team,) if team else ()),
        "my teams, closed too": InboxFilter(teams=tuple(sorted(actor.team_ids)), open=None),
        "three categories": InboxFilter(categories=tuple(kinds[:3])),
        "one category, closed": InboxFilter(categories=(kinds[3],), open=False),
        "one commune, closed too": InboxFilter(areas=(some[0].area_code,), open=None),
        "planned": InboxFilter(statuses=("planned",)),
        "resolved, a month of last year": InboxFilter(
            statuses=("resolved",), open=None,
            created_from=today - timedelta(days=400), created_to=today - timedelta(days=370),
        ),
        "a district, nobody's": InboxFilter(bbox=box, assignee=NOBODY),
    }  # fmt: skip


class Bare:
    """What is sent to the database while something is asked, and the same sent again."""

    def __init__(self) -> None:
        self.sent: Statements = []

    def note(self, execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if not many and sql.lstrip()[:6].upper() in {"SELECT"}:
            self.sent.append((sql, parameters))
        return execute(sql, parameters, many, context)

    def again(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            for sql, values in self.sent:
                cursor.execute(sql, values)
                cursor.fetchall()


def beside_its_sql(asked: Sequence[Ask]) -> dict[str, Any]:
    """Milliseconds of each, and of its bare statements right after; the ratio of their medians."""
    from django.db import connection

    for each in asked[:3]:
        each()
    gc.collect()
    ours, computed, theirs, statements = [], [], [], 0
    for each in asked:
        bare = Bare()
        with connection.execute_wrapper(bare.note):
            start = thread_time()
            ours.append(once(each))
            computed.append((thread_time() - start) * 1000)
        theirs.append(once(bare.again))
        statements = max(statements, len(bare.sent))
    found = spread(ours)
    bare_p50 = spread(theirs)["p50"]
    return {
        **found,
        # What this thread computed, whatever else the machine does (SQLite's work is in it).
        "cpu_p50": spread(computed)["p50"],
        "cpu_p95": spread(computed)["p95"],
        "bare_p50": bare_p50,
        "bare_p95": spread(theirs)["p95"],
        "ratio": round(found["p50"] / max(bare_p50, 0.001), 2),
        "statements": statements,
    }


def once(work: Ask) -> float:
    start = perf_counter()
    work()
    return (perf_counter() - start) * 1000


def spread(values: Sequence[float]) -> dict[str, Any]:
    ordered = sorted(values)

    def centile(rank: int) -> float:
        return round(ordered[min(len(ordered) - 1, len(ordered) * rank // 100)], 2)

    return {"p50": centile(50), "p95": centile(95), "max": round(ordered[-1], 2), "n": len(ordered)}


def every(groups: dict[str, dict[str, Any]], times: list[float]) -> dict[str, Any]:
    """All of them together first: what somebody who goes from one to another meets."""
    return {"all": spread(times), **groups}


def _measured(asked: dict[str, list[Ask]]) -> dict[str, Any]:
    found, times = {}, []
    for name, works in asked.items():

        def kept(work: Ask) -> Ask:
            def run() -> None:
                start = perf_counter()
                work()
                times.append((perf_counter() - start) * 1000)

            return run

        before = len(times)
        found[name] = beside_its_sql([kept(each) for each in works])
        each = found[name]
        machine.say(f"{name}: p50 {each['p50']}, p95 {each['p95']} ms, ratio {each['ratio']}")
        # The first ones only warm up.
        del times[before : before + 3]
    return every(found, times)


def lists(email: str, runs: int) -> dict[str, Any]:
    """The desk's page of each saved filter, and the query alone: first page, and further down."""
    from socle.capabilities.casework import queries
    from socle.foundations.accounts.queries import actor_for, user_by_email
    from socle.sites.desk.context import inbox_url

    user = user_by_email(email)
    assert user is not None
    actor = actor_for(user)
    cookie, ask = session(email), Inside()
    pages: dict[str, list[Ask]] = {}
    alone: dict[str, list[Ask]] = {}
    for row in queries.saved_filters(actor):
        assert row.filter is not None
        cursors: list[str | None] = [None]
        while len(cursors) < 6 and (cursor := queries.inbox(
            actor, row.filter, cursor=cursors[-1]).next_cursor):  # fmt: skip
            cursors.append(cursor)
        # The first page half of the time.
        drawn = [cursors[0] if turn % 2 else cursors[turn // 2 % len(cursors)]
                 for turn in range(runs)]  # fmt: skip
        pages[row.name] = [
            lambda url=url: ask(url, cookie)
            for url in (inbox_url(row.filter, **({"suite": at} if at else {})) for at in drawn)
        ]
        alone[row.name] = [
            lambda wanted=row.filter, at=at: queries.inbox(actor, wanted, cursor=at) for at in drawn
        ]
    return {"organisations": len(actor.organisation_ids), "teams": len(actor.team_ids),
            "page": _measured(pages), "query": _measured(alone)}  # fmt: skip


def search(email: str, runs: int) -> dict[str, Any]:
    """Words at the desk (closed cases too) and in the public list."""
    from socle.capabilities.casework import queries
    from socle.capabilities.casework.filters import InboxFilter
    from socle.capabilities.casework.models import Case
    from socle.domains.reports import queries as reports
    from socle.foundations.accounts.queries import actor_for, user_by_email

    user = user_by_email(email)
    assert user is not None
    actor, dice = actor_for(user), random.Random(SEED)
    last = Case.objects.order_by("-pk").values_list("pk", flat=True)[0]
    drawn = sorted({dice.randrange(1, last) for _ in range(400)})
    rows = list(Case.objects.filter(pk__in=drawn, kind="report").values_list(
        "reference", "address", "description", "title"))  # fmt: skip

    def words(row: Any) -> list[str]:
        return [each.strip(".,").lower() for each in row[2].split()] or row[1].split()[1:]

    def some(draw: Callable[[Any], str]) -> list[str]:
        return [draw(dice.choice(rows)) for _ in range(runs)]

    asked = {
        "a reference": some(lambda row: row[0]),
        "one rare word": some(lambda row: max(words(row), key=len)),
        "one word of a text": some(lambda row: dice.choice(words(row))),
        "two words of a text": some(lambda row: " ".join(dice.sample(words(row), 2))),
        "an address": some(lambda row: row[1].partition(",")[0]),
        "a common word": some(lambda row: dice.choice(["rue", "avenue", "chemin", "place"])),
        "two common words": some(lambda row: dice.choice(["rue eau", "avenue arbre", "chemin de"])),
        "a common and a rare word": some(lambda row: f"rue {max(words(row), key=len)}"),
        "the beginning of a word": some(lambda row: dice.choice(words(row))[:4]),
        "a word nobody wrote": some(lambda row: f"zzz{dice.randrange(1000)}"),
    }
    desk = {
        name: [
            lambda text=text: queries.inbox(actor, InboxFilter(text=text, open=None))
            for text in texts
        ]
        for name, texts in asked.items()
    }
    everybody = {
        name: [lambda text=text: reports.public_list(reports.PublicFilter(words=text))
               for text in texts]
        for name, texts in asked.items()
    }  # fmt: skip
    return {"desk": _measured(desk), "public": _measured(everybody)}


def open311(runs: int) -> dict[str, Any]:
    """GET requests of a hundred, as programs ask."""
    from socle.domains.reports.models import PublicReport
    from socle.foundations.territories import queries as territories

    dice, ask = random.Random(SEED), Inside()
    last = PublicReport.objects.order_by("-pk").values_list("pk", flat=True)[0]
    drawn = sorted({dice.randrange(1, last) for _ in range(400)})
    rows = list(PublicReport.objects.filter(pk__in=drawn, visible=True))
    communes = [each.code for each in territories.areas("commune")]

    def some(draw: Callable[[Any], dict[str, Any]], form: str = "json") -> list[Ask]:
        asked = [{"page_size": 100, **draw(dice.choice(rows))} for _ in range(runs)]
        urls = [f"/open311/v2/requests.{form}?{urlencode(each)}" for each in asked]
        return [lambda url=url: ask(url, "") for url in urls]

    def span(row: Any) -> dict[str, str]:
        return {
            "start_date": row.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "end_date": (row.created_at + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    return _measured(
        {
            "newest": some(lambda row: {}),
            "newest, XML": some(lambda row: {}, "xml"),
            "newest, extensions": some(lambda row: {"extensions": "true"}),
            "one service": some(lambda row: {"service_code": row.category}),
            "open": some(lambda row: {"status": "open"}),
            "closed": some(lambda row: {"status": "closed"}),
            "one service, open": some(
                lambda row: {"service_code": row.category, "status": "open"}
            ),
            "a month of any year": some(span),
            "one commune": some(lambda row: {"jurisdiction_id": dice.choice(communes)}),
            "around a place": some(
                lambda row: {"lat": row.lat, "long": row.lon, "radius": 500}
            ),
            "second page": some(lambda row: {"page": 2}),
        }
    )  # fmt: skip


def measure(count: int, runs: int) -> dict[str, Any]:
    """In the house that is open: fill it if need be, then read."""
    from django.db import connection

    from socle.capabilities.casework.models import Case, CaseEvent
    from socle.kernel.clock import SYSTEM
    from socle.sites.api.v1 import limits

    house.furnish()
    missing = count - Case.objects.count()
    if missing > count // 100:
        generate_cases.generate(missing, now=SYSTEM.now(), reports=True, events=3)
    email = agent()
    # Callers are counted; a bench asks more than a program may.
    limits.counters.hit = _uncounted  # type: ignore[method-assign]
    figures: dict[str, Any] = {
        "vendor": connection.vendor,
        "reports": Case.objects.count(),
        "events": CaseEvent.objects.count(),
        "list": lists(email, runs),
        "search": search(email, runs),
        "open311": open311(runs),
    }
    return figures


def _uncounted(limit: Any, key: str) -> Any:
    from socle.sites.api.v1.limits import Spent

    return Spent(limit, limit.count, limit.seconds)


def over_aim(figures: dict[str, Any]) -> list[str]:
    """What takes longer than it should, whichever way it was asked."""
    groups = {
        "list": figures.get("list", {}).get("page", {}),
        "search": {
            f"{where}, {name}": each
            for where, part in figures.get("search", {}).items()
            for name, each in part.items()
        },
        "open311": figures.get("open311", {}),
    }
    return [
        f"{kind} · {name}: {centile} {each[centile]} ms"
        for kind, group in groups.items()
        for name, each in group.items()
        for centile, aim in AIMS_MS[kind].items()
        if each[centile] > aim
    ]


def parts(figures: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What is kept apart: words, and the rest."""
    same = {name: figures[name] for name in ("vendor", "reports", "events")}
    kept = {
        "reports-desk": {**same, "list": figures["list"], "open311": figures["open311"]},
        "reports-search": {**same, "search": figures["search"]},
    }
    return {name: {**part, "over_aim": over_aim(part)} for name, part in kept.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--database", default="", help="postgresql://…, else SQLite")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=40, help="times each thing is asked")
    given = parser.parse_args()
    given.home.mkdir(parents=True, exist_ok=True)
    house.open_here(house.environment(given.home, given.database))
    described = machine.describe()
    figures = measure(given.count, given.runs)
    command = f"python -m bench.reports_desk --home DIR --count {given.count}"
    for name, part in parts(figures).items():
        machine.say(str(machine.save(f"{name}-{figures['vendor']}", command, part, described)))
    print(json.dumps(figures, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
