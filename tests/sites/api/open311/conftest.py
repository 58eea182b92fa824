"""A métropole, a program with a key, and what it takes to speak GeoReport v2 to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.http import HttpResponse
from django.test import Client
from tests.cast import INSIDE, Cast

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework.models import Case
from socle.foundations.accounts import actions as accounts
from socle.foundations.accounts.actors import SYSTEM, Actor
from socle.foundations.territories import queries as territories

V2 = "/open311/v2"


@dataclass
class Program:
    """A program of the métropole; `http` carries no cookie and no key."""

    http: Client
    key: str

    def get(
        self, path: str, query: Mapping[str, Any] | None = None, **headers: str
    ) -> HttpResponse:
        return self.http.get(f"{V2}/{path}", query or {}, headers=headers)

    def json(self, path: str, query: Mapping[str, Any] | None = None, **headers: str) -> Any:
        answer = self.get(path, query, **headers)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def post(self, path: str, data: Mapping[str, Any], **headers: str) -> HttpResponse:
        return self.http.post(f"{V2}/{path}", {"api_key": self.key, **data}, headers=headers)

    def report(self, **data: Any) -> str:
        """The service_request_id of a new request."""
        answer = self.post("requests.json", {**SOMETHING, **data})
        assert answer.status_code == 201, answer.content
        return str(answer.json()[0]["service_request_id"])


SOMETHING = {
    "service_code": "depot-sauvage",
    "lat": str(INSIDE[1]),
    "long": str(INSIDE[0]),
    "description": "Un matelas sur le trottoir",
}


def api_key(slug: str, *scopes: str) -> str:
    organisation = territories.organisation(slug)
    _row, secret = accounts.create_api_key(
        organisation_id=organisation.pk, name="Capteurs", scopes=scopes, actor=SYSTEM
    )
    return secret


@pytest.fixture
def program(cast: Cast) -> Program:
    return Program(Client(), api_key("metropole-du-lac", "reports:write"))


@pytest.fixture
def other(cast: Cast) -> Program:
    """A program of another organisation."""
    return Program(Client(), api_key("saint-test", "reports:write", "cases:write"))


def case(reference: str) -> Case:
    return Case.objects.get(reference=reference)


def tree(answer: HttpResponse) -> ET.Element:
    assert answer["Content-Type"] == "text/xml; charset=utf-8"
    assert answer.content.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
    return ET.fromstring(answer.content)  # noqa: S314 -- our own


def agent_of(one: Case) -> Actor:
    """An agent of the organisation that treats it."""
    return Actor(kind="agent", label="Agent", roles={one.organisation_id: "agent"})


def act(reference: str, transition: str, **texts: str) -> None:
    one = case(reference)
    casework.perform(
        actor=agent_of(one), case_id=one.pk, transition_id=transition, version=one.version, **texts
    )  # fmt: skip


def resolve(reference: str) -> None:
    act(reference, "resolve")
