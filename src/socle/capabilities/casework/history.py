"""What happened to a case, in plain words: for agents, and for the person who asked.

An event stores ids, states and the names that were true then; words come from the revision the case
is pinned to, in the reader's language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from socle.capabilities.casework import registry, rules
from socle.capabilities.casework.models import Case, PublicStatus
from socle.capabilities.casework.registry import Definition

OPENED, IMPORTED, STATE, MESSAGE, NOTE = "opened", "imported", "state", "message", "note"
ASSIGNED, TRANSFERRED, DOCUMENT = "assigned", "transferred", "document"
RESTORED, ANONYMISED = "restored", "anonymised"
MERGED, UNMERGED, SPLIT, WARNED = "merged", "unmerged", "split", "warned"

TONES = {
    "received": "info",
    "in_progress": "progress",
    "waiting": "warning",
    "planned": "progress",
    "resolved": "success",
    "accepted": "success",
    "refused": "danger",
}


class EventLike(Protocol):
    """The part of a `CaseEvent` that is told."""

    version: int
    at: datetime
    kind: str
    actor_kind: str
    actor_label: str
    public: bool
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a timeline. `by` is empty when the reader need not know who."""

    kind: str
    version: int
    at: datetime
    title: str
    text: str
    by: str
    icon: str
    tone: str
    public: bool


def describe(
    event: EventLike,
    definition: Definition | None,
    language: str | None = None,
    *,
    public: bool = False,
) -> Line:
    """Tell one event. `public`: as the person reads it, without names of agents or inner states."""
    if language is None:
        return _line(event, definition, public)
    with translation.override(language):
        return _line(event, definition, public)


def sentence(event: EventLike, definition: Definition | None) -> str:
    """One event as agents read it, on one line: « Camille Roux : Clore → Résolu »."""
    line = _line(event, definition, public=False)
    return f"{line.by} : {line.title}" if line.by else line.title


def _line(event: EventLike, definition: Definition | None, public: bool) -> Line:
    added = registry.teller_of(event.kind)
    if added is not None:
        title, text, icon, tone = added(event.data, public)
    else:
        teller = _TELLERS.get(event.kind, _unknown)
        title, text, icon, tone = teller(event.data, definition, public)
    return Line(
        kind=event.kind,
        version=event.version,
        at=event.at,
        title=title,
        text=text,
        by=_by(event, public),
        icon=icon,
        tone=tone,
        public=event.public,
    )


def _by(event: EventLike, public: bool) -> str:
    if public:
        return ""
    return _("Automatique") if event.actor_kind == "system" else event.actor_label


Told = tuple[str, str, str, str]
Data = Mapping[str, Any]


def _opened(data: Data, definition: Definition | None, public: bool) -> Told:
    if public:
        return _("Vous avez envoyé votre demande"), _initial(definition), "send", "info"
    channel = str(Case.Channel(data.get("channel", "web")).label)
    title = _("Déposé pour la personne par un agent") if data.get("helped") else _("Déposé")
    return title, channel, "send", "info"


def _initial(definition: Definition | None) -> str:
    if definition is None:
        return ""
    state = rules.state_of(definition.workflow, definition.workflow.initial)
    return state.public_text if state else ""


def _imported(data: Data, definition: Definition | None, public: bool) -> Told:
    return _("Enregistré"), "" if public else _("Reprise d’historique"), "archive", "neutral"


def _state(data: Data, definition: Definition | None, public: bool) -> Told:
    workflow = definition.workflow if definition else None
    target = rules.state_of(workflow, data.get("to", "")) if workflow else None
    transition = rules.transition_of(workflow, data.get("transition", "")) if workflow else None
    status = target.public.value if target else str(data.get("public_status", ""))
    tone = TONES.get(status, "neutral")
    if public:
        label = PublicStatus(status).label if status in PublicStatus.values else status
        return str(label), target.public_text if target else "", "circle-dot", tone
    label = target.label if target else str(data.get("to", ""))
    title = f"{transition.label} → {label}" if transition else label
    return title, str(data.get("reason", "")), "circle-dot", tone


def _message(data: Data, definition: Definition | None, public: bool) -> Told:
    if public:
        if data.get("from_agent"):
            return _("Nous vous avons écrit"), "", "message-square", "info"
        return _("Vous nous avez écrit"), "", "message-square", "neutral"
    if data.get("from_agent"):
        return _("A écrit à la personne"), "", "message-square", "info"
    return _("A écrit"), "", "message-square", "warning"


