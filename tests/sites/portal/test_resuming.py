"""A form begun before signing in goes on after it, on this device or another."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.cast import PASSWORD, assemble, photo, place

from socle.capabilities.casework.models import Case
from socle.capabilities.questionnaires.models import Draft

pytestmark = pytest.mark.django_db
START = "/demarches/composteur"


def begun(browser: Client) -> str:
    base: str = browser.post(START)["Location"].rsplit("/", 1)[0]
    home = {**place("address"), "household_size": "3", "garden": "false"}
    browser.post(f"{base}/logement", home)
    browser.post(f"{base}/justificatif", {"proof": photo()})
    return base


def sign_in(browser: Client, email: str) -> None:
    answer = browser.post("/compte/connexion", {"login": email, "password": PASSWORD})
    assert answer.status_code == 302


def test_what_was_begun_without_an_account_is_found_after_signing_in_elsewhere() -> None:
    cast = assemble(PASSWORD)
    phone, desktop = Client(), Client()
    base = begun(phone)
    sign_in(phone, cast.resident.email)
    draft = Draft.objects.get()
    assert (draft.owner_id, draft.claim) == (cast.resident.pk, "")
    assert phone.get(f"{base}/logement").status_code == 200
    sign_in(desktop, cast.resident.email)
    page = desktop.get(f"{base}/justificatif").content.decode()
    assert "photo.jpg" in page
    desktop.post(f"{base}/coordonnees", {"name": "Ada Test", "email": cast.resident.email})
    assert desktop.post(f"{base}/envoi").status_code == 302
    case = Case.objects.get()
    assert case.applicant_id == cast.resident.pk
    assert case.documents.count() == 1


def test_the_next_person_on_a_shared_computer_finds_nothing_of_the_one_before() -> None:
    cast = assemble(PASSWORD)
    browser = Client()
    base = begun(browser)
    sign_in(browser, cast.resident.email)
    browser.post("/compte/deconnexion")
    assert browser.get(f"{base}/logement").status_code == 404
    sign_in(browser, cast.neighbour.email)
    assert browser.get(f"{base}/logement").status_code == 404
    assert Draft.objects.get().owner_id == cast.resident.pk


def test_a_file_is_taken_away_without_a_script() -> None:
    assemble()
    browser = Client()
    base = begun(browser)
    page = browser.get(f"{base}/justificatif").content.decode()
    assert 'name="proof_remove"' in page
    file_id = Draft.objects.get().answers["proof"][0]["id"]
    browser.post(f"{base}/justificatif", {"proof_remove": file_id})
    assert not Draft.objects.get().answers["proof"]
