"""What other rooms plug in: identity providers, and their share of a person's data (RGPD, art. 15
and 20).
"""

from __future__ import annotations

from collections.abc import Callable

from socle.foundations.accounts.ports import IdentityProvider

# Receives a user id; gives JSON-able values readable by the person (texts, numbers, ISO 8601
# dates).
Collector = Callable[[int], object]
# Gives the provider as configured now, or None when it is off.
ProviderFactory = Callable[[], IdentityProvider | None]

_collectors: dict[str, Collector] = {}
_providers: dict[str, ProviderFactory] = {}


def personal_data(name: str, collector: Collector) -> None:
    """Add a room's share to the export of a person's data, under the heading `name`.

    Called once from ``AppConfig.ready()``. Raises ``ValueError`` when the heading is already taken
    by another collector.
    """
    present = _collectors.get(name)
    if present is not None and present is not collector:
        raise ValueError(f"{name} already has a collector")
    _collectors[name] = collector


def collectors() -> dict[str, Collector]:
    """The registered shares, by heading in alphabetical order."""
    return dict(sorted(_collectors.items()))


def identity_provider(key: str, factory: ProviderFactory) -> None:
    """Plug an identity provider in; `key` is also its address under the identity site."""
    _providers[key] = factory


def provider(key: str) -> IdentityProvider | None:
    """The provider of that key when it is known and on."""
    factory = _providers.get(key)
    return factory() if factory else None


def providers() -> list[IdentityProvider]:
    """Every provider that is on: residents' first."""
    found = [made for make in _providers.values() if (made := make()) is not None]
    return sorted(found, key=lambda one: (one.audience != "resident", one.key))
