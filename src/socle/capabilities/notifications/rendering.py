"""Templates of e-mails: ``<name>.html`` and ``<name>.txt``, found among the Jinja2 templates of
every room.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jinja2
from django.conf import settings
from django.template import engines

from socle.foundations.packs import queries as packs


def html(template: str, context: Mapping[str, Any]) -> str:
    """``<template>.html``; empty when there is none."""
    return _render(_environment(), f"{template}.html", context) or ""


def text(template: str, context: Mapping[str, Any]) -> str:
    """``<template>.txt``, in which nothing is escaped. ``TemplateNotFound`` when there is none."""
    rendered = _render(_plain_environment(), f"{template}.txt", context)
    if rendered is None:
        raise jinja2.TemplateNotFound(f"{template}.txt")
    return rendered.strip() + "\n"


def absolute(url: str) -> str:
    """``url`` as a link in an e-mail needs it: with the public address of the platform before a
    path.
    """
    if not url.startswith("/") or url.startswith("//"):
        return url
    server = settings.SOCLE.server
    return (server.public_url or f"http://{server.host}:{server.port}") + url


def _render(environment: jinja2.Environment, name: str, context: Mapping[str, Any]) -> str | None:
    try:
        template = environment.get_template(name)
    except jinja2.TemplateNotFound as missing:
        if missing.name != name:
            raise
        return None
    return template.render({"site": packs.site(), "absolute": absolute, **context})


def _environment() -> jinja2.Environment:
    found = engines["jinja2"].env  # type: ignore[attr-defined]
    assert isinstance(found, jinja2.Environment)  # noqa: S101
    return found


@lru_cache(maxsize=1)
def _plain_environment() -> jinja2.Environment:
    return _environment().overlay(autoescape=False)
