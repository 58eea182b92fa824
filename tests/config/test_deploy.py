"""What is shipped for production names only settings that exist, and hardens what it starts."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.consistency.house import ROOT

from socle.config.loading import known_variables

DEPLOY = ROOT / "deploy"
_VARIABLE = re.compile(r"\bSOCLE_[A-Z0-9_]+(?==|:)")
# Of the compose file itself, not of the application.
_COMPOSE = {"SOCLE_IMAGE", "SOCLE_PUBLIC_URL", "SOCLE_PROXIES", "SOCLE_PORT"}


def _compose() -> Any:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "path",
    sorted(path for path in DEPLOY.rglob("*") if path.is_file()),
    ids=lambda path: path.relative_to(DEPLOY).as_posix(),
)
def test_every_setting_named_exists(path: Path) -> None:
    named = set(_VARIABLE.findall(path.read_text(encoding="utf-8"))) - _COMPOSE
    known = known_variables()
    assert {name for name in named if name.removesuffix("_FILE") not in known} == set()


def test_no_secret_is_written_in_the_compose_file() -> None:
    for service in _compose()["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|TOKEN|ACCESS_KEY|DATABASE_URL", name):
                assert name.endswith("_FILE"), name
                assert str(value).startswith("/run/secrets/")


def test_every_secret_used_is_declared_and_made() -> None:
    compose = _compose()
    used = {name for each in compose["services"].values() for name in each.get("secrets", [])}
    assert used == set(compose["secrets"])
    made = (DEPLOY / "secrets.sh").read_text(encoding="utf-8")
    assert {name for name in used if name not in made} == set()


def test_what_a_service_waits_for_exists_and_can_be_waited_for() -> None:
    services = _compose()["services"]
    for service in services.values():
        for name, wanted in service.get("depends_on", {}).items():
            assert name in services
            if wanted["condition"] == "service_healthy":
                assert "healthcheck" in services[name]


def test_our_containers_have_no_privilege() -> None:
    services = _compose()["services"]
    for name in ("web", "worker", "migrate"):
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in services[name]["security_opt"]
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    final = dockerfile[dockerfile.rindex("\nFROM ") :]
    assert re.search(r"^USER (?!0|root)", final, re.M)
    assert "build-essential" not in final


@pytest.mark.parametrize(
    "unit", sorted(DEPLOY.glob("systemd/*.service")), ids=lambda path: path.name
)
def test_units_are_hardened(unit: Path) -> None:
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(unit, encoding="utf-8")
    service = parser["Service"]
    assert service["User"] == "socle"
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == "yes"
    assert service["CapabilityBoundingSet"] == ""
    assert service["PrivateTmp"] == "yes"


def test_every_document_named_exists() -> None:
    named = {
        found
        for path in DEPLOY.rglob("*")
        if path.is_file()
        for found in re.findall(r"\bdocs/[\w/.-]+\.md", path.read_text(encoding="utf-8"))
    }
    assert named
    assert {each for each in named if not (ROOT / each).is_file()} == set()
