"""The mention of conformity follows the recorded audit, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.cast import PACKS, Cast

from socle.foundations.packs import actions as packs

pytestmark = pytest.mark.django_db


def with_audit(folder: Path, day: str, rate: str) -> None:
    shutil.copytree(PACKS / "lakeside", folder)
    text = f'day = {day}\nauditor = "Cabinet Essai"\nrate = {rate}\n'
    (folder / "accessibility.toml").write_text(text, "utf-8")
    packs.apply(folder)


def test_without_an_audit_the_site_says_it_does_not_conform(cast: Cast) -> None:
    assert "Accessibilité : non conforme" in cast.client().get("/").content.decode()


@pytest.mark.parametrize(
    ("day", "rate", "mention"),
    [
        ("2026-03-01", "72.5", "partiellement conforme"),
        ("2026-03-01", "100", "totalement conforme"),
        ("2026-03-01", "49.9", "non conforme"),
        ("2020-03-01", "100", "non conforme"),
        ("2099-03-01", "100", "non conforme"),
    ],
)
def test_the_mention_follows_the_audit(
    cast: Cast, tmp_path: Path, day: str, rate: str, mention: str
) -> None:
    with_audit(tmp_path / "pack", day, rate)
    assert f"Accessibilité : {mention}" in cast.client().get("/").content.decode()


def test_vulnerabilities_have_an_address_and_robots_their_limits(cast: Cast) -> None:
    assert b"Contact: " in cast.client().get("/.well-known/security.txt").content
    assert b"Disallow: /agents/" in cast.client().get("/robots.txt").content
