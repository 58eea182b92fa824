"""Tiles and clusters say what the rows say, from the covering index and the counts alone."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import mapbox_vector_tile
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.cast import Cast
from tests.domains.reports.public import recounting
from tests.domains.reports.public.conftest import CATEGORIES, CENTRE

from socle.capabilities.casework.models import Case
from socle.domains.reports import queries
from socle.domains.reports.models import PublicReport, ReportDelta
from socle.domains.reports.public import counting, projecting, tiles
from socle.domains.reports.queries import PublicFilter
from socle.foundations.packs.models import Revision
from socle.foundations.territories import queries as territories
from socle.kernel import geo
from socle.kernel.errors import Invalid, NotFound

pytestmark = pytest.mark.django_db

STATUSES = ("received", "in_progress", "resolved", "not_ours")


def many(count: int, *, spread: float = 0.02, seed: int = 3) -> list[PublicReport]:
    """Reports with their public rows, written in bulk; counted by `projecting.rebuild`."""
    dice = random.Random(seed)
    revision: Revision = queries.revision_in_force()
    owners = [each.pk for each in territories.organisations()][:3]
    now = timezone.now()
    cases = []
    for number in range(count):
        status = dice.choice(STATUSES)
        is_open = status in STATUSES[:2]
        lon = CENTRE[0] + dice.uniform(-spread, spread)
        lat = CENTRE[1] + dice.uniform(-spread, spread)
        at = now - timedelta(minutes=number)
        cases.append(
            Case(
                reference=f"SG-26-{number:06d}", kind="report", service_key="x",
                definition=revision, title="Titre", category=dice.choice(CATEGORIES),
                state=status, public_status=status, is_open=is_open, created_at=at, updated_at=at,
                closed_at=None if is_open else at, organisation_id=dice.choice(owners),
                lon=lon, lat=lat, cell=geo.encode(lon, lat),
            )
        )  # fmt: skip
    Case.objects.bulk_create(cases, batch_size=500)
    projecting.rebuild()
    return list(PublicReport.objects.order_by("pk"))


def tile_at(zoom: int, point: tuple[float, float] = CENTRE) -> tuple[int, int, int]:
    return (zoom, *geo.tile_of(geo.encode(*point), zoom))


def read(content: bytes) -> dict[str, Any]:
    return mapbox_vector_tile.decode(content, default_options={"y_coord_down": True})


def inside(tile: tuple[int, int, int], rows: list[PublicReport]) -> list[PublicReport]:
    low, high = geo.tile_range(*tile)
    return [row for row in rows if low <= row.cell < high]


FILTERS = (
    PublicFilter(),
    PublicFilter(categories=frozenset(CATEGORIES[:2])),
    PublicFilter(statuses=frozenset({"received"})),
    PublicFilter(is_open=True),
    PublicFilter(is_open=False, categories=frozenset({"tag"})),
)


def chosen(wanted: PublicFilter, rows: list[PublicReport]) -> list[PublicReport]:
    return [
        row
        for row in rows
        if (not wanted.categories or row.category in wanted.categories)
        and (not wanted.statuses or row.status in wanted.statuses)
        and (wanted.is_open is None or row.is_open == wanted.is_open)
        and (wanted.organisation_id is None or row.organisation_id == wanted.organisation_id)
    ]


@pytest.mark.parametrize("zoom", [12, 13, 15, 16])
def test_a_tile_holds_exactly_its_reports(cast: Cast, zoom: int) -> None:
    rows = many(400)
    tile = tile_at(zoom)
    owner = PublicFilter(organisation_id=rows[0].organisation_id)
    for wanted in (*FILTERS, owner):
        layers = read(queries.public_tile(*tile, wanted))
        expected = inside(tile, chosen(wanted, rows))
        features = layers["reports"]["features"] if expected else []
        assert {
            (each["id"], each["properties"]["category"], each["properties"]["status"])
            for each in features
        } == {(row.pk, row.category, row.status) for row in expected}
        assert all(each["properties"]["id"] == each["id"] for each in features)
        x0, y0 = tile[1] << 12, tile[2] << 12
        for each in features:
            row = next(row for row in expected if row.pk == each["id"])
            x, y = geo.tile_of(row.cell, zoom + 12)
            assert each["geometry"]["coordinates"] == [x - x0, y - y0]


@pytest.mark.parametrize("zoom", [0, 5, 6, 9, 10, 11])
def test_clusters_of_a_tile_hold_every_report_once(cast: Cast, zoom: int) -> None:
    rows = many(300)
    tile = tile_at(zoom)
    for wanted in FILTERS:
        expected = inside(tile, chosen(wanted, rows))
        layers = read(queries.public_tile(*tile, wanted))
        features = layers["clusters"]["features"] if expected else []
        assert sum(each["properties"]["count"] for each in features) == len(expected)
        level = counting.level_for(zoom)
        keys = Counter(geo.parent(row.cell, level) for row in expected)
        assert {each["id"]: each["properties"]["count"] for each in features} == dict(keys)


@pytest.mark.parametrize("zoom", [12, 14, 16])
def test_a_crowded_tile_is_clustered_without_holes(
    cast: Cast, zoom: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = many(300, spread=0.001)
    monkeypatch.setattr(tiles, "MOST", 100)
    for most in (10_000, 100):
        monkeypatch.setattr(tiles, "FINE", most)
        found = [
            read(queries.public_tile(zoom, x, y))
            for x, y in {geo.tile_of(row.cell, zoom) for row in rows}
        ]
        total = 0
        for layers in found:
            for layer, content in layers.items():
                for each in content["features"]:
                    total += each["properties"].get("count", 1) if layer == "clusters" else 1
        assert total == len(rows)
        assert any("clusters" in layers for layers in found)


def test_what_counts_cannot_tell_is_read_from_the_rows(cast: Cast) -> None:
    rows = many(200)
    since = rows[50].created_at
    wanted = PublicFilter(since=since)
    features = read(queries.public_tile(*tile_at(12), wanted))["reports"]["features"]
    recent = [row for row in inside(tile_at(12), rows) if row.created_at >= since]
    assert {each["id"] for each in features} == {row.pk for row in recent}


def test_clusters_of_a_box_touch_it(cast: Cast) -> None:
    rows = many(300)
    box = (2.04, 46.04, 2.06, 46.06)
    found = queries.clusters(box, 12)
    keys = {each.key for each in found}
    level = counting.level_for(12)
    within = [r for r in rows if box[0] <= r.lon <= box[2] and box[1] <= r.lat <= box[3]]
    assert {geo.parent(row.cell, level) for row in within} <= keys
    assert sum(each.count for each in found) < len(rows)
    assert queries.clusters((-10, -10, -9, -9), 12) == []


def test_counts_by_what_reports_are(cast: Cast) -> None:
    rows = many(200)
    wanted = PublicFilter(categories=frozenset({"tag"}), statuses=frozenset({"received"}))
    found = queries.public_counts(wanted)
    assert found.total == len(chosen(wanted, rows))
    assert found.by_category == Counter(r.category for r in rows if r.status == "received")
    assert found.by_status == Counter(r.status for r in rows if r.category == "tag")


def test_tiles_that_do_not_exist_are_refused(cast: Cast) -> None:
    with pytest.raises(NotFound):
        queries.public_tile(17, 0, 0)
    with pytest.raises(Invalid):
        queries.public_tile(3, 8, 0)
    assert queries.public_tile(12, 0, 0) == b""


def _reads_rows(sql: str, values: list[Any]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rootpage FROM sqlite_master WHERE name = 'reports_publicreport'", [])
        (root,) = cursor.fetchone()
        cursor.execute(f"EXPLAIN {sql}", values)
        steps = cursor.fetchall()
    (table,) = {step[2] for step in steps if step[1] == "OpenRead" and step[3] == root}
    return any(step[1] == "Column" and step[2] == table for step in steps)


def test_a_tile_is_read_from_the_covering_index_alone(cast: Cast) -> None:
    many(50)
    sql, values = tiles.statement(
        *geo.tile_range(*tile_at(12)),
        PublicFilter(
            categories=frozenset(CATEGORIES), statuses=frozenset(STATUSES), organisation_id=1
        ),
    )
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", values)
            plan = " ".join(row[3] for row in cursor.fetchall())
            assert "INDEX public_cell_idx (cell>? AND cell<?)" in plan
            # SQLite does not call it covering, for its condition; yet no row is ever read.
            assert not _reads_rows(sql, values)
            assert _reads_rows(sql.replace("case_id FROM", "case_id, address FROM"), values)
        else:
            # Of fifty rows any index will do: that this one suffices is what is proved.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
            for other in ("feed", "category", "status", "organisation", "updated"):
                cursor.execute(f"DROP INDEX public_{other}_idx")
            cursor.execute(f"EXPLAIN {sql}", values)
            plan = " ".join(row[0] for row in cursor.fetchall())
            assert "Index Only Scan using public_cell_idx" in plan


@pytest.mark.parametrize(("zoom", "most"), [(5, 1), (10, 1), (12, 2), (16, 2)])
def test_a_tile_costs_few_statements(cast: Cast, zoom: int, most: int) -> None:
    many(50)
    queries.public_tile(*tile_at(zoom), PublicFilter(is_open=True))
    with CaptureQueriesContext(connection) as asked:
        queries.public_tile(*tile_at(zoom), PublicFilter(is_open=True))
    assert len(asked) <= most


def _hurry(work: Callable[[], Any], failures: list[BaseException]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
def test_rolling_up_loses_nothing_while_others_write_and_read(transactional_db: None) -> None:
    from tests.cast import assemble

    assemble()
    rows = many(40)
    ids = [row.pk for row in rows]
    failures: list[BaseException] = []
    wrong: list[int] = []
    done = threading.Event()

    def write(seed: int) -> None:
        dice = random.Random(seed)
        for _ in range(25):
            pk = dice.choice(ids[seed::2])
            with transaction.atomic():
                Case.objects.filter(pk=pk).update(category=dice.choice(CATEGORIES))
                projecting.project(pk)

    def roll() -> None:
        while not done.is_set():
            counting.roll_up(batch=3)

    def look() -> None:
        while not done.is_set():
            # A change of category takes one away and adds one: never more, never fewer.
            if (seen := counting.count(8, counting.WORLD)) != 40:
                wrong.append(seen)

    writers = [_hurry(lambda seed=seed: write(seed), failures) for seed in (0, 1)]
    others = [_hurry(work, failures) for work in (roll, roll, look)]
    for thread in writers:
        thread.join()
    done.set()
    for thread in others:
        thread.join()
    assert not failures
    assert not wrong
    counting.roll_up()
    assert not ReportDelta.objects.exists()
    assert recounting.actual() == recounting.expected()
