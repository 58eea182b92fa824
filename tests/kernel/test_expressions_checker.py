"""What makes sense, and what the author of a pack reads when it does not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from tests.kernel import trees
from tests.kernel.test_expressions_evaluator import TODAY

from socle.kernel.expressions import (
    BOOLEAN,
    DATE,
    DECIMAL,
    INTEGER,
    TEXT,
    Choice,
    ExpressionError,
    ListOf,
    Type,
    check,
    check_condition,
    evaluate,
    parse,
)
from socle.kernel.expressions.syntax import Node

KIND = Choice(["association", "company", "person"])
NAMES: dict[str, Type] = {
    "garden": BOOLEAN,
    "household_size": INTEGER,
    "price": DECIMAL,
    "note": TEXT,
    "birth": DATE,
    "tags": ListOf(TEXT),
    "sizes": ListOf(INTEGER),
    "days": ListOf(DATE),
    "kind": KIND,
    "other_kind": Choice(["person"]),
    "kinds": ListOf(KIND),
    "applicant.kind": KIND,
}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("garden", BOOLEAN),
        ("garden == true and household_size >= 3", BOOLEAN),
        ("household_size == 1.5", BOOLEAN),
        ("price >= household_size", BOOLEAN),
        ("birth < date('2020-01-01')", BOOLEAN),
        ("note == 'a' or note contains 'b'", BOOLEAN),
        ("note in tags and 'x' not in tags", BOOLEAN),
        ("tags contains note", BOOLEAN),
        ("sizes contains 1.5", BOOLEAN),
        ("price in [1, 2]", BOOLEAN),
        ("days contains today()", BOOLEAN),
        ("kind == 'company' and kind != note", BOOLEAN),
        ("kind == other_kind", BOOLEAN),
        ("kind in ['company', 'person']", BOOLEAN),
        ("kinds contains 'person'", BOOLEAN),
        ("'person' in kinds", BOOLEAN),
        ("applicant.kind == 'person'", BOOLEAN),
        ("(garden == true) == (price > 1)", BOOLEAN),
        ("tags is empty and price + 1 is known", BOOLEAN),
        ("not garden", BOOLEAN),
        ("household_size + 1", INTEGER),
        ("household_size * 1.0", DECIMAL),
        ("household_size / 2", DECIMAL),
        ("-price", DECIMAL),
        ("-household_size", INTEGER),
        ("birth + 30", DATE),
        ("30 + birth", DATE),
        ("birth - 30", DATE),
        ("today() - birth", INTEGER),
        ("years_since(birth)", INTEGER),
        ("length(note) + length(tags) + length(kind)", INTEGER),
        ("lower(kind)", TEXT),
        ("min(1, household_size)", INTEGER),
        ("max(price, 3)", DECIMAL),
        ("max(birth, today())", DATE),
        ("max(sizes)", INTEGER),
        ("min(days)", DATE),
        ("[1, 2.5]", ListOf(DECIMAL)),
        ("[kind, 'a']", ListOf(TEXT)),
        ("[kind, kind]", ListOf(KIND)),
    ],
)
def test_finds_the_type(text: str, kind: Type) -> None:
    assert check(parse(text), NAMES) == kind


@pytest.mark.parametrize(
    ("text", "column", "sentence"),
    [
        ("gardn == true", 1, "Nom « gardn » inconnu. Vouliez-vous dire « garden » ?"),
        ("price > 1 and house == 2", 15, "Nom « house » inconnu."),
        ("Garden", 1, "Vouliez-vous dire « garden » ?"),
        ("garden == vrai", 11, "Vouliez-vous dire « true » ?"),
        ("garden == True", 11, "Vouliez-vous dire « true » ?"),
        ("aplicant.kind == 'person'", 1, "Vouliez-vous dire « applicant.kind » ?"),
        ("birth < today", 9, "Écrivez « today() »."),
        ("birth == null", 10, "pour une réponse absente, écrivez « is empty »"),
        ("birth == '2020-01-01'", 7, 'Une date s’écrit date("2026-01-31").'),
        ("household_size == '3'", 16, "Un nombre s’écrit sans guillemets."),
        ("garden == 'oui'", 8, "Écrivez true ou false, sans guillemets."),
        ("garden == 1", 8, "« == » ne peut pas comparer un oui/non et un nombre entier."),
        ("note > 'a'", 6, "« > » compare des nombres ou des dates, mais ceci est un texte."),
        ("garden > false", 8, "compare des nombres ou des dates, mais ceci est un oui/non"),
        ("tags == 'a'", 6, "Pour une liste, écrivez « contains » ou « in »."),
        ("tags == tags", 6, "ne peut pas comparer une liste (un texte) et une liste (un texte)"),
        ("note in 'abc'", 6, "« in » cherche dans une liste, mais ceci est un texte."),
        ("price contains 1", 7, "« contains » cherche dans une liste, mais ceci est un nombre"),
        ("price in tags", 7, "« in » ne peut pas comparer un nombre décimal et un texte."),
        ("tags contains 3", 6, "Un nombre s’écrit sans guillemets."),
        ("note contains 3", 6, "cherche dans une liste"),
        ("tags in [tags]", 10, "Une liste ne peut pas en contenir une autre."),
        ("kind == 'compagny'", 9, "« compagny » n’est pas une des réponses possibles."),
        ("kind == 'compagny'", 9, "Vouliez-vous dire « company » ?"),
        ("'Person' != kind", 1, "Vouliez-vous dire « person » ?"),
        ("kind in ['person', 'other']", 20, "« other » n’est pas une des réponses possibles."),
        ("kinds contains 'x'", 16, "« x » n’est pas une des réponses possibles."),
        ("'x' in kinds", 1, "« x » n’est pas une des réponses possibles."),
        ("kind == 'person' or 'company'", 21, "Répétez la comparaison, ou écrivez : nom in"),
        (
            "garden and price",
            12,
            "« and » attend des conditions (oui/non), mais ceci est un nombre",
        ),
        ("not note", 5, "« not » attend des conditions (oui/non), mais ceci est un texte."),
        ("[]", 1, "Cette liste est vide."),
        ("note in []", 9, "Cette liste est vide."),
        ("note in ['a', 1]", 15, "Une liste ne mélange pas : un texte, puis un nombre entier."),
        ("-note", 1, "« - » attend un nombre, mais ceci est un texte."),
        ("note + 'a' == 'b'", 6, "« + » ne peut pas calculer avec un texte et un texte."),
        ("birth + birth", 7, "« + » ne peut pas calculer avec une date et une date."),
        ("birth + 1.5", 7, "« + » ne peut pas calculer avec une date et un nombre décimal."),
        ("3 - birth", 3, "« - » ne peut pas calculer"),
        ("birth * 2", 7, "« * » ne peut pas calculer"),
        ("price / 0", 9, "On ne peut pas diviser par zéro."),
        ("price / 0.0", 9, "On ne peut pas diviser par zéro."),
        ("length(price)", 8, "« length » attend un texte ou une liste, mais ceci est un nombre"),
        ("lower(price)", 7, "« lower » attend un texte, mais ceci est un nombre décimal."),
        (
            "years_since('2000-01-01')",
            13,
            "« years_since » attend une date",
        ),
        ("min(1, 'a')", 8, "« min » attend un nombre, mais ceci est un texte."),
        ("min(birth, 1)", 12, "« min » attend une date, mais ceci est un nombre entier."),
        ("max(tags)", 5, "« max » attend un nombre, mais ceci est un texte."),
        ("max(1, sizes)", 8, "« max » attend un nombre, mais ceci est une liste"),
        ("garden is known == note", 17, "Une seule comparaison"),
        ("(garden is known) == note", 19, "ne peut pas comparer un oui/non et un texte"),
    ],
)
def test_refuses_what_makes_no_sense(text: str, column: int, sentence: str) -> None:
    with pytest.raises(ExpressionError) as caught, translation.override("fr"):
        check(parse(text), NAMES)
    assert sentence.lower() in str(caught.value).lower()
    assert caught.value.column == column


def test_the_message_names_no_field_that_does_not_resemble() -> None:
    with pytest.raises(ExpressionError) as caught, translation.override("fr"):
        check(parse("zzz == 1"), NAMES)
    assert str(caught.value) == "Nom « zzz » inconnu."


def test_braces_in_what_was_typed_are_only_text() -> None:
    with pytest.raises(ExpressionError, match=r"« \{kind\} \{0\} » n’est pas"):
        check(parse("kind == '{kind} {0}'"), NAMES)


def test_a_condition_must_be_a_yes_or_no() -> None:
    check_condition(parse("household_size > 3"), NAMES)
    with pytest.raises(ExpressionError, match="Il faut ici une condition") as caught:
        check_condition(parse("\n household_size + 3"), NAMES)
    assert (caught.value.line, caught.value.column) == (2, 17)


def test_a_choice_is_a_text() -> None:
    assert check(parse("kind"), NAMES) == KIND
    assert KIND != TEXT
    assert Choice(("association", "company", "person")) == KIND
    assert str(KIND.label) == str(TEXT.label)


_PYTHON: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "integer": (int,),
    "decimal": (int, Decimal),
    "text": (str,),
    "date": (str, type(TODAY)),
    "list": (list,),
}
_ANSWERS: dict[str, tuple[Type, Any]] = {
    "a": (BOOLEAN, True),
    "b": (TEXT, "b"),
    "n": (INTEGER, 3),
    "d": (DATE, "2026-01-31"),
    "kind": (Choice(["a", "b"]), "a"),
    "tags": (ListOf(TEXT), ["a"]),
    "applicant.kind": (DECIMAL, Decimal("1.5")),
}


@given(trees.nodes)
def test_what_passes_the_check_has_a_value_of_its_type(node: Node) -> None:
    try:
        kind = check(node, {name: kind for name, (kind, _) in _ANSWERS.items()})
    except ExpressionError:
        return
    value = evaluate(node, {name: answer for name, (_, answer) in _ANSWERS.items()}, TODAY)
    assert value is None or isinstance(value, _PYTHON[kind.name])
    assert isinstance(value, bool) <= (kind == BOOLEAN)
