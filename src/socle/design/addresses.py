"""Addresses of pages, worked out once: a page of ours has some sixty."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.urls import get_script_prefix, get_urlconf
from django.urls import reverse as django_reverse


def url(name: str, *args: Any, **kwargs: Any) -> str:
    """Reverse a URL name; raises ``NoReverseMatch`` when it does not exist."""
    given = tuple(kwargs.items())
    return _url(name, args, given, get_urlconf() or settings.ROOT_URLCONF, get_script_prefix())


@lru_cache(maxsize=4096, typed=True)
def _url(
    name: str, args: tuple[Any, ...], given: tuple[tuple[str, Any], ...], urlconf: str, prefix: str
) -> str:
    del prefix  # read by `reverse` itself: here it only tells answers apart
    return django_reverse(name, urlconf, args=args or None, kwargs=dict(given) or None)
