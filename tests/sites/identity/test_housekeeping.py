"""What nobody proved is forgotten; what somebody uses stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone
from tests.sites.identity.conftest import PASSWORD

from socle.foundations.accounts import actions
from socle.foundations.accounts.actors import SYSTEM
from socle.foundations.accounts.models import User
from socle.foundations.territories.models import Organisation
from socle.kernel.clock import FixedClock
from socle.sites.identity import housekeeping

pytestmark = pytest.mark.django_db


def _sign_up(email: str) -> User:
    Client().post("/compte/inscription", {"email": email, "password1": PASSWORD})
    return User.objects.get(email=email)


def _in(days: int) -> FixedClock:
    return FixedClock(timezone.now() + timedelta(days=days))


def test_an_account_never_confirmed_is_forgotten_after_a_week(amina: User) -> None:
    _sign_up("jamais@exemple.fr")
    assert housekeeping.sweep(clock=_in(6))["accounts"] == 0
    assert housekeeping.sweep(clock=_in(8))["accounts"] == 1
    assert list(User.objects.values_list("email", flat=True)) == [amina.email]


def test_accounts_that_serve_are_kept(villeneuve: Organisation) -> None:
    member = _sign_up("membre@exemple.fr")
    actions.add_member(organisation_id=villeneuve.pk, user_id=member.pk, actor=SYSTEM)
    linked = _sign_up("rattachee@exemple.fr")
    from socle.foundations.accounts.queries import actor_for

    actions.link_identity(user_id=linked.pk, provider="x", subject="1", actor=actor_for(linked))
    confirmed = _sign_up("confirmee@exemple.fr")
    EmailAddress.objects.filter(user=confirmed).update(verified=True)
    invited = actions.register(email="invitee@exemple.fr")
    assert housekeeping.sweep(clock=_in(30))["accounts"] == 0
    assert {member, linked, confirmed, invited} <= set(User.objects.all())
