"""Somebody's things, one of each kind, so that every address can be tried by everybody."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from allauth.account.internal.flows import login
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from tests.cast import Cast, assemble, member, person, photo, place
from tests.sites.identity.authenticator import Authenticator as Passkey

from socle.capabilities.casework.actions import follow
from socle.capabilities.casework.models import BulkOperation, Case, SavedFilter
from socle.capabilities.notifications.models import Email, Notification
from socle.capabilities.questionnaires.models import Draft
from socle.capabilities.webhooks.models import Endpoint
from socle.domains.reports import alerts
from socle.domains.reports.actions import moderate
from socle.domains.reports.models import ExternalBody, Handover, Intervention, RoutingRule
from socle.foundations.accounts import actions
from socle.foundations.accounts.actors import ANONYMOUS
from socle.foundations.accounts.models import ExternalIdentity, User
from socle.foundations.tasks.models import Task
from socle.foundations.territories import queries as territories

COLUMNS = ("anonymous", "owner", "neighbour", "agent", "other", "administrator")


def routes() -> dict[str, str]:
    """Name → pattern of every address of the house."""
    return dict(_walk(get_resolver(), (), ""))


def _walk(resolver: Any, spaces: tuple[str, ...], prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            assert entry.name, f"{prefix}{entry.pattern} has no name"
            found.append((":".join([*spaces, entry.name]), f"{prefix}{entry.pattern}"))
        elif isinstance(entry, URLResolver):
            inner = (*spaces, entry.namespace) if entry.namespace else spaces
            found += _walk(entry, inner, f"{prefix}{entry.pattern}")
    return found


@dataclass
class Scene:
    """The people, their things, and the arguments that name them in each address."""

    cast: Cast
    people: Mapping[str, User | None]
    # Arguments by name, then those of particular routes.
    arguments: dict[str, Any] = field(default_factory=dict)
    of_route: dict[str, dict[str, Any]] = field(default_factory=dict)
    browsers: dict[str, Client] = field(default_factory=dict)

    def address(self, route: str, pattern: str) -> str:
        """The address of ``route`` for the owner's things."""
        names = re.findall(r"<(?:\w+:)?(\w+)>", pattern)
        known = {**self.arguments, **self.of_route.get(route, {})}
        return reverse(route, kwargs={name: known[name] for name in names})

    def attempt(self, column: str, method: str, address: str) -> str:
        """What the person of this column gets; whatever it changes is undone."""
        browser = self._browser(column)
        kept = deepcopy(browser.cookies)
        with transaction.atomic():
            send: Callable[..., HttpResponseBase] = getattr(browser, method)
            answer = send(address)
            if answer.streaming:
                # To its end, which closes the file as a server would.
                for _part in answer.streaming_content:  # type: ignore[attr-defined]
                    pass
            transaction.set_rollback(True)
        browser.cookies = kept
        return verdict(answer)

    def _browser(self, column: str) -> Client:
        """The browser of this person, who has just proved who they are."""
        if column not in self.browsers:
            browser = self.cast.client(self.people[column])
            browser.raise_request_exception = False
            if self.people[column] is not None:
                session = browser.session
                proof = {"method": "password", "at": time.time(), "reauthenticated": True}
                session[login.AUTHENTICATION_METHODS_SESSION_KEY] = [proof]
                session[login._AUTHENTICATION_METHODS_USER_SESSION_KEY] = session[SESSION_KEY]
                session.save()
            self.browsers[column] = browser
        return self.browsers[column]


def verdict(answer: HttpResponseBase) -> str:
    """``yes`` when let in, ``login`` when asked to sign in, else the status."""
    if answer.status_code in {302, 303}:
        to_login = answer.headers["Location"].startswith(str(settings.LOGIN_URL))
        return "login" if to_login else "yes"
    if answer.status_code in {401, 403, 404, 405} or answer.status_code >= 500:
        return str(answer.status_code)
    return "yes"


