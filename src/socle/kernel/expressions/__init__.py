"""The condition language of packs: ``garden == true and household_size >= 3``.

A pack says with it when a question is asked, who may follow a transition, what a fee amounts to.
Text is parsed (never ``eval``) into a small immutable tree, type-checked when the pack is checked,
evaluated on the server, and serialised for the browser, where ``frontend/src/lib/expressions.ts``
gives the same results (``tests/kernel/expression_vectors.json`` holds both to it).

Values: ``true false``, numbers (``3``, ``1.5``), texts (``"oui"``), dates
(``date("2026-01-31")``), lists (``["a", "b"]``) and names of answers, dots allowed
(``applicant.kind``). Operators, loosest first: ``or`` · ``and`` · ``not`` · ``== != < <= > >= in
not in contains``, ``is [not] empty``, ``is [not] known`` · ``+ -`` · ``* /`` · unary ``-``.
Functions: ``length lower today years_since min max``.

Missing answers are ``None``. A comparison with one is false, whichever the operator; a calculation
with one is missing; ``and``, ``or`` and ``not`` follow Kleene's logic for a missing yes/no; a
condition which comes out missing does not hold (``holds``). ``x is empty`` is true of a missing
answer, an empty text and an empty list; ``x is known`` is its opposite.

Modules: ``types`` · ``syntax`` (the tree) · ``lexer``, ``parser`` · ``checker`` · ``evaluator`` ·
``serialisation`` · ``graph``.
"""

from .checker import check, check_condition
from .errors import ExpressionError, Position
from .evaluator import evaluate, holds
from .graph import find_cycle, names
from .parser import MAX_DEPTH, MAX_LENGTH, parse
from .serialisation import from_json, to_json, to_text
from .syntax import Binary, Call, Items, Literal, Logic, Name, Node, Unary
from .types import BOOLEAN, DATE, DECIMAL, INTEGER, TEXT, Choice, ListOf, Type

__all__ = [
    "BOOLEAN", "DATE", "DECIMAL", "INTEGER", "MAX_DEPTH", "MAX_LENGTH", "TEXT", "Binary", "Call",
    "Choice", "ExpressionError", "Items", "ListOf", "Literal", "Logic", "Name", "Node", "Position",
    "Type", "Unary", "check", "check_condition", "evaluate", "find_cycle", "from_json", "holds",
    "names", "parse", "to_json", "to_text",
]  # fmt: skip
