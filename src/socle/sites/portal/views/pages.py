"""Pages of plain content from the pack, the site map, the accessibility statement."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from markupsafe import Markup

from socle.capabilities.catalogue import queries
from socle.foundations.packs import queries as packs
from socle.kernel.clock import SYSTEM
from socle.sites.portal import accessibility, present


@require_GET
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """A page of the pack's `content/` folder, in the reader's language when it exists."""
    found = queries.page(slug, language=get_language() or "fr", values=present.page_values())
    return render(
        request,
        "portal/page.html",
        {
            "page": found,
            "html": Markup(found.html),  # noqa: S704 -- sanitised by the catalogue
            "slug": slug,
            "lang": present.foreign(found.language),
            "audit": accessibility.sentence(),
        },
    )


@require_GET
def sitemap(request: HttpRequest) -> HttpResponse:
    """Every page on one page (RGAA 12.3)."""
    language = get_language() or "fr"
    general = [
        (_("Accueil"), reverse("portal:home")),
        (_("Rechercher"), reverse("portal:search")),
        (_("Tous les services"), reverse("portal:services")),
        (_("Signaler un problème"), reverse("portal:report")),
        (_("Mes demandes"), reverse("portal:requests")),
        (_("Se connecter"), "/compte/connexion"),
        (_("Créer un compte"), "/compte/inscription"),
    ]
    content = [
        (queries.page(slug, language=language).title, reverse("portal:page", args=[slug]))
        for slug in queries.pages()
    ]
    themes = [
        (
            theme,
            [present.service(each) for each in queries.by_theme(theme["id"], language=language)],
        )
        for theme in present.themes(language)
    ]
    return render(
        request, "portal/sitemap.html", {"general": general, "content": content, "themes": themes}
    )


@require_GET
def security(request: HttpRequest) -> HttpResponse:
    """Where to report a vulnerability (RFC 9116)."""
    site = packs.site()
    expires = (SYSTEM.now() + timedelta(days=180)).strftime("%Y-%m-%dT00:00:00Z")
    contact = (
        f"mailto:{site.contact.email}"
        if site.contact.email
        else request.build_absolute_uri("/contact")
    )
    lines = [f"Contact: {contact}", f"Expires: {expires}", "Preferred-Languages: fr, en"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_GET
def robots(request: HttpRequest) -> HttpResponse:
    """Public pages may be indexed; forms, follow-up and the desk may not."""
    closed = (
        "/agents/",
        "/compte/",
        "/demarches/",
        "/suivi/",
        "/mes-demandes/",
        "/fichiers/",
        "/demo/",
    )
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed)]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
