"""A report in five screens, with or without an account."""

from __future__ import annotations

import io
import re

import pytest
from django.test import Client
from PIL import Image
from tests.cast import OUTSIDE, Cast, photo

from socle.capabilities.casework.models import Case, Follower
from socle.domains.reports import actions, queries
from socle.foundations.accounts.actors import ANONYMOUS
from socle.foundations.files.models import StoredFile
from socle.foundations.files.queries import open_file

pytestmark = pytest.mark.django_db


def begin(browser: Client) -> str:
    answer = browser.post("/signaler")
    return answer["Location"].rsplit("/", 1)[0]


def walk(browser: Client, base: str) -> None:
    steps = [
        ("photo", {"description": "Un matelas sur le trottoir", "photos": photo()}),
        ("lieu", {"place_lon": "2.05", "place_lat": "46.05"}),
        ("categorie", {"category": "depot-sauvage"}),
    ]
    for step, data in steps:
        assert browser.post(f"{base}/{step}", data).status_code == 302, step


def test_a_report_reaches_the_team_of_the_commune_where_it_lies(cast: Cast) -> None:
    browser = cast.client()
    base = begin(browser)
    walk(browser, base)
    sent = browser.post(f"{base}/envoi")
    page = browser.get(sent["Location"]).content.decode()
    case = Case.objects.get()
    assert case.reference in page
    assert case.organisation.slug == "villeneuve-du-lac"
    assert case.team is not None
    assert case.team.slug == "proprete"
    assert case.documents.count() == 1
    link = re.search(r'/suivi/[^"/]+/[\w-]+', page)
    assert link
    assert "Un matelas" in cast.client().get(link[0]).content.decode()


def test_sent_twice_it_is_one_report(cast: Cast) -> None:
    browser = cast.client()
    base = begin(browser)
    walk(browser, base)
    assert browser.post(f"{base}/envoi")["Location"] == browser.post(f"{base}/envoi")["Location"]
    assert Case.objects.count() == 1


def test_words_suggest_the_category(cast: Cast) -> None:
    browser = cast.client()
    base = begin(browser)
    browser.post(f"{base}/photo", {"description": "un grand tag sur le mur"})
    browser.post(f"{base}/lieu", {"place_lon": "2.05", "place_lat": "46.05"})
    html = browser.get(f"{base}/categorie").content.decode()
    assert "D’après votre description" in html
    assert re.search(r'value="tag"[^>]*checked', html)


def test_neither_words_nor_photo_is_refused(cast: Cast) -> None:
    browser = cast.client()
    base = begin(browser)
    answer = browser.post(f"{base}/photo", {"description": "  "})
    assert answer.status_code == 422
    assert "Décrivez le problème" in answer.content.decode()


@pytest.mark.parametrize(
    "data",
    [
        {"place_lon": str(OUTSIDE[0]), "place_lat": str(OUTSIDE[1])},
        {"place_lon": "0", "place_lat": "0"},
        {"place_lon": "nan", "place_lat": "inf"},
        {"place_text": "quelque part au loin"},
        {},
    ],
)
def test_a_place_outside_or_unknown_is_refused_and_the_words_stay(
    cast: Cast, data: dict[str, str]
) -> None:
    browser = cast.client()
    base = begin(browser)
    browser.post(f"{base}/photo", {"description": "Un trou"})
    assert browser.post(f"{base}/lieu", data).status_code == 422
    assert "Un trou" in browser.get(f"{base}/photo").content.decode()


def test_a_report_without_any_contact_is_accepted(cast: Cast) -> None:
    browser = cast.client()
    base = begin(browser)
    walk(browser, base)
    browser.post(f"{base}/envoi", {"name": "", "email": ""})
    assert Case.objects.get().contact_email == ""


def test_an_unknown_category_is_refused(cast: Cast) -> None:
    browser = cast.client()
    base = begin(browser)
    assert browser.post(f"{base}/categorie", {"category": "licorne"}).status_code == 422


def test_an_address_is_enough_without_a_map(cast: Cast) -> None:
    browser = cast.client()
    base = begin(browser)
    answer = browser.post(f"{base}/lieu", {"place_text": "12 rue des Lilas, 99200 Saint-Test"})
    assert answer.status_code == 302


def test_the_confirmation_tells_the_device_to_forget_the_report(cast: Cast) -> None:
    browser = cast.client()
    base = begin(browser)
    draft = base.rsplit("/", 1)[-1]
    assert f'data-autosave="signalement-{draft}"' in browser.get(f"{base}/photo").content.decode()
    walk(browser, base)
    done = browser.post(f"{base}/envoi", follow=True).content.decode()
    assert f'data-clear-draft="signalement-{draft}"' in done


