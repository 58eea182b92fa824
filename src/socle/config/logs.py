"""Logs: JSON lines for a collector, or plain lines for people. Never personal data."""

from __future__ import annotations

import logging.config
from typing import Any

from socle.config.options import Options


def plan(options: Options) -> dict[str, Any]:
    """The ``logging`` configuration of these options."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"console": {"format": "%(levelname)s %(name)s %(message)s"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "console"}},
        "root": {"handlers": ["stderr"], "level": options.logging.level},
    }


def configure(config: dict[str, Any]) -> None:
    """``LOGGING_CONFIG`` of the settings."""
    logging.config.dictConfig(config)
