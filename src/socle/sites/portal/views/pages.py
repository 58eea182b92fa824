"""Pages of plain content from the pack, the site map, the accessibility statement."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from markupsafe import Markup

from socle.capabilities.catalogue import queries
from socle.sites.portal import present


@require_GET
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """A page of the pack's `content/` folder, in the reader's language when it exists."""
    found = queries.page(slug, language=get_language() or "fr", values=present.page_values())
    return render(
        request,
        "portal/page.html",
        {"page": found, "html": Markup(found.html), "slug": slug},  # noqa: S704
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
