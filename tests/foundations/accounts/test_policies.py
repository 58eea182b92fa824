"""Who may do what, role by role; foreign organisations are always out of reach."""

from __future__ import annotations

import pytest
from tests.foundations.accounts.conftest import EVERYONE, Cast

from socle.foundations.accounts import policies
from socle.foundations.accounts.actors import ANONYMOUS, SYSTEM, Actor


@pytest.mark.parametrize(
    ("policy", "allowed"),
    [
        (policies.can_administer, {"administrator", "platform"}),
        (policies.can_manage_teams, {"manager", "administrator", "platform"}),
        (policies.can_assist, {"counter", "manager", "administrator", "platform"}),
    ],
)
def test_what_each_role_may_do_in_its_organisation(
    policy: object, allowed: set[str], cast: Cast
) -> None:
    granted = {name for name in EVERYONE if policy(cast[name], cast.villeneuve.pk)}  # type: ignore[operator]
    assert granted == allowed
    assert not policy(ANONYMOUS, cast.villeneuve.pk)  # type: ignore[operator]
    assert policy(SYSTEM, cast.villeneuve.pk)  # type: ignore[operator]


def test_the_desk_is_for_agents(cast: Cast) -> None:
    assert {name for name in EVERYONE if policies.can_enter_desk(cast[name])} == {
        "agent", "counter", "manager", "administrator", "neighbour", "platform"
    }  # fmt: skip


def test_a_profile_is_its_owner_s_alone(cast: Cast) -> None:
    target = cast.id("resident")
    assert {name for name in EVERYONE if policies.can_read_person(cast[name], target)} == {
        "resident"
    }
    assert not policies.can_read_person(ANONYMOUS, target)
    # Nobody is not somebody: an actor without id reads nobody.
    assert not policies.can_read_person(Actor(kind="resident"), target)


def test_nobody_confirms_their_own_claim(cast: Cast) -> None:
    assert policies.can_verify_representations(cast["counter"], cast.id("resident"))
    assert not policies.can_verify_representations(cast["counter"], cast.id("counter"))
    assert not policies.can_verify_representations(cast["agent"], cast.id("resident"))
