"""Guessing is slow, whatever the door; the owner is not locked out; the answer tells nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from tests.sites.identity.conftest import PASSWORD

from socle.foundations.accounts.models import User
from socle.kernel.clock import FixedClock
from socle.sites.identity import throttle, urls
from socle.sites.identity.models import Attempts

pytestmark = pytest.mark.django_db


def _try(client: Client, login: str, password: str = "mauvais mot de passe", **extra: Any) -> Any:
    return client.post("/compte/connexion", {"login": login, "password": password}, **extra)


def test_passwords_are_guessed_ten_times_at_most(amina: User) -> None:
    for attempt in range(10):
        assert _try(Client(REMOTE_ADDR=f"192.0.2.{attempt}"), amina.email).status_code == 422
    refused = _try(Client(REMOTE_ADDR="192.0.2.200"), amina.email, PASSWORD)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 15 * 60
    assert "15 minutes" in refused.content.decode()


def test_without_the_throttle_the_eleventh_guess_would_have_been_right(
    amina: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control of the test above."""
    monkeypatch.setattr(throttle, "hit", lambda key, limit, now: 0)
    for attempt in range(10):
        _try(Client(REMOTE_ADDR=f"192.0.2.{attempt}"), amina.email)
    assert _try(Client(REMOTE_ADDR="192.0.2.200"), amina.email, PASSWORD).status_code == 302


def test_an_unknown_address_is_throttled_like_a_known_one(amina: User) -> None:
    outcomes = []
    for login in (amina.email, "personne@exemple.fr"):
        statuses = [
            _try(Client(REMOTE_ADDR=f"198.51.100.{attempt}"), login).status_code
            for attempt in range(12)
        ]
        outcomes.append(statuses)
    assert outcomes[0] == outcomes[1] == [422] * 10 + [429] * 2


def test_the_spelling_of_an_address_does_not_give_more_guesses(amina: User) -> None:
    for attempt in range(10):
        login = amina.email.upper() if attempt % 2 else f" {amina.email} "
        _try(Client(REMOTE_ADDR=f"192.0.2.{attempt}"), login)
    assert _try(Client(REMOTE_ADDR="192.0.2.99"), amina.email).status_code == 429


def test_one_network_cannot_try_many_accounts(client: Client) -> None:
    statuses = [_try(client, f"p{number}@exemple.fr").status_code for number in range(51)]
    assert statuses == [422] * 50 + [429]


def test_ipv6_neighbours_count_as_one_network(rf: Any) -> None:
    first = rf.get("/", REMOTE_ADDR="2001:db8:1:2::1")
    second = rf.get("/", REMOTE_ADDR="2001:db8:1:2:ffff::9")
    other = rf.get("/", REMOTE_ADDR="2001:db8:1:3::1")
    assert throttle.address_of(first) == throttle.address_of(second)
    assert throttle.address_of(first) != throttle.address_of(other)


def test_a_right_password_gives_its_attempt_back(amina: User) -> None:
    for _attempt in range(15):
        assert _try(Client(REMOTE_ADDR="192.0.2.1"), amina.email, PASSWORD).status_code == 302


def test_right_passwords_of_ones_own_account_do_not_erase_wrong_ones(
    amina: User, bruno: User
) -> None:
    for _attempt in range(10):
        _try(Client(), amina.email)
        _try(Client(), bruno.email, PASSWORD)
    assert _try(Client(), amina.email).status_code == 429


def test_a_browser_that_entered_before_is_not_locked_out_by_a_stranger(amina: User) -> None:
    home = Client(REMOTE_ADDR="203.0.113.5")
    _try(home, amina.email, PASSWORD)
    home.post("/compte/deconnexion")
    for attempt in range(12):
        _try(Client(REMOTE_ADDR=f"192.0.2.{attempt}"), amina.email)
    assert _try(Client(REMOTE_ADDR="203.0.113.6"), amina.email, PASSWORD).status_code == 429
    assert _try(home, amina.email, PASSWORD).status_code == 302


def test_a_forged_device_cookie_gives_nothing(amina: User) -> None:
    for attempt in range(10):
        _try(Client(REMOTE_ADDR=f"192.0.2.{attempt}"), amina.email)
    forger = Client(REMOTE_ADDR="192.0.2.99")
    forger.cookies[throttle.DEVICE_COOKIE] = "WyJhIiwiYiJd:1aaaaa:forged"
    assert _try(forger, amina.email, PASSWORD).status_code == 429


