"""Text to tree, and the sentence one gets when it does not work."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import example, given
from hypothesis import strategies as st
from tests.kernel import trees

from socle.kernel.errors import Invalid, problem
from socle.kernel.expressions import MAX_DEPTH, MAX_LENGTH, ExpressionError, parse, to_text
from socle.kernel.expressions.syntax import (
    Binary,
    Call,
    Items,
    Literal,
    Logic,
    Name,
    Node,
    Unary,
    walk,
)

A, B, C = Name("a"), Name("b"), Name("c")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a", A),
        (" a.b.c ", Name("a.b.c")),
        ("3", Literal(3)),
        ("3.0", Literal(Decimal("3.0"))),
        ("'d'", Literal("d")),
        (r'"a\"b\\n\n"', Literal('a"b\\n\n')),
        ('date("2026-01-31")', Literal(date(2026, 1, 31))),
        ("date('2026-01-31')", Literal(date(2026, 1, 31))),
        ("[1, a,]", Items((Literal(1), A))),
        ("a or b and c", Logic("or", (A, Logic("and", (B, C))))),
        ("a and b and c", Logic("and", (A, B, C))),
        ("(a and b) and c", Logic("and", (Logic("and", (A, B)), C))),
        ("not a == b", Unary("not", Binary("==", A, B))),
        ("not a and b", Logic("and", (Unary("not", A), B))),
        ("a - b - c", Binary("-", Binary("-", A, B), C)),
        ("a + b * c", Binary("+", A, Binary("*", B, C))),
        ("-a * b", Binary("*", Unary("-", A), B)),
        ("a<=-b", Binary("<=", A, Unary("-", B))),
        ("a + b > c", Binary(">", Binary("+", A, B), C)),
        ("a not in b", Binary("not in", A, B)),
        ("a contains b", Binary("contains", A, B)),
        ("a is empty", Unary("is empty", A)),
        ("a is not known or b", Logic("or", (Unary("not", Unary("is known", A)), B))),
        ("a + b is empty", Unary("is empty", Binary("+", A, B))),
        ("today()", Call("today", ())),
        ("min(a, b + c)", Call("min", (A, Binary("+", B, C)))),
        ("known == empty", Binary("==", Name("known"), Name("empty"))),
        ("today", Name("today")),
        ("a # un commentaire\n == b", Binary("==", A, B)),
        ("info == 1", Binary("==", Name("info"), Literal(1))),
    ],
)
def test_reads(text: str, tree: Node) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "line", "column", "sentence"),
    [
        ("", 1, 1, "Cette expression est vide."),
        ("  # rien", 1, 9, "Cette expression est vide."),
        ("a ==", 1, 5, "s’arrête trop tôt : il faut ici une valeur, un nom ou une parenthèse."),
        ("a = b", 1, 3, "écrivez « == »"),
        ("a and\n  or b", 2, 3, "« or » inattendu : il faut ici une valeur"),
        ("a\n==\n\n  $", 4, 3, "Caractère « $ » inattendu."),
        ("a ET b", 1, 3, "« ET » inattendu : il faut ici un opérateur (and, or, ==, …) ou la fin"),
        ("a ET b", 1, 3, "Vouliez-vous dire « and » ?"),
        ("a AND b", 1, 3, "Vouliez-vous dire « and » ?"),
        ("a contain b", 1, 3, "Vouliez-vous dire « contains » ?"),
        ("a b", 1, 3, "« b » inattendu"),
        ("a not b", 1, 7, "« b » inattendu : il faut ici « in »."),
        ("a is maybe", 1, 6, "« maybe » inattendu : il faut ici « empty » ou « known »."),
        ("a is vide", 1, 6, "Vouliez-vous dire « empty » ?"),
        ("a is", 1, 5, "s’arrête trop tôt"),
        ("1 < a < 3", 1, 7, "Une seule comparaison à la fois"),
        ("a is known is known", 1, 12, "Une seule comparaison à la fois"),
        ("(a", 1, 3, "il faut ici « ) »."),
        ("(a]", 1, 3, "« ] » inattendu : il faut ici « ) »."),
        ("a)", 1, 2, "« ) » inattendu"),
        ("[1 2]", 1, 4, "« 2 » inattendu : il faut ici « , » ou « ] »."),
        ("[,]", 1, 2, "« , » inattendu : il faut ici une valeur"),
        ("f(1)", 1, 1, "Fonction « f » inconnue."),
        ("lenght(a) > 3", 1, 1, "Vouliez-vous dire « length » ?"),
        ("a and year_since(b) > 3", 1, 7, "Vouliez-vous dire « years_since » ?"),
        ("today(1)", 1, 1, "« today » n’attend rien entre ses parenthèses."),
        ("length(a, b)", 1, 1, "« length » attend une seule valeur"),
        ("min()", 1, 1, "« min » attend au moins une valeur"),
        ('date("31/01/2026")', 1, 6, "« 31/01/2026 » n’est pas une date"),
        ('date("2026-02-30")', 1, 6, "n’est pas une date : écrivez année-mois-jour"),
        ("date(a)", 1, 6, "« a » inattendu : il faut ici une date entre guillemets"),
        ('date("2026-01-31"', 1, 18, "il faut ici « ) »."),
        ('a == "oui', 1, 6, "il manque un guillemet"),
        ('a == "oui\n"', 1, 6, "il manque un guillemet"),
        (r'a == "\d"', 1, 6, "« \\d » ne veut rien dire dans un texte."),
        ("a == «oui»", 1, 6, "guillemets droits"),
        ("a == “oui”", 1, 6, "guillemets droits"),
        ("été == 1", 1, 1, "un nom s’écrit sans accent"),
        ("2nd == 1", 1, 1, "Un nom ne peut pas commencer par un chiffre."),
        ("a == 1,5", 1, 7, "« , » inattendu"),
        ("a == 1234567890123456789", 1, 6, "Ce nombre est trop long"),
        ("a == 0.12345678901", 1, 6, "Ce nombre est trop long"),
        ("a && b", 1, 3, "Écrivez « and »"),
        ("a || b", 1, 3, "Écrivez « or »"),
        ("!a", 1, 1, "Écrivez « not »"),
        ("a ≥ b", 1, 3, "Écrivez « >= »"),
        ("a.", 1, 2, "Caractère « . » inattendu."),
        ("a == true()", 1, 10, "« ( » inattendu"),
    ],
)
def test_says_where_and_what(text: str, line: int, column: int, sentence: str) -> None:
    with pytest.raises(ExpressionError) as caught, translation.override("fr"):
        parse(text)
    assert sentence in str(caught.value)
    assert (caught.value.line, caught.value.column) == (line, column)
    offset = caught.value.position.offset
    assert text[:offset].count("\n") == line - 1
    assert offset - (text.rfind("\n", 0, offset) + 1) == column - 1


def test_the_error_is_an_invalid_input_like_any_other() -> None:
    with pytest.raises(Invalid) as caught:
        parse("a ==")
    assert problem(caught.value)["status"] == 422


def test_positions_point_at_the_word() -> None:
    node = parse("a == 1\n  and b > 2")
    found = {type(each).__name__ + str(each.position[1:]) for each, _ in walk(node)}
    assert found == {
        "Logic(2, 3)",
        "Binary(1, 3)",
        "Name(1, 1)",
        "Literal(1, 6)",
        "Binary(2, 9)",
        "Name(2, 7)",
        "Literal(2, 11)",
    }


def test_refuses_a_text_longer_than_2000_characters() -> None:
    parse("a".ljust(MAX_LENGTH))
    with pytest.raises(ExpressionError, match="2000 caractères"):
        parse("a".ljust(MAX_LENGTH + 1))


@pytest.mark.parametrize(
    "wrap", ["({})", "[{}]", "not {}", "-{}", "length({})", "1 + ({})", "1 * ({} or a)", "{} + a"]
)
def test_refuses_more_than_64_levels(wrap: str) -> None:
    def nested(levels: int) -> str:
        text = "a"
        for _ in range(levels):
            text = wrap.format(text)
        return text

    parse(nested(30))
    with pytest.raises(ExpressionError, match="trop imbriquée"):
        parse(nested(140))


def test_a_long_enumeration_is_not_deep() -> None:
    node = parse(" or ".join(f"k == {n}" for n in range(150)))
    assert max(depth for _, depth in walk(node)) == 3


@given(trees.nodes)
@example(parse("not a and not (b and c) or -(-a) == -b"))
@example(parse("(a == b) == (c != a)"))
@example(parse("(not a) == b"))
@example(parse("(a is empty) is known"))
@example(parse("(not a) is not empty"))
@example(parse("-(a + b) - (c - a) / (b / c)"))
@example(trees.chain("+", MAX_DEPTH))
def test_writing_then_reading_gives_the_same_tree(node: Node) -> None:
    assert parse(to_text(node)) == node


def test_the_deepest_tree_can_be_written_and_read() -> None:
    node: Node = A
    for _ in range((MAX_DEPTH - 1) // 2):
        node = Binary("*", A, Logic("or", (A, node)))
    assert max(depth for _, depth in walk(node)) == MAX_DEPTH - 1
    assert parse(to_text(node)) == node


@given(st.text(alphabet='ab1. ()[],"\\\n=<>!+-*/#andorisntempty', max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        node = parse(text)
    except ExpressionError as error:
        assert 0 <= error.position.offset <= len(text)
        assert str(error)
    else:
        assert parse(to_text(node)) == node


def test_nodes_that_python_confuses_stay_apart() -> None:
    assert parse("a == 1") != parse("a == true")
    assert parse("a == 1") != parse("a == 1.0")
    assert hash(parse("a == 1")) != hash(parse("a == true"))
