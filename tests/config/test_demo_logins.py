"""The table of demonstration logins is read at a glance in the smallest terminal."""

from __future__ import annotations

import io
import re
import tomllib
from typing import Any

import pytest
from rich.console import Console
from tests.consistency.house import ROOT

from socle.config.cli import demo, speaking


def logins() -> list[dict[str, Any]]:
    [declared] = ROOT.glob("packs/*/demonstration.toml")
    people = tomllib.loads(declared.read_text("utf-8"))["person"]
    return [
        {
            "who": {"fr": each["who"], "en": each["who_en"]},
            "email": each["email"],
            "password": "un mot de passe",
            "path": each.get("path", "/"),
        }
        for each in people
    ]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_each_login_stands_on_one_line_of_80_columns_and_the_password_once(
    monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setenv("SOCLE_LOCALE", language)
    written = io.StringIO()
    small = Console(file=written, width=80)
    monkeypatch.setattr(demo, "console", small)
    monkeypatch.setattr(speaking, "console", small)
    people = logins()
    demo._show_logins(people)
    lines = written.getvalue().splitlines()
    for each in people:
        [line] = [line for line in lines if each["email"] in line]
        assert line.rstrip().endswith(each["path"])
        assert line.startswith(each["who"][language] + " "), line
    assert "…" not in written.getvalue()
    assert len(re.findall("un mot de passe", written.getvalue())) == 1
