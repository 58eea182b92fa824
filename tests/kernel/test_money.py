"""Amounts, as people write and read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.kernel import money
from socle.kernel.errors import Invalid

amounts = st.integers(-money.MAX_CENTS, money.MAX_CENTS)


@pytest.mark.parametrize(
    ("cents", "french", "english"),
    [
        (0, "0,00\u00a0€", "€0.00"),
        (5, "0,05\u00a0€", "€0.05"),
        (123450, "1\u202f234,50\u00a0€", "€1,234.50"),
        (99999, "999,99\u00a0€", "€999.99"),
        (123456789012, "1\u202f234\u202f567\u202f890,12\u00a0€", "€1,234,567,890.12"),
        (-123450, "\u22121\u202f234,50\u00a0€", "\u2212€1,234.50"),
        (-1, "\u22120,01\u00a0€", "\u2212€0.01"),
    ],
)
def test_written_in_each_language(cents: int, french: str, english: str) -> None:
    assert money.format_cents(cents) == french
    assert money.format_cents(cents, "fr-FR") == french
    assert money.format_cents(cents, "en") == english
    assert money.format_cents(cents, "en-GB") == english


@pytest.mark.parametrize("amount", [12.5, True, "12", None])
def test_only_integer_cents_are_written(amount: object) -> None:
    with pytest.raises(TypeError):
        money.format_cents(amount)  # type: ignore[arg-type]


@given(amounts, st.sampled_from(["fr", "en"]))
def test_what_is_written_can_be_read_again(cents: int, locale: str) -> None:
    assert money.parse_euros(money.format_cents(cents, locale)) == cents


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("1 234,50 €", 123450),
        ("1\u202f234,50\u00a0€", 123450),
        ("1234,5", 123450),
        ("1234.5", 123450),
        ("1.234,50", 123450),
        ("1,234.50", 123450),
        ("€1,234.50", 123450),
        ("€ 12", 1200),
        ("12€", 1200),
        ("12 EUR", 1200),
        ("12 euros", 1200),
        ("1 euro", 100),
        ("  0,05 ", 5),
        ("007", 700),
        ("-3,20", -320),
        ("\u22123,20 €", -320),
        ("- 3", -300),
        ("+3", 300),
        ("1 234 567", 123456700),
        ("1.234.567", 123456700),
        ("1,234,567.89", 123456789),
        ("12\t000", 1200000),
    ],
)
def test_read_as_people_type_it(text: str, cents: int) -> None:
    assert money.parse_euros(text) == cents


@pytest.mark.parametrize(
    "text",
    [
        "",
        "€",
        "abc",
        "12,345",
        "1.234",
        "12,3,4",
        "1 23",
        "12 34,50",
        "1,234,50",
        "1.234.50",
        "1,5 €50",
        "1 €50",
        "12 $",
        "1e3",
        "0x10",
        "--3",
        "٣",
        "１２",
        "nan",
        "12 €€",
        "12,",
        ",50",
        "1" * 65,
        "1 " * 50,
    ],
)
def test_what_is_no_amount_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(Invalid, match="1 234,50"):
        money.parse_euros(text)


def test_an_amount_beyond_reason_is_refused() -> None:
    assert money.parse_euros("10 000 000 000 000") == money.MAX_CENTS
    with pytest.raises(Invalid, match="trop élevé"):
        money.parse_euros("10 000 000 000 000,01")
    with pytest.raises(Invalid, match="trop élevé"):
        money.parse_euros("9" * 60)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        cents = money.parse_euros(text)
    except Invalid:
        return
    assert abs(cents) <= money.MAX_CENTS