def build() -> Scene:
    """The resident Ada's report in Villeneuve, which its own agents treat, and the rest."""
    cast = assemble()
    people = {
        "anonymous": None,
        "owner": cast.resident,
        "neighbour": cast.neighbour,
        "agent": cast.commune_agent,
        # Of another commune, which has nothing to do with the report.
        "other": member(person("gaston"), "saint-test", "manager", "accueil"),
        "administrator": cast.administrator,
    }
    scene = Scene(cast, people)
    browser = cast.client(cast.resident)
    _things_of_the_resident(scene, browser)
    _things_of_the_agent(scene)
    return scene


def _things_of_the_resident(scene: Scene, browser: Client) -> None:
    resident = scene.cast.resident
    sent, token = _report(browser)
    document = sent.documents.get()
    draft = browser.post("/demarches/composteur")["Location"].split("/")
    report = browser.post("/signaler")["Location"].split("/")
    done = Draft.objects.filter(service_key=sent.service_key, owner=resident).first()
    notification = Notification.objects.create(user=resident, title="Bonjour", kind="test", url="/")
    email = Email.objects.create(to=resident.email, subject="x", text="x", message_id="<1@x>")
    identity = ExternalIdentity.objects.create(
        user=resident, provider="franceconnect", subject="s", linked_at=timezone.now()
    )
    asked = {"publicKey": {"user": {"id": "MQ"}, "challenge": "MTIzNDU2Nzg5MDEyMzQ1Ng"}}
    key = Authenticator.objects.create(
        user=resident,
        type=Authenticator.Type.WEBAUTHN,
        data={"name": "clé", "credential": json.loads(Passkey().create(asked))},
    )
    claim = actions.request_representation(
        actor=scene.cast.actor(resident), user_id=resident.pk, kind="association",
        name="Les Amis du lac", rna="W991234567",
    )  # fmt: skip
    session = UserSession.objects.create(user=resident, ip="192.0.2.1", session_key="elsewhere")
    request, request_token = _request(browser)
    moderate(
        actor=scene.cast.actor(scene.cast.commune_agent), case_id=sent.pk, moderation="shown",
        photos=[document.pk],
    )  # fmt: skip
    alert = alerts.create_alert(actor=scene.cast.actor(resident), area_code="99001")
    follow(case_id=sent.pk, actor=ANONYMOUS, email="lea@exemple.fr")
    letter = Email.objects.get(to="lea@exemple.fr").text
    scene.arguments |= {
        "case_id": sent.pk,
        "alert_id": alert.pk,
        "key": "composteur",
        "draft_id": draft[3],
        "step": draft[4],
        "reference": sent.reference,
        "token": token,
        "document_id": document.pk,
        "file_id": document.file_id,
        "notification_id": notification.pk,
        "email_id": email.pk,
        "identity_id": identity.pk,
        "representation_id": claim.pk,
        "pk": key.pk,
        "session_id": session.pk,
        "provider": "franceconnect",
        "slug": "aide",
        "code": "depot-sauvage",
        "fmt": "json",
        "form": "csv",
        "rest": "nothing",
    }
    done_id = done.pk if done else draft[3]
    scene.of_route |= {
        "api:trial": {"operation_id": "listReports"},
        "api:v1-photos-id": {"id": document.pk},
        "api:v1-cases-reference-documents-id": {"reference": sent.reference, "id": document.pk},
        "api:v1-tiles-reports-z-x-y-mvt": {"z": 14, "x": 8285, "y": 5810},
        "portal:theme": {"key": "dechets"},
        "portal:life-event": {"key": "je-demenage"},
        "portal:receipt": {"reference": request},
        "portal:follow-receipt": {"reference": request, "token": request_token},
        "portal:report-step": {"draft_id": report[2], "step": report[3]},
        "portal:report-submit": {"draft_id": report[2]},
        "portal:report-done": {"draft_id": done_id},
        "portal:alert-link": {"token": alerts.token_of(alert)},
        "portal:subscription": {"token": letter.split("/abonnement/")[1].split()[0].rstrip(")")},
    }


