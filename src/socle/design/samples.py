"""Invented content of the style page. Nothing here is shown elsewhere; it names no real place or
person.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup

from socle.design.shell import Group, Link

FOOTER = (
    Group(
        "Services",
        (
            Link("Toutes les démarches", "#"),
            Link("Prendre rendez-vous", "#"),
            Link("Guide du tri", "#"),
        ),
    ),
    Group(
        "La métropole",
        (Link("Les communes", "#"), Link("Les élus", "#"), Link("Données ouvertes", "#")),
    ),
)

DESK_GROUPS = (
    Group(
        "Demandes",
        (
            Link("À traiter", "?bureau", "inbox", current=True, count=12),
            Link("Signalements", "#", "megaphone", count=248),
            Link("En attente d’une réponse", "#", "hourglass", count=31),
            Link("Closes", "#", "circle-check"),
        ),
    ),
    Group("Pilotage", (Link("Tableau de bord", "#", "chart-column"), Link("Carte", "#", "map"))),
    Group("Réglages", (Link("Services", "#", "layout-grid"), Link("Équipes", "#", "users-round"))),
)

ADDRESSES: list[dict[str, Any]] = [
    {
        "label": f"{number} {street}, 00000 Villeneuve",
        "lon": 5.0 + number / 1000,
        "lat": 42.0 + number / 2000,
        "citycode": "00000",
        "score": 0.9,
    }
    for street in ("rue de la République", "rue des Lavandes", "avenue du Port", "chemin des Pins")
    for number in (1, 3, 12, 27)
]

CONTRAST_NOTE = (
    "Chaque couple est calculé selon les WCAG 2.2 ; un test refuse tout couple sous le seuil."
)

_CATEGORIES = (
    ("Dépôt sauvage", "danger"),
    ("Éclairage en panne", "warning"),
    ("Nid-de-poule", "info"),
    ("Arbre à tailler", "success"),
)


def places() -> dict[str, Any]:
    """A GeoJSON of 60 invented places, the same at each call."""
    rng = random.Random(7)  # noqa: S311
    features = []
    for index in range(60):
        title, tone = _CATEGORIES[index % 4]
        features.append(
            {
                "type": "Feature",
                "geometry": {
                    "type": "Point",
                    "coordinates": [
                        round(rng.gauss(5.0, 0.06), 5),
                        round(rng.gauss(42.0, 0.04), 5),
                    ],
                },
                "properties": {
                    "id": str(index),
                    "title": f"{title} n° {index}",
                    "tone": tone,
                    "status": "En cours",
                    "href": "/design",
                },
            }
        )
    return {"type": "FeatureCollection", "features": features}


def contours() -> dict[str, Any]:
    """A GeoJSON of three invented communes on a ragged coast."""
    rng = random.Random(3)  # noqa: S311
    coast = [
        (4.7 + step * 0.03, 41.93 + rng.uniform(-0.02, 0.03) + 0.03 * (step % 5 == 2))
        for step in range(25)
    ]
    features = []
    for name, start, end in (("Port-Neuf", 0, 8), ("Villeneuve", 8, 17), ("Saint-Test", 17, 24)):
        shore = [[round(lon, 4), round(lat, 4)] for lon, lat in coast[start : end + 1]]
        ring = [
            *shore,
            [shore[-1][0] + 0.01, 42.25],
            [shore[0][0] + 0.01 * (start > 0), 42.25],
            shore[0],
        ]
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "Polygon", "coordinates": [ring]},
                "properties": {"name": name},
            }
        )
    return {"type": "FeatureCollection", "features": features}


def services() -> list[dict[str, Any]]:
    """Cards of services."""
    return [
        {
            "title": "Demander un composteur",
            "href": "#",
            "summary": "Recevez un composteur pour le jardin et réduisez vos déchets d’un tiers.",
            "icon": "sprout",
            "tone": "success",
            "online": True,
            "duration": "5 minutes",
            "cost": "10 €",
            "badge": "Nouveau",
        },
        {
            "title": "Signaler un problème dans la rue",
            "href": "#",
            "summary": "Trou, dépôt sauvage, lampadaire éteint : une photo, un lieu, c’est envoyé.",
            "icon": "megaphone",
            "tone": "sun",
            "online": True,
            "duration": "2 minutes",
            "cost": "Gratuit",
        },
        {
            "title": "Inscription aux transports scolaires",
            "href": "#",
            "summary": "Inscrivez votre enfant, payez en ligne et recevez sa carte à la maison.",
            "icon": "bus",
            "tone": "info",
            "online": True,
            "audience": "Familles",
            "cost": "Selon vos revenus",
        },
        {
            "title": "Déchetteries",
            "href": "#",
            "summary": "Horaires, affluence et accès des déchetteries près de chez vous.",
            "icon": "recycle",
            "tone": "calanque",
            "provider": "Métropole",
        },
    ]


def requests(now: datetime) -> list[dict[str, Any]]:
    """Cards of a person's requests."""
    return [
        {
            "title": "Demande de composteur",
            "href": "#",
            "reference": "CO-26-7K4M2X",
            "status": {"label": "En cours d’examen", "tone": "progress"},
            "updated": now - timedelta(hours=3),
            "icon": "sprout",
            "provider": "Métropole",
            "unread": True,
        },
        {
            "title": "Nid-de-poule, avenue du Port",
            "href": "#",
            "reference": "SG-26-3FH9QA",
            "status": {"label": "Pièce à fournir", "tone": "warning"},
            "updated": now - timedelta(days=2),
            "icon": "traffic-cone",
            "next_step": "Envoyez une photo avant le 12 mars.",
        },
        {
            "title": "Carte de transport scolaire",
            "href": "#",
            "reference": "TS-26-9PBCDE",
            "status": {"label": "Acceptée", "tone": "success"},
            "updated": now - timedelta(days=21),
            "icon": "bus",
        },
    ]


