"""publiccode.yml says what the standard asks for (https://yml.publiccode.tools, version 0.5)."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
import yaml
from tests.consistency.house import ROOT


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    text = (ROOT / "publiccode.yml").read_text(encoding="utf-8")
    read: dict[str, Any] = yaml.safe_load(text)
    return read


def test_what_is_compulsory_is_there(published: dict[str, Any]) -> None:
    assert published["publiccodeYmlVersion"] == "0.5.0"
    assert published["name"] == "socle"
    assert re.fullmatch(r"https?://\S+", published["url"])
    assert set(published["platforms"]) <= {"web", "windows", "mac", "linux", "ios", "android"}
    assert published["developmentStatus"] in {"concept", "development", "beta", "stable"}
    assert published["softwareType"] == "standalone/web"
    assert published["maintenance"]["type"] in {"internal", "contract", "community", "none"}
    assert all(each["name"] for each in published["maintenance"]["contacts"])
    assert published["localisation"]["localisationReady"] is True
    assert set(published["localisation"]["availableLanguages"]) == set(published["description"])


def test_descriptions_keep_to_their_lengths(published: dict[str, Any]) -> None:
    for language, said in published["description"].items():
        assert len(said["genericName"]) <= 35, language
        assert len(said["shortDescription"]) <= 150, language
        assert 150 <= len(said["longDescription"]) <= 10_000, language
        assert said["features"], language


def test_it_agrees_with_the_project(published: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert published["softwareVersion"] == project["version"]
    assert published["legal"]["license"] == "AGPL-3.0-or-later"
    assert "GNU AFFERO GENERAL PUBLIC LICENSE" in (ROOT / "LICENSE").read_text("utf-8")
    assert "fr" in published["description"]
