"""What `packs check` says of services, of the vocabulary and of pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def _in_french() -> None:
    translation.activate("fr")


def test_the_pack_of_these_tests_is_right(pack: Any) -> None:
    assert pack.messages() == []


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('life_events = ["je-demenage", "je-rêve"]', "je-rêve"),
        ('life_events = ["je-demenag"]', "Vouliez-vous dire « je-demenage »"),
        ('areas = ["99009"]', "99009"),
        ('team = "dechet"', "Vouliez-vous dire « dechets »"),
        ('related = ["piscin"]', "Vouliez-vous dire « piscine »"),
        ('related = ["essai"]', "lié à lui-même"),
        ('action = "link"', "action_url"),
        ('action_url = "https://ailleurs.example/"', "pas de bouton"),
        ('action = "procedure"', "Aucune démarche n’est déclarée"),
        ('action_url = "javascript:alert(1)"', "« javascript:alert(1) »"),
        ('couleur = "bleu"', "couleur"),
        ('reference_prefix = "I1"', "« I1 »"),
    ],
)
def test_a_mistake_in_a_service_is_placed_and_said(pack: Any, more: str, message: str) -> None:
    pack.service("essai", "Essai", more=more)
    found = pack.messages("services/essai/")
    assert all(each.startswith("services/essai/service.toml:8:") for each in found)
    assert message in found[0]


def test_an_unknown_theme_and_an_unknown_organisation_are_told(pack: Any) -> None:
    pack.service("essai", "Essai", theme="dechet")
    pack.edit("services/essai/service.toml", "metropole-du-lac", "metropole-du-lak")
    found = " ".join(pack.messages("services/essai/"))
    assert "Vouliez-vous dire « dechets »" in found
    assert "Vouliez-vous dire « metropole-du-lac »" in found


def test_an_icon_that_the_front_end_lacks_is_told(pack: Any) -> None:
    pack.edit("catalogue.toml", 'icon = "truck"', 'icon = "truk"')
    assert "Vouliez-vous dire « truck »" in pack.messages("catalogue.toml")[0]


def test_a_procedure_must_say_what_silence_means_and_whom_to_phone(pack: Any) -> None:
    file = "services/composteur/service.toml"
    pack.edit(file, "[silence]", "").edit(file, 'meaning = "rejection"', "")
    pack.edit(file, "months = 2", "").edit(file, 'phone = "00 00 00 00 10"', "")
    found = " ".join(pack.messages(file))
    assert "l’absence de réponse" in found
    assert "donne un téléphone" in found


def test_a_service_that_leads_nowhere_is_a_warning(pack: Any) -> None:
    pack.service("essai", "Essai")
    text = (pack.path / "services/essai/service.toml").read_text()
    pack.write("services/essai/service.toml", text.split("[contact]")[0])
    assert "ni où aller" in pack.messages("services/essai/")[0]
    pack.write(
        "services/essai/service.toml", text.split("[contact]")[0] + '\nprovider = "commune"\n'
    )
    assert pack.messages("services/essai/") == []


def test_a_placeholder_that_pages_do_not_know_is_placed_in_the_text(pack: Any) -> None:
    pack.write(
        "content/aide/fr.md",
        '+++\ntitle = "Aide"\nupdated = 2026-01-15\n+++\n\nUn\n\nAppelez {contact_fone}.\n',
    )
    (found,) = pack.messages("content/")
    assert found.startswith("content/aide/fr.md:8:9: « {contact_fone} » n’est pas un champ")
    assert found.endswith("Vouliez-vous dire « contact_phone » ?")


def test_a_synonym_alone_is_a_mistake(pack: Any) -> None:
    pack.edit("catalogue.toml", '["poubelle", "bac", "conteneur"]', '["poubelle"]')
    assert "au moins deux" in pack.messages("catalogue.toml")[0]
