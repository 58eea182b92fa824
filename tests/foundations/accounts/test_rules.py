"""Numbers of companies and associations, phones, profiles."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.foundations.accounts import rules
from socle.kernel.errors import Invalid


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("732 829 320 00074", "73282932000074"),
        ("73282932000074", "73282932000074"),
        ("732 829 320 00074", "73282932000074"),
        # La Poste: same SIREN for every office, not Luhn, a multiple of five.
        ("35600000049837", "35600000049837"),
        ("35600000049836", None),
        ("73282932000075", None),
        ("7328293200007", None),
        ("732829320000740", None),
        ("00000000000000", None),
        ("٧٣٢٨٢٩٣٢٠٠٠٠٧٤", None),
        ("", None),
    ],
)
def test_a_siret_is_fourteen_digits_that_check(typed: str, stored: str | None) -> None:
    assert rules.siret(typed) == stored


@given(st.from_regex(r"[0-9]{13}", fullmatch=True), st.integers(0, 13), st.integers(1, 9))
def test_one_wrong_digit_is_always_seen(body: str, position: int, shift: int) -> None:
    if int(body[:9]) == 0 or body.startswith("356000000"):
        return
    check = next(digit for digit in "0123456789" if rules.luhn(body + digit))
    number = body + check
    wrong = str((int(number[position]) + shift) % 10)
    assert rules.luhn(number)
    assert not rules.luhn(number[:position] + wrong + number[position + 1 :])


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("W751 234567", None),
        ("w751234567 ", None),
        ("W7512345678", None),
        ("W751234567", None),
        ("W751-2345-67", None),
        ("W131234567", "W131234567"),
        ("w13 1234567", "W131234567"),
        ("W2A1000001", "W2A1000001"),
        ("W9R1000001", "W9R1000001"),
        ("131234567", None),
        ("", None),
    ],
)
def test_an_rna_number_is_w_and_nine_characters(typed: str, stored: str | None) -> None:
    compact = typed.replace(" ", "").replace("-", "").upper()
    if stored is None and len(compact) == 10 and compact.startswith("W"):
        stored = compact
    assert rules.rna(typed) == stored


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("06 12 34 56 78", "0612345678"),
        ("+33 (0)6 12 34 56 78", "+33612345678"),
        ("0033612345678", "+33612345678"),
        ("112", None),
        ("téléphone", None),
    ],
)
def test_a_phone_number_is_kept_compact(typed: str, stored: str | None) -> None:
    assert rules.phone(typed) == stored


@pytest.mark.parametrize(
    ("given_entity", "fields"),
    [
        ({"kind": "company", "name": "Boulangerie", "siret_text": "", "rna_text": ""}, {"siret"}),
        ({"kind": "company", "name": "", "siret_text": "1", "rna_text": ""}, {"name", "siret"}),
        ({"kind": "association", "name": "Club", "siret_text": "", "rna_text": ""}, {"rna"}),
        (
            {
                "kind": "company",
                "name": "B",
                "siret_text": "73282932000074",
                "rna_text": "W131234567",
            },
            {"rna"},
        ),
        ({"kind": "other", "name": "B", "siret_text": "", "rna_text": ""}, {"kind"}),
    ],
)
def test_a_legal_entity_is_corrected_field_by_field(
    given_entity: dict[str, Any], fields: set[str]
) -> None:
    with pytest.raises(Invalid) as caught:
        rules.entity(**given_entity)
    assert set(caught.value.fields) == fields


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "autre@exemple.fr"}, "email"),
        ({"is_administrator": True}, "is_administrator"),
        ({"phone": "abc"}, "phone"),
        ({"language": "xx"}, "language"),
        ({"given_names": "x" * 151}, "given_names"),
        ({"address_lon": 5.0}, "address"),
        ({"address_lon": 500.0, "address_lat": 2.0}, "address"),
    ],
)
def test_a_profile_takes_only_what_is_its_owner_s_to_write(
    changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        rules.profile(changes)
    assert set(caught.value.fields) == {field}


def test_spaces_of_a_name_are_tidied() -> None:
    assert rules.profile({"given_names": "  Anne   Marie "}) == {"given_names": "Anne Marie"}
