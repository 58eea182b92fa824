"""The desk's queries over many cases: `python -m bench.casework --home DIR [--count N]`.

The house at DIR is furnished and filled on the first run (see `bench.generate_cases`), kept for the
next ones. Figures are milliseconds of one connection; those against bare SQL are interleaved with
it, so that both meet the same machine. Acts are written to the house: measure on one made for it.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from bench import generate_cases, house, machine

AIM_MS = 300
"""Of the desk, at a million cases."""

BARE = """
SELECT c.id, c.reference, c.kind, c.title, c.service_key, c.category, c.state, c.public_status,
       c.is_open, c.has_news, c.version, c.organisation_id, c.team_id, t.name, c.assignee_id,
       u.given_names, u.family_name, c.channel, c.address, c.area_code, c.created_at, c.updated_at,
       c.due_at
  FROM casework_case c
  LEFT JOIN accounts_team t ON t.id = c.team_id
  LEFT JOIN accounts_user u ON u.id = c.assignee_id
 WHERE c.organisation_id = %s AND c.is_open = %s
 ORDER BY c.created_at DESC, c.id DESC LIMIT 51
"""

Work = Callable[[], object]


def timed(work: Work, runs: int) -> list[float]:
    """Milliseconds of each run, after three that do not count."""
    for _ in range(3):
        work()
    gc.collect()
    return [_once(work) for _ in range(runs)]


def _once(work: Work) -> float:
    start = perf_counter()
    work()
    return (perf_counter() - start) * 1000


def against(mine: Work, bare: Work, runs: int) -> dict[str, Any]:
    """Two works in turn, and the ratio of their medians."""
    for _ in range(5):
        mine(), bare()
    times = [(_once(mine), _once(bare)) for _ in range(runs)]
    ours = machine.summary([each[0] for each in times])
    theirs = machine.summary([each[1] for each in times])
    return {"ours": ours, "bare": theirs, "ratio": round(ours["median"] / theirs["median"], 2)}


def actors() -> tuple[Any, Any]:
    """The agent with the most cases in sight, and a platform administrator."""
    from django.db.models import Count

    from socle.capabilities.casework.models import Case
    from socle.foundations.accounts import queries as accounts
    from socle.foundations.accounts.actors import Actor
    from socle.foundations.accounts.models import Membership

    busiest = Case.objects.values_list("organisation_id").annotate(n=Count("pk")).order_by("-n")
    with_agents = set(Membership.objects.values_list("organisation_id", flat=True))
    organisation = next(pk for pk, _n in busiest if pk in with_agents)
    member = Membership.objects.filter(organisation_id=organisation).order_by("pk").first()
    assert member is not None
    whole = accounts.actor_by_id(member.user_id)
    agent = Actor(
        kind="agent",
        user_id=whole.user_id,
        label=whole.label,
        roles={organisation: "manager"},
        team_ids=whole.team_ids,
    )
    root = Actor(kind="agent", user_id=whole.user_id, is_administrator=True)
    return agent, root


def inbox_against_sql(agent: Any) -> dict[str, Any]:
    """The default inbox of 50 rows, and one hand-written statement; both to JSON."""
    from django.db import connection

    from socle.capabilities.casework import queries

    (organisation,) = agent.organisation_ids

    def bare() -> object:
        with connection.cursor() as cursor:
            cursor.execute(BARE, [organisation, True])
            return json.dumps(cursor.fetchall(), default=str)

    return against(lambda: json.dumps(queries.inbox(agent).rows, default=str), bare, runs=300)


def filters(agent: Any, root: Any) -> dict[str, Any]:
    """Inboxes, counts and maps by what is asked."""
    from socle.capabilities.casework import queries
    from socle.capabilities.casework.filters import InboxFilter
    from socle.capabilities.casework.models import Case

    (organisation,) = agent.organisation_ids
    mine = Case.objects.filter(organisation_id=organisation)
    some = mine.order_by("-created_at", "-pk").values_list("area_code", "category", "reference")[7]
    area, category, reference = some
    team = mine.exclude(team=None).values_list("team_id", flat=True)[0]
    located = mine.order_by("pk").values_list("lon", "lat")[99]
    word = reference[-6:].lower()
    deep = None
    for _ in range(20):
        page = queries.inbox(agent, InboxFilter(open=False), cursor=deep, limit=200)
        deep = page.next_cursor
    asked: dict[str, tuple[Any, dict[str, Any]]] = {
        "open cases": (agent, {}),
        "open and closed": (agent, {"open": None}),
        "mine": (agent, {"assignee": "me"}),
        "nobody's": (agent, {"assignee": "none"}),
        "one team": (agent, {"teams": (team,)}),
        "overdue": (agent, {"overdue": True}),
        "with news": (agent, {"news": True}),
        "one category, open and closed": (agent, {"categories": (category,), "open": None}),
        "one commune, open and closed": (agent, {"areas": (area,), "open": None}),
        "one public status": (agent, {"statuses": ("not_ours",), "open": None}),
        "requests only, closed": (agent, {"kinds": ("request",), "open": False}),
        "words, common": (agent, {"text": "rue", "open": None}),
        "words, rare": (agent, {"text": word, "open": None}),
        "words, none": (agent, {"text": "zzzzzz", "open": None}),
        "a reference": (agent, {"text": reference, "open": None}),
        "every organisation": (root, {}),
        "every organisation, open and closed": (root, {"open": None}),
        "every organisation, common words": (root, {"text": "rue", "open": None}),
    }

    def inbox(actor: Any, wanted: dict[str, Any]) -> Work:
        chosen = InboxFilter(**wanted)
        return lambda: queries.inbox(actor, chosen)

    found = {label: timed(inbox(*each), 40) for label, each in asked.items()}
    found["4,000 rows further down"] = timed(
        lambda: queries.inbox(agent, InboxFilter(open=False), cursor=deep), 40
    )
    for label, half in (("street", 0.002), ("district", 0.02), ("everywhere", 2.0)):
        lon, lat = located
        box = (lon - half, lat - half, lon + half, lat + half)
        for which, opened in (("open", True), ("open and closed", None)):
            found[f"map, {label}, {which}"] = timed(_map(agent, InboxFilter(open=opened), box), 20)
    found["home, one organisation"] = timed(lambda: queries.summary(agent), 40)
    found["home, every organisation"] = timed(lambda: queries.summary(root), 20)
    return {label: machine.summary(times) for label, times in found.items()}


def _map(agent: Any, wanted: Any, box: Any) -> Work:
    from socle.capabilities.casework import queries

    return lambda: queries.map_points(agent, wanted, box)


def acts(agent: Any) -> dict[str, float]:
    """Acts a second on one connection, each a committed transaction with journal and outbox."""
    from socle.capabilities.casework import actions
    from socle.capabilities.casework.models import Case
    from socle.foundations.accounts.actors import ANONYMOUS, SYSTEM

    (organisation,) = agent.organisation_ids
    model = Case.objects.filter(kind="report").select_related("definition").order_by("pk")[0]
    opened: list[Case] = []
    numbers = itertools.count()
    source = f"bench {datetime.now(UTC).isoformat()}"

    def file() -> int:
        for _ in range(200):
            made = actions.open_case(
                actor=ANONYMOUS,
                kind=model.kind,
                service_key=model.service_key,
                definition=model.definition,
                title=model.title,
                category=model.category,
                organisation_id=organisation,
                prefix="BC",
                contact_email="mesure@example.org",
                lon=model.lon,
                lat=model.lat,
            )
            opened.append(made.case)
        return len(opened)

    def write() -> int:
        for case in opened:
            actions.reply(actor=agent, case_id=case.pk, body="Bonjour, nous passons mardi.")
        return len(opened)

    def together() -> int:
        ids = [case.pk for case in opened]
        actions.bulk(actor=agent, kind="assign", case_ids=ids, assignee_id=agent.user_id)
        return len(ids)

    def load() -> int:
        at = datetime(2020, 1, 1, tzinfo=UTC)
        for _ in range(4):
            cases = [
                Case(
                    kind="report", service_key=model.service_key, definition=model.definition,
                    title=model.title, category=model.category, address=model.address,
                    state="done", public_status="resolved", is_open=False, closed_at=at,
                    created_at=at, organisation_id=organisation, lon=model.lon, lat=model.lat,
                    source_id=str(next(numbers)),
                )
                for _ in range(5_000)
            ]  # fmt: skip
            actions.add_historic(actor=SYSTEM, cases=cases, source=source, prefix="BC")
        return 20_000

    return {
        "file a report": _rate(file),
        "reply": _rate(write),
        "assign 200 at once": _rate(together),
        "import historic reports": _rate(load),
    }


def _rate(work: Callable[[], int]) -> float:
    start = perf_counter()
    done = work()
    return round(done / (perf_counter() - start), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--database", default="", help="postgresql://…, else SQLite")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--read-only", action="store_true", help="leave acts out")
    given = parser.parse_args()
    given.home.mkdir(parents=True, exist_ok=True)
    house.open_here(house.environment(given.home, given.database))
    described = machine.describe()
    from django.db import connection

    from socle.capabilities.casework.models import Case
    from socle.kernel.clock import SYSTEM

    house.furnish()
    missing = given.count - (Case.objects.order_by("-pk").values_list("pk", flat=True).first() or 0)
    if missing > given.count // 100:
        generate_cases.generate(missing, now=SYSTEM.now())
    agent, root = actors()
    measured = filters(agent, root)
    figures = {
        "cases": given.count,
        "vendor": connection.vendor,
        "inbox": inbox_against_sql(agent),
        "filters": measured,
        "over_aim": sorted(label for label, each in measured.items() if each["p90"] > AIM_MS),
    }
    if not given.read_only:
        figures["acts_per_second"] = acts(agent)
    command = f"python -m bench.casework --home DIR --count {given.count}"
    target = machine.save(f"casework-{connection.vendor}", command, figures, described)
    machine.say(str(target))
    print(json.dumps(figures, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