def test_an_open_report_close_by_has_a_screen_of_its_own(cast: Cast) -> None:
    first = actions.submit_report(
        actor=ANONYMOUS, category_id="depot-sauvage", lon=2.05, lat=46.05, description="Un matelas"
    ).case
    browser = cast.client(cast.neighbour)
    base = begin(browser)
    browser.post(f"{base}/photo", {"description": "Un vieux matelas"})
    browser.post(f"{base}/lieu", {"place_lon": "2.0501", "place_lat": "46.05"})
    answer = browser.post(f"{base}/categorie", {"category": "depot-sauvage"})
    assert answer["Location"].endswith("/doublons")
    shown = browser.get(answer["Location"]).content.decode()
    assert first.reference in shown
    assert "Un matelas" not in shown
    joined = browser.post(f"{base}/doublons", {"meme": first.reference})
    assert joined["Location"] == f"/signalements/{first.reference}"
    assert Follower.objects.get().user == cast.neighbour
    assert Case.objects.count() == 1


def test_one_s_own_report_goes_on_when_it_is_another_matter(cast: Cast) -> None:
    actions.submit_report(
        actor=ANONYMOUS, category_id="depot-sauvage", lon=2.05, lat=46.05, description="Un matelas"
    )
    browser = cast.client()
    base = begin(browser)
    walk(browser, base)
    answer = browser.post(f"{base}/doublons", {"meme": ""})
    assert answer["Location"].endswith("/verification")
    browser.post(f"{base}/envoi", {"email": "ada@lac.example"})
    assert Case.objects.count() == 2


def test_without_anything_near_the_screen_is_skipped(cast: Cast) -> None:
    browser = cast.client()
    base = begin(browser)
    walk(browser, base)
    assert browser.get(f"{base}/doublons")["Location"].endswith("/verification")


def test_a_photo_that_knows_where_it_was_taken_places_the_report(cast: Cast) -> None:
    browser = cast.client()
    base = begin(browser)
    browser.post(f"{base}/photo", {"description": "Un trou", "photos": located(2.05, 46.05)})
    shown = browser.get(f"{base}/lieu").content.decode()
    assert "C’est la position de votre photo" in shown
    assert re.search(r'name="place_lon"[^>]*value="2.05', shown)
    # What is kept of the photo says nothing of it.
    kept = StoredFile.objects.get()
    with open_file(kept) as stream, Image.open(stream) as image:
        assert not image.getexif().get_ifd(0x8825)


@pytest.mark.parametrize("point", [(-1.5, 47.2), (0.0, 0.0)])
def test_a_photo_taken_elsewhere_places_nothing(cast: Cast, point: tuple[float, float]) -> None:
    browser = cast.client()
    base = begin(browser)
    browser.post(f"{base}/photo", {"description": "Un trou", "photos": located(*point)})
    assert "C’est la position" not in browser.get(f"{base}/lieu").content.decode()


def located(lon: float, lat: float) -> io.BytesIO:
    """A photo whose Exif says where it was taken."""
    exif = Image.Exif()
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N" if lat >= 0 else "S", (abs(lat), 0.0, 0.0)
    gps[3], gps[4] = "E" if lon >= 0 else "W", (abs(lon), 0.0, 0.0)
    stream = io.BytesIO()
    Image.new("RGB", (80, 60)).save(stream, "JPEG", exif=exif)
    stream.seek(0)
    stream.name = "photo.jpg"
    return stream


def test_the_last_screen_asks_what_the_category_wants_and_keeps_what_was_typed(cast: Cast) -> None:
    category = next(
        each
        for _group, members in queries.categories_at("99001")
        for each in members
        if any(question.required for question in each.questions)
    )
    browser = cast.client()
    base = begin(browser)
    browser.post(f"{base}/photo", {"description": "Un souci"})
    browser.post(f"{base}/lieu", {"place_lon": "2.05", "place_lat": "46.05"})
    browser.post(f"{base}/categorie", {"category": category.id})
    shown = browser.get(f"{base}/verification").content.decode()
    for question in category.questions:
        assert question.label in shown or question.visible_when
    refused = browser.post(f"{base}/envoi", {"name": "Ada", "email": "ada@lac.example"})
    assert refused.status_code == 422
    assert "ada@lac.example" in refused.content.decode()
    assert not Case.objects.exists()