def timeline(now: datetime) -> list[dict[str, Any]]:
    """Life of a request, from filing to decision."""
    return [
        {"title": "Demande envoyée", "at": now - timedelta(days=6, hours=2), "by": "vous"},
        {
            "title": "Demande complète",
            "at": now - timedelta(days=4),
            "by": "Direction des déchets",
            "text": "Toutes les pièces sont là.",
        },
        {
            "title": "Examen en cours",
            "at": now - timedelta(hours=5),
            "state": "current",
            "icon": "search",
            "text": "Réponse au plus tard le 20 mars.",
        },
        {"title": "Décision", "state": "todo"},
        {"title": "Retrait du composteur", "state": "todo"},
    ]


def thread(now: datetime) -> list[dict[str, Any]]:
    """Messages of every role."""
    return [
        {
            "author": "Jeanne Petit",
            "role": "you",
            "at": now - timedelta(days=3),
            "body": "Bonjour,\nPuis-je venir retirer le composteur un samedi ?\n\nMerci d’avance.",
        },
        {
            "author": "",
            "role": "system",
            "at": now - timedelta(days=2, hours=4),
            "body": "La demande a été confiée à l’équipe Prévention des déchets.",
        },
        {
            "author": "Samir Benali",
            "role": "team",
            "at": now - timedelta(days=2),
            "body": "Bonjour, oui : le samedi matin de 9 h à 12 h.",
            "attachments": files()[:1],
            "unread": True,
        },
        {
            "author": "Samir Benali",
            "role": "note",
            "at": now - timedelta(days=1),
            "body": "Vérifier le stock avant de confirmer.",
        },
    ]


def files() -> list[dict[str, Any]]:
    """Attached documents in several states."""
    return [
        {"name": "plan-acces.pdf", "href": "#", "size": 248_000, "type": "application/pdf"},
        {
            "name": "photo-jardin.jpg",
            "size": 1_940_000,
            "type": "image/jpeg",
            "status": {"label": "Vérification", "tone": "progress"},
        },
        {
            "name": "justificatif-de-domicile.pdf",
            "size": 96_000,
            "type": "application/pdf",
            "remove_href": "#",
        },
    ]


