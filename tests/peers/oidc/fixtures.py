"""Fixtures of the tests that speak to the provider. Import them into a ``conftest.py``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from pydantic import SecretStr
from tests.peers.oidc.peer import Peer, node, running

from socle.foundations.accounts import oidc


@pytest.fixture(scope="session")
def oidc_peer() -> Iterator[Peer]:
    """One provider for the whole run."""
    if not node():
        pytest.skip("node is needed for the OpenID provider of the tests")
    with running() as peer:
        yield peer


@pytest.fixture
def peer(oidc_peer: Peer) -> Iterator[Peer]:
    """The provider, well-behaved, unknown to the site yet."""
    oidc_peer.reset()
    oidc.forget_metadata()
    yield oidc_peer
    oidc_peer.reset()
    oidc.forget_metadata()


def registered(settings: Any, peer: Peer, key: str, **changes: Any) -> None:
    """Register the site at the provider, as `key` (``franceconnect`` or ``proconnect``)."""
    former = django_settings.SOCLE
    values = {
        "client_id": f"socle-{key}",
        "client_secret": SecretStr(f"a-secret-for-tests-only-{key}-0123456789"),
        "issuer": peer.issuer,
        "private_network": True,
        **changes,
    }
    provider = getattr(former, key).model_copy(update=values)
    settings.SOCLE = former.model_copy(update={key: provider})
