"""The Jinja2 environment of every site: autoescaped, strict about missing names, translated, with
the design globals.

Use as Django's ``OPTIONS["environment"]``; tests may call :func:`environment` bare.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import jinja2
from django.conf import settings
from django.templatetags.static import static
from django.utils import timezone
from django.utils.translation import get_language, gettext
from markupsafe import Markup, escape

from socle.design import assets, charts, keeping, translation
from socle.design.addresses import url
from socle.design.fields import field_view, form_errors
from socle.design.filters import FILTERS
from socle.design.shell import DEFAULT_SHELL, DEFAULT_SITE
from socle.design.tones import TONES, deadline_view, tint


def icon(name: str, label: str | None = None, size: str = "") -> Markup:
    """One icon of the sprite; decorative unless ``label`` says what it means.

    ``size``: ``""`` (1.25 em), ``small``, ``large``, ``huge``.
    """
    sprite = assets.asset("sprite.svg")
    if label:
        said = Markup('role="img" aria-label="{}"').format(label)
        return _icon(name, size, sprite, said)
    return _icon(name, size, sprite, _DECORATIVE)


_DECORATIVE = Markup('aria-hidden="true" focusable="false"')


@lru_cache(maxsize=2048)
def _icon(name: str, size: str, sprite: str, said: Markup) -> Markup:
    classes = f"icon icon-{size}" if size else "icon"
    # The size is that of the sheet; as attributes too, for the day when the sheet does not arrive.
    return Markup('<svg class="{}" width="20" height="20" {}><use href="{}#{}"/></svg>').format(
        classes, said, sprite, name
    )


def attrs(values: Mapping[str, Any] | None) -> Markup:
    """HTML attributes from a mapping: True → bare attribute; False, None and undefined → left out;
    ``_`` in names → ``-``.

    ``style`` and ``on…`` are refused: the content security policy forbids them.
    """
    parts: list[str] = []
    for name, value in (values or {}).items():
        name = name.rstrip("_").replace("_", "-")
        if name == "style" or name.startswith("on"):
            raise ValueError(f"attribute {name!r} is not allowed in templates")
        if value is None or value is False or isinstance(value, jinja2.Undefined):
            continue
        if value is True:
            parts.append(f" {escape(name)}")
        else:
            text = value.unescape() if isinstance(value, Markup) else str(value)
            parts.append(f' {escape(name)}="{escape(text)}"')
    return Markup("".join(parts))  # noqa: S704 -- every part is escaped above


def class_list(*names: object) -> str:
    """Join class names, leaving out empty ones: ``class_list("card", "is-new" if new)``."""
    return " ".join(str(name) for name in names if name and not isinstance(name, jinja2.Undefined))


def active_language() -> str:
    """Language of the page (``fr`` unless another is active)."""
    return (get_language() or settings.LANGUAGE_CODE).split("-")[0]


def now() -> datetime:
    """Current local time, for ``ago`` and deadlines shown on a page."""
    return timezone.localtime()


def pick(item: Any, name: str, default: Any = None) -> Any:
    """Read an optional key of a dict or attribute of an object: macros accept both."""
    if isinstance(item, Mapping):
        value = item.get(name, default)
    else:
        value = getattr(item, name, default)
    return default if value is None else value


def to_json(value: Any) -> str | None:
    """Compact JSON for a data attribute; text passes unchanged, empty values give None (no
    attribute).
    """
    if value is None or value == "" or isinstance(value, str):
        return value or None
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def visible_columns(columns: Iterable[Any]) -> list[Any]:
    """Columns of a table that are not hidden."""
    return [column for column in columns if not pick(column, "hidden", False)]


def default_shortcuts() -> list[dict[str, str]]:
    """Keys that work on every page of the desk, for the help dialog."""
    return [
        {"keys": "j k", "label": gettext("Ligne suivante, ligne précédente")},
        {"keys": "x", "label": gettext("Cocher la ligne")},
        {"keys": "Entrée", "label": gettext("Ouvrir la ligne")},
        {"keys": "a", "label": gettext("Affecter")},
        {"keys": "r", "label": gettext("Répondre")},
        {"keys": "c", "label": gettext("Clôturer")},
        {"keys": "/", "label": gettext("Rechercher")},
        {"keys": "?", "label": gettext("Afficher cette aide")},
        {"keys": "Échap", "label": gettext("Fermer, désélectionner")},
    ]


def text_attr(value: object) -> str:
    """Text made safe for a quoted attribute even when it is translated ``Markup``."""
    plain = value.unescape() if isinstance(value, Markup) else str(value)
    return escape(plain)


def environment(**options: Any) -> jinja2.Environment:
    """Build the environment. Missing names are errors unless ``settings.SOCLE_STRICT_TEMPLATES`` is
    false.
    """
    strict = getattr(settings, "SOCLE_STRICT_TEMPLATES", True)
    options["undefined"] = jinja2.StrictUndefined if strict else jinja2.ChainableUndefined
    # Plain-text e-mails are the only templates that are not HTML.
    options["autoescape"] = jinja2.select_autoescape(
        enabled_extensions=(), disabled_extensions=("txt",), default=True, default_for_string=True
    )
    options.setdefault("loader", jinja2.PackageLoader("socle.design", "jinja2"))
    options.setdefault("trim_blocks", True)
    options.setdefault("lstrip_blocks", True)
    options.setdefault("cache_size", 1000)
    extensions = ["jinja2.ext.i18n", "jinja2.ext.do", *options.pop("extensions", [])]
    env = jinja2.Environment(extensions=extensions, **options)  # noqa: S701
    env.newstyle_gettext = True  # type: ignore[attr-defined]
    env.policies["ext.i18n.trimmed"] = True
    env.globals.update(
        gettext=translation.gettext,
        ngettext=translation.ngettext,
        pgettext=translation.pgettext,
        npgettext=translation.npgettext,
        static=static,
        url=url,
        asset=assets.asset,
        preloads=assets.preloads,
        icon=icon,
        attrs=attrs,
        # Macros often have parameters named "icon" and "attrs": these aliases stay reachable inside
        # them.
        sprite=icon,
        html_attrs=attrs,
        class_list=class_list,
        active_language=active_language,
        now=now,
        kept=keeping.kept,
        around=keeping.around,
        pick=pick,
        field_view=field_view,
        form_errors=form_errors,
        deadline_view=deadline_view,
        tint=tint,
        TONES=TONES,
        json=to_json,
        visible_columns=visible_columns,
        default_shortcuts=default_shortcuts,
        bars=charts.bars,
        columns=charts.columns,
        sparkline=charts.sparkline,
        # Defaults of the layouts; a page's context wins over them.
        site=DEFAULT_SITE,
        shell=DEFAULT_SHELL,
        theme="auto",
        bundle="portal",
        layout="",
        path="/",
        messages=(),
        csrf_input="",
    )
    env.filters.update(FILTERS, text_attr=text_attr)
    return env
