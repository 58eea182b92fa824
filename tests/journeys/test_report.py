"""Somebody without an account reports a problem."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cast import INSIDE, Cast, photo
from tests.journeys.conftest import PHONE, NewTab, Tab

from socle.capabilities.casework.models import Case


def test_a_report_by_address_is_followed_by_its_private_link(
    tab: Tab, cast: Cast, tmp_path: Path
) -> None:
    file = tmp_path / "matelas.jpg"
    file.write_bytes(photo().getvalue())
    tab.go("/signaler")
    tab.press("Commencer")
    tab.page.locator("input[type=file]").set_input_files(str(file))
    tab.fill("Que se passe-t-il", "Un grand tag sur le mur de l’école")
    tab.press("Continuer")
    tab.locate("12 rue des Lilas, 99100 Villeneuve-du-Lac")
    tab.press("Continuer")
    assert tab.page.locator("input[name=category]:checked").get_attribute("value") == "tag"
    tab.press("Continuer")
    tab.fill("Adresse électronique", "passant@lac.example")
    tab.press("Envoyer le signalement")
    assert re.search(r"SG-\d\d-[0-9A-Z]{6}", tab.text)
    tab.press("Suivre", exact=True)
    assert "/suivi/" in tab.page.url
    assert "Un grand tag" in tab.text
    case = Case.objects.get()
    assert case.organisation.slug == "villeneuve-du-lac"
    assert case.contact_email == "passant@lac.example"


def test_a_report_where_i_am(new_tab: NewTab, cast: Cast) -> None:
    tab = new_tab(
        viewport=PHONE,
        geolocation={"longitude": INSIDE[0], "latitude": INSIDE[1]},
        permissions=["geolocation"],
    )
    tab.go("/signaler")
    tab.press("Commencer")
    tab.fill("Que se passe-t-il", "Un trou dans la route")
    tab.press("Continuer")
    tab.page.get_by_role("button", name=re.compile("position", re.I)).first.click()
    tab.until("document.querySelector('[name=place_lon]').value !== ''")
    tab.press("Continuer")
    tab.choose("Trou dans la chaussée")
    tab.press("Continuer")
    tab.press("Envoyer le signalement")
    case = Case.objects.get()
    assert abs((case.lon or 0) - INSIDE[0]) < 0.001