def _note(data: Data, definition: Definition | None, public: bool) -> Told:
    return _("A ajouté une note interne"), "", "sticky-note", "neutral"


def _assigned(data: Data, definition: Definition | None, public: bool) -> Told:
    parts = []
    if "team" in data:
        parts.append(_("équipe : %(name)s") % {"name": data["team"] or _("aucune")})
    if "assignee" in data:
        parts.append(_("agent : %(name)s") % {"name": data["assignee"] or _("personne")})
    if data.get("instead_of"):
        parts.append(_("en remplacement de %(name)s") % {"name": data["instead_of"]})
    if data.get("away"):
        parts.append(_("absent, sans remplaçant"))
    return _("A attribué le dossier"), ", ".join(parts), "user", "neutral"


def _transferred(data: Data, definition: Definition | None, public: bool) -> Told:
    names = {"source": data.get("from", ""), "target": data.get("to", "")}
    if public:
        title = _("Votre demande est transmise à %(target)s") % names
        return title, "", "arrow-right-left", "info"
    if data.get("returned"):
        title = _("%(source)s a renvoyé le dossier à %(target)s") % names
        return title, str(data.get("reason", "")), "undo-2", "warning"
    title = _("A transféré le dossier de %(source)s à %(target)s") % names
    return title, str(data.get("reason", "")), "arrow-right-left", "info"


def _document(data: Data, definition: Definition | None, public: bool) -> Told:
    count = len(data.get("document_ids", ())) or 1
    if public:
        if data.get("from_agent"):
            title = ngettext("Un document pour vous", "%(n)s documents pour vous", count)
        else:
            title = ngettext(
                "Vous avez ajouté un document", "Vous avez ajouté %(n)s documents", count
            )
    else:
        title = ngettext("A ajouté un document", "A ajouté %(n)s documents", count)
    labels = ", ".join(data.get("labels", ()))
    return title % {"n": count} if "%(n)s" in title else title, labels, "paperclip", "neutral"


def _restored(data: Data, definition: Definition | None, public: bool) -> Told:
    if public:
        told = _state(data, definition, public)
        return told[0], told[1], "undo-2", told[3]
    return _("A annulé une action groupée"), "", "undo-2", "neutral"


def _anonymised(data: Data, definition: Definition | None, public: bool) -> Told:
    return _("Données personnelles effacées"), "", "eraser", "neutral"


def _merged(data: Data, definition: Definition | None, public: bool) -> Told:
    into, taken = str(data.get("into", "")), ", ".join(data.get("merged", ()))
    if into:
        title = _("Regroupé avec %(reference)s") % {"reference": into}
        text = _("La suite est donnée sous cette référence.") if public else ""
        return title, text, "merge", "info"
    if public:
        return _("D’autres signalements du même problème sont suivis ici"), "", "merge", "info"
    return _("A regroupé %(references)s ici") % {"references": taken}, "", "merge", "info"


def _unmerged(data: Data, definition: Definition | None, public: bool) -> Told:
    other = str(data.get("from", ""))
    if public:
        return _("De nouveau suivi séparément"), "", "split", "info"
    if other:
        return _("A séparé le dossier de %(reference)s") % {"reference": other}, "", "split", "info"
    taken = ", ".join(data.get("released", ()))
    return _("A séparé %(references)s") % {"references": taken}, "", "split", "info"


def _split(data: Data, definition: Definition | None, public: bool) -> Told:
    children = list(data.get("children", ()))
    if public:
        title = _("Plusieurs équipes s’en occupent")
        return title, "", "split", "progress"
    return _("A réparti le dossier"), ", ".join(children), "split", "info"


def _warned(data: Data, definition: Definition | None, public: bool) -> Told:
    return _("Échéance proche : responsables prévenus"), "", "clock-alert", "warning"


def _unknown(data: Data, definition: Definition | None, public: bool) -> Told:
    return _("Dossier modifié"), "", "circle-dot", "neutral"


_TELLERS: dict[str, Callable[[Data, Definition | None, bool], Told]] = {
    OPENED: _opened,
    IMPORTED: _imported,
    STATE: _state,
    MESSAGE: _message,
    NOTE: _note,
    ASSIGNED: _assigned,
    TRANSFERRED: _transferred,
    DOCUMENT: _document,
    RESTORED: _restored,
    ANONYMISED: _anonymised,
    MERGED: _merged,
    UNMERGED: _unmerged,
    SPLIT: _split,
    WARNED: _warned,
}
