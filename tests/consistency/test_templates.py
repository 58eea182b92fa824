"""Every template is used, and none needs the content security policy to be weakened."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from django.template.loader import get_template
from django.template.utils import get_app_template_dirs
from tests.consistency.house import ROOT, SRC, nothing, python_files

_QUOTED = re.compile(r"""["']([\w./{}-]+\.(?:html|txt|xml|js|webmanifest|json))["']""")
# Named once for its two forms, ".html" and ".txt".
_STEM = re.compile(r"""["']([\w-]+(?:/[\w-]+)+)["']""")
# Mail readers know no style sheet.
_MAIL = re.compile(r"(^|/)(e?mails?)(/|\.html$|_)")
_FORBIDDEN = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.S),
    "an event attribute": re.compile(r"<[a-z][^>{}]*\son[a-z]+\s*=", re.S),
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(?!\s*</script>)", re.S),
    "an inline style": re.compile(r"<style\b"),
    "a javascript: address": re.compile(r"""(?:href|action)\s*=\s*["']?\s*javascript:"""),
}


@cache
def templates() -> dict[str, Path]:
    """Name → file, of every template of ours."""
    found = {}
    for kind in ("jinja2", "templates"):
        for folder in SRC.rglob(kind):
            for path in folder.rglob("*"):
                if path.is_file() and path.suffix in {".html", ".txt", ".xml", ".js"}:
                    found[path.relative_to(folder).as_posix()] = path
    return found


@cache
def _mentioned() -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """Names written somewhere, and patterns for those that are put together (``f"{x}/a.html"``)."""
    names: set[str] = set()
    for path in [*python_files(), *templates().values()]:
        text = path.read_text(encoding="utf-8")
        names.update(_QUOTED.findall(text))
        names.update(stem + suffix for stem in _STEM.findall(text) for suffix in (".html", ".txt"))
    whole = frozenset(name for name in names if "{" not in name)
    patterns = tuple(
        re.compile(re.sub(r"\\\{[^{}]*\\\}", r"[\\w-]+", re.escape(name)))
        for name in names
        if "{" in name and not name.startswith("{")
    )
    return whole, patterns


def _overrides_a_library(name: str) -> bool:
    import allauth

    return (Path(allauth.__file__).parent / "templates" / name).is_file()


def test_every_template_is_used() -> None:
    whole, patterns = _mentioned()
    unused = [
        str(path.relative_to(ROOT))
        for name, path in templates().items()
        if name not in whole
        and not any(pattern.fullmatch(name) for pattern in patterns)
        and not _overrides_a_library(name)
    ]
    nothing(unused)


@pytest.mark.parametrize("what", _FORBIDDEN)
def test_no_template_needs_a_weaker_policy(what: str) -> None:
    found = []
    for name, path in templates().items():
        if _MAIL.search(name) or path.suffix != ".html":
            continue
        text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.S)
        if match := _FORBIDDEN[what].search(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"{path.relative_to(ROOT)}:{line}")
    nothing(found)


@pytest.mark.parametrize(
    ("what", "sample"),
    [
        ("a style attribute", '<p class="x" style="color: red">'),
        ("an event attribute", '<button\n onclick="go()">'),
        ("an inline script", "<script>go()</script>"),
        ("an inline style", "<style>p {}</style>"),
        ("a javascript: address", '<a href="javascript:go()">'),
    ],
)
def test_what_is_forbidden_is_seen(what: str, sample: str) -> None:
    assert _FORBIDDEN[what].search(sample)


def test_every_template_compiles() -> None:
    broken = []
    for name, path in templates().items():
        if "jinja2" in path.parts and path.suffix in {".html", ".txt"}:
            try:
                get_template(name)
            except Exception as error:
                broken.append(f"{name}: {error}")
    nothing(broken)


def test_no_template_hides_another() -> None:
    """Two rooms with a template of one name: the order of the applications would choose."""
    seen: dict[str, Path] = {}
    twice = []
    for folder in get_app_template_dirs("jinja2"):
        folder = Path(folder)
        if SRC not in folder.parents:
            continue
        for path in folder.rglob("*.html"):
            name = path.relative_to(folder).as_posix()
            if name in seen:
                twice.append(name)
            seen[name] = path
    nothing(twice)
