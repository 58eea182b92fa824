"""Probes and metrics."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import OperationalError, connection
from django.test import Client, override_settings
from django.utils import timezone
from pydantic import SecretStr

from socle.config import readiness
from socle.foundations.tasks.models import Task, Worker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "_migrated", False)
    monkeypatch.setattr(readiness, "_storage_verdict", None)


@pytest.fixture
def worker() -> Iterator[Worker]:
    now = timezone.now()
    return Worker.objects.create(name="w1", started_at=now, heartbeat_at=now)


def _checks(client: Client) -> dict[str, str]:
    report = json.loads(client.get("/readyz").content)
    return {check["name"]: check["verdict"] for check in report["checks"]}


def test_alive_says_only_that(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert client.get("/healthz").content == b"ok\n"


def test_ready_when_everything_answers(client: Client, worker: Worker) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert json.loads(answer.content)["status"] == "ready"
    assert set(_checks(client).values()) == {"ok"}


def test_a_late_worker_does_not_stop_the_site(client: Client, worker: Worker) -> None:
    Worker.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=5))
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert json.loads(answer.content)["status"] == "degraded"
    assert _checks(client)["worker"] == "late"


def test_not_ready_without_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise OperationalError("could not connect")

    monkeypatch.setattr(connection, "cursor", away)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert json.loads(answer.content)["status"] == "down"


def test_not_ready_while_migrations_wait(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        readiness.MigrationExecutor, "migration_plan", lambda *_: [("accounts", "0002")]
    )
    assert client.get("/readyz").status_code == 503
    assert _checks(client)["migrations"] == "down"


def test_not_ready_when_files_cannot_be_written(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(default_storage, "save", full)
    assert client.get("/readyz").status_code == 503
    assert _checks(client)["storage"] == "down"


def test_strangers_learn_nothing_but_the_verdict(client: Client) -> None:
    report = json.loads(client.get("/readyz", REMOTE_ADDR="203.0.113.9").content)
    assert report.keys() == {"status"}


def test_probes_answer_whatever_host_is_named(client: Client) -> None:
    for address in ("/healthz", "/readyz"):
        assert client.get(address, headers={"host": "10.1.2.3:8000"}).status_code == 200


def test_probes_only_read(client: Client) -> None:
    assert client.post("/healthz").status_code == 405


def test_probes_touch_no_session(client: Client) -> None:
    assert not client.get("/healthz").cookies


def test_metrics_count_requests_by_route_and_never_by_address(client: Client) -> None:
    client.get("/healthz")
    client.get("/adresse-qui-n-existe-pas/jeanne?mot=secret")
    text = client.get("/metrics").text
    assert re.search(r'^socle_http_requests_total\{.*status="404".*\} \d', text, re.M)
    assert "socle_http_request_seconds_bucket" in text
    assert "jeanne" not in text


def test_metrics_show_the_queue(client: Client, worker: Worker) -> None:
    Task.objects.create(name="mail.send", state=Task.State.FAILED)
    text = client.get("/metrics").text
    assert 'socle_tasks{state="failed"} 1.0' in text
    assert "socle_worker_heartbeat_seconds" in text


@pytest.mark.parametrize(
    "extra", [{"REMOTE_ADDR": "203.0.113.9"}, {"HTTP_X_FORWARDED_FOR": "203.0.113.9"}]
)
def test_metrics_do_not_exist_for_strangers(client: Client, extra: dict[str, str]) -> None:
    assert client.get("/metrics", **extra).status_code == 404


def test_metrics_open_with_their_token_and_then_only(client: Client) -> None:
    token = "t" * 24
    options = settings.SOCLE
    security = options.security.model_copy(update={"metrics_token": SecretStr(token)})
    with override_settings(SOCLE=options.model_copy(update={"security": security})):
        assert client.get("/metrics").status_code == 404
        wrong = client.get("/metrics", headers={"authorization": "Bearer " + "x" * 24})
        assert wrong.status_code == 404
        right = client.get(
            "/metrics", REMOTE_ADDR="203.0.113.9", headers={"authorization": f"Bearer {token}"}
        )
        assert right.status_code == 200
