"""A wrong setting, said in French and in English: the reader's language is not known yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import PydanticCustomError


@dataclass(frozen=True)
class Mistake:
    """One wrong setting: the variable and one sentence per language."""

    variable: str
    french: str
    english: str

    def __str__(self) -> str:
        return f"{self.variable} : {self.french}\n    {self.variable}: {self.english}"


class ConfigurationError(Exception):
    """The settings cannot be used. ``mistakes`` has one entry per wrong value."""

    exit_code = 2

    def __init__(self, *mistakes: Mistake) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(str(mistake) for mistake in mistakes))


def wrong(french: str, english: str) -> PydanticCustomError:
    """What a validator raises. The sentences travel in the context: pydantic formats messages."""
    return PydanticCustomError("socle", "{english}", {"french": french, "english": english})


_LIMITS = {
    "greater_than_equal": ("ge", "au moins", "at least"),
    "greater_than": ("gt", "plus de", "more than"),
    "less_than_equal": ("le", "au plus", "at most"),
    "less_than": ("lt", "moins de", "less than"),
}


def sentences(error: Mapping[str, Any], *, secret: bool) -> tuple[str, str]:
    """French and English for one pydantic error. The value of a secret is never repeated."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "socle":
        return context["french"], context["english"]
    french = "cette valeur" if secret else f"« {error.get('input')} »"
    english = "this value" if secret else f"“{error.get('input')}”"
    if kind == "literal_error":
        choices = context["expected"].replace("'", "")
        return (
            f"{french} n'est pas accepté ; choisissez parmi : {choices.replace(' or ', ' ou ')}.",
            f"{english} is not accepted; choose among: {choices}.",
        )
    if kind.startswith("bool"):
        return (
            f"{french} n'est ni vrai ni faux ; écrivez true ou false.",
            f"{english} is neither true nor false; write true or false.",
        )
    if kind.startswith(("int", "float")):
        return f"{french} n'est pas un nombre.", f"{english} is not a number."
    if kind in _LIMITS:
        key, least, bound = _LIMITS[kind]
        return (
            f"{french} est hors limites ; il faut {least} {context[key]}.",
            f"{english} is out of range; {bound} {context[key]} is needed.",
        )
    return (
        f"{french} n'est pas une valeur acceptée.",
        f"{english} is not an accepted value ({error['msg']}).",
    )
