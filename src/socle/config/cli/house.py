"""Opening the house for a command: the data folder, then Django, once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from socle.config.cli.speaking import french, t
from socle.config.options import Options

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help=t("Dossier des données (sinon SOCLE_HOME, sinon ./var).", "Data folder."),
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help=t("Réponse pour un programme.", "As JSON."))]


def choose_data(data: Path | None) -> None:
    """``--data`` wins over ``SOCLE_HOME``. Before :func:`open_house`."""
    if data is not None:
        os.environ["SOCLE_HOME"] = str(data.expanduser().absolute())


def open_house(data: Path | None = None) -> Options:
    """Read the settings and load every room. Raises ``ConfigurationError`` when they are wrong."""
    choose_data(data)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "socle.config.settings")
    import django
    from django.conf import settings
    from django.utils import translation

    django.setup()
    translation.activate("fr" if french() else "en")
    options: Options = settings.SOCLE
    return options
