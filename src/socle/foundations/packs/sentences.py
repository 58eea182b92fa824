"""What parsers and types complain of, said as plain sentences in the active language.

The keys of the tables are the error types of pydantic (`core_schema.ErrorType`) and the
messages of `tomllib` and `json`. What is in no table gets a general sentence, never a raw message.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .problems import suggestion

_KEY_PATTERN = r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$"
_MAX_SHOWN = 60


def of_toml(error: tomllib.TOMLDecodeError) -> tuple[str, int, int]:
    """(sentence, line, column) of a TOML syntax error; line 0 stands for the end of the file."""
    text = str(error)
    where = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", text)
    line, column = (int(where[1] or 0), int(where[2] or 0)) if where else (1, 1)
    message = text[: where.start()] if where else text
    for pattern, sentence in _TOML:
        if re.match(pattern, message):
            return str(sentence), line, column
    return _("Ce n’est pas du TOML correct."), line, column


_TOML: list[tuple[str, Any]] = [
    (r"Invalid statement", gettext_lazy("Cette ligne n’est ni « clé = valeur » ni « [table] ».")),
    (r"Expected '=' after", gettext_lazy("Il manque « = » entre la clé et sa valeur.")),
    (r"Expected newline or end", gettext_lazy("Il y a quelque chose en trop après cette valeur.")),
    (r"Invalid initial character for a key", gettext_lazy("Une clé est attendue ici.")),
    (
        r"Invalid value",
        gettext_lazy("Cette valeur n’est pas comprise ; un texte s’écrit entre guillemets."),
    ),
    (r"Cannot declare .+ twice", gettext_lazy("Cette table est déclarée deux fois.")),
    (r"Cannot overwrite a value", gettext_lazy("Cette clé a déjà une valeur.")),
    (r"Duplicate inline table key", gettext_lazy("Cette clé a déjà une valeur.")),
    (
        r"Cannot (?:mutate|redefine)",
        gettext_lazy("Cette table est déjà fermée : on ne peut plus rien y ajouter."),
    ),
    (r"Expected '\]\]' at", gettext_lazy("Il manque « ]] » à la fin de cette ligne.")),
    (r"Expected '\]' at", gettext_lazy("Il manque « ] » à la fin de cette ligne.")),
    (
        r"Unclosed array",
        gettext_lazy("Cette liste n’est pas fermée : il manque « ] » ou une virgule."),
    ),
    (
        r"Unclosed inline table",
        gettext_lazy("Cette table n’est pas fermée : il manque « } » ou une virgule."),
    ),
    (
        r"(Unterminated string|Expected '(\"\"\"|'''|')'|Expected \"('''|')\")",
        gettext_lazy("Ce texte n’est pas fermé : il manque un guillemet."),
    ),
    (
        r"Unescaped '\\'",
        gettext_lazy(
            "Une barre oblique inverse s’écrit « \\\\ », ou mettez le texte entre apostrophes."
        ),
    ),
    (r"Invalid hex value", gettext_lazy("Ce code de caractère n’est pas un nombre hexadécimal.")),
    (r"Escaped character is not", gettext_lazy("Ce code ne désigne aucun caractère.")),
    (
        r"(Illegal|Found invalid) character '\\n'",
        gettext_lazy("Ce texte n’est pas fermé : il manque un guillemet en fin de ligne."),
    ),
    (r"(Illegal|Found invalid) character", gettext_lazy("Ce caractère n’est pas permis ici.")),
    (r"Invalid date or datetime", gettext_lazy("Cette date n’existe pas.")),
]


def of_json(message: str) -> str:
    """Sentence of a `json.JSONDecodeError` message."""
    table = {
        "Expecting value": _("Une valeur est attendue ici."),
        "Expecting property name enclosed in double quotes": _(
            "Un nom entre guillemets est attendu ici."
        ),
        "Illegal trailing comma before end of object": _("Il y a une virgule de trop."),
        "Illegal trailing comma before end of array": _("Il y a une virgule de trop."),
        "Expecting ':' delimiter": _("Il manque « : » entre le nom et sa valeur."),
        "Expecting ',' delimiter": _("Il manque une virgule, ou la fin de la liste."),
        "Extra data": _("Il y a quelque chose en trop après la fin."),
        "Unterminated string starting at": _("Ce texte n’est pas fermé : il manque un guillemet."),
    }
    return table.get(message, _("Ce n’est pas du JSON correct."))


def of_pydantic(error: Mapping[str, Any], known_fields: frozenset[str] = frozenset()) -> str:
    """Sentence of one entry of `ValidationError.errors()`.

    `known_fields`: names accepted where an unknown one was found, for the suggestion.
    """
    kind, context = str(error["type"]), error.get("ctx") or {}
    name = str(error["loc"][-1]) if error["loc"] else ""
    if kind == "extra_forbidden":
        return _("Champ inconnu « %(name)s ».") % {"name": name} + suggestion(name, known_fields)
    if kind == "missing":
        return _("Il manque « %(name)s ».") % {"name": name}
    if kind in {"value_error", "assertion_error"}:
        # The sentence of a room's own validator, already in the reader's language.
        told = context.get("error")
        return str(told) if told else str(_GENERAL) % {"value": _shown(error.get("input"))}
    if kind in {"literal_error", "enum"}:
        return _of_choice(error, context)
    if kind == "string_pattern_mismatch":
        return _of_pattern(error, context)
    if kind in _COUNTS:
        return _of_count(kind, context)
    values = {**context, "name": name, "value": _shown(error.get("input"))}
    return str(_SENTENCES.get(kind, _GENERAL)) % values


_GENERAL = gettext_lazy("La valeur %(value)s n’est pas acceptée ici.")

_TEXT = gettext_lazy("Un texte est attendu ici, pas %(value)s ; mettez-le entre guillemets.")
_WHOLE = gettext_lazy("Un nombre entier est attendu ici, pas %(value)s.")
_NUMBER = gettext_lazy("Un nombre est attendu ici, pas %(value)s.")
_LIST = gettext_lazy("Une liste est attendue ici, entre crochets, pas %(value)s.")
_TABLE = gettext_lazy("Une table est attendue ici, pas %(value)s.")
_DATE = gettext_lazy("Une date est attendue ici (par exemple 2026-01-31), pas %(value)s.")
_TIME = gettext_lazy("Une heure est attendue ici (par exemple 08:30), pas %(value)s.")
_WEB = gettext_lazy("Une adresse web complète est attendue ici (https://…), pas %(value)s.")

_SENTENCES: dict[str, Any] = {
    "string_type": _TEXT,
    "string_sub_type": _TEXT,
    "string_unicode": _TEXT,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": gettext_lazy("Ce nombre est trop grand."),
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "bool_type": gettext_lazy("« true » ou « false » est attendu ici, pas %(value)s."),
    "bool_parsing": gettext_lazy("« true » ou « false » est attendu ici, pas %(value)s."),
    "tuple_type": _LIST,
    "list_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "iterable_type": _LIST,
    "dict_type": _TABLE,
    "mapping_type": _TABLE,
    "model_type": _TABLE,
    "model_attributes_type": _TABLE,
    "dataclass_type": _TABLE,
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "datetime_type": _DATE,
    "datetime_parsing": _DATE,
    "datetime_from_date_parsing": _DATE,
    "time_type": _TIME,
    "time_parsing": _TIME,
    "url_type": _WEB,
    "url_parsing": _WEB,
    "url_syntax_violation": _WEB,
    "url_scheme": _WEB,
    "url_too_long": gettext_lazy("Cette adresse web est trop longue."),
    "none_required": gettext_lazy("Rien n’est attendu ici."),
    "greater_than_equal": gettext_lazy("Ce nombre doit être au moins %(ge)s."),
    "greater_than": gettext_lazy("Ce nombre doit dépasser %(gt)s."),
    "less_than_equal": gettext_lazy("Ce nombre doit être au plus %(le)s."),
    "less_than": gettext_lazy("Ce nombre doit rester sous %(lt)s."),
    "multiple_of": gettext_lazy("Ce nombre doit être un multiple de %(multiple_of)s."),
    "decimal_max_places": gettext_lazy(
        "Ce nombre a trop de décimales (%(decimal_places)s au plus)."
    ),
    "decimal_max_digits": gettext_lazy("Ce nombre a trop de chiffres (%(max_digits)s au plus)."),
    "decimal_whole_digits": gettext_lazy(
        "Ce nombre a trop de chiffres (%(whole_digits)s au plus)."
    ),
    "union_tag_invalid": gettext_lazy(
        "« %(tag)s » n’est pas accepté ; choisissez parmi %(expected_tags)s."
    ),
    "union_tag_not_found": gettext_lazy("Il manque %(discriminator)s."),
    "recursion_loop": gettext_lazy("Cette valeur se contient elle-même."),
}

_COUNTS = frozenset({"string_too_short", "string_too_long", "too_short", "too_long"})


def _of_count(kind: str, context: Mapping[str, Any]) -> str:
    least = int(context.get("min_length", 0))
    most = int(context.get("max_length", 0) or 0)
    if kind == "string_too_short":
        if least == 1:
            return _("Ce texte ne peut pas être vide.")
        return _("Ce texte est trop court : %(n)d caractères au moins.") % {"n": least}
    if kind == "string_too_long":
        return _("Ce texte est trop long : %(n)d caractères au plus.") % {"n": most}
    if kind == "too_short":
        return ngettext(
            "Il faut au moins %(n)d élément ici.", "Il faut au moins %(n)d éléments ici.", least
        ) % {"n": least}
    return ngettext(
        "Il faut au plus %(n)d élément ici.", "Il faut au plus %(n)d éléments ici.", most
    ) % {"n": most}


def _of_choice(error: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    expected = str(context.get("expected", ""))
    options = re.findall(r"'((?:[^'\\]|\\.)*)'", expected) or [expected]
    given = error.get("input")
    sentence = _("%(value)s n’est pas accepté ; choisissez parmi : %(options)s.") % {
        "value": _shown(given),
        "options": ", ".join(option or _("(vide)") for option in options),
    }
    return sentence + (suggestion(given, filter(None, options)) if isinstance(given, str) else "")


def _of_pattern(error: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    if context.get("pattern") == _KEY_PATTERN:
        return _(
            "%(value)s n’est pas un identifiant : lettres minuscules sans accent et chiffres, "
            "séparés par des tirets."
        ) % {"value": _shown(error.get("input"))}
    return _("%(value)s n’a pas la forme attendue (%(pattern)s).") % {
        "value": _shown(error.get("input")),
        "pattern": context.get("pattern", ""),
    }


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return f"« {str(value).lower()} »"
    if isinstance(value, dict):
        return _("une table")
    if isinstance(value, list | tuple):
        return _("une liste")
    if value is None:
        return _("rien")
    text = str(value)
    return f"« {text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + '…'} »"
