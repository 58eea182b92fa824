"""The cast of the case tests, and the workflow they play."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from socle.capabilities.casework import actions
from socle.capabilities.casework.actions import Opened
from socle.capabilities.casework.models import Case
from socle.capabilities.casework.pack import Workflow
from socle.capabilities.casework.registry import Definition
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.actors import Actor
from socle.foundations.accounts.models import (
    LegalEntity,
    Membership,
    Representation,
    Team,
    User,
)
from socle.foundations.files.models import StoredFile
from socle.foundations.packs.models import Revision
from socle.foundations.territories.models import Organisation
from socle.kernel.clock import SYSTEM, Clock

WORKFLOW: dict[str, Any] = {
    "initial": "received",
    "state": [
        {"id": "received", "label": "À traiter", "public": "received",
         "public_text": "Nous avons bien reçu votre demande."},
        {"id": "checking", "label": "En vérification", "public": "in_progress",
         "public_text": "Un agent étudie votre demande."},
        {"id": "waiting", "label": "Pièce demandée", "public": "waiting",
         "public_text": "Nous attendons une pièce de votre part."},
        {"id": "done", "label": "Terminée", "public": "resolved", "open": False,
         "public_text": "C’est fait."},
        {"id": "refused", "label": "Refusée", "public": "refused", "open": False},
        {"id": "cancelled", "label": "Annulée", "public": "cancelled", "open": False},
    ],
    "transition": [
        {"id": "start", "label": "Prendre en charge", "from": ["received"], "to": "checking",
         "effect": [{"assign": "actor"}]},
        {"id": "ask", "label": "Demander une pièce", "from": ["received", "checking"],
         "to": "waiting", "needs": ["message"], "effect": [{"notify": "applicant"}]},
        {"id": "resume", "label": "Reprendre", "from": ["waiting"], "to": "checking",
         "who": ["agent", "applicant"]},
        {"id": "finish", "label": "Terminer", "from": ["received", "checking"], "to": "done",
         "style": "primary", "effect": [{"notify": "applicant", "letter": "done"}]},
        {"id": "refuse", "label": "Refuser", "from": ["received", "checking", "waiting"],
         "to": "refused", "who": ["manager"], "needs": ["reason"]},
        {"id": "garden", "label": "Livrer au jardin", "from": ["checking"], "to": "done",
         "condition": "garden == true"},
        {"id": "cancel", "label": "Annuler ma demande", "from": ["received", "checking", "waiting"],
         "to": "cancelled", "who": ["applicant"]},
        {"id": "reopen", "label": "Ce n’est pas réglé", "from": ["done"], "to": "received",
         "who": ["applicant"]},
        {"id": "expire", "label": "Classer sans réponse", "from": ["waiting"], "to": "cancelled",
         "who": ["system"], "effect": [{"notify": "applicant"}]},
    ],
    "deadline": [{"state": "received", "days": 10, "working": True}],
    "timer": [{"state": "waiting", "days": 30, "transition": "expire"}],
    "reply": [{"id": "proof", "label": "Justificatif",
               "body": "Bonjour {name}, il manque un justificatif pour {reference}."}],
}  # fmt: skip

LETTERS = {
    "done": "# Votre demande {reference} est terminée\n\nBonjour {name},\n\n"
    "C’est fait pour « {title} ». [Suivre]({link})"
}


@lru_cache(maxsize=1)
def definition() -> Definition:
    return Definition.read(Workflow.model_validate(WORKFLOW), LETTERS)


@dataclass
class World:
    """Who and what is there."""

    metropole: Organisation
    north: Organisation
    south: Organisation
    roads: Team
    waste: Team
    north_team: Team
    south_team: Team
    revision: Revision
    camille: Actor
    """Agent of the north, teams: north_team."""
    driss: Actor
    """Agent of the north too."""
    maud: Actor
    """Manager of the north."""
    sacha: Actor
    """Agent of the south."""
    mei: Actor
    """Agent of the métropole, team roads."""
    counter: Actor
    """Counter agent of the north."""
    root: Actor
    """Platform administrator."""
    alice: Actor
    """Resident."""
    bruno: Actor
    """Resident who represents `company`."""
    company: LegalEntity
    counters: dict[str, int] = field(default_factory=dict)

    def open(self, clock: Clock = SYSTEM, **given: Any) -> Opened:
        """Open a case of the north, filed by Alice unless told otherwise."""
        actor: Actor = given.pop("actor", self.alice)
        values: dict[str, Any] = {
            "kind": "request",
            "service_key": "composteur",
            "definition": self.revision,
            "title": "Composteur de 300 litres",
            "organisation_id": self.north.pk,
            "prefix": "DM",
            "applicant_id": actor.user_id if actor.kind == "resident" else None,
            "contact_name": "Alice Martin",
            "contact_email": "alice@example.org",
        }
        return actions.open_case(actor=actor, clock=clock, **values | given)

    def case(self, clock: Clock = SYSTEM, **given: Any) -> Case:
        return self.open(clock, **given).case

    def file(self, owner: Actor | None = None, claim: str = "", **given: Any) -> StoredFile:
        """A clean file somebody sent."""
        return StoredFile.objects.create(
            name="preuve.pdf",
            media_type="application/pdf",
            size=10,
            sha256="0" * 64,
            storage_key=f"clean/{uuid.uuid4()}",
            state=StoredFile.State.CLEAN,
            owner_id=owner.user_id if owner else None,
            claim=claim,
            **given,
        )

    def refreshed(self, actor: Actor) -> Actor:
        return accounts.actor_by_id(actor.user_id or 0)


def person(email: str, name: str, **fields: Any) -> User:
    given, _space, family = name.partition(" ")
    return User.objects.create_user(email, None, given_names=given, family_name=family, **fields)


def agent(email: str, name: str, organisation: Organisation, role: str, *teams: Team) -> Actor:
    user = person(email, name)
    membership = Membership.objects.create(user=user, organisation=organisation, role=role)
    membership.teams.set(teams)
    return accounts.actor_for(user)


def build_world() -> World:
    metropole = Organisation.objects.create(
        slug="metropole", kind="metropole", name="Métropole-Test"
    )
    north = Organisation.objects.create(slug="nord", kind="commune", name="Villeneuve-Nord")
    south = Organisation.objects.create(slug="sud", kind="commune", name="Saint-Sud")

    def team(organisation: Organisation, slug: str, default: bool = False, email: str = "") -> Team:
        return Team.objects.create(
            organisation=organisation, slug=slug, name=slug.title(), is_default=default, email=email
        )

    roads = team(metropole, "voirie", default=True)
    waste = team(metropole, "dechets")
    north_team = team(north, "guichet-nord", default=True)
    south_team = team(south, "guichet-sud", default=True, email="guichet@sud.test")
    company = LegalEntity.objects.create(kind="company", name="Bois & Cie")
    bruno = person("bruno@example.org", "Bruno Petit")
    Representation.objects.create(
        user=bruno, entity=company, verified_at="2026-01-01T00:00:00+00:00"
    )
    root = person("root@example.org", "Rachel Racine", is_administrator=True)
    return World(
        metropole=metropole,
        north=north,
        south=south,
        roads=roads,
        waste=waste,
        north_team=north_team,
        south_team=south_team,
        revision=Revision.objects.create(section="tests", key="composteur", digest="1", content={}),
        camille=agent("camille@nord.test", "Camille Roux", north, "agent", north_team),
        driss=agent("driss@nord.test", "Driss Amar", north, "agent", north_team),
        maud=agent("maud@nord.test", "Maud Leroy", north, "manager", north_team),
        sacha=agent("sacha@sud.test", "Sacha Blanc", south, "agent", south_team),
        mei=agent("mei@metropole.test", "Mei Lin", metropole, "agent", roads),
        counter=agent("guichet@nord.test", "Gaëlle Guichet", north, "counter", north_team),
        root=accounts.actor_for(root),
        alice=accounts.actor_for(person("alice@example.org", "Alice Martin")),
        bruno=accounts.actor_for(bruno),
        company=company,
    )
