"""A resident asks for something: every answer kept, filed once, seen by nobody else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from tests.cast import OUTSIDE, PACKS, Cast, photo, place

from socle.capabilities.casework.models import Case
from socle.capabilities.questionnaires.models import Draft
from socle.foundations.packs import actions as packs

pytestmark = pytest.mark.django_db
START = "/demarches/composteur"


def begin(browser: Client) -> str:
    answer = browser.post(START)
    assert answer.status_code == 302
    return answer["Location"].rsplit("/", 1)[0]


def fill(browser: Client, base: str, *, garden: bool = True, contact: bool = True) -> None:
    """Answer every page up to check-your-answers."""
    home = {**place("address"), "household_size": "3", "garden": str(garden).lower()}
    assert browser.post(f"{base}/logement", home).status_code == 302
    if garden:
        answer = browser.post(f"{base}/jardin", {"garden_area": "40", "model": "wood"})
        assert answer.status_code == 302
    assert browser.post(f"{base}/justificatif", {"proof": photo()}).status_code == 302
    if contact:
        answer = browser.post(
            f"{base}/coordonnees", {"name": "Ada Test", "email": "ada@lac.example"}
        )
        assert answer.status_code == 302


def reference_in(html: bytes) -> str:
    found = re.search(rb"[A-Z]{2}-\d\d-[0-9A-Z]{6}", html)
    assert found
    return found[0].decode()


def test_a_request_is_filed_and_followed_in_the_account(cast: Cast) -> None:
    browser = cast.client(cast.resident)
    base = begin(browser)
    fill(browser, base)
    check = browser.get(f"{base}/verification")
    assert "40 m²" in check.content.decode()
    sent = browser.post(f"{base}/envoi")
    assert sent["Location"].endswith("/confirmation")
    reference = reference_in(browser.get(sent["Location"]).content)
    page = browser.get(f"/mes-demandes/{reference}")
    assert page.status_code == 200
    assert "Ada Test" not in cast.client().get(f"/mes-demandes/{reference}").content.decode()
    assert reference.encode() in browser.get("/mes-demandes").content
    receipt = browser.get(f"/mes-demandes/{reference}/recepisse.pdf")
    assert receipt["Content-Type"] == "application/pdf"
    assert receipt.content.startswith(b"%PDF")


def test_a_person_without_an_account_follows_with_the_private_link_only(cast: Cast) -> None:
    browser = cast.client()
    base = begin(browser)
    fill(browser, base)
    sent = browser.post(f"{base}/envoi")
    html = browser.get(sent["Location"]).content.decode()
    link = re.search(r'/suivi/[^"/]+/[\w-]+', html)
    assert link
    assert cast.client().get(link[0]).status_code == 200
    assert cast.client().get(link[0][:-1] + "~").status_code == 404
    reference = reference_in(html.encode())
    assert cast.client().get(f"/mes-demandes/{reference}").status_code == 404


def test_a_second_submit_gives_the_same_case(cast: Cast) -> None:
    browser = cast.client(cast.resident)
    base = begin(browser)
    fill(browser, base)
    first, second = browser.post(f"{base}/envoi"), browser.post(f"{base}/envoi")
    assert first["Location"] == second["Location"]
    assert Case.objects.count() == 1


def test_another_persons_draft_does_not_exist(cast: Cast) -> None:
    base = begin(cast.client(cast.resident))
    for stranger in (cast.client(), cast.client(cast.neighbour), cast.client(cast.agent)):
        assert stranger.get(f"{base}/logement").status_code == 404
        assert stranger.post(f"{base}/envoi").status_code == 404


def test_answers_outlive_the_session(cast: Cast) -> None:
    browser = cast.client()
    base = begin(browser)
    browser.post(f"{base}/logement", {**place("address"), "household_size": "3", "garden": "true"})
    browser.cookies.pop("session", None)
    page = browser.get(f"{base}/logement")
    assert page.status_code == 200
    assert 'value="3"' in page.content.decode()


def test_a_signed_in_person_whose_session_expired_finds_the_draft_after_signing_in(
    cast: Cast,
) -> None:
    browser = cast.client(cast.resident)
    base = begin(browser)
    browser.post(f"{base}/logement", {**place("address"), "household_size": "4", "garden": "false"})
    browser.logout()
    assert browser.get(f"{base}/logement").status_code in (302, 404)
    browser.force_login(
        cast.resident, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    assert 'value="4"' in browser.get(f"{base}/logement").content.decode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"household_size": "0"}, "au moins 1"),
        ({"household_size": "beaucoup"}, "n’est pas un nombre"),
        ({"household_size": ""}, "Indiquez un nombre"),
        ({"garden": "peut-être"}, "oui ou par non"),
        ({"address": ""}, "Indiquez une adresse"),
        (place("address", OUTSIDE), "pas sur le territoire"),
    ],
)
def test_a_wrong_answer_gets_a_sentence_and_the_others_stay(
    cast: Cast, data: dict[str, Any], message: str
) -> None:
    browser = cast.client()
    base = begin(browser)
    good = {**place("address"), "household_size": "3", "garden": "true"}
    if data.get("address") == "":
        good = {"household_size": "3", "garden": "true"}
    answer = browser.post(f"{base}/logement", {**good, **data})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert message in html
    kept = {key: value for key, value in good.items() if key not in data}
    if "household_size" in kept:
        assert 'value="3"' in html


def test_an_address_typed_without_a_script_is_located_by_the_server(cast: Cast) -> None:
    browser = cast.client()
    base = begin(browser)
    typed = {
        "address": "12 rue des Lilas, 99200 Saint-Test",
        "household_size": "2",
        "garden": "false",
    }
    assert browser.post(f"{base}/logement", typed).status_code == 302
    assert Draft.objects.get().answers["address"]["citycode"] == "99002"


def test_a_closed_branch_leaves_no_answer_in_the_case(cast: Cast) -> None:
    browser = cast.client(cast.resident)
    base = begin(browser)
    fill(browser, base)
    browser.post(f"{base}/logement", {**place("address"), "household_size": "3", "garden": "false"})
    browser.post(f"{base}/envoi")
    assert "garden_area" not in Case.objects.get().answers


def test_filing_too_early_lists_what_is_missing_with_links(cast: Cast) -> None:
    browser = cast.client(cast.resident)
    base = begin(browser)
    answer = browser.post(f"{base}/envoi")
    html = answer.content.decode()
    assert answer.status_code == 422
    assert f'href="{base}/logement' in html
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("facture.pdf", b"MZ\x90\x00 not a pdf", "facture.pdf"),
        ("photo.jpg", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "photo.jpg"),
        ("vide.png", b"", "vide.png"),
    ],
)
def test_a_disguised_file_is_refused_by_name(
    cast: Cast, name: str, content: bytes, said: str
) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    browser = cast.client()
    base = begin(browser)
    browser.post(f"{base}/logement", {**place("address"), "household_size": "3", "garden": "false"})
    answer = browser.post(f"{base}/justificatif", {"proof": SimpleUploadedFile(name, content)})
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_a_form_changed_in_the_meantime_keeps_the_answers_and_says_what_to_read_again(
    cast: Cast, tmp_path: Any
) -> None:
    import shutil

    browser = cast.client(cast.resident)
    base = begin(browser)
    fill(browser, base)
    changed = tmp_path / "lakeside"
    shutil.copytree(PACKS / "lakeside", changed)
    file = changed / "services/composteur/questionnaire.toml"
    text = file.read_text("utf-8")
    file.write_text(
        text.replace('label = "Surface du jardin"', 'label = "Surface plantée"'), "utf-8"
    )
    packs.apply(changed)
    answer = browser.post(f"{base}/envoi")
    assert answer.status_code == 422
    assert not Case.objects.exists()
    draft = Draft.objects.get()
    assert draft.review == ["jardin"]
    assert draft.answers["household_size"] == 3
    assert browser.post(f"{base}/jardin", {"garden_area": "40", "model": "wood"}).status_code == 302
    assert browser.post(f"{base}/envoi").status_code == 302
    assert Case.objects.count() == 1


def test_an_agent_files_for_the_person_at_the_counter(cast: Cast) -> None:
    browser = cast.client(cast.counter)
    answer = browser.post(START, {"pour": "autrui"})
    base = answer["Location"].rsplit("/", 1)[0]
    fill(browser, base, garden=False, contact=False)
    browser.post(
        f"{base}/coordonnees",
        {"name": "Odette Sans-Écran", "phone": "0199001234", "channel": "phone"},
    )
    assert browser.post(f"{base}/envoi").status_code == 302
    case = Case.objects.get()
    assert (case.contact_name, case.channel, case.filed_by_id) == (
        "Odette Sans-Écran", "phone", cast.counter.pk,
    )  # fmt: skip
    assert case.applicant_id is None


@pytest.mark.parametrize("who", ["resident", "agent"])
def test_only_counter_agents_file_for_others(cast: Cast, who: str) -> None:
    browser = cast.client(getattr(cast, who))
    assert browser.post(START, {"pour": "autrui"}).status_code == 404


def test_the_confirmation_tells_the_device_to_forget_the_form(cast: Cast) -> None:
    browser = cast.client()
    base = begin(browser)
    draft = base.rsplit("/", 1)[-1]
    kept = f'data-autosave="demarche-{draft}-'
    first = browser.get(base + "/" + browser.get(base + "/x")["Location"].rsplit("/", 1)[-1])
    assert kept in first.content.decode()
    fill(browser, base)
    done = browser.post(f"{base}/envoi", follow=True).content.decode()
    assert f'data-clear-draft="demarche-{draft}"' in done
