"""A small pack in a temporary folder, with services of several communes and audiences."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from socle.foundations import packs

LAKESIDE = Path(__file__).parents[2] / "packs" / "lakeside"

SERVICE = """
title = "{title}"
summary = "{summary}"
description = "{description}"
organisation = "metropole-du-lac"
theme = "{theme}"
icon = "recycle"
{more}

[contact]
name = "Accueil"
phone = "00 00 00 00 00"
email = "accueil@lac.example"
"""


class Pack:
    """A pack that a test may change."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, file: str, text: str) -> Pack:
        target = self.path / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
        return self

    def service(
        self,
        key: str,
        title: str,
        *,
        summary: str = "Un service d’essai.",
        description: str = "Tout ce qu’il faut savoir.",
        theme: str = "dechets",
        more: str = "",
    ) -> Pack:
        text = SERVICE.format(
            title=title, summary=summary, description=description, theme=theme, more=more
        )
        return self.write(f"services/{key}/service.toml", text)

    def edit(self, file: str, old: str, new: str) -> Pack:
        text = (self.path / file).read_text("utf-8")
        assert old in text, f"{old!r} is not in {file}"
        return self.write(file, text.replace(old, new, 1))

    def remove(self, folder: str) -> Pack:
        shutil.rmtree(self.path / folder)
        return self

    def messages(self, file: str = "") -> list[str]:
        return [str(each) for each in packs.check(self.path) if each.file.startswith(file)]

    def apply(self) -> Pack:
        packs.apply(self.path)
        return self


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """The imaginary territory, with a handful of services more."""
    folder = tmp_path / "lakeside"
    shutil.copytree(LAKESIDE, folder)
    return (
        Pack(folder)
        .service(
            "piscine",
            "Aller à la piscine",
            summary="Horaires et tarifs des piscines.",
            theme="espace-public",
            more='areas = ["99002"]\nfeatured = 5\n[en]\ntitle = "Swimming pool"\n'
            'summary = "Opening hours and prices of the pools."\nkeywords = ["swim"]',
        )
        .service(
            "redevance",
            "Redevance spéciale",
            summary="Les déchets des professionnels.",
            more='audiences = ["company"]\nkeywords = ["restaurant"]',
        )
        .service(
            "travaux", "Travaux et circulation", theme="espace-public", more="related = ['piscine']"
        )
    )


@pytest.fixture
def applied(pack: Pack, db: None) -> Pack:
    return pack.apply()
