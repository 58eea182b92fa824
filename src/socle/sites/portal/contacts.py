"""The last question of every form: who are you, and how can you be answered?"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from socle.capabilities.questionnaires import parsing
from socle.capabilities.questionnaires.pack import Question
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.actors import Actor
from socle.foundations.accounts.models import User

Values = dict[str, Any]
CHANNELS = ("counter", "phone")


def prefilled(actor: Actor, helping: bool) -> Values:
    """What is known of the person signed in; nothing when an agent helps someone else."""
    if helping or actor.user_id is None:
        return {}
    user = User.objects.filter(pk=actor.user_id).first()
    if user is None:
        return {}
    name = user.display_name if user.given_names or user.family_name else ""
    return {"name": name, "email": user.email, "phone": user.phone}


def read(
    raw: parsing.Raw, actor: Actor, *, helping: bool, optional: bool = False
) -> tuple[Values, dict[str, list[str]]]:
    """Contact details from a form and what is wrong with them.

    An e-mail address or a phone number is enough (someone helped at a counter may have neither
    computer nor address); `optional` accepts no details at all (an anonymous report).
    """
    values: Values = {
        "name": str(raw.get("name") or "").strip()[:200],
        "email": str(raw.get("email") or "").strip(),
        "phone": str(raw.get("phone") or "").strip(),
    }
    errors: dict[str, list[str]] = {}
    if optional and not any(values.values()):
        return values, errors
    if not values["name"] and not optional:
        errors["name"] = [_("Indiquez votre nom.")]
    for kind in ("email", "phone"):
        if values[kind]:
            try:
                values[kind] = parsing.scalar(
                    Question(id=kind, type=kind, label=kind), values[kind]
                )
            except parsing.Refused as problem:
                errors[kind] = [str(problem)]
    if not values["email"] and not values["phone"] and not errors:
        errors["email"] = [_("Indiquez une adresse électronique ou un numéro de téléphone.")]
    entity = str(raw.get("entity") or "")
    if entity.isdigit() and int(entity) in actor.entity_ids and not helping:
        values["entity_id"] = int(entity)
    if helping:
        channel = str(raw.get("channel") or "counter")
        values["channel"] = channel if channel in CHANNELS else "counter"
        person = accounts.user_by_email(values["email"]) if values["email"] else None
        values["user_id"] = person.pk if person else None
    return values, errors


def fields(
    values: Values,
    errors: dict[str, list[str]],
    actor: Actor,
    *,
    helping: bool,
    optional: bool = False,
) -> list[dict[str, Any]]:
    """Field dicts for the design system."""
    built: list[dict[str, Any]] = [
        {
            "name": "name",
            "kind": "text",
            "label": _("Nom et prénom de la personne") if helping else _("Vos nom et prénom"),
            "autocomplete": "off" if helping else "name",
            "value": values.get("name", ""),
            "errors": errors.get("name", []),
            "required": not optional,
            "maxlength": 200,
        },
        {
            "name": "email",
            "kind": "email",
            "label": _("Adresse électronique"),
            "hint": _("Pour recevoir l’accusé de réception et suivre la demande."),
            "autocomplete": "off" if helping else "email",
            "value": values.get("email", ""),
            "errors": errors.get("email", []),
            "required": False,
        },
        {
            "name": "phone",
            "kind": "tel",
            "label": _("Téléphone"),
            "hint": _("Si vous préférez être rappelé."),
            "autocomplete": "off" if helping else "tel",
            "value": values.get("phone", ""),
            "errors": errors.get("phone", []),
            "required": False,
        },
    ]
    if helping:
        built.append(
            {
                "name": "channel",
                "kind": "radios",
                "label": _("Comment la personne s’adresse-t-elle à vous ?"),
                "choices": [("counter", _("Au guichet")), ("phone", _("Par téléphone"))],
                "value": values.get("channel", "counter"),
            }
        )
    elif actor.entity_ids and actor.user_id:
        choices = [("", _("Pour moi"))] + [
            (str(each.entity_id), each.entity.name)
            for each in accounts.representations_of(actor.user_id)
            if each.entity_id in actor.entity_ids
        ]
        built.append(
            {
                "name": "entity",
                "kind": "radios",
                "label": _("Pour qui faites-vous cette demande ?"),
                "choices": choices,
                "value": str(values.get("entity_id") or ""),
            }
        )
    return built


def rows(values: Values, href: str) -> list[dict[str, Any]]:
    """The details as lines of check-your-answers."""
    labels = (("name", _("Nom")), ("email", _("Adresse électronique")), ("phone", _("Téléphone")))
    return [
        {"label": label, "value": values.get(key) or None, "change_href": f"{href}#{key}"}
        for key, label in labels
    ]
