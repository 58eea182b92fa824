"""Every type, read from what hostile hands can send."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.capabilities.questionnaires.samples import CHOICES, question

from socle.capabilities.questionnaires import values
from socle.capabilities.questionnaires.values import Refused, scalar


def refused(type: str, text: str, **given: Any) -> str:
    with pytest.raises(Refused) as caught:
        scalar(question(type=type, **given), text)
    return str(caught.value)


def read(type: str, text: str, **given: Any) -> Any:
    return scalar(question(type=type, **given), text)


# --- Text ---


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a\x00b", "ab"),
        ("\x00\x00", None),
        ("  deux  mots ", "deux  mots"),
        ("ligne\r\nsuivante", "ligne suivante"),
        ("e\u0301te\u0301", "été"),
        ("\u202egpj.exe", "gpj.exe"),
        ("\u2066a\u2069", "a"),
        ("مرحبا", "مرحبا"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
        ("\u200b\u200b", None),
        ("\ufeff \u00a0", None),
        ("a\ud800b", "ab"),
        ("\x1b[31mrouge\x07", "[31mrouge"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
)
def test_text_is_kept_without_what_nobody_can_see(typed: str, kept: str | None) -> None:
    assert read("text", typed) == kept


def test_long_text_keeps_its_lines() -> None:
    assert read("long_text", "un\r\n\r\ndeux\rtrois") == "un\n\ndeux\ntrois"


def test_a_text_too_long_is_told_its_length() -> None:
    assert "301" in refused("text", "a" * 301)
    assert read("text", "a" * 300) == "a" * 300
    assert "6" in refused("text", "abcdef", max_length=5)
    assert read("long_text", "é" * 5000) == "é" * 5000


def test_a_huge_text_is_refused_quickly() -> None:
    started = time.process_time()
    for type in ("text", "long_text", "integer", "decimal", "email", "phone", "siret", "date"):
        refused(type, "9" * 2_000_000)
    refused("choice", "x" * 2_000_000, options=CHOICES)
    assert time.process_time() - started < 2


def test_a_pattern_answers_with_its_own_sentence() -> None:
    given = {"pattern": "[A-Z]{2}-[0-9]{3}", "pattern_message": "Écrivez AB-123."}
    assert read("text", "AB-123", **given) == "AB-123"
    assert refused("text", "AB-1234", **given) == "Écrivez AB-123."


# --- Numbers ---


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("4", 4), (" 1 234 ", 1234), ("1\u202f234", 1234), ("+3", 3), ("-2", -2), ("\u22122", -2),
        ("3,0", 3), ("٤", 4), ("４", 4), ("007", 7), ("0", 0), ("-0", 0), ("12 m²", 12),
    ],
)  # fmt: skip
def test_integers(typed: str, kept: int) -> None:
    assert read("integer", typed, unit="m²") == kept
    assert type(read("integer", typed, unit="m²")) is int


@pytest.mark.parametrize(
    "typed",
    ["1e999", "1e-999999999", "1e5", "NaN", "-inf", "Infinity", "1_000", "0x10", "1.2.3", "--1",
     "1,5,5", "douze", "1 + 1", "½", "1" * 16, "", "."],
)  # fmt: skip
def test_what_is_not_a_number_is_refused(typed: str) -> None:
    for type in ("integer", "decimal"):
        if typed:
            assert "n’est pas un nombre" in refused(type, typed)
        else:
            assert read(type, typed) is None


def test_an_exponent_does_not_become_a_gigabyte() -> None:
    # The control: this is what a decimal would have been written as.
    assert len(format(Decimal("1e-100000"), "f")) > 100_000
    refused("decimal", "1e-100000")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("1,50", "1.5"), ("100", "100"), ("-0,0", "0"), ("0.000", "0"), ("12 345,678", "12345.678")],
)
def test_decimals_are_kept_exactly(typed: str, kept: str) -> None:
    assert read("decimal", typed) == kept


def test_limits_are_told_as_people_write_them() -> None:
    assert refused("integer", "0", minimum=1) == "Indiquez au moins 1."
    assert refused("integer", "21", maximum=20) == "Indiquez au plus 20."
    assert refused("decimal", "0,1", minimum="0.5") == "Indiquez au moins 0,5."
    assert refused("integer", "-3", minimum=0).startswith("Indiquez au moins")
    assert refused("integer", "2,5") == "Indiquez un nombre entier, sans virgule."
    assert "100" in refused("integer", "101", maximum=100)


# --- Choices ---


def test_yes_and_no() -> None:
    assert read("boolean", "true") is True
    assert read("boolean", "NON") is False
    assert refused("boolean", "peut-être") == "Répondez par oui ou par non."


def test_only_offered_choices_are_taken() -> None:
    assert read("choice", "wood", options=CHOICES) == "wood"
    for typed in ("gold", "En bois", "wood ' OR 1=1", "WOOD"):
        assert refused("choice", typed, options=CHOICES) == "Choisissez une des réponses proposées."


def test_boxes_are_kept_once_in_the_order_of_the_form() -> None:
    asked = question(type="choices", options=CHOICES)
    assert values.options(asked, ["plastic", "wood", "plastic", ""]) == ["wood", "plastic"]
    assert values.options(asked, []) is None
    with pytest.raises(Refused):
        values.options(asked, ["wood", "gold"])
    with pytest.raises(Refused):
        values.options(asked, [f"x{n}" for n in range(2000)])


# --- Dates ---


def test_the_29th_of_february_exists_every_fourth_year() -> None:
    asked = question(type="date")
    assert values.day_of(asked, "2024", "2", "29") == "2024-02-29"
    assert values.day_of(asked, "2000", "02", "29") == "2000-02-29"
    for year in ("2023", "1900", "2100"):
        with pytest.raises(Refused, match="n’existe pas"):
            values.day_of(asked, year, "2", "29")


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [("26", "3", "27"), ("0026", "3", "27"), ("2026", "mars", "27"), ("2026", "", "27"),
     ("2026", "13", "1"), ("2026", "0", "1"), ("2026", "-1", "1"), ("9999", "1", "1"),
     ("2026", "1", "1e3"), ("2" * 5000, "1", "1"), ("2026", "4", "31"), ("²⁰²⁶", "1", "1")],
)  # fmt: skip
def test_dates_that_do_not_exist(year: str, month: str, day: str) -> None:
    with pytest.raises(Refused):
        values.day_of(question(type="date"), year, month, day)


def test_digits_of_other_scripts_are_digits() -> None:
    assert values.day_of(question(type="date"), "٢٠٢٦", "٣", "٢٧") == "2026-03-27"


def test_a_date_keeps_within_its_limits_on_days_with_a_clock_change() -> None:
    limits = {"min_date": date(2026, 3, 29), "max_date": date(2026, 10, 25)}
    assert read("date", "2026-03-29", **limits) == "2026-03-29"
    assert read("date", "2026-10-25", **limits) == "2026-10-25"
    assert refused("date", "2026-03-28", **limits) == "La date doit être le 29 mars 2026 ou après."
    assert refused("date", "2026-10-26", **limits).endswith("25 octobre 2026 ou avant.")


@pytest.mark.parametrize(
    "typed", ["20260327", "2026-W13-5", "27/03/2026", "2026-3-27", "-2026-03-27"]
)
def test_only_one_way_of_writing_a_whole_date_is_read(typed: str) -> None:
    refused("date", typed)


# --- Addresses, numbers of people and companies ---


@pytest.mark.parametrize(
    "typed", ["camille.roux@exemple.fr", "a+b@sous.domaine.exemple.fr", "é@exemple.fr"]
)
def test_mail_addresses(typed: str) -> None:
    try:
        assert read("email", typed) == typed
    except Refused:
        assert not typed.isascii()


@pytest.mark.parametrize(
    "typed",
    ["camille", "@exemple.fr", "a@b", "a b@exemple.fr", "a@exemple.fr, b@exemple.fr",
     "a@exemple.fr\nBcc: x@y.fr", f"{'a' * 60}@{'b.' * 120}fr", f"{'a' * 300}@exemple.fr"],
)  # fmt: skip
def test_what_is_not_a_mail_address_is_refused(typed: str) -> None:
    assert "exemple.fr" in refused("email", typed)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("01 99 00 00 00", "+33199000000"), ("0199000000", "+33199000000"),
        ("+33 1 99 00 00 00", "+33199000000"), ("+33 (0)1 99 00 00 00", "+33199000000"),
        ("0033199000000", "+33199000000"), ("01.99.00.00.00", "+33199000000"),
        ("01-99-00-00-00", "+33199000000"), ("+41 44 123 45 67", "+41441234567"),
        ("٠١٩٩٠٠٠٠٠٠", "+33199000000"), ("01\u00a099\u202f00 00 00", "+33199000000"),
    ],
)  # fmt: skip
def test_phone_numbers(typed: str, kept: str) -> None:
    assert read("phone", typed) == kept
    assert read("phone", kept) == kept


@pytest.mark.parametrize(
    "typed", ["199000000", "01 99 00 00", "+33 1 99 00 00 00 0", "+0 123", "0000000000", "abc",
              "+" + "9" * 16, "01 99 00 00 00 poste 12"]
)  # fmt: skip
def test_what_is_not_a_phone_number_is_refused(typed: str) -> None:
    refused("phone", typed)


@pytest.mark.parametrize(
    "typed",
    [
        "732 829 320 00074",
        "73282932000074",
        "356 000 000 00048",
        "35600000000556",
        "٧٣٢٨٢٩٣٢٠٠٠٠٧٤",
    ],
)
def test_siret_numbers(typed: str) -> None:
    assert len(read("siret", typed)) == 14
    assert read("siret", typed).isascii()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("73282932000075", "faute"), ("37282932000074", "faute"), ("7328293200007", "14"),
        ("732829320000740", "14"), ("0" * 14, "faute"), ("35600000000559", "faute"),
        ("7328293200007X", "14"), ("-73282932000074", ""),
    ],
)  # fmt: skip
def test_wrong_siret_numbers(typed: str, sentence: str) -> None:
    if not sentence:
        assert read("siret", typed) == "73282932000074"
        return
    assert ("14 chiffres" if sentence == "14" else "frappe") in refused("siret", typed)


@given(st.integers(0, 10**13 - 1), st.integers(0, 13), st.integers(1, 9))
def test_luhn_sees_every_wrong_digit(body: int, at: int, by: int) -> None:
    digits = f"{body:013d}"
    key = next(k for k in "0123456789" if values.luhn(digits + k))
    number = digits + key
    wrong = number[:at] + str((int(number[at]) + by) % 10) + number[at + 1 :]
    assert values.luhn(number)
    assert not values.luhn(wrong)


@given(st.text(max_size=60), st.sampled_from(["integer", "decimal", "boolean", "choice", "date",
       "email", "phone", "siret", "text", "long_text"]))  # fmt: skip
def test_whatever_is_typed_is_read_or_refused_with_a_sentence(text: str, type: str) -> None:
    more: dict[str, Any] = {"options": CHOICES} if type == "choice" else {}
    asked = question(type=type, **more)
    try:
        kept = scalar(asked, text)
    except Refused as problem:
        assert str(problem)[-1] in ".r0°26"
        return
    if kept is not None:
        # What is kept holds, and typed again gives the same.
        assert values.verify(asked, kept) is None
        if isinstance(kept, str):
            assert scalar(asked, kept) == kept


# --- Answers kept earlier ---


@pytest.mark.parametrize(
    ("type", "answer", "given"),
    [
        ("integer", 25, {"maximum": 20}), ("integer", "4", {}), ("integer", True, {}),
        ("decimal", "1e9", {}), ("decimal", "0.1", {"minimum": "0.5"}), ("boolean", "true", {}),
        ("choice", "gold", {"options": CHOICES}), ("choices", ["gold"], {"options": CHOICES}),
        ("choices", "wood", {"options": CHOICES}), ("date", "2026-02-30", {}), ("email", "x", {}),
        ("phone", "+33123", {}), ("siret", "1" * 14, {}), ("text", "a" * 301, {}),
        ("address", "1 rue", {}), ("address", {"lon": "a", "lat": 1}, {}), ("location", {}, {}),
        ("file", [{"id": "1"}, {"id": "2"}], {"max_files": 1}), ("file", ["a.pdf"], {}),
    ],
)  # fmt: skip
def test_a_kept_answer_that_no_longer_holds_is_found(
    type: str, answer: Any, given: dict[str, Any]
) -> None:
    assert values.verify(question(type=type, **given), answer)


def test_kept_answers_that_hold_pass() -> None:
    for type, answer in [
        ("integer", 4), ("decimal", "1.5"), ("boolean", False), ("date", "2024-02-29"),
        ("address", {"label": "x", "lon": 1, "lat": 2.5}), ("file", [{"id": "1"}]),
        ("text", None), ("text", ""), ("file", []),
    ]:  # fmt: skip
        assert values.verify(question(type=type), answer) is None
