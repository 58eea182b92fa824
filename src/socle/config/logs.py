"""Logs: JSON lines for a collector, or plain lines for people. Never personal data.

What people type stays out by construction (no message is made from it); the filter here is the
second fence: whatever looks like an e-mail address, a telephone number, a query string or a
one-time key is masked, in messages, in extra fields and in tracebacks.
"""

from __future__ import annotations

import logging
import logging.config
import re
from typing import Any

from pythonjsonlogger.orjson import OrjsonFormatter

from socle.config.options import Options

MASK = "[…]"

# Every character that RFC 5322 allows before the @ without quotes.
_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@(?:[\w-]+(?:\.[\w-]+)*|\[[^\]\s]+\])")
# French and international numbers, with the separators people write.
_PHONE = re.compile(
    r"(?<![\w.])(?:\+\d{1,3}[\s.\-]?(?:\(0\)[\s.\-]?)?|0)[1-9](?:[\s.\-]?\d{2}){4}(?!\w)"
)
_QUERY = re.compile(r"(?<=[^\s\"'<>])\?[^\s\"'<>]*=[^\s\"'<>]*")
# Long random words: session keys, signed links, tokens. Not our request numbers (16 hexadecimal).
_SECRET = re.compile(r"(?<![\w/.-])(?=[\w:-]*\d)(?=[\w:-]*[A-Za-z])[\w:-]{40,}(?![\w/.-])")


def redact(text: str) -> str:
    """``text`` without what could name somebody or open a door."""
    if "@" in text:
        text = _EMAIL.sub(MASK, text)
    if "?" in text:
        text = _QUERY.sub(MASK, text)
    return _SECRET.sub(MASK, _PHONE.sub(MASK, text))


class Discretion(logging.Filter):
    """Masks personal data in the message and in extra fields; drops the request object."""

    _OWN = frozenset(logging.LogRecord("", 0, "", 0, "", None, None).__dict__) | {"message"}

    def filter(self, record: logging.LogRecord) -> bool:
        # Django attaches the whole request, whose representation is its address.
        record.__dict__.pop("request", None)
        record.msg, record.args = redact(record.getMessage()), None
        for name, value in record.__dict__.items():
            if name not in self._OWN and isinstance(value, str):
                record.__dict__[name] = redact(value)
        return True


class _Redacted:
    """Tracebacks hold the text of the exception, which may quote what somebody typed."""

    def formatException(self, ei: Any) -> str:
        return redact(logging.Formatter().formatException(ei))


class JsonLines(_Redacted, OrjsonFormatter):
    """One JSON object per line: ``at`` (UTC), ``level``, ``logger``, ``message``, its number."""

    def __init__(self) -> None:
        super().__init__(
            ["levelname", "name", "message", "exc_info"],
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "traceback"},
            timestamp="at",
        )


class Lines(_Redacted, logging.Formatter):
    """``10:30:05 WARNING socle.tasks message``."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s %(message)s", "%H:%M:%S")


class RequestNumber(logging.Filter):
    """Adds the number of the request being answered, when there is one."""

    def filter(self, record: logging.LogRecord) -> bool:
        from socle.config.middleware.identification import request_id

        number = request_id.get()
        if number:
            record.request_id = number
        return True


def plan(options: Options) -> dict[str, Any]:
    """The ``logging`` configuration of these options."""
    console = options.log_format == "console"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"discretion": {"()": Discretion}, "number": {"()": RequestNumber}},
        "formatters": {"lines": {"()": Lines if console else JsonLines}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "lines",
                "filters": ["discretion", "number"],
            }
        },
        "root": {"handlers": ["stderr"], "level": options.logging.level},
        "loggers": {
            # Every request at INFO is for collectors; people reading a console want the rest.
            "socle.access": {"level": "WARNING" if console else options.logging.level},
            # Said once already by the error middleware, with its request number.
            "django.request": {"level": "ERROR"},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "django.server": {"level": "WARNING"},
            "django.db.backends": {"level": "WARNING"},
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
            "botocore": {"level": "WARNING"},
            "PIL": {"level": "WARNING"},
        },
    }


def configure(config: dict[str, Any]) -> None:
    """``LOGGING_CONFIG`` of the settings."""
    logging.captureWarnings(True)
    logging.config.dictConfig(config)
