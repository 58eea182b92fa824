"""What surrounds a page: the site's name and brand, navigation, the person signed in."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from socle.capabilities.notifications import queries as notifications
from socle.design.shell import Account, Group, Link, Shell, Site
from socle.foundations.accounts import policies
from socle.foundations.packs import queries as packs


def _site() -> Site:
    site = packs.site()
    return Site(
        name=site.name,
        tagline=site.tagline,
        brand_css=reverse("portal:brand"),
        publisher=site.publisher,
        contact_href=reverse("portal:page", args=["contact"]),
    )


def _current(path: str, href: str) -> bool:
    return path == href if href == "/" else path == href or path.startswith(href + "/")


def _account(request: HttpRequest) -> Account | None:
    actor = request.actor  # type: ignore[attr-defined]
    if actor.user_id is None:
        return None
    links = [
        Link(_("Mes demandes"), reverse("portal:requests"), "folder-open"),
        Link(_("Mon profil"), reverse("portal:profile"), "user-round"),
        Link(_("Sécurité du compte"), reverse("identity:home"), "lock"),
    ]
    if policies.can_enter_desk(actor):
        links.append(Link(_("Espace des agents"), "/agents/", "briefcase-business"))
    return Account(name=actor.label, links=links, logout_action="/compte/deconnexion")


def _shell(request: HttpRequest) -> Shell:
    path = request.path
    actor = request.actor  # type: ignore[attr-defined]
    account = _account(request)

    def link(label: str, href: str, icon: str) -> Link:
        return Link(label, href, icon, current=_current(path, href))

    services = link(_("Services"), reverse("portal:services"), "layout-grid")
    report = link(_("Signaler"), reverse("portal:report"), "megaphone")
    mine = link(_("Mes demandes"), reverse("portal:requests"), "folder-open")
    page = lambda label, slug: Link(label, reverse("portal:page", args=[slug]))  # noqa: E731
    return Shell(
        nav=[
            services,
            report,
            mine,
            link(_("Aide"), reverse("portal:page", args=["aide"]), "life-buoy"),
        ],
        tabs=[
            link(_("Accueil"), reverse("portal:home"), "house"),
            services,
            report,
            mine,
            Link(
                _("Compte"),
                reverse("portal:profile") if account else "/compte/connexion",
                "user-round",
            ),
        ],
        footer=[
            Group(
                _("Services"),
                [
                    Link(_("Tous les services"), reverse("portal:services")),
                    Link(_("Signaler un problème"), reverse("portal:report")),
                    Link(_("Suivre une demande"), reverse("portal:requests")),
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
            Link(_("Plan du site"), reverse("portal:sitemap")),
        ],
        account=account,
        login_href=f"/compte/connexion?next={path}",
        notifications=notifications.unread_count(actor.user_id) if account else None,
        notifications_href=reverse("portal:notifications"),
        search_action=reverse("portal:search"),
        search_suggest=reverse("portal:search-suggestions"),
        language_action=reverse("portal:language"),
        theme_action=reverse("portal:theme-choice"),
        accessibility_href=reverse("portal:page", args=["accessibilite"]),
        service_worker=reverse("portal:service-worker"),
        manifest=reverse("portal:manifest"),
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
