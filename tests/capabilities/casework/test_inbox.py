"""The inbox: scope, pages, filters, counts, maps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.capabilities.casework.cast import World

from socle.capabilities.casework import actions, queries, searching
from socle.capabilities.casework.filters import InboxFilter
from socle.capabilities.casework.models import Case, SavedFilter
from socle.capabilities.casework.queries import planning
from socle.foundations.accounts.actors import ANONYMOUS, Actor
from socle.kernel.clock import FixedClock
from socle.kernel.errors import Denied, Invalid, NotFound

ALL = InboxFilter(open=None)


def ids(page: queries.Page) -> list[int]:
    return [row.id for row in page.rows]


def everything(actor: Actor, wanted: InboxFilter, limit: int = 3) -> list[list[int]]:
    """Every page of an inbox, forwards."""
    pages, cursor = [], None
    while True:
        page = queries.inbox(actor, wanted, cursor=cursor, limit=limit)
        pages.append(ids(page))
        cursor = page.next_cursor
        if cursor is None:
            return pages


# --- Scope ---


def test_agents_see_the_cases_of_their_organisations_only(world: World) -> None:
    north = world.case()
    south = world.case(organisation_id=world.south.pk)
    metropole = world.case(organisation_id=world.metropole.pk)
    seen = {
        name: set(ids(queries.inbox(getattr(world, name), ALL)))
        for name in ("camille", "maud", "counter", "sacha", "mei", "root", "alice", "bruno")
    }
    assert seen == {
        "camille": {north.pk},
        "maud": {north.pk},
        "counter": {north.pk},
        "sacha": {south.pk},
        "mei": {metropole.pk},
        "root": {north.pk, south.pk, metropole.pk},
        "alice": set(),
        "bruno": set(),
    }
    assert ids(queries.inbox(ANONYMOUS, ALL)) == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda world, case: {"organisations": (world.south.pk,)},
        lambda world, case: {"teams": (world.south_team.pk,)},
        lambda world, case: {"assignee": world.sacha.user_id},
        lambda world, case: {"text": case.reference},
        lambda world, case: {"text": "composteur"},
        lambda world, case: {"bbox": (-180.0, -90.0, 180.0, 90.0)},
        lambda world, case: {"news": True},
        lambda world, case: {"statuses": ("received",)},
        lambda world, case: {"categories": ("bins",)},
        lambda world, case: {"areas": ("00001",)},
    ],
)
def test_no_filter_reaches_another_organisation(world: World, ask: Any) -> None:
    case = world.case(
        organisation_id=world.south.pk, lon=5.0, lat=43.0, category="bins", area_code="00001"
    )
    Case.objects.filter(pk=case.pk).update(assignee_id=world.sacha.user_id, has_news=True)
    wanted = InboxFilter(**ask(world, case))
    assert ids(queries.inbox(world.sacha, wanted)) == [case.pk]
    assert ids(queries.inbox(world.camille, wanted)) == []
    assert queries.counts(world.camille, [wanted])[0].value == 0
    assert queries.selection(world.camille, wanted) == []
    box = (4.0, 42.0, 6.0, 44.0)
    assert queries.map_points(world.camille, wanted, box).rows == []
    assert len(queries.map_points(world.sacha, wanted, box).rows) == 1
    with pytest.raises(NotFound):
        queries.case_for_agent(world.camille, case.reference)


# --- Pages ---


@pytest.fixture
def crowd(world: World) -> Iterator[World]:
    """Cases of two organisations, several at the same instant, open and closed."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    rows = []
    for number in range(23):
        is_open = number % 4 != 0
        rows.append(
            Case(
                reference=f"DM-26-{number:06d}",
                kind="request",
                service_key="composteur",
                definition=world.revision,
                title=f"Dossier {number}",
                state="received" if is_open else "done",
                public_status="received" if is_open else "resolved",
                is_open=is_open,
                organisation=(world.north, world.south)[number % 2],
                team=(world.north_team, world.south_team)[number % 2],
                category=("bins", "roads", "trees")[number % 3],
                created_at=start + timedelta(hours=number // 5),
                closed_at=None if is_open else start + timedelta(days=9),
            )
        )
    Case.objects.bulk_create(rows)
    yield world


@pytest.mark.parametrize(
    "wanted",
    [
        InboxFilter(),
        ALL,
        InboxFilter(open=False),
        InboxFilter(categories=("bins", "trees"), open=None),
        InboxFilter(statuses=("resolved", "received"), open=None),
    ],
    ids=str,
)
@pytest.mark.parametrize("who", ["camille", "root"])
def test_pages_cut_the_list_without_hole_or_overlap_both_ways(
    crowd: World, wanted: InboxFilter, who: str
) -> None:
    actor = getattr(crowd, who)
    whole = ids(queries.inbox(actor, wanted, limit=200))
    expected = [
        pk
        for pk, _at in sorted(
            Case.objects.filter(pk__in=whole).values_list("pk", "created_at"),
            key=lambda row: (row[1], row[0]),
            reverse=True,
        )
    ]
    assert whole == expected and len(whole) > 3
    for limit in (1, 2, 3, 7):
        pages = everything(actor, wanted, limit)
        assert [pk for page in pages for pk in page] == whole
        # And back up again, from the last page.
        cursor = None
        page = queries.inbox(actor, wanted, limit=limit)
        while page.next_cursor:
            page = queries.inbox(actor, wanted, cursor=page.next_cursor, limit=limit)
        climbed = [ids(page)]
        while (cursor := page.previous_cursor) is not None:
            page = queries.inbox(actor, wanted, cursor=cursor, limit=limit)
            climbed.insert(0, ids(page))
        assert [pk for page_ids in climbed for pk in page_ids] == whole


def test_new_cases_do_not_shift_the_pages(world: World) -> None:
    first = [world.case().pk for _ in range(4)][::-1]
    page = queries.inbox(world.camille, ALL, limit=2)
    world.case()
    assert ids(page) == first[:2]
    assert ids(queries.inbox(world.camille, ALL, cursor=page.next_cursor, limit=2)) == first[2:]


@pytest.mark.parametrize("cursor", ["x", "bm9wZQ", "WzAsIjIwMjYiLDFd", "é", "A" * 500, "W1tbXV1d"])
def test_a_cursor_that_is_not_one_is_refused(world: World, cursor: str) -> None:
    with pytest.raises(Invalid):
        queries.inbox(world.camille, cursor=cursor)


def test_a_row_tells_what_the_list_shows(world: World, clock: FixedClock) -> None:
    case = world.case(clock, address="3 rue Neuve")
    actions.assign(
        actor=world.camille,
        case_id=case.pk,
        version=1,
        assignee_id=world.driss.user_id,
        clock=clock,
    )
    clock.advance(timedelta(days=60))
    (row,) = queries.inbox(world.camille, clock=clock).rows
    assert row.state_label == "À traiter"
    assert (row.team_name, row.assignee_name) == ("Guichet-Nord", "Driss Amar")
    assert (row.version, row.overdue, row.address) == (2, True, "3 rue Neuve")


# --- Filters ---


def test_every_field_of_a_filter_narrows(world: World, clock: FixedClock) -> None:
    old = world.case(clock, title="Bac renversé", category="bins", area_code="00001",
                     lon=5.0, lat=43.0)  # fmt: skip
    clock.advance(timedelta(days=40))
    new = world.case(clock, kind="report", title="Nid-de-poule", category="roads",
                     area_code="00002", lon=6.0, lat=44.0)  # fmt: skip
    actions.perform(
        actor=world.camille, case_id=new.pk, transition_id="start", version=1, clock=clock
    )
    actions.reply(actor=world.alice, case_id=old.pk, body="Alors ?", clock=clock)

    def seen(**wanted: Any) -> set[int]:
        return set(ids(queries.inbox(world.camille, InboxFilter(**wanted), clock=clock)))

    both = {old.pk, new.pk}
    assert seen() == both
    assert seen(kinds=("report",)) == {new.pk}
    assert seen(services=("composteur",)) == both
    assert seen(states=("checking",)) == {new.pk}
    assert seen(statuses=("in_progress", "waiting")) == {new.pk}
    assert seen(open=False) == set()
    assert seen(teams=(world.north_team.pk,)) == both
    assert seen(assignee="me") == {new.pk}
    assert seen(assignee="none") == {old.pk}
    assert seen(assignee=world.camille.user_id) == {new.pk}
    assert seen(categories=("bins",)) == {old.pk}
    assert seen(areas=("00001", "00002")) == both
    assert seen(overdue=True) == {old.pk}
    assert seen(news=True) == {old.pk}
    assert seen(created_from=date(2026, 4, 1)) == {new.pk}
    assert seen(created_to=date(2026, 3, 4)) == {old.pk}
    assert seen(created_to=date(2026, 3, 3)) == set()
    assert seen(bbox=(4.9, 42.9, 5.1, 43.1)) == {old.pk}
    assert seen(text="nid") == {new.pk}
    assert seen(text="POULE nid") == {new.pk}
    assert seen(text="renverse") == {old.pk}
    assert seen(text="oule") == set()
    assert seen(text=old.reference) == {old.pk}
    assert seen(text=old.reference.lower().replace("-", " ")) == {old.pk}
    assert seen(text="dm-26") == both
    assert seen(text="alice martin") == both
    assert seen(text="nid", categories=("bins",)) == set()
    assert seen(text="%") == both or seen(text="%") == set()


def test_common_words_are_found_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limit of candidates the inbox is walked, with the same answer."""
    cases = {world.case(title=f"Composteur bleu {n}").pk for n in range(5)}
    world.case(title="Autre chose")
    wanted = InboxFilter(text="compo bleu")
    assert set(ids(queries.inbox(world.camille, wanted))) == cases
    monkeypatch.setattr(searching, "CANDIDATES", 2)
    monkeypatch.setattr(planning, "REFERENCES", 2)
    assert set(ids(queries.inbox(world.camille, wanted))) == cases
    assert set(ids(queries.inbox(world.camille, InboxFilter(text="DM-26")))) >= cases


def test_words_follow_what_is_changed_and_what_is_undone(world: World) -> None:
    case = world.case(title="Ancien")
    Case.objects.filter(pk=case.pk).update(search_text="nouveau texte")
    assert searching.candidates("ancien") == []
    assert searching.candidates("nouv") == [case.pk]


@pytest.mark.sqlite
def test_a_lost_trigger_is_put_back_with_the_words_it_missed(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER casework_words_insert")
    case = world.case(title="Oublié")
    assert searching.candidates("oublie") == []
    searching.ensure_index()
    assert searching.candidates("oublie") == [case.pk]


# --- Counts ---


def test_counts_are_bounded_and_say_so(world: World) -> None:
    for _ in range(4):
        world.case()
    exact, capped = (queries.counts(world.camille, [ALL], cap=cap)[0] for cap in (4, 3))
    assert (str(exact), str(capped)) == ("4", "3+")
    assert str(queries.Count(1000, True)) == "1\u202f000+"


def test_counts_agree_with_the_list(crowd: World) -> None:
    wanted = [
        InboxFilter(),
        ALL,
        InboxFilter(categories=("bins",)),
        InboxFilter(statuses=("resolved",), open=None),
        InboxFilter(teams=(crowd.north_team.pk,)),
        InboxFilter(organisations=(crowd.south.pk,)),
        InboxFilter(overdue=True),
        InboxFilter(text="dossier 1"),
    ]
    for actor in (crowd.camille, crowd.root):
        found = [count.value for count in queries.counts(actor, wanted)]
        assert found == [len(queries.inbox(actor, each, limit=200).rows) for each in wanted]


def test_the_summary_adds_up(crowd: World) -> None:
    summary = queries.summary(crowd.camille)
    assert summary.open.value == len(queries.inbox(crowd.camille, limit=200).rows)
    assert dict(summary.by_status)["received"].value == summary.open.value
    assert [name for _id, name, _count in summary.by_team] == ["Guichet-Nord"]
    assert summary.unassigned.value == summary.open.value


# --- Saved filters ---


def test_saved_filters_belong_to_a_person_or_a_team(world: World) -> None:
    world.case(category="bins")
    mine = actions.save_filter(
        actor=world.camille, name=" Mes  bacs ", filter=InboxFilter(categories=("bins",))
    )
    shared = actions.save_filter(
        actor=world.camille, name="L’équipe", filter=ALL, team_id=world.north_team.pk
    )
    listed = queries.saved_filters(world.camille)
    assert [(each.name, each.count.value) for each in listed] == [("Mes bacs", 1), ("L’équipe", 1)]
    assert [each.id for each in queries.saved_filters(world.driss)] == [shared.pk]
    assert queries.saved_filters(world.sacha) == []
    with pytest.raises(NotFound):
        actions.delete_filter(actor=world.driss, filter_id=mine.pk)
    with pytest.raises(NotFound):
        actions.save_filter(actor=world.sacha, name="X", filter=ALL, team_id=world.north_team.pk)
    with pytest.raises(Denied):
        actions.save_filter(actor=world.alice, name="X", filter=ALL)
    with pytest.raises(Invalid):
        actions.save_filter(actor=world.camille, name="  ", filter=ALL)
    actions.save_filter(actor=world.camille, name="Bacs", filter=ALL, filter_id=mine.pk)
    actions.delete_filter(actor=world.driss, filter_id=shared.pk)
    assert [each.name for each in queries.saved_filters(world.camille)] == ["Bacs"]


def test_a_filter_saved_before_a_field_disappeared_is_shown_as_broken(world: World) -> None:
    SavedFilter.objects.create(
        owner_id=world.camille.user_id, name="Vieux", query={"colour": "red"}
    )
    (row,) = queries.saved_filters(world.camille)
    assert (row.filter, row.count.value) == (None, 0)


# --- Maps ---


def test_a_crowded_map_shows_the_newest_everywhere_rather_than_a_corner(world: World) -> None:
    for number in range(12):
        world.case(lon=5.0 + number / 100, lat=43.0)
    box = (4.9, 42.9, 5.2, 43.1)
    few = queries.map_points(world.camille, ALL, box, limit=20)
    assert (len(few.rows), few.truncated) == (12, False)
    newest = set(ids(queries.inbox(world.camille, ALL, limit=5)))
    some = queries.map_points(world.camille, ALL, box, limit=5)
    assert ({point.id for point in some.rows}, some.truncated) == (newest, True)


def test_neighbours_are_open_of_the_same_kind_and_category_and_close(world: World) -> None:
    def at(metres: float, **given: Any) -> Case:
        return world.case(
            **{"kind": "report", "category": "bins", "lon": 5.0, "lat": 43.0 + metres / 111_195}
            | given
        )

    here, close, far = at(0), at(40), at(140)
    other_category, elsewhere = at(10, category="roads"), at(10, organisation_id=world.south.pk)
    closed = at(5)
    actions.perform(actor=world.camille, case_id=closed.pk, transition_id="finish", version=1)
    found = queries.neighbours(world.camille, here)
    assert [each.id for each in found] == [close.pk]
    assert found[0].metres == pytest.approx(40, abs=0.5)
    everybody = {each.id for each in queries.near(5.0, 43.0, radius_m=200)}
    assert everybody == {here.pk, close.pk, far.pk, other_category.pk, elsewhere.pk}


# --- Queries ---


@pytest.mark.parametrize("who", ["camille", "root"])
def test_the_number_of_queries_does_not_depend_on_what_is_there(world: World, who: str) -> None:
    actor = getattr(world, who)

    def measured() -> dict[str, int]:
        works = {
            "inbox": lambda: queries.inbox(actor, ALL),
            "counts": lambda: queries.counts(actor, [ALL] * 6),
            "summary": lambda: queries.summary(actor),
            "saved": lambda: queries.saved_filters(actor),
            "map": lambda: queries.map_points(actor, ALL, (4.0, 42.0, 6.0, 44.0)),
            "mine": lambda: queries.my_cases(world.alice),
        }
        found = {}
        for name, work in works.items():
            with CaptureQueriesContext(connection) as captured:
                work()
            found[name] = len(captured)
        return found

    def add(count: int) -> None:
        for _ in range(count):
            case = world.case(lon=5.0, lat=43.0)
            actions.assign(
                actor=world.camille, case_id=case.pk, version=1, assignee_id=world.driss.user_id
            )
        actions.save_filter(actor=actor, name=f"F{count}", filter=ALL)

    add(2)
    measured()
    few = measured()
    add(12)
    assert measured() == few
    assert few["inbox"] <= 3


@pytest.fixture
def large(world: World) -> World:
    """Enough rows for the planner to care."""
    start = datetime(2024, 1, 1, tzinfo=UTC)
    organisations = (world.north, world.south, world.metropole)
    teams = {world.north.pk: world.north_team, world.south.pk: world.south_team,
             world.metropole.pk: world.roads}  # fmt: skip
    Case.objects.bulk_create(
        [
            Case(
                reference=f"SG-24-{number:06d}",
                kind="report",
                service_key="signaler",
                definition=world.revision,
                title=f"Signalement {number}",
                search_text=f"signalement {number}",
                state="received" if number % 10 == 0 else "done",
                public_status="received" if number % 10 == 0 else "resolved",
                is_open=number % 10 == 0,
                organisation=(owner := organisations[number * 7919 % 3]),
                team=teams[owner.pk],
                assignee_id=world.camille.user_id if number % 50 == 0 else None,
                applicant_id=world.alice.user_id if number % 40 == 0 else None,
                category=f"c{number % 4}",
                area_code=f"{number % 5:05d}",
                created_at=start + timedelta(minutes=number * 31 % 9973),
                closed_at=None if number % 10 == 0 else start + timedelta(days=30),
                due_at=start + timedelta(minutes=number) if number % 10 == 0 else None,
                lon=5 + (number % 100) / 100,
                lat=43 + (number % 97) / 97,
                cell=number,
            )
            for number in range(9000)
        ],
        batch_size=500,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return world


def test_the_usual_inboxes_walk_an_index_in_order(large: World) -> None:
    inboxes = [
        InboxFilter(),
        ALL,
        InboxFilter(open=False),
        InboxFilter(teams=(large.north_team.pk,)),
        InboxFilter(assignee="me"),
        InboxFilter(assignee="none"),
        InboxFilter(categories=("c3",), open=None),
        InboxFilter(areas=("00003",), open=None),
        InboxFilter(statuses=("resolved",), open=None),
        InboxFilter(statuses=("received",)),
        InboxFilter(created_from=date(2024, 1, 3)),
    ]
    for actor in (large.camille, large.root):
        for wanted in inboxes:
            first = queries.inbox(actor, wanted, limit=20)
            with CaptureQueriesContext(connection) as captured:
                queries.inbox(actor, wanted, cursor=first.next_cursor, limit=20)
            statements = [each["sql"] for each in captured if "casework_case" in each["sql"]]
            assert len(statements) == (2 if first.next_cursor or first.rows else 1)
            for sql in statements:
                plan = explained(sql)
                assert not scans(plan), (wanted, plan)
                # The heads of several walks are merged by a small sort; one walk needs none.
                # PostgreSQL takes openness and status for unrelated, and may sort a handful.
                few = connection.vendor == "postgresql" and wanted.statuses == ("received",)
                if "UNION ALL" not in sql and " IN (" not in sql and not few:
                    assert not sorts(plan), (wanted, plan)

    with CaptureQueriesContext(connection) as captured:
        page = queries.my_cases(large.alice)
    assert len(page.rows) == 20
    plan = explained(captured[0]["sql"])
    assert not scans(plan) and not sorts(plan), plan

    # The control: these readings of a plan do see a scan and a sort.
    plan = explained("SELECT id FROM casework_case WHERE title LIKE '%7%' ORDER BY title LIMIT 9")
    assert scans(plan) and sorts(plan)


def explained(sql: str) -> str:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            return "\n".join(row[3] for row in cursor.fetchall())
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(row[0] for row in cursor.fetchall())


def scans(plan: str) -> bool:
    """Whether the whole table of cases is read."""
    if connection.vendor == "sqlite":
        return any(
            line.startswith("SCAN casework_case") and "USING" not in line
            for line in plan.split("\n")
        )
    return "Seq Scan on casework_case" in plan


def sorts(plan: str) -> bool:
    return "TEMP B-TREE" in plan if connection.vendor == "sqlite" else "Sort" in plan
