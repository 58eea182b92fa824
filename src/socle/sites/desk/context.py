"""What surrounds a page of the desk: inboxes with their counts, the agent's tools."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from socle.capabilities.casework import queries
from socle.capabilities.casework.filters import ME, NOBODY, InboxFilter
from socle.capabilities.notifications import queries as notifications
from socle.design.addresses import url
from socle.design.keeping import keep
from socle.design.shell import Account, Group, Link, Shell, Site
from socle.foundations.accounts import policies
from socle.foundations.packs import queries as packs
from socle.sites.desk.access import actor_of

PREFIX = "/agents/"


def inbox_url(wanted: InboxFilter, **extra: str) -> str:
    """The address of an inbox with a filter."""
    query = _query(wanted, tuple(extra.items()))
    return url("desk:inbox") + (f"?{query}" if query else "")


@lru_cache(maxsize=1024)
def _query(wanted: InboxFilter, extra: tuple[tuple[str, str], ...]) -> str:
    return urlencode([*wanted.to_query(), *extra])


def _site() -> Site:
    return keep("desk.site", _read_site)


def _read_site() -> Site:
    site = packs.site()
    return Site(
        name=site.name,
        tagline=_("Espace des agents"),
        home=url("desk:inbox"),
        brand_css=url("portal:brand"),
        publisher=site.publisher,
    )


def _inboxes(request: HttpRequest) -> list[Link]:
    actor = actor_of(request)
    base = InboxFilter()
    heads = [
        (_("À traiter"), "inbox", base),
        (_("Mes dossiers"), "user-round", base.but(assignee=ME)),
        (_("Non attribués"), "user-round-x", base.but(assignee=NOBODY)),
        (_("En retard"), "clock-alert", base.but(overdue=True)),
        (_("Réponses reçues"), "message-square", base.but(news=True)),
    ]
    found = queries.counts(actor, [each for _label, _icon, each in heads])
    here = request.get_full_path()
    return [
        Link(label, inbox_url(each), icon, current=here == inbox_url(each), count=str(count))  # type: ignore[arg-type]
        for (label, icon, each), count in zip(heads, found, strict=True)
    ]


def _saved(request: HttpRequest) -> list[Link]:
    here = request.get_full_path()
    return [
        Link(saved.name, inbox_url(saved.filter), "bookmark", current=here == inbox_url(saved.filter),
             count=str(saved.count))  # type: ignore[arg-type]
        for saved in queries.saved_filters(actor_of(request))
        if saved.filter is not None
    ]  # fmt: skip


def _tools(request: HttpRequest) -> list[Link]:
    actor = actor_of(request)

    def link(label: str, name: str, icon: str) -> Link:
        href = url(name)
        # Absences lie under an organisation, and have their own line.
        away = request.path.endswith("/absences")
        here = away if name == "desk:absences-home" else request.path.startswith(href) and not away
        return Link(label, href, icon, current=here)

    links = [
        link(_("Vue d’ensemble"), "desk:overview", "chart-column"),
        link(_("Statistiques"), "desk:statistics", "chart-line"),
        link(_("Relecture"), "desk:moderation", "eye"),
        link(_("Interventions"), "desk:interventions", "wrench"),
    ]
    if actor.organisation_ids:
        links.append(link(_("Absences"), "desk:absences-home", "calendar-x"))
    links.append(link(_("Ma tournée"), "desk:field", "footprints"))
    if policies.can_assist(actor):
        links.append(link(_("Accueil et téléphone"), "desk:counter", "headset"))
        links.append(link(_("Représentations"), "desk:representations", "building-2"))
    if actor.is_administrator or any(
        policies.can_manage_teams(actor, each) for each in actor.organisation_ids
    ):
        links.append(link(_("Équipes et agents"), "desk:organisations", "users"))
    if policies.can_administer_platform(actor):
        links.append(link(_("Plateforme"), "desk:platform", "settings"))
    return links


def _shell(request: HttpRequest) -> Shell:
    actor = actor_of(request)
    groups = [Group(_("Dossiers"), _inboxes(request))]
    saved = _saved(request)
    if saved:
        groups.append(Group(_("Mes filtres"), saved))
    groups.append(Group(_("Outils"), _tools(request)))
    return Shell(
        nav=[],
        tabs=[],
        groups=groups,
        footer=[],
        account=Account(
            name=actor.label,
            links=[
                Link(_("Portail public"), url("portal:home"), "house"),
                Link(_("Sécurité du compte"), url("identity:home"), "lock"),
            ],
            logout_action="/compte/deconnexion",
        ),
        notifications=notifications.unread_count(actor.user_id) if actor.user_id else None,
        notifications_href=url("portal:notifications"),
        search_action=url("desk:find"),
        language_action=url("portal:language"),
        theme_action=url("portal:theme-choice"),
        accessibility_href=url("portal:page", "accessibilite"),
        service_worker=None,
        manifest=None,
    )


def surroundings(request: HttpRequest) -> dict[str, Any]:
    """`site` and `shell` of the desk's pages; nothing elsewhere."""
    if not request.path.startswith(PREFIX) or not hasattr(request, "actor"):
        return {}
    if not policies.can_enter_desk(actor_of(request)):
        return {}
    return {
        "site": SimpleLazyObject(_site),
        "shell": SimpleLazyObject(lambda: _shell(request)),
    }
