"""Tokens to tree: a Pratt parser, one binding power per operator."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from enum import IntEnum
from typing import TYPE_CHECKING

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from .errors import START, did_you_mean, error
from .lexer import Token, tokens
from .syntax import (
    COMPARISON,
    FUNCTIONS,
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

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MAX_LENGTH = 2_000
MAX_DEPTH = 64

# Each level of the tree takes at most two of the parser: an operand and its parenthesis.
_MAX_NESTING = 2 * MAX_DEPTH


class Power(IntEnum):
    """How tightly operators bind, loosest first."""

    OR = 1
    AND = 2
    NOT = 3
    COMPARE = 4
    SUM = 5
    PRODUCT = 6
    SIGN = 7


POWERS: dict[str, Power] = {
    "or": Power.OR,
    "and": Power.AND,
    **dict.fromkeys(
        ("==", "!=", "<", "<=", ">", ">=", "in", "not", "contains", "is"), Power.COMPARE
    ),
    "+": Power.SUM,
    "-": Power.SUM,
    "*": Power.PRODUCT,
    "/": Power.PRODUCT,
}
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def parse(text: str) -> Node:
    """The tree of an expression: at most 2,000 characters and 64 levels of nesting.

    Raises ``ExpressionError`` at the first word that does not fit.
    """
    if len(text) > MAX_LENGTH:
        raise error(
            START,
            _("Cette expression est trop longue : {limit} caractères au plus."),
            limit=MAX_LENGTH,
        )
    parser = _Parser(tokens(text))
    if parser.current.kind == "end":
        raise error(parser.current.position, _("Cette expression est vide."))
    node = parser.expression(0)
    if parser.current.kind != "end":
        raise parser.unexpected(_("un opérateur (and, or, ==, …) ou la fin de l’expression"))
    for each, depth in walk(node):
        if depth > MAX_DEPTH:
            raise error(each.position, _TOO_DEEP, limit=MAX_DEPTH)
    return node


_TOO_DEEP = _("Cette expression est trop imbriquée : {limit} niveaux au plus.")


_WRONG_COUNT = {
    0: _("« {name} » n’attend rien entre ses parenthèses."),
    1: _("« {name} » attend une seule valeur entre ses parenthèses."),
    None: _("« {name} » attend au moins une valeur entre ses parenthèses."),
}


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self.found = found
        self.index = 0
        self.depth = 0

    @property
    def current(self) -> Token:
        return self.found[self.index]

    def advance(self) -> Token:
        token = self.found[self.index]
        self.index += 1
        return token

    def at(self, *words: str) -> bool:
        """Whether the current token is one of these symbols or keywords (not a like text)."""
        return self.current.kind in ("symbol", "keyword") and self.current.text in words

    def expect(self, symbol: str) -> Token:
        if not self.at(symbol):
            raise self.unexpected(f"« {symbol} »")
        return self.advance()

    def unexpected(self, wanted: StrOrPromise) -> Exception:
        token = self.current
        if token.kind == "end":
            return error(
                token.position,
                _("L’expression s’arrête trop tôt : il faut ici {wanted}."),
                wanted=wanted,
            )
        words = [*POWERS, "empty", "known"]
        hint = did_you_mean(token.text, words) if token.kind == "name" else ""
        return error(
            token.position,
            _("« {word} » inattendu : il faut ici {wanted}.{hint}"),
            word=token.text,
            wanted=wanted,
            hint=hint,
        )

    def expression(self, floor: int) -> Node:
        """Read as long as operators bind tighter than ``floor``."""
        self.depth += 1
        if self.depth > _MAX_NESTING:
            raise error(self.current.position, _TOO_DEEP, limit=MAX_DEPTH)
        node = self.prefix()
        while (
            self.current.kind in ("symbol", "keyword") and POWERS.get(self.current.text, 0) > floor
        ):
            node = self.infix(node)
        self.depth -= 1
        return node

    def prefix(self) -> Node:
        token = self.current
        if token.kind in ("number", "text", "name"):
            self.advance()
            if token.kind == "text":
                return Literal(token.text, token.position)
            if token.kind == "number":
                return Literal(
                    Decimal(token.text) if "." in token.text else int(token.text), token.position
                )
            return self.call(token) if self.at("(") else Name(token.text, token.position)
        if self.at("true", "false"):
            return Literal(self.advance().text == "true", token.position)
        if self.at("not"):
            self.advance()
            return Unary("not", self.expression(Power.NOT), token.position)
        if self.at("-"):
            self.advance()
            return Unary("-", self.expression(Power.SIGN), token.position)
        if self.at("("):
            self.advance()
            node = self.expression(0)
            self.expect(")")
            return node
        if self.at("["):
            self.advance()
            return Items(self.sequence("]"), token.position)
        raise self.unexpected(_("une valeur, un nom ou une parenthèse"))

    def infix(self, left: Node) -> Node:
        token = self.advance()
        power = POWERS[token.text]
        if power in (Power.OR, Power.AND):
            operands = [left, self.expression(power)]
            while self.at(token.text):
                self.advance()
                operands.append(self.expression(power))
            return Logic(token.text, tuple(operands), token.position)
        if power == Power.COMPARE:
            return self.comparison(left, token)
        return Binary(token.text, left, self.expression(power), token.position)

    def comparison(self, left: Node, token: Token) -> Node:
        if token.text == "is":
            node = self.state(left, token)
        else:
            operator = token.text
            if operator == "not":
                if not self.at("in"):
                    raise self.unexpected("« in »")
                self.advance()
                operator = "not in"
            node = Binary(operator, left, self.expression(Power.COMPARE), token.position)
        if self.current.kind in ("symbol", "keyword") and self.current.text in (
            COMPARISON | {"is", "not"}
        ):
            raise error(
                self.current.position,
                _("Une seule comparaison à la fois : reliez-les par « and »."),
            )
        return node

    def state(self, operand: Node, token: Token) -> Node:
        """``is empty``, ``is not known``…"""
        negated = self.at("not")
        if negated:
            self.advance()
        if self.current.kind != "name" or self.current.text not in ("empty", "known"):
            raise self.unexpected(_("« empty » ou « known »"))
        node = Unary(f"is {self.advance().text}", operand, token.position)
        return Unary("not", node, token.position) if negated else node

    def call(self, token: Token) -> Node:
        self.expect("(")
        if token.text == "date":
            return self.date(token)
        if token.text not in FUNCTIONS:
            raise error(
                token.position,
                _("Fonction « {name} » inconnue.{hint}"),
                name=token.text,
                hint=did_you_mean(token.text, [*FUNCTIONS, "date"]),
            )
        arguments = self.sequence(")")
        least, most = FUNCTIONS[token.text]
        if len(arguments) < least or (most is not None and len(arguments) > most):
            raise error(token.position, _WRONG_COUNT[most], name=token.text)
        return Call(token.text, arguments, token.position)

    def date(self, token: Token) -> Node:
        quoted = self.current
        if quoted.kind != "text":
            raise self.unexpected(_('une date entre guillemets, comme "2026-01-31"'))
        self.advance()
        self.expect(")")
        try:
            if not _ISO_DATE.fullmatch(quoted.text):
                raise ValueError
            return Literal(date.fromisoformat(quoted.text), token.position)
        except ValueError:
            raise error(
                quoted.position,
                _("« {text} » n’est pas une date : écrivez année-mois-jour, comme 2026-01-31."),
                text=quoted.text,
            ) from None

    def sequence(self, closing: str) -> tuple[Node, ...]:
        """Comma-separated expressions up to ``closing``, which is consumed."""
        items: list[Node] = []
        while not self.at(closing):
            items.append(self.expression(0))
            if not self.at(","):
                break
            self.advance()
        if not self.at(closing):
            raise self.unexpected(format_lazy(_("« , » ou « {closing} »"), closing=closing))
        self.advance()
        return tuple(items)
