"""A report that a device kept: received once, by our own pages only, in nobody else's name."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from tests.cast import INSIDE, OUTSIDE, Cast, assemble, photo

from socle.capabilities.casework.models import Case
from socle.foundations.files.models import StoredFile

SEND = "/signaler/envoi-differe"
OURS = {"Sec-Fetch-Site": "same-origin", "Accept": "application/json"}


def kept(**changes: Any) -> dict[str, Any]:
    return {
        "cle": str(uuid4()),
        "description": "Un matelas sur le trottoir",
        "category": "depot-sauvage",
        "place_lon": str(INSIDE[0]),
        "place_lat": str(INSIDE[1]),
    } | changes


def send(browser: Client, data: dict[str, Any], **headers: str) -> Any:
    return browser.post(SEND, data, headers=OURS | headers)


def test_it_opens_one_report_and_gives_its_private_link(cast: Cast) -> None:
    answer = send(
        Client(enforce_csrf_checks=True), kept(email="passant@lac.example", photos=photo())
    )
    assert answer.status_code == 201
    case = Case.objects.get()
    assert answer.json()["reference"] == case.reference
    assert (case.channel, case.contact_email) == ("mobile", "passant@lac.example")
    assert case.documents.count() == 1
    assert Client().get(answer.json()["link"]).status_code == 200


def test_sent_again_it_gives_the_same_report_even_to_another_session(cast: Cast) -> None:
    data = kept(photos=photo())
    first = send(Client(), data)
    again = send(cast.client(cast.resident), data | {"photos": photo()})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["link"] == first.json()["link"]
    assert Case.objects.count() == 1
    assert StoredFile.objects.count() == 1, "photos of a retry are not even received"


@pytest.mark.django_db(transaction=True)
def test_many_tabs_at_the_same_moment_open_one_report() -> None:
    cast = assemble()
    data = kept()

    def attempt(number: int) -> int:
        try:
            browser = cast.client(cast.resident) if number % 2 else Client()
            return int(send(browser, data).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        codes = sorted(pool.map(attempt, range(6)))
    assert codes == [200] * 5 + [201]
    assert Case.objects.count() == 1


def test_another_key_is_another_report(cast: Cast) -> None:
    send(Client(), kept())
    send(Client(), kept())
    assert Case.objects.count() == 2


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://ailleurs.example"},
        {"Origin": "null"},
        {},
    ],
)
def test_another_site_cannot_send_one(cast: Cast, headers: dict[str, str]) -> None:
    answer = Client().post(SEND, kept(), headers=headers)
    assert answer.status_code == 403
    assert Case.objects.count() == 0


def test_an_old_browser_says_its_origin(cast: Cast) -> None:
    answer = Client().post(SEND, kept(), headers={"Origin": "http://testserver"})
    assert answer.status_code == 201


def test_it_is_theirs_only_if_they_are_still_signed_in(cast: Cast) -> None:
    ada = cast.client(cast.resident)
    mark = ada.get("/signaler/hors-ligne/moi").json()["person"]
    assert Client().get("/signaler/hors-ligne/moi").json()["person"] == ""
    assert send(ada, kept(personne=mark)).status_code == 201
    assert Case.objects.get().applicant == cast.resident
    # A shared device: Bob signed in meanwhile.
    for browser in (cast.client(cast.neighbour), Client(), ada):
        wrong = "" if browser is ada else mark
        answer = send(browser, kept(personne=wrong))
        assert Case.objects.get(reference=answer.json()["reference"]).applicant is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"place_lon": str(OUTSIDE[0]), "place_lat": str(OUTSIDE[1])}, "place"),
        ({"place_lon": "0", "place_lat": "0"}, "place"),
        ({"place_lon": "", "place_lat": ""}, "place"),
        ({"place_lon": "", "place_lat": "", "place": "nulle part qui existe"}, "place"),
        ({"category": "dragons"}, "category"),
        ({"description": " "}, "description"),
        ({"description": "x" * 4001}, "description"),
        ({"email": "pas une adresse"}, "email"),
    ],
)
def test_what_is_wrong_is_told_by_field_and_opens_nothing(
    cast: Cast, changes: dict[str, str], field: str
) -> None:
    data = kept(**changes)
    answer = send(Client(), data)
    assert answer.status_code == 422
    assert field in {each["field"] for each in answer.json()["errors"]}
    assert Case.objects.count() == 0
    # Corrected, it leaves under the same key.
    assert send(Client(), kept(cle=data["cle"])).status_code == 201


def test_a_photo_refused_is_told_and_nothing_of_it_stays(cast: Cast) -> None:
    broken = photo("cassee.jpg")
    broken.write(b"<script>")
    broken.seek(0)
    text = photo("texte.jpg")
    text.truncate(0)
    text.write(b"<svg onload=alert(1)>")
    text.seek(0)
    answer = send(Client(), kept(photos=[photo(), text]))
    assert answer.status_code == 422
    assert "texte.jpg" in answer.json()["errors"][0]["detail"]
    assert StoredFile.objects.count() == 0


def test_an_address_typed_without_a_network_is_found_by_the_server(cast: Cast) -> None:
    answer = send(
        Client(),
        kept(place_lon="", place_lat="", place="12 rue des Lilas, 99100 Villeneuve-du-Lac"),
    )
    assert answer.status_code == 201
    assert Case.objects.get().area_code


@pytest.mark.parametrize("key", ["", "1", "00000000-0000-1000-8000-000000000000"])
def test_a_key_that_could_be_guessed_is_refused(cast: Cast, key: str) -> None:
    assert send(Client(), kept(cle=key)).status_code == 422


def test_a_flood_from_one_network_is_slowed_down_but_retries_are_not(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socle.sites.portal.views.offline.REPORTS_AN_HOUR", 2)
    first = kept()
    assert [send(Client(), first).status_code, send(Client(), kept()).status_code] == [201, 201]
    answer = send(Client(), kept())
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert send(Client(), first).status_code == 200
    assert send(Client(), kept(), **{"X-Forwarded-For": "192.0.2.9"}).status_code == 429


def test_a_form_begun_with_a_network_is_the_same_report(cast: Cast) -> None:
    browser = Client()
    base = browser.post("/signaler")["Location"].rsplit("/", 1)[0]
    for step, data in (
        ("photo", {"description": "Un matelas"}),
        ("lieu", {"place_lon": str(INSIDE[0]), "place_lat": str(INSIDE[1])}),
        ("categorie", {"category": "tag"}),
    ):
        assert browser.post(f"{base}/{step}", data).status_code == 302
    draft = base.rsplit("/", 1)[1]
    # The last screen was sent, its answer lost; the device sends what it kept.
    assert browser.post(f"{base}/envoi").status_code == 302
    answer = send(browser, kept(brouillon=draft))
    assert answer.json()["reference"] == Case.objects.get().reference
    # Somebody else who knows the number of the form learns nothing by it.
    other = send(Client(), kept(brouillon=draft))
    assert other.json()["reference"] != answer.json()["reference"]


def test_the_screen_kept_by_the_browser_is_nobodys(cast: Cast) -> None:
    page = Client().get("/signaler/hors-ligne")
    assert page.status_code == 200
    assert "Dépôt sauvage" in page.content.decode()
    tree = Client().get("/signaler/hors-ligne/categories.json").json()
    names = {each["id"] for group in tree["groups"] for each in group["categories"]}
    assert {"depot-sauvage", "eclairage"} <= names
