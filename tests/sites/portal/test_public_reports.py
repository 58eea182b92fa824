"""What everybody may see of reports, and how people are told."""

from __future__ import annotations

import re

import pytest
from tests.cast import INSIDE, Cast

from socle.capabilities.casework.models import Case, Follower
from socle.capabilities.notifications.models import Email
from socle.domains.reports import actions
from socle.domains.reports.models import Alert, PublicReport
from socle.foundations.accounts.actors import ANONYMOUS

pytestmark = pytest.mark.django_db


def report(category: str = "depot-sauvage", **more: object) -> Case:
    return actions.submit_report(
        actor=ANONYMOUS, category_id=category, lon=INSIDE[0], lat=INSIDE[1],
        description="Un matelas, appelez Zoé au 06 11 22 33 44", address="1 place de la Mairie",
        contact={"name": "Zoé Leroy", "email": "zoe@exemple.fr"}, **more,  # type: ignore[arg-type]
    ).case  # fmt: skip


def page(cast: Cast, address: str) -> str:
    return cast.client().get(address).content.decode()


def test_the_list_shows_what_and_where_never_who(cast: Cast) -> None:
    case = report()
    for address in ("/signalements", f"/signalements/{case.reference}", "/signalements/flux.xml",
                    "/signalements/carte", f"/signalements/{case.pk}/resume"):  # fmt: skip
        shown = page(cast, address)
        assert "place de la Mairie" in shown, address
        for private in ("Zoé", "zoe@", "06 11", "matelas"):
            assert private not in shown, (address, private)


def test_words_appear_once_an_agent_let_them_through(cast: Cast) -> None:
    case = report()
    actions.moderate(
        actor=cast.actor(cast.commune_agent), case_id=case.pk,
        moderation=PublicReport.Moderation.SHOWN, text="Un matelas sur le trottoir",
    )  # fmt: skip
    assert "Un matelas sur le trottoir" in page(cast, f"/signalements/{case.reference}")
    assert "06 11" not in page(cast, f"/signalements/{case.reference}")


def test_a_hidden_report_is_nowhere(cast: Cast) -> None:
    case = report()
    actions.moderate(
        actor=cast.actor(cast.commune_agent), case_id=case.pk,
        moderation=PublicReport.Moderation.HIDDEN,
    )  # fmt: skip
    assert cast.client().get(f"/signalements/{case.reference}").status_code == 404
    assert cast.client().get(f"/signalements/{case.pk}/resume").status_code == 404
    assert case.reference not in page(cast, "/signalements")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("categorie=depot-sauvage", True), ("categorie=tag", False), ("categorie=proprete", True),
        ("etat=ouverts", True), ("etat=regles", False), ("commune=99001", True),
        ("commune=99002", False), ("periode=semaine", True), ("q=mairie", True), ("q=gare", False),
        ("categorie=inconnue&etat=%00&commune=x&periode=x", True),
    ],
)  # fmt: skip
def test_filters_choose(cast: Cast, query: str, found: bool) -> None:
    case = report()
    shown = page(cast, f"/signalements?{query}")
    assert (f"/signalements/{case.reference}" in shown) is found


def test_a_reference_typed_in_the_search_opens_the_report(cast: Cast) -> None:
    case = report()
    answer = cast.client().get("/signalements", {"q": case.reference.lower()})
    assert answer["Location"] == f"/signalements/{case.reference}"


def test_another_site_may_frame_the_map_and_nothing_else(cast: Cast) -> None:
    report()
    framed = cast.client().get("/signalements/carte")
    assert "X-Frame-Options" not in framed
    assert "frame-ancestors https:" in framed["Content-Security-Policy"]
    # The control: other pages refuse.
    other = cast.client().get("/signalements")
    assert other["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in other["Content-Security-Policy"]


def test_somebody_signed_in_follows_and_stops(cast: Cast) -> None:
    case = report()
    browser = cast.client(cast.neighbour)
    browser.post(f"/signalements/{case.reference}/suivre")
    assert Follower.objects.get().user == cast.neighbour
    assert "Ne plus suivre" in browser.get(f"/signalements/{case.reference}").content.decode()
    browser.post(f"/signalements/{case.reference}/ne-plus-suivre")
    assert not Follower.objects.exists()


def test_an_address_follows_once_confirmed_and_a_scanner_confirms_nothing(cast: Cast) -> None:
    case = report()
    cast.client().post(f"/signalements/{case.reference}/suivre", {"email": "lea@exemple.fr"})
    letter = Email.objects.filter(to="lea@exemple.fr").get()
    link = re.search(r"/signalements/abonnement/[\w.:-]+", letter.text)
    assert link
    assert cast.client().get(link[0]).status_code == 200
    assert Follower.objects.get().confirmed_at is None
    cast.client().post(link[0])
    assert Follower.objects.get().confirmed_at is not None
    cast.client().post(link[0], {"stop": "1"})
    assert not Follower.objects.exists()


def test_a_wrong_address_is_told_beside_the_field(cast: Cast) -> None:
    case = report()
    answer = cast.client().post(f"/signalements/{case.reference}/suivre", {"email": "rien"})
    assert answer.status_code == 422
    assert "has-error" in answer.content.decode()


def test_an_alert_is_made_confirmed_and_ended(cast: Cast) -> None:
    answer = cast.client().post(
        "/signalements/alertes",
        {"place": "1 place de la Mairie", "place_lon": "2.05", "place_lat": "46.05",
         "radius_m": "500", "groups": ["proprete"], "email": "lea@exemple.fr"},
    )  # fmt: skip
    assert answer.status_code == 302
    alert = Alert.objects.get()
    assert (alert.radius_m, alert.categories) == (500, ["depot-sauvage", "tag"])
    link = re.search(r"/signalements/alertes/[\w.:-]+", Email.objects.get().text)
    assert link
    cast.client().get(link[0])
    assert Alert.objects.get().confirmed_at is None
    cast.client().post(link[0])
    assert Alert.objects.get().confirmed_at is not None
    cast.client().post(link[0], {"stop": "1"})
    assert not Alert.objects.exists()


def test_nobody_removes_the_alert_of_another(cast: Cast) -> None:
    browser = cast.client(cast.resident)
    browser.post("/signalements/alertes", {"area": "99001", "radius_m": "500"})
    alert = Alert.objects.get()
    assert cast.client(cast.neighbour).post(
        f"/signalements/alertes/{alert.pk}/retrait"
    ).status_code == 404  # fmt: skip
    assert browser.post(f"/signalements/alertes/{alert.pk}/retrait").status_code == 302
    assert not Alert.objects.exists()


def test_the_list_costs_the_same_for_one_and_for_many(
    cast: Cast, django_assert_max_num_queries: object
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert cast.client().get("/signalements").status_code == 200
        return len(captured)

    report()
    queries()
    one = queries()
    for _rank in range(6):
        report()
    assert queries() == one


@pytest.mark.parametrize("form", ["csv", "geojson"])
def test_everybody_may_take_the_data_and_nobody_is_in_them(cast: Cast, form: str) -> None:
    case, other = report(), report("tag")
    answer = cast.client().get(f"/signalements/donnees.{form}?categorie=tag")
    said = b"".join(answer.streaming_content).decode()
    assert other.reference in said
    assert case.reference not in said
    for private in ("Zoé", "zoe@", "06 11", "matelas"):
        assert private not in said
    assert cast.client().get("/signalements/donnees.xls").status_code == 404
