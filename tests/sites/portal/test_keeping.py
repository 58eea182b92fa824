"""Pages printed once are the pages everybody would have got."""

from __future__ import annotations

import re

import pytest
from tests.cast import Cast

from socle.design import keeping

_OWN = re.compile(r'(name="csrfmiddlewaretoken" value=")[^"]+|X-Request-ID[^<]+')


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("path", ["/", "/services", "/services/composteur", "/recherche?q=a"])
def test_kept_pages_are_the_pages(
    cast: Cast, path: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks first, each gets what they would have got if nothing were kept."""
    visitors = [cast.client(), cast.client(cast.resident), cast.client(cast.agent)]
    for visitor in visitors:
        visitor.post("/preferences/langue", {"language": language})

    def seen() -> list[str]:
        return [_OWN.sub(r"\1", each.get(path).content.decode()) for each in visitors]

    seen()
    kept = seen()
    with monkeypatch.context() as context:
        context.setattr(keeping, "keep", lambda _key, make: make())
        for module in ("context", "views.catalogue"):
            context.setattr(f"socle.sites.portal.{module}.keep", lambda _key, make: make())
        fresh = seen()
    assert kept == fresh
    assert len(set(kept)) == len(visitors)
