"""The national address service, played by a peer that answers GeoCodeJSON, or does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.cast import INSIDE, OUTSIDE, Cast

from socle.connectors.ban.client import Ban

pytestmark = pytest.mark.django_db


def feature(point: tuple[float, float], label: str, kind: str = "housenumber") -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": list(point)},
        "properties": {"label": label, "score": 0.9, "type": kind, "citycode": "99001"},
    }


def ban(answer: Callable[[httpx.Request], httpx.Response], now: list[float] | None = None) -> Ban:
    ticks = now if now is not None else [0.0]
    return Ban(
        "https://adresse.example/geocodage",
        transport=httpx.MockTransport(answer),
        monotonic=lambda: ticks[0],
    )


def test_answers_of_the_territory_are_given_in_order(cast: Cast) -> None:
    def peer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/geocodage/search"
        assert request.url.params["q"] == "1 place de la Mairie"
        found = [
            feature(INSIDE, "1 Place de la Mairie"),
            feature(OUTSIDE, "ailleurs"),
            feature(INSIDE, "Place de la Mairie", "street"),
        ]
        return httpx.Response(200, json={"type": "FeatureCollection", "features": found})

    labels = [each.label for each in ban(peer).search("1 place de la Mairie")]
    assert labels == ["1 Place de la Mairie", "Place de la Mairie"]


def test_a_commune_alone_is_said_to_be_imprecise(cast: Cast) -> None:
    def peer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"features": [feature(INSIDE, "Ville", "municipality")]})

    assert ban(peer).search("ville")[0].precise is False


@pytest.mark.parametrize(
    "failure",
    [
        lambda request: httpx.Response(503),
        lambda request: httpx.Response(200, text="<html>"),
        lambda request: httpx.Response(200, json={"features": None}),
        lambda request: httpx.Response(302, headers={"Location": "http://10.0.0.1/"}),
    ],
)
def test_when_it_fails_the_house_answers_itself(
    cast: Cast, failure: Callable[[httpx.Request], httpx.Response]
) -> None:
    found = ban(failure).search("12 rue des Lilas, 99200 Saint-Test")
    assert [each.citycode for each in found] in (["99002"], [])


def test_after_a_failure_it_is_left_alone_for_a_while(cast: Cast) -> None:
    calls: list[str] = []
    now = [0.0]

    def peer(request: httpx.Request) -> httpx.Response:
        calls.append(request.url.path)
        raise httpx.ConnectTimeout("slow", request=request)

    service = ban(peer, now)
    for _attempt in range(3):
        service.search("Saint-Test")
    assert len(calls) == 1
    now[0] = 21.0
    service.search("Saint-Test")
    assert len(calls) == 2


def test_a_point_gets_its_nearest_address(cast: Cast) -> None:
    def peer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/geocodage/reverse"
        return httpx.Response(200, json={"features": [feature(INSIDE, "1 Place de la Mairie")]})

    found = ban(peer).reverse(*INSIDE)
    assert found is not None
    assert found.label == "1 Place de la Mairie"


@pytest.mark.parametrize(("status", "calls"), [(400, 2), (404, 2), (429, 1), (500, 1), (503, 1)])
def test_a_question_it_refuses_rests_nobody_elses(cast: Cast, status: int, calls: int) -> None:
    asked: list[str] = []

    def peer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params["q"])
        if len(asked) == 1:
            return httpx.Response(status, json={"code": status})
        return httpx.Response(200, json={"features": [feature(INSIDE, "1 Place de la Mairie")]})

    service = ban(peer)
    service.search("?")
    found = service.search("1 place de la Mairie")
    assert len(asked) == calls
    # With a capital, the service's; else the house's own.
    assert (found[0].label == "1 Place de la Mairie") is (calls == 2)
