"""Addresses of a case's pages, given by the sites: letters need them, nobody here knows HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socle.capabilities.casework.models import Case

PersonUrl = Callable[["Case", str], str]
AgentUrl = Callable[["Case"], str]
FollowingUrl = Callable[["Case", str, str], str]

_person: list[PersonUrl] = []
_agent: list[AgentUrl] = []
_following: list[FollowingUrl] = []


def register(
    case_url: PersonUrl | None = None,
    *,
    desk_url: AgentUrl | None = None,
    following_url: FollowingUrl | None = None,
) -> None:
    """Give the absolute address of a case: for the person (with or without a private token), for
    agents, for who follows it (with a token and what for: ``confirm``, ``stop`` or ``see``, the
    public page, without a token). The last one given is used.
    """
    if case_url is not None:
        _person.append(case_url)
    if desk_url is not None:
        _agent.append(desk_url)
    if following_url is not None:
        _following.append(following_url)


def case_url(case: Case, token: str = "") -> str:
    """Where the person follows the case; empty when no site is there (a domain's tests)."""
    return _person[-1](case, token) if _person else ""


def desk_url(case: Case) -> str:
    """Where an agent handles the case; empty when no site is there."""
    return _agent[-1](case) if _agent else ""


def following_url(case: Case, token: str = "", what: str = "see") -> str:
    """Where somebody confirms, or stops, following a case; empty when no site is there."""
    return _following[-1](case, token, what) if _following else ""


@contextmanager
def isolated() -> Iterator[None]:
    """Inside, only what is registered there; the former ones come back afterwards. For tests."""
    saved = _person[:], _agent[:], _following[:]
    for each in (_person, _agent, _following):
        each.clear()
    try:
        yield
    finally:
        _person[:], _agent[:], _following[:] = saved
