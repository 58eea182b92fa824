"""What is printed once for everybody never carries one visitor's words to another."""

from __future__ import annotations

from collections.abc import Iterator

import jinja2
import pytest
from django.utils import translation
from markupsafe import Markup

from socle.design import keeping
from socle.foundations.packs import queries as packs

PART = """{% call(csrf_input, path, here) around("part", key, csrf_input, path) -%}
<a href="/entrer?next={{ here }}">{{ word() }}</a><form>{{ csrf_input }}
<input value="{{ path }}"></form>
{%- endcall %}"""


def token(value: str) -> Markup:
    return Markup('<input name="csrfmiddlewaretoken" value="{}">').format(value)


@pytest.fixture(autouse=True)
def _pack(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No database: the pack in force has a stamp, that is all."""
    monkeypatch.setattr("socle.foundations.packs.stamps._read", lambda: "1")
    packs.forget()
    yield
    packs.forget()


def words() -> Iterator[str]:
    return iter(["premier", "second", "troisième"])


def render(env: jinja2.Environment, path: str, csrf: str, said: Iterator[str], key: object) -> str:
    return env.from_string(PART).render(
        path=path, csrf_input=token(csrf), word=lambda: next(said), key=key
    )


def test_a_part_is_printed_once_and_its_holes_are_filled_each_time(env: jinja2.Environment) -> None:
    said = words()
    first = render(env, "/un?q=1", "jeton-1", said, "k")
    second = render(env, "/b", "jeton-2", said, "k")
    assert "premier" in first and "jeton-1" in first and 'value="/un?q=1"' in first
    assert "next=/un%3Fq%3D1" in first
    assert "premier" in second and "jeton-2" in second and 'value="/b"' in second
    assert "jeton-1" not in second and "/un" not in second


def test_without_a_key_nothing_is_kept(env: jinja2.Environment) -> None:
    said = words()
    assert "premier" in render(env, "/", "1", said, None)
    assert "second" in render(env, "/", "1", said, None)


def test_what_the_visitor_wrote_in_the_address_is_escaped(env: jinja2.Environment) -> None:
    for _time in range(2):
        html = render(env, '/"><script>', "1", words(), "k")
        assert "<script>" not in html and "&#34;&gt;&lt;script&gt;" in html


@pytest.mark.parametrize("mark", ["\ue000", "\ue001", "\ue002"])
def test_an_address_cannot_ask_for_the_token(env: jinja2.Environment, mark: str) -> None:
    for _time in range(2):
        html = render(env, f"/{mark}", "secret", words(), "k")
        assert html.count("secret") == 1


def test_each_language_has_its_own(env: jinja2.Environment) -> None:
    said = words()
    assert "premier" in render(env, "/", "1", said, "k")
    with translation.override("en"):
        assert "second" in render(env, "/", "1", said, "k")
    assert "premier" in render(env, "/", "1", said, "k")


def test_an_applied_pack_begins_again(
    env: jinja2.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = words()
    assert "premier" in render(env, "/", "1", said, "k")
    packs.forget()
    assert "second" in render(env, "/", "1", said, "k")


def test_a_block_that_holds_a_token_is_refused(env: jinja2.Environment) -> None:
    template = env.from_string('{% call kept("block") %}{{ csrf_input }}{% endcall %}')
    with pytest.raises(ValueError, match="token"):
        template.render(csrf_input=token("1"))


def test_a_process_does_not_keep_without_end() -> None:
    for number in range(keeping.LIMIT * 2 + 10):
        keeping.keep(("number", number), lambda: None)
    assert len(keeping._kept.get()) <= keeping.LIMIT
