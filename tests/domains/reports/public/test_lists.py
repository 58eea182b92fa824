"""The public list: what is asked, in order, page by page; words only when all may read them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.cast import Cast
from tests.domains.reports.public.conftest import CATEGORIES, root
from tests.domains.reports.public.test_tiles import STATUSES, chosen, many

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework.models import Case
from socle.domains.reports import queries
from socle.domains.reports.models import PublicReport
from socle.domains.reports.public import counting, feeds, lists, moderating
from socle.domains.reports.queries import PublicFilter
from socle.foundations.accounts.actors import SYSTEM
from socle.kernel.errors import Invalid, NotFound

pytestmark = pytest.mark.django_db

BOX = (2.045, 46.045, 2.055, 46.055)


def newest(rows: list[PublicReport]) -> list[int]:
    return [row.pk for row in sorted(rows, key=lambda r: (r.created_at, r.pk), reverse=True)]


def walked(wanted: PublicFilter, limit: int = 7) -> list[int]:
    """Every page down, then back up to the first: the same rows both ways."""
    page = queries.public_list(wanted, limit=limit)
    pages = [page]
    while page.next:
        page = queries.public_list(wanted, page.next, limit)
        pages.append(page)
        assert len(pages) < 200
    down = [row.pk for each in pages for row in each.rows]
    up: list[int] = [row.pk for row in page.rows]
    while page.previous:
        page = queries.public_list(wanted, page.previous, limit)
        up = [row.pk for row in page.rows] + up
    assert up == down
    return down


def asked(rows: list[PublicReport]) -> list[tuple[PublicFilter, list[PublicReport]]]:
    since, until = rows[-20].created_at, rows[10].created_at
    west, south, east, north = BOX
    boxed = [r for r in rows if west <= r.lon <= east and south <= r.lat <= north]
    simple = [
        PublicFilter(),
        PublicFilter(categories=frozenset(CATEGORIES[:2])),
        PublicFilter(categories=frozenset({"tag"}), statuses=frozenset(STATUSES[:2])),
        PublicFilter(statuses=frozenset({"resolved"}), organisation_id=rows[0].organisation_id),
        PublicFilter(organisation_id=rows[1].organisation_id, is_open=True),
        PublicFilter(categories=frozenset({"licorne"})),
    ]
    return [
        *((each, chosen(each, rows)) for each in simple),
        (PublicFilter(since=since), [r for r in rows if r.created_at >= since]),
        (PublicFilter(until=until), [r for r in rows if r.created_at < until]),
        (PublicFilter(updated_since=since), [r for r in rows if r.updated_at >= since]),
        (PublicFilter(bbox=BOX), boxed),
        (PublicFilter(bbox=BOX, is_open=True), [r for r in boxed if r.is_open]),
        (PublicFilter(references=frozenset({rows[3].reference, "X"})), [rows[3]]),
    ]


def test_every_filter_gives_its_rows_in_order(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = many(90)
    for few in (lists.FEW, 0):
        # Both ways of reading: sorted when few, walked to otherwise.
        monkeypatch.setattr(lists, "FEW", few)
        for wanted, expected in asked(rows):
            assert walked(wanted) == newest(expected), wanted


def test_exports_and_maps_give_the_same_rows(cast: Cast) -> None:
    rows = many(60)
    for wanted, expected in asked(rows):
        assert {row.reference for row in queries.public_rows(wanted)} == {
            each.reference for each in expected
        }
    collection = queries.public_geojson(BOX, limit=3)
    assert len(collection["features"]) == 3
    assert collection["truncated"]
    assert json.loads("".join(queries.export_geojson()))["features"][0]["type"] == "Feature"


def test_a_page_takes_the_same_statements_whatever_it_holds(cast: Cast) -> None:
    many(60)
    wanted = PublicFilter(categories=frozenset({"tag"}), statuses=frozenset({"received"}))
    with CaptureQueriesContext(connection) as few:
        queries.public_list(wanted, limit=1)
    with CaptureQueriesContext(connection) as more:
        queries.public_list(wanted, limit=50)
    assert len(few) == len(more) <= 6


@pytest.mark.parametrize("cursor", ["x", "****", "PjIwMjY", "é", lists.make_cursor.__name__])
def test_a_cursor_that_is_not_one_is_refused(cast: Cast, cursor: str) -> None:
    with pytest.raises(Invalid):
        queries.public_list(cursor=cursor)


def everything_public() -> str:
    """All that leaves by any public reading, as one text."""
    page = queries.public_list(limit=100)
    listed = [
        [getattr(row, field.attname) for field in row._meta.concrete_fields] for row in page.rows
    ]
    west, south, east, north = 1.0, 45.0, 3.0, 47.0
    near = [queries.nearby(row.lon, row.lat, radius_m=200) for row in page.rows]
    return str(
        (
            listed,
            "".join(queries.export_csv()),
            "".join(queries.export_geojson()),
            queries.public_geojson((west, south, east, north)),
            near,
        )
    )


def found(words: str) -> int:
    return len(queries.public_list(PublicFilter(words=words)).rows)


def test_words_not_let_through_are_neither_shown_nor_found(report: Callable[..., Case]) -> None:
    waiting, hidden, placed, shown = (
        report(description=f"xylophone{rank} casse", contact_name="Zorglub Zz") for rank in range(4)
    )
    moderating.moderate(actor=SYSTEM, case_id=shown.pk, moderation="shown")
    for case, decision in ((hidden, "hidden"), (placed, "place_only")):
        moderating.moderate(actor=SYSTEM, case_id=case.pk, moderation="shown")
        moderating.moderate(actor=SYSTEM, case_id=case.pk, moderation=decision)
    content = everything_public()
    assert waiting.reference in content
    for secret in ("xylophone0", "xylophone1", "xylophone2", "Zorglub"):
        assert secret not in content
        assert found(secret) == 0
    # The same reading, of words that were let through.
    assert "xylophone3" in content
    assert found("xylophone3") == 1
    assert found("xylophone3 casse") == 1
    assert hidden.reference not in content


def test_common_words_are_found_further_down_too(
    report: Callable[..., Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    from socle.capabilities.casework import queries as cases

    references = []
    for rank in range(12):
        case = report(description="rue barree" if rank % 4 == 0 else "autre chose")
        moderating.moderate(actor=SYSTEM, case_id=case.pk, moderation="shown")
        if rank % 4 == 0:
            references.append(case.reference)
    monkeypatch.setattr(cases, "having_words", lambda text, **given: None)
    monkeypatch.setattr(lists, "_CHUNK", 2)
    monkeypatch.setattr(lists, "_READ_FOR_WORDS", 4)
    seen: list[str] = []
    cursor = None
    for _ in range(20):
        page = queries.public_list(PublicFilter(words="barree rue"), cursor, 2)
        seen += [row.reference for row in page.rows]
        cursor = page.next
        if not cursor:
            break
    assert seen == references[::-1]


def test_an_anonymised_report_keeps_its_place_and_loses_its_words(
    report: Callable[..., Case], cast: Cast
) -> None:
    case = report(description="Chez Mme Dupont")
    moderating.moderate(actor=SYSTEM, case_id=case.pk, moderation="shown")
    assert "Dupont" in everything_public()
    fresh = Case.objects.get(pk=case.pk)
    casework.perform(
        actor=root(), case_id=case.pk, transition_id="resolve",
        version=fresh.version,
    )  # fmt: skip
    casework.anonymise(case_id=case.pk)
    assert "Dupont" not in everything_public()
    assert counting.count(8, counting.WORLD) == 1
    assert queries.public_report(case.reference).moderation == "place_only"


def test_what_a_spreadsheet_would_run_is_quoted(report: Callable[..., Case]) -> None:
    case = report(description="=1+1", address="@rue")
    moderating.moderate(actor=SYSTEM, case_id=case.pk, moderation="shown")
    content = "".join(queries.export_csv())
    assert "'=1+1" in content
    assert "'@rue" in content


def test_open_reports_nearby_and_no_other(report: Callable[..., Case], cast: Cast) -> None:
    here = {"lon": 2.05, "lat": 46.05}
    known = report(**here, category="tag")
    report(lon=2.06, lat=46.05, category="tag")
    report(**here, category="eclairage")
    hidden = report(**here, category="tag")
    closed = report(**here, category="tag")
    moderating.moderate(actor=SYSTEM, case_id=hidden.pk, moderation="hidden")
    casework.perform(
        actor=root(), case_id=closed.pk, transition_id="resolve",
        version=closed.version,
    )  # fmt: skip
    around = queries.nearby(2.0501, 46.05, category_id="tag")
    assert [each.reference for each in around] == [known.reference]
    assert 0 < around[0].metres < 30
    assert len(queries.nearby(2.05, 46.05)) == 2


def test_a_hidden_or_unknown_reference_is_not_found(report: Callable[..., Case]) -> None:
    case = report()
    assert queries.public_report_by_id(case.pk).reference == case.reference
    moderating.moderate(actor=SYSTEM, case_id=case.pk, moderation="hidden")
    for ask in (
        lambda: queries.public_report(case.reference),
        lambda: queries.public_report_by_id(case.pk),
        lambda: queries.public_report("SG-26-000000"),
    ):
        with pytest.raises(NotFound):
            ask()


def test_the_dataset_says_nothing_of_people() -> None:
    private = {"contact", "applicant", "name", "email", "phone", "assignee", "channel", "team"}
    assert not {part for name in feeds.COLUMNS for part in name.split("_")} & private
