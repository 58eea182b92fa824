"""Templates: strict, within the content security policy, with icons that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jinja2
import pytest
from markupsafe import Markup

from socle.design.shell import Account, Group, Link, Shell, Site
from socle.design.views import style_context

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "socle"
ICONS = set(json.loads((ROOT / "frontend" / "icons.json").read_text("utf-8")))
TEMPLATES = sorted(path for path in SRC.rglob("*.html") if "node_modules" not in path.parts)

_STYLE = re.compile(r"<[^>]*\sstyle\s*=")
_HANDLER = re.compile(r"<[^>]*\son[a-z]+\s*=")
_INLINE = re.compile(r"<(?:style|script(?![^>]*\bsrc=)(?![^>]*application/(?:ld\+)?json))\b", re.I)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(SRC)))
def test_no_template_carries_inline_style_or_script(path: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.S)
    for pattern in (_STYLE, _HANDLER, _INLINE):
        assert not pattern.search(text)


@pytest.mark.parametrize(
    "sample", ['<p class="a" style="x">', "<a\n onclick='x'>", "<style>", "<script>x</script>"]
)
def test_the_search_for_inline_code_finds_it(sample: str) -> None:
    assert any(pattern.search(sample) for pattern in (_STYLE, _HANDLER, _INLINE))


def _icons_named() -> dict[str, str]:
    """Icon name → a file that asks for it, from templates and Python."""
    call = re.compile(r"""(?:icon|sprite)\(\s*["']([a-z0-9-]+)["']""")
    keyword = re.compile(r"""\bicon(?:_end)?\s*[=:]\s*["']([a-z0-9-]+)["']""")
    key = re.compile(r"""["']icon["']:\s*["']([a-z0-9-]+)["']""")
    found: dict[str, str] = {}
    for path in [*TEMPLATES, *SRC.rglob("*.py")]:
        text = path.read_text("utf-8")
        for pattern in (call, keyword, key):
            for name in pattern.findall(text):
                found.setdefault(name, str(path.relative_to(ROOT)))
    return found


def test_every_icon_asked_for_is_in_the_sprite() -> None:
    named = _icons_named()
    assert len(named) > 60
    assert {name: where for name, where in named.items() if name not in ICONS} == {}


def test_the_icon_list_is_sorted_and_without_repetition() -> None:
    names = json.loads((ROOT / "frontend" / "icons.json").read_text("utf-8"))
    assert names == sorted(set(names))


@pytest.mark.parametrize("code", ["400", "403", "404", "429", "500", "503", "offline"])
def test_error_pages_need_nothing_around_them(env: jinja2.Environment, code: str) -> None:
    html = env.get_template(f"design/{code}.html").render()
    assert html.count("<h1>") == 1 and "<main" in html and 'lang="fr"' in html
    assert "<title>" in html and 'class="btn btn-primary"' in html


def _page(env: jinja2.Environment, parent: str, **context: Any) -> str:
    template = env.from_string(
        "{% extends parent %}{% block title %}Titre & co{% endblock %}"
        "{% block main %}<h1>Titre</h1>{% endblock %}{% block aside %}À côté{% endblock %}"
        "{% block split %}Carte{% endblock %}"
    )
    return template.render(parent=f"design/{parent}.html", **context)


@pytest.mark.parametrize("layout", ["portal", "desk"])
@pytest.mark.parametrize("arrangement", ["", "aside", "split", "narrow", "wide"])
def test_a_layout_renders_its_main_once(
    env: jinja2.Environment, layout: str, arrangement: str
) -> None:
    html = _page(env, layout, layout=arrangement)
    assert html.count("<h1>Titre</h1>") == 1
    assert html.count("<main") == html.count("</main>") == 1
    assert ("À côté" in html) == (arrangement == "aside")
    assert ("Carte" in html) == (layout == "desk" and arrangement == "split")


def test_the_portal_says_where_one_is_and_who_publishes(env: jinja2.Environment) -> None:
    html = _page(
        env,
        "portal",
        site=Site(
            name="Saint-Test", accessibility_status="partiellement conforme", publisher="Ville"
        ),
        shell=Shell(
            nav=[Link("Services", "/services", "layout-grid", current=True)],
            account=Account("Élise <b>", links=[Link("Profil", "/profil", "user-round")]),
            notifications=120,
            footer=[Group("Aide", [Link("Contact", "/contact")])],
        ),
        csrf_input=Markup('<input type="hidden" name="csrfmiddlewaretoken" value="t">'),
    )
    assert "<title>Titre & co – Saint-Test</title>" in html
    assert 'aria-current="page"' in html
    assert "Accessibilité : partiellement conforme" in html
    assert "Élise &lt;b&gt;" in html and "99+" in html
    assert "120 nouvelles notifications" in html
    # Every form that changes something carries the token.
    for form in re.findall(r'<form[^>]*method="post".*?</form>', html, re.S):
        assert "csrfmiddlewaretoken" in form


def test_the_theme_is_rendered_by_the_server(env: jinja2.Environment) -> None:
    assert 'data-theme="dark"' in _page(env, "portal", theme="dark")
    assert 'data-theme="auto"' in _page(env, "portal")


@pytest.mark.parametrize("name", ["index", "desk"])
def test_the_style_page_renders(env: jinja2.Environment, name: str) -> None:
    html = env.get_template(f"design/style/{name}.html").render(style_context(desk=name == "desk"))
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert sorted(ids) == sorted(set(ids)), "an id is used twice"
    for target in re.findall(r'href="#([\w-]+)"', html):
        assert target in ids


def test_the_style_page_shows_every_macro() -> None:
    """What is not on the style page does not exist."""
    folder = SRC / "design" / "jinja2" / "design"
    shown = "".join(path.read_text("utf-8") for path in folder.rglob("style/*.html"))
    shown += (folder / "desk.html").read_text("utf-8") + (folder / "portal.html").read_text("utf-8")
    names = re.findall(r"{% set (\w+) = in_", (folder / "ui.html").read_text("utf-8"))
    # Shown by hand on the page (they hold the page's only h1) or through a sibling.
    elsewhere = {"confirmation", "question", "stat", "fields"}
    missing = {name for name in names if f"ui.{name}(" not in shown} - elsewhere
    assert missing == set()
