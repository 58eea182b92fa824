"""Human references: what is typed wrong is noticed, what is typed carelessly is understood."""

from __future__ import annotations

import random
import string
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from socle.kernel import references

EVERYTHING = string.digits + string.ascii_uppercase
CONFUSED = "0O1ILU"


@st.composite
def issued(draw: st.DrawFn) -> str:
    """Any reference that may have been given out."""
    prefix = draw(st.text(string.ascii_uppercase, min_size=1, max_size=6))
    year = draw(st.integers(2000, 2099))
    return references.new(prefix, year, random.Random(draw(st.integers())))


def bare(reference: str) -> str:
    return reference.replace("-", "")


def test_looks_as_announced() -> None:
    reference = references.new("SG", 2026, random.Random(1))
    prefix, year, rest = reference.split("-")
    assert (prefix, year, len(rest)) == ("SG", "26", 6)
    assert references.new("SG", 26, random.Random(1)) == reference
    assert references.new("SG", 2026, random.Random(2)) != reference


def test_the_alphabet_has_nothing_that_people_confuse() -> None:
    assert not set(references.ALPHABET) & set(CONFUSED)
    drawn = "".join(references.new("A", 2026)[-6:] for _ in range(3_000))
    assert set(drawn) == set(references.ALPHABET)


def test_references_hardly_ever_repeat() -> None:
    drawn = [references.new("SG", 2026) for _ in range(2_000)]
    assert len(set(drawn)) >= 1_998


@pytest.mark.parametrize("prefix", ["", "sg", "S1", "É", "ABCDEFG", "S G", "S-"])
def test_a_prefix_that_is_not_capital_letters_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        references.new(prefix, 2026)


@pytest.mark.parametrize(
    ("text", "check"),
    # Donation numbers of ISBT 128, which use the same standard.
    [("G123489654321", "Y"), ("A999914123456", "N"), ("A999522123456", "*")],
)
def test_the_check_character_is_iso_7064_mod_37_2(text: str, check: str) -> None:
    found = references.check_character(text)
    assert found == check
    total = sum(
        (EVERYTHING + "*").index(char) * 2**power
        for power, char in enumerate(reversed(text + found))
    )
    assert total % 37 == 1


@given(issued())
def test_is_understood_as_written(reference: str) -> None:
    assert references.normalise(reference) == reference


@given(issued(), st.data())
def test_forgives_case_spaces_and_dashes(reference: str, data: st.DataObject) -> None:
    separators = st.sampled_from(["", " ", "-", "\u2013", "\u00a0", "\u202f", " - ", ".", "\u200b"])
    typed = "".join(
        data.draw(separators) + (char.lower() if data.draw(st.booleans()) else char)
        for char in bare(reference)
    )
    if len(typed) <= 64:
        assert references.normalise(f" {typed}\n"[:64]) == reference


@given(issued())
def test_every_wrong_character_is_noticed(reference: str) -> None:
    typed = bare(reference)
    for index, right in enumerate(typed):
        for wrong in set(EVERYTHING) - {right}:
            found = references.normalise(typed[:index] + wrong + typed[index + 1 :])
            # Either refused, or understood: a look-alike put back; never another reference.
            assert found in (None, reference)
            in_place = string.ascii_uppercase if index < len(typed) - 8 else references.ALPHABET
            if right in in_place and wrong in in_place and wrong not in CONFUSED:
                assert found is None


@given(issued())
@example("OI-10-" + "22222" + references.check_character("OI1022222"))
@example("XO-12-" + "22223" + references.check_character("XO1222223"))
def test_every_swap_of_neighbours_is_noticed(reference: str) -> None:
    typed = bare(reference)
    for index, (one, other) in enumerate(pairwise(typed)):
        if one == other:
            continue
        found = references.normalise(typed[:index] + other + one + typed[index + 2 :])
        # A letter swapped with the digit that looks like it (I1 for 1I) says the same thing.
        alike = {one, other} in ({"O", "0"}, {"I", "1"}, {"L", "1"})
        assert found is None or (alike and found == reference)


def test_a_swap_is_noticed_for_every_pair_at_every_place() -> None:
    """Exhaustive where the property test samples: all pairs of the alphabet, in the last six."""
    for first in references.ALPHABET:
        for second in set(references.ALPHABET) - {first}:
            body = f"SG26{first}{second}A4K"
            check = references.check_character(body)
            if check in references.ALPHABET:
                assert references.normalise(body + check)
                assert references.normalise(f"SG26{second}{first}A4K{check}") is None


@given(issued())
def test_look_alikes_are_put_back(reference: str) -> None:
    prefix, year, rest = reference.split("-")
    digits = str.maketrans("01", "OI")
    assert references.normalise(f"{prefix}{year.translate(digits)}{rest}") == reference
    assert references.normalise(f"{prefix}{year.replace('1', 'l')}{rest}") == reference
    letters = str.maketrans("OI", "01")
    assert references.normalise(f"{prefix.translate(letters)}{year}{rest}") == reference
    for index, char in enumerate(rest):
        typed = {"Q": "O0", "D": "O0", "J": "1IL", "T": "1IL", "7": "1IL", "V": "U"}.get(char, "")
        for alike in typed:
            mistyped = rest[:index] + alike + rest[index + 1 :]
            assert references.normalise(f"{prefix}-{year}-{mistyped}") == reference


@given(issued(), st.sets(st.integers(0, 5), min_size=2, max_size=4), st.sampled_from("0O1ILU"))
def test_several_guesses_at_once_are_refused(reference: str, places: set[int], typed: str) -> None:
    prefix, year, rest = reference.split("-")
    guessed = "".join(typed if index in places else char for index, char in enumerate(rest))
    assert references.normalise(f"{prefix}-{year}-{guessed}") is None


@pytest.mark.parametrize(
    "text",
    ["", "-", "SG", "SG-26", "12345678", "SG-26-7K4M2", "SG-26-7K4M2XXXXXXXX", "é" * 10, "*" * 10],
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    assert references.normalise(text) is None


def test_an_endless_text_is_refused_at_once() -> None:
    assert references.normalise("SG-26-" + "1" * 10_000_000) is None
    assert references.normalise("-" * 65) is None


@given(st.text(max_size=40))
def test_any_text_is_understood_or_refused(text: str) -> None:
    found = references.normalise(text)
    assert found is None or references.normalise(found) == found
