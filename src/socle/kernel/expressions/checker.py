"""Does an expression make sense?

Asked when a pack is checked, so that it never has to be asked while a person is waiting.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from .errors import did_you_mean, error
from .syntax import (
    ARITHMETIC,
    EQUALITY,
    FUNCTIONS,
    MEMBERSHIP,
    ORDER,
    Binary,
    Call,
    Items,
    Literal,
    Logic,
    Name,
    Node,
    Unary,
    literal_type,
)
from .types import (
    BOOLEAN,
    DATE,
    DECIMAL,
    INTEGER,
    TEXT,
    Choice,
    ListOf,
    Type,
    comparable,
    is_number,
    widest,
)

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def check(node: Node, names: Mapping[str, Type]) -> Type:
    """The type of an expression whose names have these types.

    Raises ``ExpressionError`` at the first unknown name, comparison between incompatible types,
    answer which is not among the options, or argument of the wrong type.
    """
    return _Checker(names).type_of(node)


def check_condition(node: Node, names: Mapping[str, Type]) -> None:
    """Same, and the expression must be a yes/no."""
    found = check(node, names)
    if found != BOOLEAN:
        raise error(
            node.position,
            _("Il faut ici une condition (oui/non), mais ceci est {found}."),
            found=found.label,
        )


class _Checker:
    def __init__(self, names: Mapping[str, Type]) -> None:
        self.names = names

    def type_of(self, node: Node) -> Type:
        match node:
            case Literal():
                return literal_type(node)
            case Name():
                return self.name(node)
            case Items():
                return self.items(node)
            case Unary():
                return self.unary(node)
            case Logic():
                for operand in node.operands:
                    self.yes_no(operand, node.operator)
                return BOOLEAN
            case Call():
                return self.call(node)
            case Binary():
                return self.binary(node)

    def name(self, node: Name) -> Type:
        if node.name in self.names:
            return self.names[node.name]
        if node.name in FUNCTIONS:
            hint: StrOrPromise = format_lazy(_(" Écrivez « {name}() »."), name=node.name)
        elif node.name.lower() in ("null", "none", "nil", "undefined"):
            hint = _(" Pour une réponse absente, écrivez « is empty ».")
        else:
            hint = did_you_mean(node.name, [*self.names, "true", "false"])
        raise error(node.position, _("Nom « {name} » inconnu.{hint}"), name=node.name, hint=hint)

    def items(self, node: Items) -> Type:
        if not node.items:
            raise error(node.position, _("Cette liste est vide."))
        kinds = [self.type_of(item) for item in node.items]
        for item, kind in zip(node.items, kinds, strict=True):
            if isinstance(kind, ListOf):
                raise error(item.position, _("Une liste ne peut pas en contenir une autre."))
            if not comparable(kinds[0], kind):
                raise error(
                    item.position,
                    _("Une liste ne mélange pas : {first}, puis {other}."),
                    first=kinds[0].label,
                    other=kind.label,
                )
        return ListOf(widest(kinds))

    def unary(self, node: Unary) -> Type:
        if node.operator == "not":
            self.yes_no(node.operand, "not")
            return BOOLEAN
        kind = self.type_of(node.operand)
        if node.operator != "-":  # is empty, is known
            return BOOLEAN
        if not is_number(kind):
            raise error(
                node.position,
                _("« - » attend un nombre, mais ceci est {found}."),
                found=kind.label,
            )
        return kind

    def yes_no(self, node: Node, operator: str) -> None:
        kind = self.type_of(node)
        if kind == BOOLEAN:
            return
        hint: StrOrPromise = ""
        if isinstance(node, Literal) and operator != "not":
            hint = _(" Répétez la comparaison, ou écrivez : nom in [valeur, valeur].")
        raise error(
            node.position,
            _("« {operator} » attend des conditions (oui/non), mais ceci est {found}.{hint}"),
            operator=operator,
            found=kind.label,
            hint=hint,
        )

    def binary(self, node: Binary) -> Type:
        left, right = self.type_of(node.left), self.type_of(node.right)
        if node.operator in ARITHMETIC:
            return self.arithmetic(node, left, right)
        if node.operator in MEMBERSHIP:
            self.membership(node, left, right)
        elif not comparable(left, right):
            raise self.incomparable(node, left, right)
        elif node.operator in ORDER and not (is_number(left) or left == DATE):
            raise error(
                node.position,
                _("« {operator} » compare des nombres ou des dates, mais ceci est {found}."),
                operator=node.operator,
                found=left.label,
            )
        elif node.operator in EQUALITY:
            self.among(left, [node.right])
            self.among(right, [node.left])
        return BOOLEAN

    def membership(self, node: Binary, left: Type, right: Type) -> None:
        holder, item = (left, right) if node.operator == "contains" else (right, left)
        if node.operator == "contains" and left.name == right.name == "text":
            return
        if not isinstance(holder, ListOf):
            raise error(
                node.position,
                _("« {operator} » cherche dans une liste, mais ceci est {found}."),
                operator=node.operator,
                found=holder.label,
            )
        if not comparable(holder.item, item):
            raise self.incomparable(node, item, holder.item)
        sought = node.right if node.operator == "contains" else node.left
        self.among(holder.item, [sought])
        if isinstance(node.right, Items) and node.operator != "contains":
            self.among(item, node.right.items)

    def among(self, kind: Type, nodes: Iterable[Node]) -> None:
        """A literal compared with a choice must be one of its options."""
        if not isinstance(kind, Choice):
            return
        for node in nodes:
            if isinstance(node, Literal) and node.value not in kind.options:
                raise error(
                    node.position,
                    _("« {value} » n’est pas une des réponses possibles.{hint}"),
                    value=node.value,
                    hint=did_you_mean(str(node.value), kind.options),
                )

    def incomparable(self, node: Binary, left: Type, right: Type) -> Exception:
        kinds = {left.name, right.name}
        hint: StrOrPromise = ""
        if kinds == {"date", "text"}:
            hint = _(' Une date s’écrit date("2026-01-31").')
        elif kinds == {"boolean", "text"}:
            hint = _(" Écrivez true ou false, sans guillemets.")
        elif "text" in kinds and kinds & {"integer", "decimal"}:
            hint = _(" Un nombre s’écrit sans guillemets.")
        elif "list" in kinds:
            hint = _(" Pour une liste, écrivez « contains » ou « in ».")
        return error(
            node.position,
            _("« {operator} » ne peut pas comparer {left} et {right}.{hint}"),
            operator=node.operator,
            left=left.label,
            right=right.label,
            hint=hint,
        )

    def arithmetic(self, node: Binary, left: Type, right: Type) -> Type:
        operator = node.operator
        if is_number(left) and is_number(right):
            if operator == "/" and isinstance(node.right, Literal) and node.right.value == 0:
                raise error(node.right.position, _("On ne peut pas diviser par zéro."))
            return DECIMAL if operator == "/" else widest([left, right])
        if left == DATE and right == INTEGER and operator in "+-":
            return DATE
        if left == INTEGER and right == DATE and operator == "+":
            return DATE
        if left == right == DATE and operator == "-":
            return INTEGER
        raise error(
            node.position,
            _("« {operator} » ne peut pas calculer avec {left} et {right}."),
            operator=operator,
            left=left.label,
            right=right.label,
        )

    def call(self, node: Call) -> Type:
        kinds = [self.type_of(argument) for argument in node.arguments]
        if node.function == "today":
            return DATE
        if node.function == "length":
            if not (kinds[0].name == "text" or isinstance(kinds[0], ListOf)):
                raise self.wrong_argument(node, 0, kinds[0], _("un texte ou une liste"))
            return INTEGER
        if node.function == "lower":
            if kinds[0].name != "text":
                raise self.wrong_argument(node, 0, kinds[0], TEXT.label)
            return TEXT
        if node.function == "years_since":
            if kinds[0] != DATE:
                raise self.wrong_argument(node, 0, kinds[0], DATE.label)
            return INTEGER
        return self.extreme(node, kinds)

    def extreme(self, node: Call, kinds: list[Type]) -> Type:
        """``min`` and ``max``: of several numbers or dates, or of the items of one list."""
        if len(kinds) == 1 and isinstance(kinds[0], ListOf):
            kinds = [kinds[0].item]
        for index, kind in enumerate(kinds):
            if not (is_number(kind) or kind == DATE) or not comparable(kinds[0], kind):
                wanted = DATE.label if kinds[0] == DATE else _("un nombre")
                raise self.wrong_argument(node, index, kind, wanted)
        return widest(kinds)

    def wrong_argument(
        self, node: Call, index: int, found: Type, wanted: StrOrPromise
    ) -> Exception:
        return error(
            node.arguments[index].position,
            _("« {function} » attend {wanted}, mais ceci est {found}."),
            function=node.function,
            wanted=wanted,
            found=found.label,
        )
