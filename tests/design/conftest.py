"""A bare template environment, as any caller of the design app may have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jinja2
import pytest
from django.utils import translation
from tests.design.browsing import Tab
from tests.design.site import Site

from socle.design.environment import environment


@pytest.fixture(scope="session")
def env() -> jinja2.Environment:
    return environment()


@pytest.fixture
def ui(env: jinja2.Environment) -> Any:
    """Every macro."""
    return env.get_template("design/ui.html").module


@pytest.fixture(autouse=True)
def _french() -> Iterator[None]:
    with translation.override("fr"):
        yield


@pytest.fixture(scope="session")
def browser(chromium: Any) -> Any:
    """Chromium, started once for all."""
    return chromium


@pytest.fixture
def site(env: jinja2.Environment) -> Iterator[Site]:
    site = Site(env)
    yield site
    site.close()


@pytest.fixture
def tab(browser: Any) -> Iterator[Tab]:
    """A page whose console must stay silent."""
    tab = Tab(browser)
    yield tab
    tab.context.close()
    assert tab.complaints == []
