"""Reading what people wrote before everybody sees it."""

from __future__ import annotations

import pytest
from tests.cast import INSIDE, Cast, photo

from socle.capabilities.casework.models import Case
from socle.domains.reports.models import PublicPhoto, PublicReport
from socle.sites.desk.views.moderation import rectangles

pytestmark = pytest.mark.django_db


def report(cast: Cast) -> Case:
    browser = cast.client()
    base = browser.post("/signaler")["Location"].rsplit("/", 1)[0]
    browser.post(f"{base}/photo", {"description": "Zoé, 06 11 22 33 44", "photos": photo()})
    browser.post(f"{base}/lieu", {"place_lon": str(INSIDE[0]), "place_lat": str(INSIDE[1])})
    browser.post(f"{base}/categorie", {"category": "depot-sauvage"})
    browser.post(f"{base}/envoi", {"email": "ada@lac.example"})
    return Case.objects.latest("pk")


def test_words_are_corrected_and_a_photo_is_blurred_before_they_show(cast: Cast) -> None:
    case = report(cast)
    document = case.documents.get()
    browser = cast.client(cast.commune_agent)
    assert "06 11 22 33 44" in browser.get("/agents/relecture").content.decode()
    answer = browser.post(
        f"/agents/relecture/{case.pk}",
        {"decision": "show", "text": "Un matelas", "photo": str(document.pk),
         f"cell-{document.pk}": ["0-0", "0-1", "1-0", "1-1"]},
    )  # fmt: skip
    assert answer.status_code == 302
    shown = cast.client().get(f"/signalements/{case.reference}").content.decode()
    assert "Un matelas" in shown
    assert "06 11" not in shown
    picture = PublicPhoto.objects.get()
    assert picture.shown_id not in (None, document.file_id)
    assert picture.blurred == [[0.0, 0.0, 0.25, 2 / 6]]
    public = cast.client().get(f"/signalements/photos/{document.pk}")
    assert public.status_code == 200
    # The original stays with agents.
    assert b"".join(public.streaming_content) != document.file.size
    assert "Rien à relire" in browser.get("/agents/relecture").content.decode()


def test_a_photo_not_let_through_is_nobody_s(cast: Cast) -> None:
    case = report(cast)
    browser = cast.client(cast.commune_agent)
    browser.post(f"/agents/relecture/{case.pk}", {"decision": "show", "text": "Un matelas"})
    document = case.documents.get()
    assert cast.client().get(f"/signalements/photos/{document.pk}").status_code == 404


@pytest.mark.parametrize("decision", ["place", "hide"])
def test_the_place_alone_or_nothing(cast: Cast, decision: str) -> None:
    case = report(cast)
    cast.client(cast.commune_agent).post(
        f"/agents/relecture/{case.pk}", {"decision": decision, "text": "Zoé"}
    )
    answer = cast.client().get(f"/signalements/{case.reference}")
    assert answer.status_code == (200 if decision == "place" else 404)
    assert "Zoé" not in answer.content.decode()


def test_another_organisation_s_reports_do_not_exist(cast: Cast) -> None:
    case = report(cast)
    browser = cast.client(cast.agent)
    assert case.reference not in browser.get("/agents/relecture").content.decode()
    answer = browser.post(f"/agents/relecture/{case.pk}", {"decision": "show"})
    assert answer.status_code == 404
    assert PublicReport.objects.get().moderation == "pending"


def test_an_unknown_decision_keeps_what_was_typed(cast: Cast) -> None:
    case = report(cast)
    answer = cast.client(cast.commune_agent).post(
        f"/agents/relecture/{case.pk}", {"decision": "x", "text": "Ce que je tape"}
    )
    assert answer.status_code == 422
    assert "Ce que je tape" in answer.content.decode()


def test_ticked_squares_become_few_rectangles() -> None:
    every = [f"{row}-{column}" for row in range(6) for column in range(8)]
    assert rectangles(every) == [[0, 0, 1, 1]]
    assert rectangles(["0-0", "0-2", "2-0", "9-9", "x", "--"]) == [
        [0, 0, 1 / 8, 1 / 6], [0, 2 / 6, 1 / 8, 1 / 6], [2 / 8, 0, 1 / 8, 1 / 6],
    ]  # fmt: skip
    assert rectangles([]) == []
