"""The secret key of an installation that was given none: made once, kept in the data folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from socle.config.mistakes import ConfigurationError, Mistake
from socle.config.options import Options


def secret_key(options: Options) -> str:
    """The configured key, else the one in ``<home>/secret.key``.

    The file is made on first use, readable by its owner only.

    Raises :class:`ConfigurationError` when the data folder cannot be written.
    """
    given = options.security.secret_key.get_secret_value()
    if given:
        return given
    path = options.home / "secret.key"
    try:
        return _read(path) or _make(path)
    except OSError:
        raise ConfigurationError(
            Mistake(
                "SOCLE_HOME",
                f"le dossier de données « {options.home} » ne peut pas être écrit ; "
                "choisissez-en un autre avec --data ou SOCLE_HOME.",
                f"the data folder “{options.home}” cannot be written; "
                "choose another with --data or SOCLE_HOME.",
            )
        ) from None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return ""


def _make(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(secrets.token_urlsafe(50))
        stream.flush()
        os.fsync(stream.fileno())
    try:
        # link() refuses to replace: of two processes that start together, one key wins for both.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return _read(path)
