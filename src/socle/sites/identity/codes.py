"""Codes sent by e-mail for this site's own questions: is this address yours, is it really you?

The code itself is nowhere: the session keeps a keyed hash, for a quarter of an hour and three
guesses.
"""

from __future__ import annotations

import secrets
import time
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core.internal.cryptokit import normalize_user_code
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

SECONDS = 15 * 60
GUESSES = 3
_KEY = "identity.code"
_SALT = "socle.sites.identity.codes"


def send(request: HttpRequest, purpose: str, email: str) -> None:
    """Send a code to an address; it replaces any former one of the session."""
    adapter = get_adapter(request)
    code = adapter.generate_login_code()
    request.session[_KEY] = {
        "purpose": purpose,
        "email": email,
        "hash": _hash(purpose, email, code),
        "at": time.time(),
        "guesses": 0,
    }
    adapter.send_mail(f"identity/{purpose}", email, {"code": code})


def pending(request: HttpRequest, purpose: str) -> str:
    """The address that a live code of this purpose was sent to; empty when there is none."""
    state = _live(request, purpose)
    return str(state["email"]) if state else ""


def check(request: HttpRequest, purpose: str, typed: str) -> str:
    """The address proved by the right code, which then no longer serves; empty for a wrong one."""
    state = _live(request, purpose)
    if state is None:
        return ""
    if secrets.compare_digest(_hash(purpose, state["email"], typed), state["hash"]):
        forget(request)
        return str(state["email"])
    state["guesses"] += 1
    if state["guesses"] >= GUESSES:
        forget(request)
    else:
        request.session[_KEY] = state
    return ""


def forget(request: HttpRequest) -> None:
    """Drop the code under way."""
    request.session.pop(_KEY, None)


def _live(request: HttpRequest, purpose: str) -> dict[str, Any] | None:
    state = request.session.get(_KEY)
    if not isinstance(state, dict) or state.get("purpose") != purpose:
        return None
    if time.time() - state["at"] > SECONDS:
        forget(request)
        return None
    return state


def _hash(purpose: str, email: str, code: str) -> str:
    value = f"{purpose}\0{email}\0{normalize_user_code(code)}"
    return salted_hmac(_SALT, value, algorithm="sha256").hexdigest()
