"""Pieces of pages that are the same for everybody, made once per process and per applied pack.

What a piece is made from is its key; the language is added here. A piece may leave holes for what
changes with each request: the token against forgery, the address of the page. It never holds what
belongs to a person, and is refused if it holds a token.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast
from urllib.parse import quote

from django.conf import settings
from django.utils.translation import get_language
from markupsafe import Markup, escape

from socle.foundations.packs.stamps import Stamped

T = TypeVar("T")

LIMIT = 2_000
"""Pieces kept by a process; beyond, it begins again."""

_FORGERY_FIELD = "csrfmiddlewaretoken"
# Private-use characters: no text of ours holds them, and escaping leaves them alone.
_CSRF, _PATH, _HERE = Markup("\ue000"), Markup("\ue001"), Markup("\ue002")

_kept: Stamped[dict[Hashable, Any]] = Stamped(dict)


def keep(key: Hashable, make: Callable[[], T]) -> T:
    """What `make` gave for this key, in this language, under the pack in force.

    The value is shared between requests: nobody may modify it.
    """
    if settings.DEBUG:
        return make()
    held = _kept.get()
    whole = (key, get_language())
    try:
        return cast(T, held[whole])
    except KeyError:
        value = make()
        if len(held) >= LIMIT:
            held.clear()
        held[whole] = value
        return value


def kept(*key: Hashable, caller: Callable[[], str]) -> str:
    """``{% call kept("home") %}…{% endcall %}``: print the block once for its key."""
    return keep(("block", *key), lambda: _impersonal(caller()))


def around(
    name: str,
    key: Hashable | None,
    csrf_input: object,
    path: str,
    *,
    caller: Callable[[object, str, str], str],
) -> str:
    """``{% call(csrf_input, path, here) around("footer", key, csrf_input, path) %}``: a part of the
    layout, printed once for its key, with the token, the address and the quoted address filled in.

    Without a key the part is printed for this request alone.
    """
    if key is None:
        return caller(csrf_input, path, quote(path))
    text = keep(("part", name, key), lambda: _impersonal(caller(_CSRF, _PATH, _HERE)))
    filled = str(text).replace(_CSRF, str(csrf_input))
    # What the visitor wrote comes last: nothing is looked for in it.
    return Markup(filled.replace(_HERE, quote(path)).replace(_PATH, escape(path)))  # noqa: S704


def _impersonal(text: str) -> str:
    if _FORGERY_FIELD in text:
        raise ValueError("a kept piece of page cannot hold a visitor's token")
    return text
