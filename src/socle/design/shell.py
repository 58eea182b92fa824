"""What the layouts show around a page: who publishes it, where one can go, who is signed in."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise

TAGLINE = _("Vos services publics, en un seul endroit")
# True until an audit is recorded (RGAA; law 2005-102, article 47).
NOT_AUDITED = _("non conforme")


@dataclass(frozen=True)
class Site:
    """The organisation behind the pages. ``logo`` and ``brand_css`` are URLs; None shows the
    product's own mark and colours.
    """

    name: Text = "socle"
    tagline: Text = TAGLINE
    logo: str | None = None
    home: str = "/"
    accessibility_status: Text = NOT_AUDITED
    brand_css: str | None = None
    publisher: Text | None = None
    contact_href: str | None = "/contact"
    theme_color: str = "#faf7f2"
    theme_color_dark: str = "#0a1626"


@dataclass(frozen=True)
class Link:
    """One entry of a navigation; ``icon`` is a name of the sprite, ``count`` a number shown beside
    it.
    """

    label: Text
    href: str
    icon: str | None = None
    current: bool = False
    count: int | None = None
    key: str | None = None


@dataclass(frozen=True)
class Group:
    """A titled list of links (footer columns, sections of the desk's navigation)."""

    title: Text
    links: Sequence[Link] = ()


@dataclass(frozen=True)
class Account:
    """The signed-in person: ``links`` fill the menu, ``logout_action`` is a POST address."""

    name: str
    detail: Text | None = None
    links: Sequence[Link] = ()
    logout_action: str | None = "/compte/deconnexion"


def _default_nav() -> tuple[Link, ...]:
    return (
        Link(_("Services"), "/services", "layout-grid"),
        Link(_("Signaler"), "/signaler", "megaphone"),
        Link(_("Mes demandes"), "/mes-demandes", "folder-open"),
        Link(_("Aide"), "/aide", "life-buoy"),
    )


def _default_tabs() -> tuple[Link, ...]:
    return (
        Link(_("Accueil"), "/", "house"),
        Link(_("Services"), "/services", "layout-grid"),
        Link(_("Signaler"), "/signaler", "megaphone"),
        Link(_("Mes demandes"), "/mes-demandes", "folder-open"),
        Link(_("Compte"), "/profil", "user-round"),
    )


def _default_legal() -> tuple[Link, ...]:
    return (
        Link(_("Mentions légales"), "/mentions-legales"),
        Link(_("Données personnelles"), "/donnees-personnelles"),
        Link(_("Plan du site"), "/plan-du-site"),
    )


@dataclass(frozen=True)
class Shell:
    """Navigation and account parts of a layout; every part has a default for the portal.

    ``csrf_input``-bearing forms (theme, language, logout) use the template context's own token.
    ``notifications`` is the number of unread ones, None hides the bell. Paths are absolute.
    ``login_href`` is followed by ``?next=`` and the page's own path.

    ``key``: the same for two shells that print the same, account and notifications apart; the
    layout then prints once what belongs to nobody (`socle.design.keeping`). None: never.
    """

    nav: Sequence[Link] = field(default_factory=_default_nav)
    tabs: Sequence[Link] = field(default_factory=_default_tabs)
    groups: Sequence[Group] = ()
    footer: Sequence[Group] = ()
    legal: Sequence[Link] = field(default_factory=_default_legal)
    account: Account | None = None
    login_href: str | None = "/compte/connexion"
    notifications: int | None = None
    notifications_href: str = "/notifications"
    search_action: str | None = "/recherche"
    search_suggest: str | None = None
    search_value: str = ""
    languages: Sequence[tuple[str, str]] = (("fr", "Français"), ("en", "English"))
    language_action: str | None = "/preferences/langue"
    theme_action: str | None = "/preferences/theme"
    accessibility_href: str = "/accessibilite"
    service_worker: str | None = "/sw.js"
    manifest: str | None = "/manifest.webmanifest"
    banner: Any = None
    key: Hashable | None = None


DEFAULT_SITE = Site()
DEFAULT_SHELL = Shell()
