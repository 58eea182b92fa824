"""Keys of programs: shown once, scoped, revocable, useless outside their organisation."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.foundations.accounts.conftest import Cast

from socle.foundations.accounts import actions, queries
from socle.foundations.accounts.actors import KeyActor
from socle.foundations.accounts.models import ApiKey
from socle.foundations.journal.models import Entry
from socle.kernel.errors import Invalid, NotFound

pytestmark = pytest.mark.django_db


def _create(cast: Cast, who: str = "administrator", *scopes: str) -> tuple[ApiKey, str]:
    return actions.create_api_key(
        actor=cast[who],
        organisation_id=cast.villeneuve.pk,
        name="Application mobile",
        scopes=scopes or ("reports:write",),
    )


def test_a_key_opens_its_own_organisation_only_and_is_stored_nowhere(cast: Cast) -> None:
    key, secret = _create(cast, "administrator", "cases:read")
    actor = queries.actor_for_key(secret)
    assert isinstance(actor, KeyActor)
    assert (actor.kind, actor.user_id, actor.is_agent) == ("program", None, False)
    assert actor.organisation_ids == {cast.villeneuve.pk}
    assert actor.allows("cases:read")
    assert not actor.allows("cases:write")
    stored = [str(value) for row in ApiKey.objects.values() for value in row.values()]
    journal = [str(row) for row in Entry.objects.values()]
    assert not any(secret in text for text in stored + journal)
    assert secret.startswith(key.prefix)


def test_a_key_that_only_sends_reports_has_no_role(cast: Cast) -> None:
    _key, secret = _create(cast)
    actor = queries.actor_for_key(secret)
    assert actor is not None
    assert actor.organisation_ids == frozenset()


def test_to_treat_cases_is_to_read_them(cast: Cast) -> None:
    key, _secret = _create(cast, "administrator", "cases:write")
    assert key.scopes == ["cases:read", "cases:write"]


@pytest.mark.parametrize("who", ["agent", "counter", "manager", "neighbour", "resident"])
def test_only_an_administrator_of_the_organisation_gives_and_revokes(cast: Cast, who: str) -> None:
    key, secret = _create(cast)
    with pytest.raises(NotFound):
        _create(cast, who)
    with pytest.raises(NotFound):
        actions.revoke_api_key(actor=cast[who], organisation_id=cast.villeneuve.pk, key_id=key.pk)
    assert queries.actor_for_key(secret) is not None
    assert not queries.api_keys_of(cast[who], cast.villeneuve.pk).exists()
    # The same acts by the administrator go through.
    assert queries.api_keys_of(cast["administrator"], cast.villeneuve.pk).get() == key


def test_a_key_is_not_revoked_through_another_organisation(cast: Cast) -> None:
    key, secret = _create(cast)
    with pytest.raises(NotFound):
        actions.revoke_api_key(
            actor=cast["neighbour"], organisation_id=cast.hautbourg.pk, key_id=key.pk
        )
    assert queries.actor_for_key(secret) is not None


def test_a_revoked_key_opens_nothing(cast: Cast) -> None:
    key, secret = _create(cast)
    for _twice in range(2):
        actions.revoke_api_key(
            actor=cast["administrator"], organisation_id=cast.villeneuve.pk, key_id=key.pk
        )
    assert queries.actor_for_key(secret) is None
    assert Entry.objects.filter(action="api-key.revoked").count() == 1


def test_keys_of_a_closed_organisation_open_nothing(cast: Cast) -> None:
    _key, secret = _create(cast)
    cast.villeneuve.is_active = False
    cast.villeneuve.save()
    assert queries.actor_for_key(secret) is None


@pytest.mark.parametrize("text", ["", "socle_", "x" * 49, "socle_" + "é" * 43, "socle_\x00" * 8])
def test_what_is_not_a_key_is_not_looked_up(
    cast: Cast, text: str, django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert queries.actor_for_key(text) is None


@pytest.mark.parametrize(
    ("name", "scopes", "field"),
    [("", ["cases:read"], "name"), ("x" * 121, ["cases:read"], "name"),
     ("x", [], "scopes"), ("x", ["everything"], "scopes")],
)  # fmt: skip
def test_a_key_needs_a_name_and_known_rights(
    cast: Cast, name: str, scopes: list[str], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        actions.create_api_key(
            actor=cast["administrator"],
            organisation_id=cast.villeneuve.pk,
            name=name,
            scopes=scopes,
        )
    assert list(refused.value.fields) == [field]


def test_its_last_use_is_a_day_and_never_goes_back(cast: Cast, clock: object) -> None:
    key, _secret = _create(cast)
    actions.mark_key_used(key_id=key.pk, clock=clock)  # type: ignore[arg-type]
    today = clock.now().date()  # type: ignore[attr-defined]
    clock.advance(timedelta(days=-2))  # type: ignore[attr-defined]
    actions.mark_key_used(key_id=key.pk, clock=clock)  # type: ignore[arg-type]
    key.refresh_from_db()
    assert key.last_used_on == today