def test_codes_are_sent_five_times_at_most_to_an_address(amina: User) -> None:
    addresses = ["/compte/connexion/code", "/compte/mot-de-passe/oubli"]
    statuses = [
        Client(REMOTE_ADDR=f"192.0.2.{number}")
        .post(addresses[number % 2], {"email": amina.email})
        .status_code
        for number in range(6)
    ]
    assert statuses == [302] * 5 + [429]


def test_codes_are_guessed_ten_times_at_most_whatever_the_number_of_codes(amina: User) -> None:
    statuses = []
    for number in range(5):
        browser = Client(REMOTE_ADDR=f"192.0.2.{number}")
        browser.post("/compte/connexion/code", {"email": amina.email})
        for _guess in range(3):
            statuses.append(
                browser.post("/compte/connexion/code/saisie", {"code": "0000-0000"}).status_code
            )
    assert statuses.count(429) == 5


def test_the_window_ends(clock: FixedClock) -> None:
    limit = throttle.Limit(2, 60)
    assert [throttle.hit("k", limit, clock.now()) for _ in range(3)] == [0, 0, 60]
    clock.advance(timedelta(seconds=45))
    assert throttle.hit("k", limit, clock.now()) == 15
    clock.advance(timedelta(seconds=15))
    assert throttle.hit("k", limit, clock.now()) == 0


def test_counters_hold_no_address_and_are_swept(client: Client, clock: FixedClock) -> None:
    _try(client, "personne@exemple.fr")
    keys = list(Attempts.objects.values_list("key", flat=True))
    assert keys
    assert all(len(key) == 64 and "@" not in key for key in keys)
    from django.utils import timezone

    assert throttle.sweep(now=timezone.now() + timedelta(days=1)) == len(keys)


@pytest.mark.django_db(transaction=True)
def test_simultaneous_guesses_do_not_slip_through(clock: FixedClock) -> None:
    results = _at_once(lambda: throttle.hit("race", throttle.Limit(5, 60), clock.now()), 16)
    assert sorted(results, key=bool) == [0] * 5 + [60] * 11


@pytest.mark.django_db(transaction=True)
def test_a_counter_that_reads_then_writes_would_let_them_through(clock: FixedClock) -> None:
    """Negative control: the same race against a naive counter."""
    barrier = threading.Barrier(8, timeout=20)
    Attempts.objects.create(key="naive", count=0, ends_at=clock.now() + timedelta(minutes=1))

    def naive() -> int:
        count = Attempts.objects.get(key="naive").count
        barrier.wait()
        if count >= 5:
            return 60
        Attempts.objects.filter(key="naive").update(count=count + 1)
        return 0

    assert _at_once(naive, 8).count(0) == 8


def _at_once(act: Callable[[], int], number: int) -> list[int]:
    results: list[int] = []
    lock = threading.Lock()

    def run() -> None:
        try:
            outcome = act()
        finally:
            connection.close()
        with lock:
            results.append(outcome)

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(results) == number
    return results


def test_every_door_is_guarded() -> None:
    """A route of this site that accepts a POST is guarded or known to be harmless."""
    found = dict(_routes(get_resolver("socle.sites.identity.urls").url_patterns, ""))
    assert len(found) > 35
    unguarded = {
        name
        for name, view in found.items()
        if not _is_guarded(view) and _accepts_post(view) and name not in urls.HARMLESS
    }
    assert unguarded == set()
    assert set(found) >= urls.HARMLESS
    assert not {name for name in urls.HARMLESS if _is_guarded(found[name])}


def _routes(patterns: Any, prefix: str) -> Any:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            space = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from _routes(pattern.url_patterns, prefix + space)
        elif isinstance(pattern, URLPattern):
            yield prefix + str(pattern.name), pattern.callback


def _is_guarded(view: Any) -> bool:
    return getattr(view, "throttle_rule", None) is not None


def _accepts_post(view: Any) -> bool:
    from socle.sites.identity.views import account, entrance, factors, federation

    kind = getattr(view, "view_class", None)
    if kind is not None:
        return hasattr(kind, "post")
    only_get = {
        account.home,
        entrance.left,
        factors.second_factor,
        federation.start,
        federation.callback,
    }
    return view not in only_get
