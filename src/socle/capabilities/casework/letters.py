"""Letters and canned replies: texts of the pack with placeholders, filled from a case. Pure.

A letter is Markdown; its first line is its subject, as a title: ``# Votre demande {reference}``.
A placeholder is a name between braces. :data:`PLACEHOLDERS` lists them; an answer of the
questionnaire is ``{answer.garden}``. Letters are filled and sent by `notifications`, where a value
never acts as Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from socle.foundations.packs.problems import suggestion

PLACEHOLDERS = {
    "reference": gettext_lazy("la référence du dossier"),
    "title": gettext_lazy("le titre du dossier"),
    "name": gettext_lazy("le nom de la personne"),
    "organisation": gettext_lazy("l’organisation responsable"),
    "team": gettext_lazy("l’équipe responsable"),
    "agent": gettext_lazy("l’agent qui écrit"),
    "status": gettext_lazy("le statut public"),
    "status_text": gettext_lazy("la phrase qui explique le statut"),
    "message": gettext_lazy("le message de l’agent"),
    "address": gettext_lazy("l’adresse concernée"),
    "filed_on": gettext_lazy("la date de dépôt"),
    "due_on": gettext_lazy("la date limite de réponse"),
    "today": gettext_lazy("la date du jour"),
    "link": gettext_lazy("le lien de suivi"),
}

# The same names as `notifications.letters` fills.
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)\}")
_SUBJECT = re.compile(r"\A\s*#[ \t]+(?P<subject>[^\n]+)(?:\n|\Z)")


@dataclass(frozen=True, slots=True)
class Letter:
    """A subject and a Markdown body, placeholders not yet filled."""

    subject: str
    body: str


def parse(text: str) -> Letter:
    """Read a letter; one without a title line has an empty subject."""
    found = _SUBJECT.match(text)
    if found is None:
        return Letter("", text.strip())
    return Letter(found["subject"].strip(), text[found.end() :].strip())


def placeholders(text: str) -> list[str]:
    """The names between braces, in order, each once."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(text)))


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values in place of placeholders, as plain text; a name without a value disappears."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], ""), text)


def check_text(text: str, answers: Collection[str] | None = None) -> Iterator[str]:
    """A sentence for every placeholder that nothing fills; `answers`: ids, `None` when unknown."""
    for name in placeholders(text):
        if name in PLACEHOLDERS:
            continue
        if name.startswith("answer."):
            field = name.removeprefix("answer.")
            if answers is not None and field not in answers:
                message = _("« {%(name)s} » : le questionnaire n’a pas de champ « %(field)s ».")
                yield message % {"name": name, "field": field} + suggestion(field, answers)
            continue
        message = _("« {%(name)s} » n’est pas un champ qu’une lettre connaît.") % {"name": name}
        yield message + suggestion(name, PLACEHOLDERS)


def check_letter(text: str, answers: Collection[str] | None = None) -> Iterator[str]:
    """Sentences about a letter: no subject, no body, unknown placeholders."""
    letter = parse(text)
    if not letter.subject:
        yield _("La première ligne d’une lettre est son objet : « # Votre demande {reference} ».")
    if not letter.body:
        yield _("Cette lettre n’a pas de texte.")
    yield from check_text(text, answers)