def _report(browser: Client) -> tuple[Case, str]:
    base = browser.post("/signaler")["Location"].rsplit("/", 1)[0]
    for step, data in (
        ("photo", {"description": "Un matelas sur le trottoir", "photos": photo()}),
        ("lieu", {"place_lon": "2.05", "place_lat": "46.05"}),
        ("categorie", {"category": "depot-sauvage"}),
    ):
        answer = browser.post(f"{base}/{step}", data)
        assert answer.status_code == 302, (step, answer.content[:2000])
    return _sent(browser, base, email="ada@lac.example")


def _request(browser: Client) -> tuple[str, str]:
    base = browser.post("/demarches/composteur")["Location"].rsplit("/", 1)[0]
    home = {**place("address"), "household_size": "3", "garden": "false"}
    pages = (
        ("logement", home),
        ("justificatif", {"proof": photo()}),
        ("coordonnees", {"name": "Ada Test", "email": "ada@lac.example"}),
    )
    for step, data in pages:
        answer = browser.post(f"{base}/{step}", data)
        assert answer.status_code == 302, (step, answer.content[:2000])
    case, token = _sent(browser, base)
    return case.reference, token


def _sent(browser: Client, base: str, **last: str) -> tuple[Case, str]:
    before = set(Case.objects.values_list("pk", flat=True))
    page = browser.get(browser.post(f"{base}/envoi", last)["Location"]).content.decode()
    link = re.search(r"/suivi/[^\"/]+/([\w-]+)", page)
    return Case.objects.exclude(pk__in=before).get(), link[1] if link else "none"


def _things_of_the_agent(scene: Scene) -> None:
    agent = scene.cast.commune_agent
    operation = BulkOperation.objects.create(actor=agent, kind="assign", created_at=timezone.now())
    saved = SavedFilter.objects.create(owner=agent, name="Mes dépôts")
    task = Task.objects.create(name="nothing", state=Task.State.FAILED)
    scene.arguments |= {
        "operation_id": operation.pk,
        "filter_id": saved.pk,
        "task_id": task.pk,
    }
    own = {"slug": "villeneuve-du-lac"}
    organisation = territories.organisation(own["slug"])
    rule = RoutingRule.objects.create(
        organisation=organisation, position=10, name="Rien", condition='category == "tag"'
    )
    report = Case.objects.get(reference=scene.arguments["reference"])
    order = Intervention.objects.create(
        reference="IN-26-TEST", organisation=organisation, title="Enlever", team=report.team,
        created_at=timezone.now(),
    )  # fmt: skip
    body = ExternalBody.objects.create(
        organisation=organisation, key="x", name="Un bailleur", means="email", email="b@exemple.fr"
    )
    handover = Handover.objects.create(
        case=report, body=body, state=Handover.State.FAILED, created_at=timezone.now()
    )
    endpoint = Endpoint.objects.create(organisation=organisation, url="https://exemple.fr/x")
    scene.of_route |= {
        name: {**own, "endpoint_id": endpoint.pk}
        for name in ("desk:integration-endpoint", "desk:integration-endpoint-change")
    }
    scene.of_route |= dict.fromkeys(
        ("desk:integrations", "desk:integrations-change",
         "desk:organisation", "desk:organisation-change", "desk:journal", "desk:rules",
         "desk:rule-save", "desk:contractors", "desk:contractors-change", "desk:bodies",
         "desk:absences", "desk:absences-change"),
        own,
    )  # fmt: skip
    scene.of_route |= {
        "desk:rule-change": {**own, "rule_id": rule.pk},
        "desk:intervention": {"reference": order.reference},
        "desk:intervention-act": {"reference": order.reference},
        "desk:statistics-export": {"table": "categories"},
        "desk:body-retry": {**own, "handover_id": handover.pk},
        "desk:case-unmerge": {"reference": report.reference, "merge_id": 0},
    }
