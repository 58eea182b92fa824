"""Every macro renders strictly, escapes its arguments and has the signature of the README."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jinja2
import pytest
from tests.design.macro_cases import CALLED, CASES

import socle.design

README = (Path(socle.design.__file__).parent / "README.md").read_text("utf-8")


CALL = (
    '{% import "design/ui.html" as ui %}'
    "{% call ui[name](*args, **kwargs) %}<b>dedans</b>{% endcall %}"
)
TAKES_A_BODY = (
    *("page_header", "hero", "notice", "empty", "card", "live_tile"),
    *("confirmation", "basket", "filter_bar", "bulk_bar", "map"),
)


def _promised() -> dict[str, list[str]]:
    """Macro → argument names, read from the tables of the README."""
    tables = README.split("## Macros", 1)[1].split("**Field dict**", 1)[0]
    found: dict[str, list[str]] = {}
    for row in re.findall(r"^\| (.+?) \|", tables, re.M):
        if row.startswith("direct:"):
            continue
        for name, arguments in re.findall(r"`(\w+)\(([^`]*)\)`", row):
            plain = re.sub(r"[\[{][^\]}]*[\]}]", "", arguments)
            names = [part.split("=")[0].strip() for part in plain.split(",") if part.strip()]
            found[name] = [part for part in names if part not in ("**overrides",)]
    return found


@pytest.mark.parametrize(("name", "arguments"), _promised().items())
def test_the_readme_and_the_macro_agree(ui: Any, name: str, arguments: list[str]) -> None:
    macro = getattr(ui, name)
    if name == "field":
        arguments = ["source"]
    assert list(macro.arguments) == arguments


def test_the_readme_names_every_macro(ui: Any) -> None:
    macros = {name for name, value in vars(ui).items() if isinstance(value, jinja2.runtime.Macro)}
    direct = set(re.findall(r"`(\w+)\(", README.split("| direct:", 1)[1].splitlines()[0]))
    preferences = {"language_switch", "theme_switch"}
    assert len(macros) > 80
    assert macros == set(_promised()) | direct | preferences


def test_every_macro_has_a_case(ui: Any) -> None:
    macros = {name for name, value in vars(ui).items() if isinstance(value, jinja2.runtime.Macro)}
    assert macros - set(CASES) - set(CALLED) == {"fields"}  # takes a form: tests of fields


def check(html: str) -> None:
    assert html.strip()
    assert "<img src=x" not in html, "an argument became markup"
    assert 'style="' not in html and not re.search(r"\son\w+=\"", html)
    assert "Undefined" not in html and "None" not in html
    tags = "div|ul|li|form|p|section|nav"
    opened, closed = re.findall(rf"<(?:{tags})[\s>]", html), re.findall(rf"</(?:{tags})>", html)
    assert len(opened) == len(closed), "a tag is left open"


@pytest.mark.parametrize("name", CASES)
def test_a_macro_renders_and_escapes(ui: Any, name: str) -> None:
    args, kwargs = CASES[name]
    check(getattr(ui, name)(*args, **kwargs))


@pytest.mark.parametrize("name", CALLED)
def test_a_macro_wraps_what_it_is_given(env: jinja2.Environment, name: str) -> None:
    args, kwargs = CALLED[name]
    template = env.from_string(CALL)
    html = template.render(name=name, args=args, kwargs=kwargs)
    check(html)
    assert "<b>dedans</b>" in html


@pytest.mark.parametrize("name", TAKES_A_BODY)
def test_a_macro_takes_a_body_when_it_may(env: jinja2.Environment, name: str) -> None:
    args, kwargs = CASES[name]
    template = env.from_string(CALL)
    assert "<b>dedans</b>" in template.render(name=name, args=args, kwargs=kwargs)


def test_translated_text_with_a_per_cent_sign_is_left_alone(env: jinja2.Environment) -> None:
    assert env.from_string('{{ _("12 % de plus") }}').render() == "12 % de plus"
    assert env.from_string('{{ _("%(n)s %% de plus", n="<b>") }}').render() == "&lt;b&gt; % de plus"
    assert (
        env.from_string('{{ ngettext("%(num)s jour", "%(num)s jours", 3) }}').render() == "3 jours"
    )
    assert env.from_string("{% trans n=2 %}{{ n }} % fait{% endtrans %}").render() == "2 % fait"


def test_attributes_that_the_policy_forbids_are_refused(env: jinja2.Environment) -> None:
    for name in ("style", "onclick"):
        with pytest.raises(ValueError, match=name):
            env.from_string("{{ attrs({name: 'x'}) }}").render(name=name)


def test_a_translated_label_with_quotes_stays_in_its_attribute(env: jinja2.Environment) -> None:
    html = env.from_string('{{ attrs({"aria-label": _("Dites \\"oui\\" & non")}) }}').render()
    assert html == ' aria-label="Dites &#34;oui&#34; &amp; non"'


def test_a_misspelt_name_is_an_error(env: jinja2.Environment) -> None:
    with pytest.raises(jinja2.UndefinedError):
        env.from_string("{{ titel }}").render()


def test_text_mails_are_not_escaped_and_pages_are(env: jinja2.Environment) -> None:
    children = jinja2.DictLoader(
        {"a.txt": '{% extends "design/email.txt" %}{% block content %}{{ x }}{% endblock %}',
         "a.html": '{% extends "design/email.html" %}{% block content %}{{ x }}{% endblock %}'}
    )  # fmt: skip
    overlay = env.overlay(loader=jinja2.ChoiceLoader([children, env.loader]))  # type: ignore[list-item]
    assert "l’été & <b>" in overlay.get_template("a.txt").render(x="l’été & <b>")
    assert "&amp; &lt;b&gt;" in overlay.get_template("a.html").render(x="l’été & <b>")