def table(now: datetime) -> dict[str, Any]:
    """Columns and rows of the desk's inbox."""
    columns = [
        {"key": "title", "label": "Demande", "sort_href": "?bureau&tri=titre"},
        {"key": "status", "label": "État"},
        {"key": "due", "label": "Échéance", "sort_href": "?bureau&tri=-echeance", "sorted": "asc"},
        {"key": "who", "label": "Affectée à", "hidden": False},
        {"key": "pieces", "label": "Pièces", "numeric": True},
        {"key": "district", "label": "Quartier", "hidden": True},
    ]
    states = [
        ("Nouvelle", "info", "circle-dot"),
        ("En cours", "progress", None),
        ("Pièce attendue", "warning", "hourglass"),
        ("Urgente", "danger", None),
        ("Close", "success", None),
    ]
    titles = [
        "Dépôt sauvage rue des Lavandes",
        "Éclairage en panne",
        "Demande de composteur",
        "Nid-de-poule avenue du Port",
        "Arbre à tailler",
        "Bac cassé",
        "Tag sur un mur",
        "Fuite d’eau",
    ]
    rows = []
    for index, title in enumerate(titles):
        label, tone, icon = states[index % 5]
        rows.append(
            {
                "id": str(index),
                "href": "#",
                "label": title,
                "unread": index < 2,
                "selected": index == 3,
                "cells": {
                    "title": Markup('{} <span class="cell-sub">SG-26-{}K4M2X</span>').format(
                        title, index
                    ),
                    "status": (label, tone, icon),
                    "due": now + timedelta(hours=(index - 2) * 19 + 1),
                    "who": ""
                    if index % 3 == 0
                    else ("Samir Benali" if index % 2 else "Louise Roux"),
                    "pieces": index,
                    "district": "Centre",
                },
            }
        )
    return {"columns": columns, "rows": rows}


def slots() -> list[dict[str, Any]]:
    """Days of a booking calendar, one of them full."""
    hours = ("9 h", "9 h 30", "10 h", "10 h 30")
    days = []
    for index, label in enumerate(
        ("Lundi 9 mars", "Mardi 10 mars", "Mercredi 11 mars", "Jeudi 12 mars")
    ):
        free = [
            {
                "value": f"{index}-{rank}",
                "label": hour,
                "free": (index + rank) % 4 + 1,
                "disabled": (index + rank) % 4 == 3,
            }
            for rank, hour in enumerate(hours)
        ]
        days.append({"label": label, "slots": [] if index == 2 else free})
    return days


def build(now: datetime) -> dict[str, Any]:
    """Everything the style page shows, relative to ``now``."""
    return {
        "now": now,
        "services": services(),
        "requests": requests(now),
        "timeline": timeline(now),
        "thread": thread(now),
        "files": files(),
        "table": table(now),
        "slots": slots(),
        "deadlines": [
            now - timedelta(days=3),
            now + timedelta(hours=5),
            now + timedelta(hours=30),
            now + timedelta(days=9),
        ],
        "life_events": [
            {"label": "J’attends un enfant", "href": "#", "icon": "baby", "tone": "sun"},
            {"label": "Je déménage", "href": "#", "icon": "house", "tone": "info"},
            {
                "label": "Je crée mon entreprise",
                "href": "#",
                "icon": "store",
                "tone": "calanque",
                "text": "Aides, locaux, réseaux",
            },
            {
                "label": "Je suis en situation de handicap",
                "href": "#",
                "icon": "accessibility",
                "tone": "success",
            },
        ],
        "summary": [
            {
                "label": "Adresse",
                "value": "12 rue des Lavandes, 00000 Villeneuve",
                "change_href": "#",
            },
            {"label": "Personnes dans le foyer", "value": "4", "change_href": "#"},
            {"label": "Avez-vous un jardin ?", "value": "Oui", "change_href": "#"},
            {"label": "Téléphone", "value": None, "change_href": "#", "change_label": "Ajouter"},
        ],
        "errors": {
            "email": ["Écrivez une adresse complète, comme nom@exemple.fr."],
            "": ["La demande n’a pas pu être envoyée."],
        },
        "months": [
            {"label": label, "value": value}
            for label, value in zip(
                "JFMAMJJASOND",
                (420, 510, 640, 580, 720, 810, 940, 690, 760, 830, 700, 610),
                strict=True,
            )
        ],
        "hours": [
            {
                "label": label,
                "text": "9 h – 12 h 30, 14 h – 18 h",
                "today": index == 2,
                "closed": index == 6,
            }
            for index, label in enumerate(
                ("Lundi", "Mardi", "Mercredi", "Jeudi", "Vendredi", "Samedi", "Dimanche")
            )
        ],
        "html": Markup("<strong>texte riche</strong>"),
        "place": {"lon": 5.0, "lat": 42.0},
    }
