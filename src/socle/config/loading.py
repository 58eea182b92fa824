"""Reads the settings from the environment and from ``.env``, and says every mistake at once.

The environment wins over ``.env``. ``SOCLE_<GROUP>_<NAME>_FILE`` names a file that holds the value,
so that a secret never has to be in the environment.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import BaseModel, SecretStr, ValidationError

from socle.config.mistakes import ConfigurationError, Mistake, sentences
from socle.config.options import PREFIX, ROOT, Group, Options

# Read by the launcher, the tests or this module: not settings of the application.
_OUTSIDE = frozenset({"SOCLE_ENV_FILE", "SOCLE_PYTHON", "SOCLE_VENV", "SOCLE_TEST_DATABASE_URL"})


def load(environ: Mapping[str, str] | None = None, env_file: Path | None = None) -> Options:
    """Read and check every setting.

    ``environ`` defaults to the process's; ``env_file`` to ``SOCLE_ENV_FILE``, else ``.env`` at the
    root (an empty ``SOCLE_ENV_FILE`` means none). Raises :class:`ConfigurationError` with every
    mistake found, not only the first.
    """
    environ = os.environ if environ is None else environ
    mistakes: list[Mistake] = []
    tree = _tree(_variables(environ, env_file, mistakes), mistakes)
    try:
        options = Options(**tree)
    except ValidationError as error:
        mistakes += [_mistake(item) for item in error.errors()]
        raise ConfigurationError(*mistakes) from None
    mistakes += _contradictions(options)
    if mistakes:
        raise ConfigurationError(*mistakes)
    return options


def known_variables() -> dict[str, type[BaseModel]]:
    """Every variable name that is understood, with the model that holds it."""
    known: dict[str, type[BaseModel]] = {}
    for name, field in Options.model_fields.items():
        group = field.annotation
        if isinstance(group, type) and issubclass(group, Group):
            known |= {f"{PREFIX}{name}_{inner}".upper(): group for inner in group.model_fields}
        else:
            known[f"{PREFIX}{name}".upper()] = Options
    return known


def _variables(
    environ: Mapping[str, str], env_file: Path | None, mistakes: list[Mistake]
) -> dict[str, str]:
    if env_file is None:
        named = environ.get("SOCLE_ENV_FILE")
        env_file = ROOT / ".env" if named is None else Path(named) if named else None
    merged: dict[str, str] = {}
    if env_file is not None and env_file.is_file():
        read = dotenv_values(env_file, interpolate=False)
        merged.update({name: value for name, value in read.items() if value is not None})
    merged.update(environ)
    own = {name: value for name, value in merged.items() if name.startswith(PREFIX)}
    for name in [name for name in own if name.endswith("_FILE") and name not in _OUTSIDE]:
        value = own.pop(name)
        if not value:
            continue
        try:
            content = Path(value).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            mistakes.append(
                Mistake(
                    name,
                    f"le fichier « {value} » ne peut pas être lu ; "
                    "vérifiez son chemin et ses droits.",
                    f"the file “{value}” cannot be read; check its path and its rights.",
                )
            )
        else:
            own.setdefault(name.removesuffix("_FILE"), content)
    return {name: value for name, value in own.items() if name not in _OUTSIDE}


def _tree(values: Mapping[str, str], mistakes: list[Mistake]) -> dict[str, Any]:
    known = known_variables()
    tree: dict[str, Any] = {}
    for name, value in sorted(values.items()):
        kind = known.get(name)
        rest = name.removeprefix(PREFIX).lower()
        if kind is None:
            mistakes.append(_unknown(name, known))
        elif not value:
            # Compose files and systemd units cannot leave a variable out: empty means "not set".
            continue
        elif kind is Options:
            tree[rest] = value
        else:
            group, _, inner = rest.partition("_")
            tree.setdefault(group, {})[inner] = value
    return tree


def _unknown(name: str, known: Mapping[str, object]) -> Mistake:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    french, english = "ce réglage n'existe pas", "there is no such setting"
    if near:
        return Mistake(
            name, f"{french} ; vouliez-vous dire {near[0]} ?", f"{english}; did you mean {near[0]}?"
        )
    return Mistake(name, f"{french}.", f"{english}.")


def _mistake(error: Any) -> Mistake:
    location = [part for part in error["loc"] if isinstance(part, str)]
    variable = (PREFIX + "_".join(location)).upper()
    kind = known_variables().get(variable)
    field = kind.model_fields.get(location[-1]) if kind else None
    secret = field is not None and field.annotation is SecretStr
    # A rule about a whole group names no variable of its own: show the group.
    return Mistake(variable if kind else f"{variable}_*", *sentences(error, secret=secret))


def _contradictions(options: Options) -> list[Mistake]:
    """What is wrong only together."""
    found: list[Mistake] = []
    shared = options.production and options.database.vendor == "postgresql"
    if shared and not options.security.secret_key.get_secret_value():
        found.append(
            Mistake(
                "SOCLE_SECURITY_SECRET_KEY",
                "avec PostgreSQL, tous les serveurs partagent une même clé secrète : "
                "donnez ici 50 caractères tirés au hasard.",
                "with PostgreSQL every server shares one secret key: "
                "give 50 random characters here.",
            )
        )
    if options.demo and options.mail.kind == "smtp":
        found.append(
            Mistake(
                "SOCLE_MAIL_KIND",
                "la démonstration n'envoie jamais de vrai courriel ; "
                "retirez SOCLE_MAIL_KIND ou SOCLE_DEMO.",
                "the demonstration never sends real e-mail; remove SOCLE_MAIL_KIND or SOCLE_DEMO.",
            )
        )
    if options.pack is not None and not (options.pack / "pack.toml").is_file():
        found.append(
            Mistake(
                "SOCLE_PACK",
                f"le dossier « {options.pack} » ne contient pas de fichier pack.toml.",
                f"the folder “{options.pack}” has no pack.toml file.",
            )
        )
    return found
