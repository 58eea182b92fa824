"""What surrounds a page: the site's name and brand, navigation, the person signed in."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from socle.capabilities.notifications import queries as notifications
from socle.design.addresses import url
from socle.design.keeping import keep
from socle.design.shell import Account, Group, Link, Shell, Site
from socle.foundations.accounts import policies
from socle.foundations.packs import queries as packs
from socle.sites.portal import accessibility


def _site() -> Site:
    return keep("portal.site", _read_site)


def _read_site() -> Site:
    site = packs.site()
    return Site(
        name=site.name,
        tagline=site.tagline,
        brand_css=url("portal:brand"),
        publisher=site.publisher,
        accessibility_status=accessibility.mention(),
        contact_href=url("portal:page", "contact"),
    )


def _current(path: str, href: str) -> bool:
    return path == href if href == "/" else path == href or path.startswith(href + "/")


def _account(request: HttpRequest) -> Account | None:
    actor = request.actor  # type: ignore[attr-defined]
    if actor.user_id is None:
        return None
    links = [
        Link(_("Mes demandes"), url("portal:requests"), "folder-open"),
        Link(_("Mon profil"), url("portal:profile"), "user-round"),
        Link(_("Sécurité du compte"), url("identity:home"), "lock"),
    ]
    if policies.can_enter_desk(actor):
        links.append(Link(_("Espace des agents"), "/agents/", "briefcase-business"))
    return Account(name=actor.label, links=links, logout_action="/compte/deconnexion")


def _shell(request: HttpRequest) -> Shell:
    actor = request.actor  # type: ignore[attr-defined]
    account = _account(request)
    places = keep("portal.places", _places)
    here = next((href for href in places if _current(request.path, href)), "")
    key = ("portal", here, account is not None)
    shell = keep(key, lambda: _common_shell(here, signed_in=account is not None, key=key))
    if account is None:
        return shell
    unread = notifications.unread_count(actor.user_id)
    return replace(shell, account=account, notifications=unread)


def _places() -> tuple[str, ...]:
    """What the navigation can show as the current place."""
    names = ("portal:home", "portal:services", "portal:report", "portal:requests")
    return (*(url(name) for name in names), url("portal:page", "aide"))


def _common_shell(here: str, *, signed_in: bool, key: Hashable) -> Shell:
    """The shell of everybody who is at the same place."""

    def link(label: str, href: str, icon: str) -> Link:
        return Link(label, href, icon, current=href == here)

    def page(label: str, slug: str) -> Link:
        return Link(label, url("portal:page", slug))

    services = link(_("Services"), url("portal:services"), "layout-grid")
    report = link(_("Signaler"), url("portal:report"), "megaphone")
    mine = link(_("Mes demandes"), url("portal:requests"), "folder-open")
    return Shell(
        key=key,
        nav=[
            services,
            report,
            mine,
            link(_("Aide"), url("portal:page", "aide"), "life-buoy"),
        ],
        tabs=[
            link(_("Accueil"), url("portal:home"), "house"),
            services,
            report,
            mine,
            Link(
                _("Compte"),
                url("portal:profile") if signed_in else "/compte/connexion",
                "user-round",
            ),
        ],
        footer=[
            Group(
                _("Services"),
                [
                    Link(_("Tous les services"), url("portal:services")),
                    Link(_("Signaler un problème"), url("portal:report")),
                    Link(_("Ce qui est signalé"), url("portal:public-reports")),
                    Link(_("Suivre une demande"), url("portal:requests")),
                ],
            ),
            Group(
                _("Aide"),
                [
                    page(_("Centre d’aide"), "aide"),
                    page(_("Nous contacter"), "contact"),
                    page(_("Facile à lire"), "facile-a-lire"),
                ],
            ),
        ],
        legal=[
            page(_("Mentions légales"), "mentions-legales"),
            page(_("Données personnelles"), "donnees-personnelles"),
            page(_("Cookies"), "cookies"),
            Link(_("Plan du site"), url("portal:sitemap")),
        ],
        login_href="/compte/connexion",
        notifications_href=url("portal:notifications"),
        search_action=url("portal:search"),
        search_suggest=url("portal:search-suggestions"),
        language_action=url("portal:language"),
        theme_action=url("portal:theme-choice"),
        accessibility_href=url("portal:page", "accessibilite"),
        service_worker=url("portal:service-worker"),
        manifest=url("portal:manifest"),
    )


def surroundings(request: HttpRequest) -> dict[str, Any]:
    """`site` and `shell` for the layouts; computed only by pages that show them."""
    if not hasattr(request, "actor"):
        return {}
    return {
        "site": SimpleLazyObject(_site),
        "shell": SimpleLazyObject(lambda: _shell(request)),
        "actor": request.actor,
    }
