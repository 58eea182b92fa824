"""Profiles, consents, representations, export and closing."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.foundations.accounts.conftest import Cast

from socle.foundations.accounts import actions, queries, registry
from socle.foundations.accounts.actors import SYSTEM
from socle.foundations.accounts.events import AccountClosed
from socle.foundations.accounts.models import (
    Consent,
    ExternalIdentity,
    LegalEntity,
    Membership,
    User,
)
from socle.foundations.journal.models import Entry
from socle.kernel import events
from socle.kernel.clock import FixedClock
from socle.kernel.errors import Conflict, Denied, Invalid, NotFound

SIRET = "73282932000074"


def _claim(cast: Cast, who: str = "resident", **values: Any) -> Any:
    given = {"kind": "company", "name": "Boulangerie", "siret": SIRET, **values}
    return actions.request_representation(user_id=cast.id(who), actor=cast[who], **given)


class TestAccount:
    def test_an_address_has_one_account(self, cast: Cast) -> None:
        with pytest.raises(Conflict):
            actions.register(email="RESIDENT@exemple.fr")
        assert User.objects.filter(email="resident@exemple.fr").count() == 1

    def test_nobody_is_born_administrator(self, db: None) -> None:
        with pytest.raises(Denied):
            actions.enrol(user=User(email="x@exemple.fr", is_administrator=True))

    def test_a_profile_is_written_by_its_owner(self, cast: Cast) -> None:
        user = actions.update_profile(
            user_id=cast.id("resident"),
            actor=cast["resident"],
            given_names=" Rose ",
            phone="06 12 34 56 78",
        )
        assert (user.given_names, user.phone) == ("Rose", "0612345678")
        entry = Entry.objects.get(action="account.profile_updated")
        assert entry.data == {"fields": ["given_names", "phone"]}
        with pytest.raises(NotFound):
            actions.update_profile(
                user_id=cast.id("resident"), actor=cast["platform"], given_names="X"
            )

    def test_saving_what_is_there_journals_nothing(self, cast: Cast) -> None:
        actions.update_profile(
            user_id=cast.id("resident"), actor=cast["resident"], given_names="Resident"
        )
        assert not Entry.objects.filter(action="account.profile_updated").exists()

    def test_a_new_address_forgets_the_former_position(self, cast: Cast) -> None:
        User.objects.filter(pk=cast.id("resident")).update(
            address="1 rue A", address_lon=1.0, address_lat=45.0, area_code="00001"
        )
        user = actions.update_profile(
            user_id=cast.id("resident"), actor=cast["resident"], address="2 rue B"
        )
        assert (user.address_lon, user.address_lat, user.area_code) == (None, None, "")

    def test_a_provider_completes_a_name_and_replaces_none(self, cast: Cast) -> None:
        user = actions.complete_name(
            user_id=cast.id("resident"),
            given_names="Autre",
            family_name="Petit",
            actor=cast["resident"],
        )
        assert (user.given_names, user.family_name) == ("Resident", "Petit")

    def test_presence_is_noted_to_the_quarter_of_an_hour(
        self, cast: Cast, clock: FixedClock
    ) -> None:
        def seen() -> Any:
            return User.objects.get(pk=cast.id("resident")).last_seen_at

        actions.mark_seen(user_id=cast.id("resident"), clock=clock)
        first = seen()
        clock.advance(timedelta(minutes=10))
        actions.mark_seen(user_id=cast.id("resident"), clock=clock)
        assert seen() == first
        clock.advance(timedelta(minutes=10))
        actions.mark_seen(user_id=cast.id("resident"), clock=clock)
        assert seen() > first


class TestConsents:
    def test_a_consent_keeps_its_history(self, cast: Cast, clock: FixedClock) -> None:
        who = {"user_id": cast.id("resident"), "purpose": "news", "actor": cast["resident"]}
        first = actions.grant_consent(**who, clock=clock)
        assert actions.grant_consent(**who, clock=clock) == first
        assert queries.has_consented(cast.id("resident"), "news")
        clock.advance(timedelta(days=1))
        newer = actions.grant_consent(**who, wording_version="2", clock=clock)
        clock.advance(timedelta(days=1))
        assert actions.withdraw_consent(**who, clock=clock) is True
        assert actions.withdraw_consent(**who, clock=clock) is False
        assert not queries.has_consented(cast.id("resident"), "news")
        history = [
            (row.wording_version, row.withdrawn_at - row.granted_at)
            for row in queries.consents_of(cast.id("resident"))
            if row.withdrawn_at
        ]
        assert history == [("2", timedelta(days=1)), ("1", timedelta(days=1))]
        assert newer.pk != first.pk
        assert list(
            Entry.objects.filter(action__startswith="consent.")
            .order_by("sequence")
            .values_list("action", flat=True)
        ) == ["consent.granted", "consent.granted", "consent.withdrawn"]

    @pytest.mark.parametrize("name", ["agent", "platform"])
    def test_nobody_consents_for_another(self, name: str, cast: Cast) -> None:
        with pytest.raises(NotFound):
            actions.grant_consent(user_id=cast.id("resident"), purpose="news", actor=cast[name])

    def test_a_purpose_is_a_name(self, cast: Cast) -> None:
        with pytest.raises(Invalid):
            actions.grant_consent(
                user_id=cast.id("resident"), purpose="N'importe quoi", actor=cast["resident"]
            )


class TestRepresentations:
    def test_a_claim_gives_no_right_until_an_agent_confirms_it(self, cast: Cast) -> None:
        claim = _claim(cast)
        assert cast["resident"].entity_ids == frozenset()
        assert list(queries.representations_to_verify()) == [claim]
        with pytest.raises(NotFound):
            actions.verify_representation(representation_id=claim.pk, actor=cast["resident"])
        with pytest.raises(NotFound):
            actions.verify_representation(representation_id=claim.pk, actor=cast["agent"])
        actions.verify_representation(
            representation_id=claim.pk, entity_name="Boulangerie du Port", actor=cast["counter"]
        )
        assert cast["resident"].entity_ids == {claim.entity_id}
        assert LegalEntity.objects.get().name == "Boulangerie du Port"

    def test_a_claim_rewrites_nothing_of_a_known_entity(self, cast: Cast) -> None:
        _claim(cast)
        other = _claim(cast, "neighbour", name="Pirate")
        assert other.entity.name == "Boulangerie"
        assert LegalEntity.objects.count() == 1

    def test_asking_twice_is_asking_once_and_a_refusal_stays(self, cast: Cast) -> None:
        claim = _claim(cast)
        assert _claim(cast) == claim
        actions.decline_representation(representation_id=claim.pk, actor=cast["manager"])
        with pytest.raises(Conflict):
            _claim(cast)
        with pytest.raises(NotFound):
            actions.end_representation(representation_id=claim.pk, actor=cast["resident"])
        actions.verify_representation(representation_id=claim.pk, actor=cast["manager"])
        actions.end_representation(representation_id=claim.pk, actor=cast["resident"])
        assert cast["resident"].entity_ids == frozenset()

    def test_two_numbers_of_two_entities_are_refused(self, cast: Cast) -> None:
        _claim(cast)
        _claim(cast, kind="association", name="Club", siret="", rna="W131234567")
        with pytest.raises(Conflict):
            _claim(cast, kind="association", name="Club", rna="W131234567")


class TestIdentities:
    def test_an_identity_opens_one_account(self, cast: Cast) -> None:
        values = {"provider": "someone", "subject": "123"}
        actions.link_identity(user_id=cast.id("resident"), actor=cast["resident"], **values)
        actions.link_identity(user_id=cast.id("resident"), actor=cast["resident"], **values)
        with pytest.raises(Conflict):
            actions.link_identity(user_id=cast.id("agent"), actor=cast["agent"], **values)
        assert queries.user_by_identity("someone", "123") == cast.users["resident"]
        assert queries.user_by_identity("another", "123") is None
        assert ExternalIdentity.objects.count() == 1

    def test_only_the_owner_links_and_parts(self, cast: Cast) -> None:
        with pytest.raises(NotFound):
            actions.link_identity(
                user_id=cast.id("resident"), provider="x", subject="1", actor=cast["platform"]
            )
        row = actions.link_identity(
            user_id=cast.id("resident"), provider="x", subject="1", actor=cast["resident"]
        )
        with pytest.raises(NotFound):
            actions.unlink_identity(identity_id=row.pk, actor=cast["agent"])
        actions.unlink_identity(identity_id=row.pk, actor=cast["resident"])
        assert not ExternalIdentity.objects.exists()


class TestExport:
    def test_the_export_holds_everything_and_is_json(self, cast: Cast) -> None:
        _claim(cast)
        actions.grant_consent(user_id=cast.id("resident"), purpose="news", actor=cast["resident"])
        registry.personal_data("of_the_test", lambda user_id: {"user": user_id})
        try:
            data = actions.export_personal_data(user_id=cast.id("resident"), actor=cast["resident"])
        finally:
            del registry._collectors["of_the_test"]
        again = json.loads(json.dumps(data))
        assert again["profile"]["email"] == "resident@exemple.fr"
        assert again["consents"][0]["purpose"] == "news"
        assert again["representations"][0]["siret"] == SIRET
        assert again["of_the_test"] == {"user": cast.id("resident")}
        # Every column of the account is there, save what is not the person's.
        kept_back = {"id", "password", "is_active", "is_administrator", "closed_at"}
        columns = {field.name for field in User._meta.concrete_fields} - kept_back
        assert columns == set(again["profile"])
        assert Entry.objects.filter(action="account.data_exported").count() == 1

    def test_the_export_is_its_owner_s(self, cast: Cast) -> None:
        for name in ("agent", "platform"):
            with pytest.raises(NotFound):
                actions.export_personal_data(user_id=cast.id("resident"), actor=cast[name])

    def test_two_rooms_do_not_take_one_heading(self) -> None:
        registry.personal_data("a_heading", str)
        try:
            registry.personal_data("a_heading", str)
            with pytest.raises(ValueError, match="already"):
                registry.personal_data("a_heading", int)
        finally:
            del registry._collectors["a_heading"]


class TestClosing:
    def test_nothing_that_names_the_person_is_left(self, cast: Cast) -> None:
        user_id = cast.id("resident")
        actions.update_profile(
            user_id=user_id,
            actor=cast["resident"],
            family_name="Petit",
            phone="0612345678",
            address="1 rue A",
        )
        _claim(cast)
        actions.link_identity(user_id=user_id, provider="x", subject="1", actor=cast["resident"])
        actions.grant_consent(user_id=user_id, purpose="news", actor=cast["resident"])
        heard: list[Any] = []
        with events.isolated_subscriptions():
            events.within(AccountClosed, heard.append)
            actions.close_account(user_id=user_id, actor=cast["resident"])
        assert heard == [AccountClosed(user_id, "resident@exemple.fr")]
        row = User.objects.filter(pk=user_id).values().get()
        text = json.dumps(row, default=str)
        for trace in ("resident@", "Resident", "Petit", "0612345678", "rue A"):
            assert trace not in text
        assert (row["is_active"], row["email"].endswith(".invalid")) == (False, True)
        assert not ExternalIdentity.objects.exists()
        assert not queries.representations_of(user_id).exists()
        assert not Consent.objects.filter(withdrawn_at__isnull=True).exists()
        entry = Entry.objects.get(action="account.closed")
        assert entry.data == {"by_person": True}
        journal = json.dumps(list(Entry.objects.values_list("data", flat=True)))
        assert "Petit" not in journal
        assert "exemple.fr" not in journal

    def test_a_closed_account_is_closed_once(self, cast: Cast) -> None:
        actions.close_account(user_id=cast.id("resident"), actor=SYSTEM)
        with pytest.raises(NotFound):
            actions.close_account(user_id=cast.id("resident"), actor=SYSTEM)

    def test_an_agent_who_closes_leaves_every_organisation(self, cast: Cast) -> None:
        actions.close_account(user_id=cast.id("agent"), actor=cast["agent"])
        assert not Membership.objects.get(user_id=cast.id("agent")).is_active

    @pytest.mark.parametrize("name", ["administrator", "platform"])
    def test_the_last_administrator_names_another_one_first(self, name: str, cast: Cast) -> None:
        with pytest.raises(Conflict):
            actions.close_account(user_id=cast.id(name), actor=cast[name])
        assert User.objects.get(pk=cast.id(name)).is_active

    def test_nobody_closes_somebody_else_s_but_the_platform(self, cast: Cast) -> None:
        for name in ("agent", "administrator"):
            with pytest.raises(NotFound):
                actions.close_account(user_id=cast.id("resident"), actor=cast[name])
        actions.close_account(user_id=cast.id("resident"), actor=cast["platform"])
        assert Entry.objects.get(action="account.closed").data == {"by_person": False}
