"""Translation functions of the templates: Jinja2's new style, without its trap about a lone ``%``.

Jinja2 formats every message, so that « 12 % de plus » raises. Here a message without variables is
not formatted: a per-cent sign
is a per-cent sign. Translated text is trusted HTML, its variables are escaped.
"""

from __future__ import annotations

from typing import Any

from django.utils import translation
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup


def _finish(context: Context, message: str, variables: dict[str, Any]) -> str:
    # Catalogues are part of the program: their text is trusted, what fills it is not.
    text = Markup(message) if context.eval_ctx.autoescape else message  # noqa: S704
    return text % variables if variables else text.replace("%%", "%")


@pass_context
def gettext(context: Context, message: str, /, **variables: Any) -> str:
    """Translate ``message`` and fill its ``%(name)s`` parts."""
    return _finish(context, translation.gettext(message), variables)


@pass_context
def ngettext(context: Context, singular: str, plural: str, num: int, /, **variables: Any) -> str:
    """Translate the form for ``num``, which is also available as ``%(num)s``."""
    return _finish(context, translation.ngettext(singular, plural, num), {"num": num, **variables})


@pass_context
def pgettext(context: Context, note: str, message: str, /, **variables: Any) -> str:
    """Translate ``message`` as used in the context ``note``."""
    return _finish(context, translation.pgettext(note, message), variables)


@pass_context
def npgettext(
    context: Context, note: str, singular: str, plural: str, num: int, /, **variables: Any
) -> str:
    """Translate the form for ``num`` in the context ``note``."""
    return _finish(
        context, translation.npgettext(note, singular, plural, num), {"num": num, **variables}
    )
