"""Texts of packs as HTML: what is kept, what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.capabilities.catalogue import markdown


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[ici](javascript:alert(1))",
        "[ici](data:text/html;base64,PHNjcmlwdD4=)",
        "<a href='javascript:alert(1)'>ici</a>",
        "![](https://espion.example/pixel.gif)",
        "<style>body{display:none}</style>",
        "<svg/onload=alert(1)>",
    ],
)
def test_nothing_that_runs_or_phones_home_comes_out(text: str) -> None:
    html = markdown.to_html(text)
    for forbidden in ("<script", "<img", "<style", "<svg", 'href="javascript', 'href="data'):
        assert forbidden not in html


def test_titles_start_at_the_level_asked_and_keep_their_order() -> None:
    html = markdown.to_html("## Un\n\n### Deux\n\n## Trois", top_level=3)
    assert '<h3 id="un">' in html
    assert '<h4 id="deux">' in html
    assert '<h3 id="trois">' in html


def test_two_titles_alike_have_different_ids() -> None:
    html = markdown.to_html("# Où aller ?\n\n# Où aller ?")
    assert 'id="ou-aller"' in html
    assert 'id="ou-aller-2"' in html


def test_lines_of_easy_french_stay_lines() -> None:
    assert "<br>" in markdown.to_html("Une idée.\nUne autre idée.")


def test_tables_and_links_are_kept() -> None:
    html = markdown.to_html("| a | b |\n|---|---|\n| [x](/y) | <a@b.example> |")
    assert '<th scope="col">a</th>' in html
    assert "<td>" in html
    assert 'href="/y"' in html
    assert 'href="mailto:a@b.example"' in html


def test_a_value_is_never_read_as_markdown() -> None:
    text = markdown.fill("De {organisation}.", {"organisation": "[x](https://a.example) **b**"})
    html = markdown.to_html(text)
    assert "<a" not in html
    assert "<strong>" not in html
    assert "[x](https://a.example) **b**" in html


def test_an_unknown_placeholder_stays_as_it_is() -> None:
    assert markdown.fill("{inconnu} {site}", {"site": "S"}) == "{inconnu} S"


@given(st.text(max_size=400))
def test_any_text_gives_html_without_scripts(text: str) -> None:
    html = markdown.to_html(text).lower()
    assert "<script" not in html
    assert "<iframe" not in html
