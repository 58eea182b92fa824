"""Letters: Markdown for the writer, plain words for the values, nothing that acts for
the reader.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.capabilities.notifications.letters import (
    UnknownPlaceholder,
    fill_line,
    placeholders,
    to_html,
    to_text,
)

LETTER = """# Votre demande

Bonjour {name},

Votre demande **{reference}** est *acceptée* :

- un bac de {litres} litres
- un guide
  sur deux lignes

1. Venez
2. Apportez [ceci]({link})

> {message}

| Jour | Heure |
|---|---|
| Lundi | {hour} |
"""
VALUES = {
    "name": "Léa",
    "reference": "SG-26-7K4M2X",
    "litres": 345,
    "link": "https://example.org/a_b?c=1&d=2",
    "message": "À bientôt",
    "hour": "9 h",
}


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_placeholders_of_a_letter_are_known() -> None:
    assert placeholders(LETTER) == set(VALUES)
    assert placeholders("{answer.garden} {} { a } {A} {a-b} {{c}}") == {"answer.garden", "c"}


def test_a_letter_becomes_html() -> None:
    html = to_html(LETTER, VALUES)
    for expected in (
        "<h1>Votre demande</h1>",
        "<strong>SG-26-7K4M2X</strong>",
        "<em>acceptée</em>",
        "<li>un bac de 345 litres</li>",
        "<td>9 h</td>",
        'href="https://example.org/a_b?c=1&amp;d=2"',
    ):
        assert expected in html


def test_a_letter_becomes_readable_text() -> None:
    assert to_text(LETTER, VALUES) == (
        "Votre demande\n\n"
        "Bonjour Léa,\n\n"
        "Votre demande SG-26-7K4M2X est acceptée :\n\n"
        "- un bac de 345 litres\n"
        "- un guide sur deux lignes\n\n"
        "1. Venez\n"
        "2. Apportez ceci (https://example.org/a_b?c=1&d=2)\n\n"
        "> À bientôt\n\n"
        "Jour | Heure\n"
        "Lundi | 9 h\n"
    )


def test_a_missing_value_is_an_error_that_names_it() -> None:
    with pytest.raises(UnknownPlaceholder, match="garden") as missing:
        to_html("{garden} {name}", {"name": "x"})
    assert missing.value.names == {"garden"}


def test_an_empty_value_is_nothing() -> None:
    assert to_text("a{x}b", {"x": None}) == "ab\n"
    assert to_text("a{x}b", {"x": ""}) == "ab\n"


def test_a_value_on_several_lines_keeps_them() -> None:
    html = to_html("Motif :\n\n{m}\n\nFin", {"m": "un\ndeux\n\n    trois"})
    assert re.sub(r"\s", "", html) == "<p>Motif:</p><p>un<br>deux</p><p>trois</p><p>Fin</p>"
    assert to_text("{m}", {"m": "un\ndeux\n\ntrois"}) == "un\ndeux\n\ntrois\n"


@pytest.mark.parametrize(
    "value",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "**gras** _x_ `code` ~~x~~",
        "[lien](https://evil.example)",
        "![image](https://evil.example/x.png)",
        "<https://evil.example>",
        "# titre",
        "- point",
        "1. point",
        "> citation",
        "===",
        "---",
        "```\ncode\n```",
        "    code",
        "a | b\n--- | ---\nc | d",
        "&lt;b&gt; &#60;",
        "\\*x\\*",
        "](javascript:alert(1)) [",
        "{name}",
    ],
)
def test_a_value_never_acts(value: str) -> None:
    html = Tags(to_html("Avant {value} après\n\n{value}", {"value": value}))
    assert set(html.tags) <= {"p", "br"}
    assert html.attributes == []
    squeezed = re.sub(r"\s", "", html.text)
    expected = re.sub(r"\s", "", value)
    assert squeezed == f"Avant{expected}après{expected}"


@given(st.text(max_size=200))
def test_no_value_ever_acts(value: str) -> None:
    html = Tags(to_html("Avant {value} après", {"value": value}))
    assert set(html.tags) <= {"p", "br"}
    assert html.attributes == []
    to_text("Avant {value} après", {"value": value})


@pytest.mark.parametrize(
    "target",
    ["javascript:alert(1)", "data:text/html,x", "vbscript:x", " javascript:x", "//evil.example"],
)
def test_a_link_leads_to_the_web_mail_or_telephone_only(target: str) -> None:
    html = Tags(to_html("[suivre]({link})", {"link": target}))
    links = [value for name, value in html.attributes if name == "href"]
    assert not links or links == ["//evil.example"]


@pytest.mark.parametrize(
    "target", ["https://example.org/x", "mailto:a@example.org", "tel:+33400000000"]
)
def test_usual_links_lead_there(target: str) -> None:
    assert ("href", target) in Tags(to_html("[suivre]({link})", {"link": target})).attributes


def test_html_of_the_writer_is_text() -> None:
    assert Tags(to_html("<script>x</script> <b>y</b>", {})).tags == ["p"]


def test_a_subject_is_one_line_of_plain_text() -> None:
    assert fill_line("Demande {a} *x*", {"a": "n° 1\n**b**"}) == "Demande n° 1 **b** *x*"
    with pytest.raises(UnknownPlaceholder):
        fill_line("{b}", {})
